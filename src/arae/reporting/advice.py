"""What the numbers of one's own text suggest doing next, each by a rule that is said with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arae.reporting.columns import REAL_TEXT


@dataclass(frozen=True, kw_only=True)
class Rule:
    """If a metric's mean is above (or below) a limit, or a multiple of real text's: what to do."""

    metric: str
    says: str  # {value} and {limit} are written in
    do: str
    above: float | None = None
    below: float | None = None
    of_real: bool = False  # the limit is a multiple of real text's own value


RULES = (
    Rule(
        metric="unknown",
        above=0.02,
        says="{value:.1%} of the words are <unk> (more than {limit:.0%})",
        do="raise the corpus's vocabulary.size, or use a tokenizer of smaller pieces",
    ),
    Rule(
        metric="empty",
        above=0.01,
        says="{value:.1%} of the samples are empty (more than {limit:.0%})",
        do="train for more epochs, or choose the epoch by valid_loss",
    ),
    Rule(
        metric="distinct",
        below=0.5,
        of_real=True,
        says="{value:.1%} of the samples are distinct, less than half of real text's share ({limit:.1%})",
        do="the model has collapsed: try a smaller adversary's weight, more noise on codes, or word drop",
    ),
    Rule(
        metric="types",
        below=0.5,
        of_real=True,
        says="the samples use {value:,.0f} different words, less than half of real text's ({limit:,.0f})",
        do="the model is small for its text: more units, or more epochs",
    ),
    Rule(
        metric="mean_length",
        below=0.8,
        of_real=True,
        says="samples have {value:.1f} words on average, less than 80 % of real text's ({limit:.1f})",
        do="see whether max_length cuts sentences, and train for more epochs",
    ),
    Rule(
        metric="reverse_ppl",
        above=2.0,
        of_real=True,
        says="a language model of the samples reads real text at {value:,.1f}, more than twice the {limit:,.1f} "
        "of one of real text",
        do="the samples miss much of the text: more epochs, more units, or another system",
    ),
)


def given(table: Mapping[str, Any]) -> list[str]:
    """A line for each system and rule that its numbers meet, real text's own first."""
    return [line for rule in RULES for line in _lines(rule, table)]


def _lines(rule: Rule, table: Mapping[str, Any]) -> Iterator[str]:
    means = {
        row["text"]: (row["label"], row["cells"][rule.metric]["mean"])
        for row in table["rows"]
        if rule.metric in row["cells"]
    }
    real = means.get(REAL_TEXT)
    if rule.of_real and real is None:
        return
    scale = real[1] if rule.of_real and real else 1.0
    for text, (label, value) in means.items():
        if rule.of_real and text == REAL_TEXT:
            continue
        over = rule.above is not None and value > rule.above * scale
        under = rule.below is not None and value < rule.below * scale
        if over or under:
            limit = scale if rule.of_real else rule.above if over else rule.below
            yield f"{label}: {rule.says.format(value=value, limit=limit)}. Next: {rule.do}."
