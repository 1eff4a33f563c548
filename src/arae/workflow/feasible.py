"""What a study asks of its corpus: a plan that cannot succeed is refused when it is read.

What it asks of its systems is asked of the systems themselves, by `arae check`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from arae.corpora.source import IMAGES, TEXT, Source
from arae.corpora.sources import ImageSource, domain_of
from arae.foundation.console import say
from arae.foundation.errors import SettingsError
from arae.reporting.kinds.registry import KINDS
from arae.reporting.study import LABELS, LANGUAGE, OBSERVED, OF_IMAGES, OF_SAMPLES, OF_TRANSFERS

Params = Mapping[str, Any]
Sources = Mapping[str, Source | ImageSource]
# Plans that were found good.
ASKED = Path("work", "asked")


def check_studies(params: Params, sources: Sources, where: str) -> None:
    """Raise `SettingsError`, naming the keys and what would fit, for a study that its corpus cannot serve.

    A file that cannot be read now is left to the stage that reads it.
    """
    for name, study in params["studies"].items():
        at, corpus = f"{where}: studies.{name}", str(study["corpus"])
        source = sources[corpus]
        _check_type(at, study, corpus, params)
        needs = KINDS[study["kind"]].needs
        if LABELS in needs:
            _check_labels(at, study, corpus, sources)
        if LANGUAGE in needs and not hasattr(source, "language"):
            _refuse(
                f"{at}.corpus: the sentences of '{corpus}' cannot all be listed, as a study of kind "
                f"{study['kind']} needs; choose a corpus of kind tiny"
            )
        if OBSERVED in needs:
            _check_observed(at, study, params)
        _check_numbers(at, study, params, source)


def ask_systems(studies: Mapping[str, str], params: str, asked: Path = ASKED) -> None:
    """Let `arae check` ask the systems of studies (name -> identity) that it has not found good before.

    In a process of its own, for it imports what the workflow itself never needs. Ends this process if
    a study is refused.
    """
    new = {name: asked / identity for name, identity in studies.items()}
    new = {name: mark for name, mark in new.items() if not mark.exists()}
    if not new:
        return
    say(f"asking the systems of {len(new)} studies whether they can do what is planned")
    command = [sys.executable, "-m", "arae", "check", "--params", params, "--studies", *new]
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    asked.mkdir(parents=True, exist_ok=True)
    for mark in new.values():
        mark.touch()


def _check_type(at: str, study: Params, corpus: str, params: Params) -> None:
    domains = {name: domain_of(params["corpora"][name]["source"]) for name in params["corpora"]}
    wanted = IMAGES if KINDS[study["kind"]].family == OF_IMAGES else TEXT
    if domains[corpus] != wanted:
        fitting = [name for name, domain in domains.items() if domain == wanted]
        _refuse(
            f"{at}.corpus: a study of kind {study['kind']} needs {wanted}, and "
            f"'{corpus}' is {domains[corpus]}{_instead(fitting)}"
        )


def _check_labels(at: str, study: Params, corpus: str, sources: Sources) -> None:
    classes = {name: _classes(source) for name, source in sources.items()}
    if len(classes[corpus]) < 2:
        has = "has no labels" if not classes[corpus] else "has one label"
        fitting = [name for name, found in classes.items() if len(found) > 1]
        _refuse(
            f"{at}.corpus: a study of kind {study['kind']} needs two labels or more, and '{corpus}' "
            f"{has}; give its files labels{_instead(fitting, 'or choose')}"
        )


def _check_observed(at: str, study: Params, params: Params) -> None:
    for label, recipe in study["systems"].items():
        if not params["recipes"][recipe].get("observe", {}).get("every", 0):
            _refuse(
                f"{at}.systems.{label}: a study of kind {study['kind']} shows codes while training, and the "
                f"recipe '{recipe}' records none; give it `observe: {{every: N}}`"
            )


def _check_numbers(at: str, study: Params, params: Params, source: Source | ImageSource) -> None:
    family = KINDS[study["kind"]].family
    if family == OF_SAMPLES:
        key = f"evaluation.{study['evaluation']}.samples"
        wanted = params["evaluation"][study["evaluation"]]["samples"]
        require_count(at, key, wanted, source, "train", lambda have: have)
    elif family == OF_TRANSFERS:
        key = f"evaluation.{study['evaluation']}.samples"
        wanted = params["evaluation"][study["evaluation"]]["samples"]
        others = len(_classes(source)) - 1
        if wanted < others:
            _refuse(
                f"{at}: {key}: {wanted} transfers are not one for each of {others} other labels"
            )
        # As `arae transfer-split` counts: whole sentences, each into every other label.
        require_count(at, key, wanted, source, "test", lambda have: (have + 1) * others - 1)


def require_count(
    at: str,
    key: str,
    wanted: Any,
    source: Source | ImageSource,
    split: str,
    possible: Callable[[int], int],
) -> None:
    """Raise `SettingsError` if the `wanted` items of `key` are more than a split makes `possible`."""
    if not isinstance(wanted, int):
        return  # the schema says what is wrong with it
    have = source.count(split, 2 * wanted)
    if have is not None and wanted > possible(have):
        _refuse(
            f"{at}: {key}: {wanted} are asked for, and the {have} items of the {split} split allow "
            f"{possible(have)}; ask for fewer, or give the corpus more"
        )


def _classes(source: Source | ImageSource) -> tuple[str, ...]:
    return getattr(source, "classes", tuple)()


def _instead(fitting: list[str], word: str = "choose") -> str:
    return f"; {word} {', '.join(fitting)}" if fitting else ""


def _refuse(message: str) -> None:
    raise SettingsError(message)
