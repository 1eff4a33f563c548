"""What stands behind the numbers: stages and their time, data and code versions, machines, files."""

from __future__ import annotations

from typing import Any

from arae.reporting.ledger import Ledger
from arae.reporting.markup import Markup, element, join

SHORT = 12


def render(ledger: Ledger) -> Markup:
    """The section about provenance, for all studies together."""
    parts = [
        element("h2", "Provenance", id="provenance-title"),
        element(
            "p",
            f"{len(ledger.files):,} files and {len(ledger.records):,} sidecars were checked, from "
            "the tables back to the raw text: every file's bytes are those that its stage wrote, and "
            "every stage read exactly the inputs that it says it read.",
            class_="lead",
        ),
        element("h3", "Stages"),
        _stages(ledger),
        element("h3", "Data"),
        _data(ledger),
        element("h3", "Code and machines"),
        _versions(ledger),
        _files(ledger),
    ]
    return element("section", parts, id="provenance", aria_labelledby="provenance-title")


def duration(seconds: float) -> str:
    """0.4 s, 12 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return (
        f"{minutes} min {rest:02d} s"
        if minutes < 60
        else f"{minutes // 60} h {minutes % 60:02d} min"
    )


def _stages(ledger: Ledger) -> Markup:
    rows, total = [], 0.0
    for stage, records in ledger.by_stage().items():
        times = ledger.seconds(stage)
        total += sum(times)
        codes = sorted({record.get("code", {}).get("version", "?") for record in records})
        rows.append(
            element(
                "tr",
                element("th", stage, scope="row"),
                element("td", len(records)),
                element("td", duration(sum(times))),
                element("td", duration(max(times))),
                element("td", join(element("code", f"{code} ") for code in codes), class_="text"),
            )
        )
    total_row = element(
        "tr",
        element("th", "all", scope="row"),
        element("td", len(ledger.records)),
        element("td", duration(total)),
        element("td", ""),
        element("td", ""),
    )
    return _table(
        "Executions, time and code version by stage",
        ("Stage", "Runs", "Time, total", "Time, longest", "Code version"),
        [*rows, total_row],
    )


def _data(ledger: Ledger) -> Markup:
    rows = [
        element(
            "tr",
            element("th", element("code", path), scope="row"),
            element("td", f"{size:,}"),
            element("td", element("code", digest[:SHORT], title=digest), class_="text"),
        )
        for path, digest, size in ledger.data()
    ]
    return _table("Text, vocabularies and ids", ("File", "Bytes", "SHA-256"), rows)


def _versions(ledger: Ledger) -> Markup:
    entries: list[tuple[str, Any]] = [
        ("Git", [_git(state) for state in ledger.distinct("git")] or ["outside git"]),
        ("Machine", ledger.distinct("system")),
        ("Device", ledger.distinct("device")),
        ("Processor", ledger.distinct("processor")),
        ("Paths of the libraries", ledger.distinct("paths")),
    ]
    entries += list(ledger.versions().items())
    return element(
        "dl",
        [
            (element("dt", name), element("dd", ", ".join(map(str, values))))
            for name, values in entries
            if values
        ],
        class_="versions",
    )


def _git(state: dict[str, Any]) -> str:
    return f"{state.get('commit', '?')}{' with local changes' if state.get('modified') else ''}"


def _files(ledger: Ledger) -> Markup:
    lines = "\n".join(f"{digest}  {path}" for path, digest in sorted(ledger.files.items()))
    return element(
        "details",
        element("summary", f"All {len(ledger.files):,} verified files"),
        element("p", "In the form that sha256sum -c reads.", class_="note"),
        element("pre", element("code", lines)),
    )


def _table(caption: str, heads: tuple[str, ...], rows: list[Markup]) -> Markup:
    grid = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", [element("th", head, scope="col") for head in heads])),
        element("tbody", rows),
    )
    return element(
        "div", grid, class_="scroll", tabindex="0", role="region", aria_label=f"Table: {caption}"
    )
