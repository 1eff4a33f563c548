"""Text decoder p(x | z): an LSTM language model that sees z at every time step.

Teacher forcing (`token_nll`) and generation (`advance`) share the same parameters and the same
single-step mathematics; a test feeds greedy output back through teacher forcing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from arae.foundation.settings import bounded
from arae.nn.batch import Batch
from arae.nn.embedding import Embedding
from arae.nn.lstm import PackedLSTM
from arae.nn.projection import Precision, token_nll
from arae.nn.randomness import Draws
from arae.text.vocabulary import UNK


@dataclass(frozen=True, kw_only=True)
class DecoderSettings:
    """Sizes of the decoder (paper: 300 and 300) and its regularisers (none in the paper).

    `dropout` acts on word embeddings and on hidden states; `word_dropout` turns input words (never
    <bos>) into <unk>. `projection`: precision of the products with the vocabulary while training;
    `tf32` and `bfloat16` are for GPUs, and scoring is always float32.
    """

    embedding: int = bounded(300, low=1)
    hidden: int = bounded(300, low=1)
    dropout: float = bounded(0.0, low=0.0, high=0.95)
    word_dropout: float = bounded(0.0, low=0.0, high=1.0)
    projection: Precision = "float32"


class StepState(Protocol):
    """What a decoder carries from word to word for the sentences still running."""

    def keep(self, rows: Tensor) -> Any:
        """The state of some of the sentences."""


class StepDecoder(Protocol):
    """What can write sentences word by word."""

    @property
    def output(self) -> nn.Linear:
        """Projection to the vocabulary."""

    def begin(self, latent: Tensor | None, count: int) -> StepState:
        """State before the first word, for `count` sentences with codes [count, d]."""

    def advance(self, words: Tensor, state: Any) -> tuple[Tensor, StepState]:
        """Feed one word id per sentence [B]: logits of the next word [B, V] and the new state."""


class Decoder(nn.Module):
    """Base of the decoders: p(x | z) of given sentences, and a `StepDecoder` of new ones."""

    output: nn.Linear

    def nll(self, batch: Batch, latent: Tensor | None, draws: Draws | None = None) -> Tensor:
        """−log p(x_t | x_<t, z) of every target, in nats: [P], or [K] where padding is left out.

        `latent` [B, d] is in row order. `draws` turns the regularisers on (training); without it
        the result is deterministic.
        """
        raise NotImplementedError

    def begin(self, latent: Tensor | None, count: int) -> StepState:
        """State before the first word, for `count` sentences."""
        raise NotImplementedError

    def advance(self, words: Tensor, state: Any) -> tuple[Tensor, StepState]:
        """Feed one word id per sentence [B]: logits of the next word [B, V] and the new state."""
        raise NotImplementedError

    def of(self, label: int) -> StepDecoder:
        """What writes the sentences of a label: one decoder writes them all, unless overridden."""
        return self

    def ready(self) -> StepDecoder:
        """The same for as long as no weight changes, with what many batches share computed once."""
        return self


class TextDecoder(Decoder):
    """LSTM with input [emb(x_{t-1}); z], zero initial state, linear projection to the vocabulary.

    A decoder that is given an `output` projection uses it without owning it.
    """

    def __init__(
        self,
        vocabulary_size: int,
        latent_size: int,
        settings: DecoderSettings,
        output: nn.Linear | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.embedding = Embedding(vocabulary_size, settings.embedding)
        self.lstm = PackedLSTM(settings.embedding, settings.hidden, latent_size)
        if output is None:
            self.output = nn.Linear(settings.hidden, vocabulary_size)
        else:
            self.__dict__["output"] = output  # not registered: its owner trains and saves it once

    def nll(self, batch: Batch, latent: Tensor | None, draws: Draws | None = None) -> Tensor:
        """See `Decoder.nll`."""
        states = self.states(batch, latent, draws)
        if batch.predicted is not None:
            states = states.index_select(0, batch.predicted)
        precision = self.settings.projection if self.training else "float32"
        nll = token_nll(states, self.output.weight, self.output.bias, batch.targets, precision)
        return nll if batch.real is None else nll * batch.real

    def states(self, batch: Batch, latent: Tensor | None, draws: Draws | None = None) -> Tensor:
        """Hidden states at every position [P, H]; arguments as in `nll`."""
        words = batch.words
        places: Tensor | None = batch.places
        rate = self.settings.dropout
        if draws is not None and self.settings.word_dropout:
            dropped = draws.uniform(len(batch.rows)) < self.settings.word_dropout
            dropped[: batch.size] = False  # the first B positions hold <bos>
            words, places = torch.where(dropped, UNK, batch.inputs), None
        inputs = self.embedding(words)
        if draws is not None and rate:  # differs from position to position
            inputs = draws.dropout(inputs if places is None else inputs[places], rate)
            places = None
        states = self.lstm(inputs, batch, latent, places)
        return states if draws is None else draws.dropout(states, rate)

    def ready(self) -> ReadyTextDecoder:
        """With the input projections of all words."""
        table = torch.addmm(self.lstm.bias, self.embedding.weight, self.lstm.weight_input.t())
        return ReadyTextDecoder(self, table)

    def begin(self, latent: Tensor | None, count: int) -> DecoderState:
        """State before the first word, for `count` sentences."""
        return self.ready().begin(latent, count)

    def advance(
        self, words: Tensor, state: DecoderState, out: Tensor | None = None
    ) -> tuple[Tensor, DecoderState]:
        """Feed one word id per sentence [B]: logits of the next word [B, V] and the new state.

        With `out` [B, V] they are written there, without gradients.
        """
        inputs = state.table[words]
        if state.context is not None:
            inputs = inputs + state.context
        hidden, cell = self.lstm.step(inputs, state.hidden, state.cell)
        logits = torch.addmm(self.output.bias, hidden, self.output.weight.t(), out=out)
        return logits, DecoderState(state.table, state.context, hidden, cell)


@dataclass(frozen=True)
class ReadyTextDecoder:
    """A decoder and, once for all sentences, every word's embedding as the LSTM takes it in [V, 4H].

    Without gradients, all logits are written to the same memory: fresh pages for each word are slow to
    come by.
    """

    decoder: TextDecoder
    table: Tensor
    _scratch: list[Tensor] = field(default_factory=list)

    @property
    def output(self) -> nn.Linear:
        """Projection to the vocabulary."""
        return self.decoder.output

    def begin(self, latent: Tensor | None, count: int) -> DecoderState:
        """State before the first word, for `count` sentences."""
        lstm, projected = self.decoder.lstm, None
        if latent is not None and lstm.weight_context is not None:
            projected = latent @ lstm.weight_context.t()
        zeros = self.table.new_zeros(count, lstm.hidden_size)
        return DecoderState(self.table, projected, zeros, zeros)

    def advance(self, words: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """As `TextDecoder.advance`; the logits are good until the next call."""
        out = None if torch.is_grad_enabled() else self._rows(len(words))
        return self.decoder.advance(words, state, out)

    def _rows(self, count: int) -> Tensor:
        if not self._scratch or len(self._scratch[0]) < count:
            self._scratch[:] = [self.table.new_empty(count, self.output.out_features)]
        return self._scratch[0][:count]


@dataclass(frozen=True)
class DecoderState:
    """What generation carries from word to word for the sentences still running."""

    table: Tensor  # [V, 4H] every word's embedding, projected once
    context: Tensor | None  # [B, 4H] z, projected once
    hidden: Tensor  # [B, H]
    cell: Tensor  # [B, H]

    def keep(self, rows: Tensor) -> DecoderState:
        """The state of some of the sentences."""
        context = None if self.context is None else self.context[rows]
        return DecoderState(self.table, context, self.hidden[rows], self.cell[rows])
