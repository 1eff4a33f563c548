"""Figure 3: codes beside generated codes, and codes of similar sentences, while training and after.

The curves are those that the recipe's `observe` recorded; the final values are measured afresh on
the selected weights, on training text and on validation text, which the encoder never saw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from arae.corpora.source import Source
from arae.evaluation.latent import DEFINITIONS, CodeStatistics, require_codes
from arae.foundation.errors import DataError
from arae.foundation.settings import bounded, plain
from arae.nn.batch import TextStore
from arae.probes.probe import Findings, Subject
from arae.systems.system import LatentSettings, System
from arae.text.encoded import EncodedText

Curve = list[list[float]]  # [[epoch, value], …]

GAIN = "mean cosine with similar sentences less that with random ones"
# Name of a gap: metric of codes, of generated codes, and what it is in words.
GAPS = {
    "norm_gap": ("code_norm", "generated_norm", "mean norms"),
    "trace_gap": ("code_trace", "generated_trace", "traces of the covariances"),
}
MOMENTS = {"first": 0, "last": -1}


@dataclass(frozen=True, kw_only=True)
class Settings(LatentSettings):
    """`neighbours` of each anchor in the training text, `valid_neighbours` in the smaller
    validation text.
    """

    valid_neighbours: int = bounded(20, low=1)


def require(system: System, source: Source, settings: Settings) -> None:
    """The system needs codes."""
    require_codes(system)


def measure(subject: Subject, settings: Settings) -> Findings:
    """Final statistics on two texts, and how far codes and generated codes were apart in training."""
    curves = _curves(subject)
    on_valid = replace(settings, neighbours=settings.valid_neighbours)
    train, on_train_found = _final(subject, subject.train, settings)
    valid, on_valid_found = _final(subject, subject.valid, on_valid)
    gaps = _gaps(curves)
    metrics = train | {f"valid_{name}": value for name, value in valid.items()} | gaps
    return Findings(
        metrics=metrics,
        definitions=_definitions(metrics, settings, on_valid),
        details={"curves": curves, "train": on_train_found, "valid": on_valid_found},
    )


def _final(
    subject: Subject, text: EncodedText, settings: Settings
) -> tuple[dict[str, float], dict[str, int]]:
    """Statistics of the selected weights on a text, and how many anchors were found and skipped."""
    store = TextStore(text, subject.device)
    statistics = CodeStatistics(text, store, settings, subject.seed)
    found = statistics(subject.model.system)
    found["cosine_gain"] = found["cosine_near"] - found["cosine_random"]
    neighbours = statistics.neighbours
    return found, {"anchors": len(neighbours.anchors), "skipped": neighbours.skipped}


def _curves(subject: Subject) -> dict[str, Curve]:
    """What `observe` recorded, by metric."""
    curves: dict[str, Curve] = {}
    for record in subject.history:
        for name in DEFINITIONS.keys() & record.keys():
            curves.setdefault(name, []).append([record["epoch"], record[name]])
    if not curves:
        recipe = subject.model.recipe["settings"]
        raise DataError(
            f"history.jsonl of a model of system '{recipe['system']}': holds no statistics of "
            "codes; give its recipe `observe: {every: N}` and train it again"
        )
    return curves


def _gaps(curves: dict[str, Curve]) -> dict[str, float]:
    """How far generated codes were from codes, relative to codes, when first and last observed."""
    return {
        f"{gap}_{moment}": abs(curves[generated][place][1] / curves[code][place][1] - 1)
        for gap, (code, generated, _) in GAPS.items()
        for moment, place in MOMENTS.items()
        if generated in curves
    }


def _definitions(
    metrics: dict[str, float], settings: Settings, on_valid: Settings
) -> dict[str, str]:
    meanings = DEFINITIONS | {"cosine_gain": GAIN}
    known = {name: text.format(**plain(settings)) for name, text in meanings.items()}
    known |= {
        f"valid_{name}": "in the validation text: " + text.format(**plain(on_valid))
        for name, text in meanings.items()
    }
    known |= {
        f"{gap}_{moment}": f"relative difference between the {words} of generated codes and of "
        f"codes, when {moment} observed while training"
        for gap, (_, _, words) in GAPS.items()
        for moment in MOMENTS
    }
    return {name: known[name] for name in metrics}
