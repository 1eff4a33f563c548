"""One decoder RNN per label, each with its own embeddings, over one projection to the vocabulary.

p(x | z, y) of the paper's transfer models: label y picks the RNN.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arae.nn.batch import Batch
from arae.nn.decoder import DecoderSettings, TextDecoder
from arae.nn.parts import parts_by_label
from arae.nn.projection import token_nll
from arae.nn.randomness import Draws


class LabelDecoders(nn.Module):
    """`voices[y]` is the complete decoder of label y."""

    def __init__(
        self, vocabulary_size: int, labels: int, latent_size: int, settings: DecoderSettings
    ) -> None:
        super().__init__()
        self.output = nn.Linear(settings.hidden, vocabulary_size)
        self.voices = nn.ModuleList(
            TextDecoder(vocabulary_size, latent_size, settings, self.output) for _ in range(labels)
        )

    def nll(self, batch: Batch, latent: Tensor, draws: Draws | None = None) -> Tensor:
        """−log p(x_t | x_<t, z, y) of every packed target, y the sentence's own label, in nats: [P].

        `latent` [B, d] is in row order; `draws` turns the regularisers on.
        """
        states, positions = [], []
        for voice, part in zip(self.voices, parts_by_label(batch, len(self.voices)), strict=True):
            if part is None:
                states.append(_nothing(voice))
                continue
            states.append(voice.states(part.batch, latent[part.rows], draws))
            positions.append(part.positions)
        together, where = torch.cat(states), torch.cat(positions)
        packed = torch.zeros_like(together).index_copy(0, where, together)
        return token_nll(packed, self.output.weight, self.output.bias, batch.targets)


def _nothing(voice: nn.Module) -> Tensor:
    """No states [0, H] of a voice without a sentence, yet with gradients (of zero)."""
    total = sum(parameter.sum() for parameter in voice.parameters())
    return (0.0 * total) * voice.output.weight.new_zeros(0, voice.output.in_features)
