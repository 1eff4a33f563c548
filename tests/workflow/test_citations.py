"""Docstrings cite metrics (K…) and systems (M…) that the documentation explains."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {"K": ROOT / "docs/metrics.md", "M": ROOT / "docs/systems.md"}
CITATION = re.compile(r"\b([KM])([1-9][0-9]?)[a-c]?\b")


def entries(page: Path) -> set[str]:
    return set(re.findall(r"^## ([KM][0-9]+)$", page.read_text(), re.MULTILINE))


def cited() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for docstring in re.findall(r'"""(.*?)"""', path.read_text(), re.DOTALL):
            for letter, number in CITATION.findall(docstring):
                found.setdefault(f"{letter}{number}", []).append(str(path.relative_to(ROOT)))
    return found


def test_every_citation_has_an_entry() -> None:
    known = entries(PAGES["K"]) | entries(PAGES["M"])
    missing = {name: places for name, places in cited().items() if name not in known}
    assert cited() and not missing


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_entries_name_modules_that_exist(page: Path) -> None:
    text = page.read_text()
    for module in re.findall(r"`(arae(?:\.\w+)+)`", re.sub(r"`\w+\.py`", "", text)):
        base = ROOT / "src" / Path(*module.split("."))
        assert any(p.exists() for p in (base.with_suffix(".py"), base.parent.with_suffix(".py"))), (
            module
        )
    for name in re.findall(r"Code: `(\w+\.py)`", text):
        assert (ROOT / "src/arae/systems" / name).exists(), name


def test_links_between_pages_lead_somewhere() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
