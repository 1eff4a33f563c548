"""The kinds of corpus source; a new kind is one new module, named here."""

from __future__ import annotations

from typing import Any, cast

from arae.corpora.files import FilesSource
from arae.corpora.scene_pairs_source import ScenePairsSource
from arae.corpora.scenes_source import ScenesSource
from arae.corpora.snli import SnliSource
from arae.corpora.snli_pairs import SnliPairsSource
from arae.corpora.source import Source
from arae.corpora.styled_source import ReviewsSource, TopicsSource
from arae.corpora.tiny import TinySource
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings, suggest

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


def parse_source(values: dict[str, Any], where: str = "source") -> Source:
    """The source that `values["kind"]` names, with its other keys as settings."""
    kind = values.get("kind")
    if kind not in SOURCES:
        said = f"unknown kind {kind!r}" if "kind" in values else "missing"
        raise SettingsError(f"{where}.kind: {said}{suggest(str(kind), SOURCES)}")
    return cast(Source, parse_settings(SOURCES[kind], values, where))
