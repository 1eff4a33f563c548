"""The yardstick of scoring computes the same, and another model would be noticed."""

import pytest

from arae.evaluation.perplexity import nll_under
from arae.systems.lm import Settings, build
from benchmarks import language_models as timed
from benchmarks.sizes import SIZES, zipf_text


def test_the_yardstick_scores_the_same() -> None:
    text = zipf_text(SIZES["tiny"], 600)
    system = build(Settings(corpus="", epochs=1), SIZES["tiny"].vocabulary, 1)
    book = timed.PlainLanguageModel(system).eval()
    ours = nll_under(system, text)
    assert timed.apart(ours, timed.plain_nll(book, text)) < timed.TOLERANCE
    book.output.bias.data[5] += 0.1
    assert timed.apart(ours, timed.plain_nll(book, text)) > timed.TOLERANCE


@pytest.mark.slow
def test_scoring_keeps_its_lead() -> None:
    assert timed.scoring(1500)["ratio"] > 1.3
