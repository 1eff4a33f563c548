"""The kinds of corpus source; a new kind is one new module, named here under what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from arae.corpora.digits import DigitsSource
from arae.corpora.files import FilesSource
from arae.corpora.mnist import MnistSource
from arae.corpora.scene_pairs_source import ScenePairsSource
from arae.corpora.scenes_source import ScenesSource
from arae.corpora.snli import SnliSource
from arae.corpora.snli_pairs import SnliPairsSource
from arae.corpora.source import IMAGES, TEXT, Source
from arae.corpora.styled_source import ReviewsSource, TopicsSource
from arae.corpora.tiny import TinySource
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings, suggest


class ImageSource(Protocol):
    """A frozen settings dataclass with a `kind` that can write the three splits."""

    def count(self, split: str, most: int) -> int | None:
        """Images of a split."""

    def write(self, folder: Path) -> dict[str, Any]:
        """Write every split as `Images`; returns facts for the provenance."""


SOURCES: dict[str, type] = {
    "files": FilesSource,
    "reviews": ReviewsSource,
    "scene_pairs": ScenePairsSource,
    "scenes": ScenesSource,
    "snli": SnliSource,
    "snli_pairs": SnliPairsSource,
    "tiny": TinySource,
    "topics": TopicsSource,
}
IMAGE_SOURCES: dict[str, type] = {"digits": DigitsSource, "mnist": MnistSource}


def domain_of(source: Any) -> str:
    """What a corpus with these values of `source` is made of; text, if they are no source at all."""
    kind = source.get("kind") if isinstance(source, Mapping) else None
    return IMAGES if isinstance(kind, str) and kind in IMAGE_SOURCES else TEXT


def parse_source(values: dict[str, Any], where: str = "source") -> Source:
    """The source of text that `values["kind"]` names, with its other keys as settings."""
    return cast(Source, _parse(SOURCES, values, where))


def parse_image_source(values: dict[str, Any], where: str = "source") -> ImageSource:
    """The same of images."""
    return cast(ImageSource, _parse(IMAGE_SOURCES, values, where))


def parse_any_source(values: dict[str, Any], where: str = "source") -> Source | ImageSource:
    """The same of either; `SettingsError` for what only the source itself can tell."""
    of_images = domain_of(values) == IMAGES
    return parse_image_source(values, where) if of_images else parse_source(values, where)


def _parse(kinds: dict[str, type], values: dict[str, Any], where: str) -> Any:
    kind = values.get("kind")
    if kind not in kinds:
        said = f"unknown kind {kind!r}" if "kind" in values else "missing"
        raise SettingsError(f"{where}.kind: {said}{suggest(str(kind), kinds)}")
    return parse_settings(kinds[kind], values, where)
