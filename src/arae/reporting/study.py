"""A study's settings, and what every kind of study offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from arae.foundation.settings import parse_settings
from arae.reporting.charts.figure import Figure
from arae.reporting.claims import ClaimSettings, ClaimTest, require_names
from arae.reporting.columns import REAL_LABEL, REAL_TEXT, Column


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """One entry of `studies`, with its `evaluation` (or, for a probe, its `probe`) in full."""

    kind: str
    corpus: str
    evaluation: dict[str, Any] = field(default_factory=dict)
    probe: dict[str, Any] = field(default_factory=dict)
    systems: dict[str, str]  # label -> recipe
    seeds: tuple[int, ...]
    embedded: bool = False
    published: dict[str, Any] = field(default_factory=dict)
    claims: tuple[ClaimSettings, ...] = ()
    title: str = ""  # of a study of one's own text; the kind's otherwise

    def check(self) -> None:
        """Raise `ValueError` for settings that make no study."""
        if not self.systems:
            raise ValueError("systems: at least one is needed")
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds: expected different seeds, got {list(self.seeds)}")
        if REAL_LABEL in self.systems:
            raise ValueError(f"systems.{REAL_LABEL}: this row is always added; leave it out")
        rows = self.published.get("rows", {})
        for label, marks in self.published.get("marks", {}).items():
            for metric in marks:
                if metric not in rows.get(label, {}):
                    raise ValueError(f"published.marks.{label}.{metric}: no such published value")


@dataclass(frozen=True, kw_only=True)
class Family:
    """Kinds of study that the same rules make."""

    name: str
    evaluated: bool = False  # a study names an entry of `evaluation`
    with_real: bool = False  # real data is scored beside the systems


# Samples, language models trained on them, scores.
OF_SAMPLES = Family(name="coverage", evaluated=True, with_real=True)
# A labelled text written in its other labels, language models, classifiers, scores.
OF_TRANSFERS = Family(name="transfer", evaluated=True, with_real=True)
# Systems of images, from their corpus to their scores.
OF_IMAGES = Family(name="images", with_real=True)
# Measured on each trained model alone, by the probe (`arae.probes`) of the kind's name.
OF_MODELS = Family(name="probe")


# What a kind of study may need of its corpus and recipes: two labels or more, a language that can be
# listed, codes observed while training.
LABELS, LANGUAGE, OBSERVED = "labels", "language", "observed"


@dataclass(frozen=True, kw_only=True)
class StudyKind:
    """All that a kind of study is: how it is made, which paper item, its columns, figures, tests.

    A new kind is a module of `arae.reporting.kinds` with one of these as `KIND`, and, if it measures
    something new on models, a probe of the same name.
    """

    place: int  # in a report: in the order of the paper
    family: Family = OF_MODELS
    needs: frozenset[str] = frozenset()
    title: str
    paper_item: str  # "Table 1, §6.1"
    columns: tuple[Column, ...]
    tests: Mapping[str, ClaimTest] = field(default_factory=dict)  # that a study's claims may name
    figures: Callable[[dict[str, Any]], list[Figure]] = lambda table: []
    figure_names: tuple[str, ...] = ()  # of those figures, whatever the table
    # Rows in this order, then the others by name: settings come with sorted keys. A system keeps
    # its colour from study to study.
    order: tuple[str, ...] = ("Real data", "LM", "AE", "VAE", "AAE", "ARAE")
    differs: str = ""  # one paragraph: what differs from the paper
    # What stands above each system's examples.
    examples_note: str = (
        "The first sentences of the first seed, in the order in which they were made, not chosen."
    )

    def require_claims(self, study: Mapping[str, Any], where: str) -> None:
        """`SettingsError` if a claim of a study, as params.yaml has it, names what it does not have."""
        given = enumerate(study.get("claims", ()))
        claims = [parse_settings(ClaimSettings, one, f"{where}[{place}]") for place, one in given]
        require_names(claims, study, self.columns, self.tests, where)

    def texts(self, settings: StudySettings) -> dict[str, str]:
        """Label -> text scored, the real data first."""
        return {**({REAL_LABEL: REAL_TEXT} if self.family.with_real else {}), **settings.systems}
