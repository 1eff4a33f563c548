"""Encoder and decoder of the cross-aligned autoencoder: GRUs whose initial state knows the style.

Shen et al. 2017: the encoder starts from [W_e y; 0] and its last state's second part is the code z;
the decoder starts from [W_g y; z] and is not fed z again. Sequences are padded here, since the
discriminators compare whole sequences of hidden states.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from arae.nn.batch import Batch
from arae.nn.decoder import Decoder
from arae.nn.gru import PackedGRU
from arae.nn.parts import labels_of
from arae.nn.projection import token_nll
from arae.nn.randomness import Draws
from arae.nn.store import moved
from arae.text.vocabulary import BOS, PAD


class StyleEncoder(nn.Module):
    """Reversed sentence → code [B, d]; `embedding` is the decoder's."""

    def __init__(self, styles: int, embedding: int, style_size: int, latent_size: int) -> None:
        super().__init__()
        self.latent_size = latent_size
        self.style = nn.Embedding(styles, style_size)
        self.gru = PackedGRU(embedding, style_size + latent_size)

    def forward(
        self, batch: Batch, embedding: nn.Embedding, reach: int = 0, draws: Draws | None = None
    ) -> Tensor:
        """Codes [B, d] in row order.

        With `draws`, words are first shuffled locally: sorted by their place + U(0, reach + 1), so
        that none moves by more than `reach`.
        """
        places, sizes = _reversed_words(batch, reach, draws)
        style = self.style(labels_of(batch))
        start = torch.cat([style, style.new_zeros(batch.size, self.latent_size)], dim=1)
        _, last = self.gru(embedding(batch.inputs[places]), sizes, start)
        return last[:, -self.latent_size :]


class StyleDecoder(Decoder):
    """GRU decoder of all styles; style and code are its initial state.

    Generation from this module itself gives the styles turns: sentence i has style i mod K.
    """

    def __init__(
        self,
        vocabulary_size: int,
        styles: int,
        embedding: int,
        style_size: int,
        latent_size: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding)
        self.style = nn.Embedding(styles, style_size)
        self.gru = PackedGRU(embedding, style_size + latent_size)
        self.output = nn.Linear(style_size + latent_size, vocabulary_size)
        self.dropout = dropout

    def start(self, latent: Tensor, labels: Tensor) -> Tensor:
        """Initial states [B, H] of codes [B, d] in styles [B]."""
        return torch.cat([self.style(labels), latent], dim=1)

    def states(self, batch: Batch, start: Tensor) -> Tensor:
        """Teacher-forced hidden states [T + 1, B, H], `start` first; beyond <eos> it reads <pad>."""
        times, size = len(batch.batch_sizes), batch.size
        words = torch.full((times * size,), PAD, device=start.device)
        words = words.index_copy(0, _places(batch), batch.inputs)
        sizes = torch.full((times,), size)
        states, _ = self.gru(self.embedding(words), sizes, start)
        return torch.cat([start.unsqueeze(0), states.view(times, size, -1)])

    def soft_states(self, start: Tensor, times: int, temperature: float, draws: Draws) -> Tensor:
        """Free-running hidden states [times + 1, B, H], `start` first.

        Each step reads softmax((logits + Gumbel noise) / temperature) · embeddings, through which
        gradients flow.
        """
        states, hidden = [start], start
        read = self.embedding.weight[BOS].expand(len(start), -1)
        for time in range(times):
            hidden = self.gru.step(self.gru.project(read), hidden)
            states.append(hidden)
            if time < times - 1:
                logits = self.output(draws.dropout(hidden, self.dropout))
                # −Gumbel noise is log(−log U): in place, for these are the largest arrays here.
                noise = draws.uniform(*logits.shape).add_(1e-20).log_().neg_().add_(1e-20).log_()
                chances = torch.softmax(logits.sub(noise).div_(temperature), dim=1)
                read = chances @ self.embedding.weight
        return torch.stack(states)

    def nll_of(self, batch: Batch, states: Tensor, draws: Draws | None = None) -> Tensor:
        """−log p of every packed target [P] from teacher-forced `states`; `draws` turns dropout on."""
        used = states[1:].flatten(0, 1).index_select(0, _places(batch))
        if draws is not None:
            used = draws.dropout(used, self.dropout)
        return token_nll(used, self.output.weight, self.output.bias, batch.targets)

    def nll(self, batch: Batch, latent: Tensor | None, draws: Draws | None = None) -> Tensor:
        """−log p(x_t | x_<t, z, y) [P] with y the sentence's own style; see `Decoder.nll`."""
        if latent is None:
            raise ValueError("this decoder needs codes")
        return self.nll_of(batch, self.states(batch, self.start(latent, labels_of(batch))), draws)

    def of(self, label: int) -> StyleVoice:
        """The decoder of one style."""
        return StyleVoice(self, label)

    def begin(self, latent: Tensor | None, count: int) -> GRUState:
        """State before the first word, for `count` sentences, styles by turns."""
        device = self.output.weight.device
        return self.begin_in(torch.arange(count, device=device) % len(self.style.weight), latent)

    def begin_in(self, labels: Tensor, latent: Tensor | None) -> GRUState:
        """State before the first word of sentences in styles [B]."""
        if latent is None:
            raise ValueError("this decoder needs codes")
        return GRUState(self.gru.project(self.embedding.weight), self.start(latent, labels))

    def advance(self, words: Tensor, state: GRUState) -> tuple[Tensor, GRUState]:
        """Feed one word id per sentence [B]: logits of the next word [B, V] and the new state."""
        hidden = self.gru.step(state.table[words], state.hidden)
        return self.output(hidden), GRUState(state.table, hidden)


@dataclass(frozen=True)
class StyleVoice:
    """A style decoder that writes in one style."""

    decoder: StyleDecoder
    label: int

    @property
    def output(self) -> nn.Linear:
        """Projection to the vocabulary."""
        return self.decoder.output

    def begin(self, latent: Tensor | None, count: int) -> GRUState:
        """State before the first word, for `count` sentences."""
        labels = torch.full((count,), self.label, device=self.output.weight.device)
        return self.decoder.begin_in(labels, latent)

    def advance(self, words: Tensor, state: GRUState) -> tuple[Tensor, GRUState]:
        """As `StyleDecoder.advance`."""
        return self.decoder.advance(words, state)


@dataclass(frozen=True)
class GRUState:
    """What generation carries from word to word."""

    table: Tensor  # [V, 3H] every word's embedding, projected once
    hidden: Tensor  # [B, H]

    def keep(self, rows: Tensor) -> GRUState:
        """The state of some of the sentences."""
        return GRUState(self.table, self.hidden[rows])


def _places(batch: Batch) -> Tensor:
    """Places [P] of the packed positions among T·B padded ones, time by time."""
    times = np.repeat(np.arange(len(batch.batch_sizes)), batch.batch_sizes.numpy())
    return moved(times, batch.rows.device) * batch.size + batch.rows


def _reversed_words(batch: Batch, reach: int, draws: Draws | None) -> tuple[Tensor, Tensor]:
    """Packed positions of the inputs' words from the last to the first, and rows at each time."""
    sizes = batch.batch_sizes.numpy()
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    lengths = (sizes[:, None] > np.arange(batch.size)[None, :]).sum(axis=0) - 1  # words, no <bos>
    rows = np.repeat(np.arange(batch.size), lengths)  # sentence by sentence
    firsts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    times = np.arange(len(rows)) - firsts[rows] + 1
    device = batch.rows.device
    words = moved(starts[times] + rows, device)
    if draws is not None and reach:
        # A sentence's keys stay below the next one's: no word leaves its sentence.
        keys = moved(rows * (sizes.size + reach + 2) + times, device)
        noise = draws.uniform(len(rows)) * (reach + 1)
        words = words[torch.argsort(keys.double() + noise, stable=True)]
    packed_times, packed_rows = np.nonzero(np.arange(lengths[0])[:, None] < lengths[None, :])
    last_first = firsts[packed_rows] + lengths[packed_rows] - 1 - packed_times
    return words[moved(last_first, device)], torch.from_numpy(np.bincount(packed_times))
