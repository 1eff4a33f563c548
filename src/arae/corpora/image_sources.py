"""The kinds of image source; a new kind is one new module, named here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, cast

from arae.corpora.digits import DigitsSource
from arae.corpora.mnist import MnistSource
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings, suggest


class ImageSource(Protocol):
    """A frozen settings dataclass with a `kind` that can write the three splits."""

    def count(self, split: str, most: int) -> int | None:
        """Images of a split."""

    def write(self, folder: Path) -> dict[str, Any]:
        """Write every split as `Images`; returns facts for the provenance."""


IMAGE_SOURCES: dict[str, type] = {"digits": DigitsSource, "mnist": MnistSource}


def parse_image_source(values: dict[str, Any], where: str = "source") -> ImageSource:
    """The source that `values["kind"]` names, with its other keys as settings."""
    kind = values.get("kind")
    if kind not in IMAGE_SOURCES:
        said = f"unknown kind {kind!r}" if "kind" in values else "missing"
        raise SettingsError(f"{where}.kind: {said}{suggest(str(kind), IMAGE_SOURCES)}")
    return cast(ImageSource, parse_settings(IMAGE_SOURCES[kind], values, where))
