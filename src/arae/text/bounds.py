"""How much of a corpus may be doubtful: above, the stages stop instead of warning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from arae.foundation.doubts import EVERY, HELD_OUT, Doubt, Limit
from arae.foundation.settings import bounded

OVERLAPS = (("valid", "train"), ("test", "train"), ("test", "valid"))


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Shares of a split's sentences (`unknown`: of its words), each 0 to 1; 1 allows everything.

    `dropped`: too long or empty. `unknown`: not in the vocabulary. `shared`: also in another split.
    `ambiguous`: also there with another label.
    """

    dropped: float = bounded(0.9, low=0.0, high=1.0)
    unknown: float = bounded(0.5, low=0.0, high=1.0)
    shared: float = bounded(0.9, low=0.0, high=1.0)
    ambiguous: float = bounded(0.9, low=0.0, high=1.0)

    def of_tokens(
        self, report: Mapping[str, Any], ambiguous: Mapping[str, float], longest: int
    ) -> list[Doubt]:
        """What the report of `arae tokenize` puts in doubt."""
        found: list[Doubt] = []
        dropped = Limit(key="bounds.dropped", doubted=0.1, bound=self.dropped)
        shared = Limit(key="bounds.shared", doubted=0.05, bound=self.shared)
        labels = Limit(key="bounds.ambiguous", doubted=0.05, bound=self.ambiguous)
        for split, counts in report["splits"].items():
            found += dropped.judge(
                1 - counts["kept"] / counts["read"],
                f"of the sentences of {split} were dropped ({counts['dropped_long']} of "
                f"{counts['read']} have more than {longest} tokens, {counts['dropped_empty']} none)",
            )
            if counts["tabs"] > counts["read"] / 2:
                found.append(
                    Doubt(
                        message=f"{counts['tabs']} of {counts['read']} lines of {split} hold a tab: if "
                        "the file is a table, cut out the column of sentences"
                    )
                )
            if counts["mean_length"] < 1.5:
                found.append(
                    Doubt(
                        message=f"the sentences of {split} have {counts['mean_length']:.2f} tokens on "
                        "average: a text without spaces between words needs another tokenizer"
                    )
                )
        for some, others in OVERLAPS:
            found += shared.judge(
                report["overlaps"][f"{some} in {others}"] / report["splits"][some]["kept"],
                f"of the sentences of {some} are also in {others}",
                HELD_OUT,
            )
        for split, share in ambiguous.items():
            found += labels.judge(
                share,
                f"of the sentences of {split} also occur with another label",
                ("accuracy*", "transfer*", "recall*"),
            )
        return found

    def of_ids(self, report: Mapping[str, Any]) -> list[Doubt]:
        """What the report of `arae encode` puts in doubt."""
        limit = Limit(key="bounds.unknown", doubted=0.1, bound=self.unknown)
        return [
            doubt
            for split, counts in report.items()
            for doubt in limit.judge(
                counts["unknown_share"],
                f"of the words of {split} are not in the vocabulary",
                EVERY if split == "train" else HELD_OUT,
            )
        ]


def ambiguous_share(digests: np.ndarray, labels: list[str], group: int) -> float:
    """Share of sentences, or of groups of sentences, that also occur with another label."""
    whole = digests[: len(digests) // group * group].reshape(-1, group)
    keys = whole[:, 0].copy()
    for place in range(1, group):
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + whole[:, place]
    _, own = np.unique(np.array(labels[::group][: len(keys)]), return_inverse=True)
    _, sentence = np.unique(keys, return_inverse=True)
    pairs = np.unique(np.stack([sentence, own], axis=1), axis=0)
    several = np.bincount(pairs[:, 0]) > 1
    return float(several[sentence].mean())
