"""HTML and SVG as Python calls: every text is escaped unless it is markup already."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable
from typing import Any

VOID = frozenset({"meta", "br", "hr", "link", "col"})
KEPT_CONTROLS = "\n\t"


class Markup(str):
    """Text that is already HTML or SVG and must not be escaped again."""

    __slots__ = ()


Child = Any  # None, Markup, text, number, or an iterable of these


def element(tag: str, /, *children: Child, **attributes: Any) -> Markup:
    """One element. In attribute names a trailing `_` is dropped and other `_` become `-`.

    Attributes that are None or False are left out; True gives a bare attribute.
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    if tag in VOID:
        return Markup(f"<{tag}{shown}>")
    return Markup(f"<{tag}{shown}>{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Markup:
    """Children one after another, texts escaped."""
    return Markup("".join(_child(child) for child in children))


def escape(text: object) -> Markup:
    """Text as HTML: the five special characters as entities, invisible characters made visible."""
    return Markup(html.escape(visible(str(text))))


def visible(text: str) -> str:
    """Control, direction-changing and other invisible characters written as ⟨U+202E⟩."""
    return "".join(
        f"⟨U+{ord(character):04X}⟩" if _invisible(character) else character for character in text
    )


def _invisible(character: str) -> bool:
    if character in KEPT_CONTROLS:
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _attribute(key: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int | float):
        return escape(child)
    return join(child)
