"""The resolved settings behind a study, as recorded by the stages that used them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from arae.reporting.ledger import Ledger
from arae.reporting.markup import Markup, element


def render(table: Mapping[str, Any], ledger: Ledger) -> Markup:
    """Folded blocks: the study, each system's training and sampling, the evaluation model."""
    study = table["study"]
    blocks = [("The study", ("tabulate", f"/{study}/"))]
    for row in table["rows"]:
        blocks.append((f"{row['label']}: training", ("train", f"/{row['text']}/seed-")))
        blocks.append((f"{row['label']}: sampling", ("sample", f"/{study}/{row['text']}/seed-")))
    blocks.append(("Evaluation language model", ("train-lm", f"/{study}/")))
    blocks.append(("Evaluation", ("evaluate", f"/{study}/")))
    blocks.append(("Measuring", ("probe", f"/{study}/")))
    found = [(title, _settings(ledger, *where)) for title, where in blocks]
    return element(
        "div",
        [_details(title, settings) for title, settings in found if settings is not None],
        class_="stack",
    )


def _settings(ledger: Ledger, stage: str, place: str) -> Any:
    """Settings of the first record of a stage whose outputs lie at a place; None without one."""
    for _, record in sorted(ledger.records.items()):
        if record["stage"] == stage and place in f"/{min(record['outputs'])}":
            return record["settings"]
    return None


def _details(title: str, settings: Any) -> Markup:
    text = json.dumps(settings, indent=2, sort_keys=True, ensure_ascii=False)
    return element("details", element("summary", title), element("pre", element("code", text)))
