"""One decoder RNN per label, each with its own embeddings, over one projection to the vocabulary.

p(x | z, y) of the paper's transfer models: label y picks the RNN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from arae.nn.batch import Batch
from arae.nn.decoder import Decoder, DecoderSettings, DecoderState, TextDecoder
from arae.nn.parts import parts_by_label
from arae.nn.projection import token_nll
from arae.nn.randomness import Draws


class LabelDecoders(Decoder):
    """`voices[y]` is the complete decoder of label y.

    Generation from this module itself gives the labels turns: sentence i is written by voice i mod K.
    """

    def __init__(
        self, vocabulary_size: int, labels: int, latent_size: int, settings: DecoderSettings
    ) -> None:
        super().__init__()
        self.output = nn.Linear(settings.hidden, vocabulary_size)
        self.voices = nn.ModuleList(
            TextDecoder(vocabulary_size, latent_size, settings, self.output) for _ in range(labels)
        )

    def of(self, label: int) -> TextDecoder:
        """The decoder of a label."""
        return self._voices()[label]

    def nll(self, batch: Batch, latent: Tensor | None, draws: Draws | None = None) -> Tensor:
        """−log p(x_t | x_<t, z, y) [P] with y the sentence's own label; see `Decoder.nll`."""
        voices = self._voices()
        states, positions = [], []
        for voice, part in zip(voices, parts_by_label(batch, len(voices)), strict=True):
            if part is None:
                states.append(_nothing(voice))
                continue
            states.append(
                voice.states(part.batch, None if latent is None else latent[part.rows], draws)
            )
            positions.append(part.positions)
        together, where = torch.cat(states), torch.cat(positions)
        packed = torch.zeros_like(together).index_copy(0, where, together)
        precision = voices[0].settings.projection if self.training else "float32"
        return token_nll(packed, self.output.weight, self.output.bias, batch.targets, precision)

    def begin(self, latent: Tensor | None, count: int) -> LabelState:
        """State before the first word, for `count` sentences."""
        turns = torch.arange(count, device=self.output.weight.device) % len(self.voices)
        return LabelState(turns, tuple(voice.begin(latent, count) for voice in self._voices()))

    def advance(self, words: Tensor, state: LabelState) -> tuple[Tensor, LabelState]:
        """Feed one word id per sentence [B]: logits of the next word [B, V] and the new state."""
        steps = [
            voice.advance(words, s) for voice, s in zip(self._voices(), state.voices, strict=True)
        ]
        logits, states = zip(*steps, strict=True)
        rows = torch.arange(len(words), device=words.device)
        return torch.stack(logits)[state.turns, rows], LabelState(state.turns, states)

    def _voices(self) -> list[TextDecoder]:
        return cast(list[TextDecoder], list(self.voices))


@dataclass(frozen=True)
class LabelState:
    """Every voice's state; `turns` [B] tells whose word counts."""

    turns: Tensor
    voices: tuple[DecoderState, ...]

    def keep(self, rows: Tensor) -> LabelState:
        """The state of some of the sentences."""
        return LabelState(self.turns[rows], tuple(voice.keep(rows) for voice in self.voices))


def _nothing(voice: TextDecoder) -> Tensor:
    """No states [0, H] of a voice without a sentence, yet with gradients (of zero)."""
    nothing = sum((0.0 * parameter).sum() for parameter in voice.parameters())
    return nothing * voice.output.weight.new_zeros(0, voice.output.in_features)
