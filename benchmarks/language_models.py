"""Time the evaluation language model's training and scoring against `nn.LSTM` and padded logits."""

from __future__ import annotations

import statistics

import numpy as np
import torch
from torch import Tensor, nn

from arae.engine.phases import run_phase
from arae.evaluation.perplexity import BATCH, nll_under
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.systems.lm import LanguageModel, Settings, build
from arae.systems.system import Moment
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, EOS, PAD
from benchmarks.command import peak_memory, timed
from benchmarks.pair import in_torchs_order
from benchmarks.sizes import SIZES, zipf_text

SIZE = SIZES["paper"]
TOLERANCE = 1e-5


def language_model(count: int) -> dict[str, float]:
    """Iterations of the evaluation language model at the authors' size."""
    text = zipf_text(SIZE, 8192)
    settings = Settings(corpus="", epochs=1)
    system, store = build(settings, SIZE.vocabulary, 1).train(), TextStore(text)
    (phase,) = system.phases(0)
    book = PlainLanguageModel(system)
    optimiser = torch.optim.SGD(book.parameters(), lr=settings.optimiser.lr)
    sentences = torch.from_numpy(text.ids.astype("int64")).split(text.lengths.tolist())
    order, batch = Draws(1, "order", 0).permutation(len(text)), settings.batch_size
    place = 0

    def ours() -> None:
        rows = order[place : place + batch]
        draws = Draws(1, "phase", place)
        run_phase(phase, store.batch(rows), Moment(place, 0.0, 0.0, draws))

    def plain() -> None:
        optimiser.zero_grad()
        nll, tokens = book([sentences[row] for row in order[place : place + batch].tolist()])
        (nll.sum() / tokens.sum()).backward()
        nn.utils.clip_grad_norm_(book.parameters(), settings.optimiser.clip_norm)
        optimiser.step()

    ours()
    memory, laps = peak_memory(), list[list[float]]()
    for number in range(count):
        place = number * batch
        laps.append(timed(ours, plain, repeats=1))
    mine, theirs = (statistics.median(lap) for lap in zip(*laps[2:], strict=True))
    return {
        "seconds": mine,
        "yardstick_seconds": theirs,
        "ratio": theirs / mine,
        "sentences_per_second": batch / mine,
        "peak_memory": memory,
    }


def scoring(count: int) -> dict[str, float]:
    """Held-out sentences under that model; the yardstick takes as many at a time, in their order."""
    text = zipf_text(SIZE, count)
    system = build(Settings(corpus="", epochs=1), SIZE.vocabulary, 1)
    scores, memory = nll_under(system, text), peak_memory()
    book = PlainLanguageModel(system).eval()
    difference = apart(scores, plain_nll(book, text))
    if difference >= TOLERANCE:
        raise SystemExit(f"scoring: the two disagree by {difference:.1e}; nothing was timed")
    mine, theirs = timed(lambda: nll_under(system, text), lambda: plain_nll(book, text), repeats=3)
    return {
        "seconds": mine,
        "yardstick_seconds": theirs,
        "ratio": theirs / mine,
        "sentences_per_second": count / mine,
        "peak_memory": memory,
    }


def apart(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest relative difference of two scores [N] of the same sentences."""
    return float(np.max(np.abs(ours - theirs) / theirs))


@torch.no_grad()
def plain_nll(book: PlainLanguageModel, text: EncodedText) -> np.ndarray:
    """−log p(x) of each sentence [N], batch after batch in the text's order."""
    sentences = torch.from_numpy(text.ids.astype("int64")).split(text.lengths.tolist())
    found = []
    for start in range(0, len(sentences), BATCH):
        nll, _ = book(list(sentences[start : start + BATCH]))
        found.append(nll.sum(1))
    return torch.cat(found).double().numpy()


class PlainLanguageModel(nn.Module):
    """The textbook's: `nn.LSTM` on packed sequences, logits at every place of the padded batch."""

    def __init__(self, system: LanguageModel) -> None:
        super().__init__()
        ours = system.decoder
        self.embedding = nn.Embedding(*ours.embedding.weight.shape)
        self.lstm = nn.LSTM(ours.settings.embedding, ours.settings.hidden, batch_first=True)
        self.output = nn.Linear(ours.settings.hidden, ours.output.out_features)
        self.dropout = nn.Dropout(ours.settings.dropout)
        with torch.no_grad():
            self.embedding.weight.copy_(ours.embedding.weight)
            self.output.weight.copy_(ours.output.weight)
            self.output.bias.copy_(ours.output.bias)
            self.lstm.weight_ih_l0.copy_(in_torchs_order(ours.lstm.weight_input))
            self.lstm.weight_hh_l0.copy_(in_torchs_order(ours.lstm.weight_hidden))
            self.lstm.bias_ih_l0.copy_(in_torchs_order(ours.lstm.bias))
            self.lstm.bias_hh_l0.zero_()

    def forward(self, sentences: list[Tensor]) -> tuple[Tensor, Tensor]:
        """(nll of every token [B, T], 0 at padding; tokens of each sentence [B]), in their order."""
        first, last = torch.tensor([BOS]), torch.tensor([EOS])
        pad = nn.utils.rnn.pad_sequence
        inputs = pad([torch.cat([first, words]) for words in sentences], batch_first=True)
        targets = pad([torch.cat([words, last]) for words in sentences], batch_first=True)
        lengths = torch.tensor([len(words) + 1 for words in sentences])
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(self.embedding(inputs)), lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        logits = self.output(self.dropout(states))
        nll = nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=PAD, reduction="none"
        )
        return nll.view_as(targets), lengths
