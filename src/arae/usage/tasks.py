"""What a trained model can do with sentences: pure functions from token lists to token lists."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arae.engine.modeldir import LoadedModel
from arae.foundation.errors import DataError, SettingsError
from arae.foundation.settings import suggest
from arae.generation import sampling
from arae.generation.decode import DecodingSettings, decode
from arae.generation.paths import How, path
from arae.generation.transfer import require_transfer
from arae.nn.decoder import StepDecoder
from arae.nn.randomness import Draws
from arae.usage.batches import per_sentence
from arae.usage.capabilities import ENCODING, require
from arae.usage.sentences import Tokens

GREEDY = DecodingSettings(decoding="greedy")


@dataclass(frozen=True)
class Likelihood:
    """How likely a model finds a sentence of `words` words (and its end)."""

    quantity: str  # which quantity `log_value` is, e.g. "log p(x)"
    log_value: float  # nats
    words: int

    @property
    def perplexity(self) -> float:
        """exp(−log_value / (words + 1)): per predicted token, `<eos>` included."""
        return math.exp(-self.log_value / (self.words + 1))


def generate(
    model: LoadedModel,
    count: int,
    seed: int = 1,
    decoding: DecodingSettings | None = None,
    label: str | None = None,
) -> Iterator[Tokens]:
    """`count` sentences from the model's prior; a function of the arguments only.

    By default a system with codes decodes greedily, one without draws its words; a system with a
    decoder for each label lets them write by turns.
    """
    settings = decoding or default_decoding(model)
    writer = None if label is None else writer_of(model, label)
    for words, lengths in sampling.generate(model.system, count, settings, seed, decoder=writer):
        for row, length in zip(words, lengths, strict=True):
            yield model.vocabulary.decode(row[:length])


def default_decoding(model: LoadedModel) -> DecodingSettings:
    """Greedy where a code makes each sentence different; drawn words where nothing else would."""
    return GREEDY if ENCODING.of(model.system) else DecodingSettings(decoding="sample")


def codes(model: LoadedModel, sentences: Sequence[Tokens], label: str | None = None) -> Tensor:
    """Mean code of each sentence [N, d]; `SettingsError` if the system has no encoder.

    `label`: the sentences' own, for systems that encode each label's sentences differently.
    """
    system = require(model.system, ENCODING)
    number = _number(model, label)
    try:
        return per_sentence(model, sentences, system.encode, number)
    except DataError:
        _needed(model, label)  # a person cannot be told of batches without labels
        raise


def reconstruct(
    model: LoadedModel, sentences: Sequence[Tokens], label: str | None = None
) -> list[Tokens]:
    """Each sentence encoded and greedily decoded, by the decoder of `label` where there are several."""
    return _decode(model, writer_of(model, label), codes(model, sentences, label))


def interpolate(
    model: LoadedModel,
    first: Sequence[Tokens],
    second: Sequence[Tokens],
    steps: int = 7,
    how: How = "linear",
    label: str | None = None,
) -> list[list[Tokens]]:
    """For each pair, `steps` ≥ 2 sentences along the way between the two codes, both ends included."""
    writer = writer_of(model, label)
    ends = codes(model, [*first, *second], label)
    sentences: list[Tokens] = []
    # Few pairs at once, so that memory does not grow with the number of steps.
    pairs = [part.split(max(1, sampling.BATCH // steps)) for part in ends.split(len(first))]
    for start, end in zip(*pairs, strict=True):
        way = path(start, end, steps, how)
        sentences += _decode(model, writer, way.flatten(0, 1))
    return [sentences[start : start + steps] for start in range(0, len(sentences), steps)]


def transfer(model: LoadedModel, sentences: Sequence[Tokens], label: str) -> list[Tokens]:
    """Each sentence's code, greedily decoded by the decoder of `label`.

    With two labels the sentences are taken to have the other one.
    """
    require_transfer(model.system)
    writer = writer_of(model, label)
    others = [name for name in model.labels if name != label]
    own = others[0] if len(others) == 1 else None
    return _decode(model, writer, codes(model, sentences, own))


def score(
    model: LoadedModel, sentences: Sequence[Tokens], label: str | None = None
) -> list[Likelihood]:
    """log p(x) of a language model, log p(x | z(x)) of an autoencoder, less its KL of a VAE.

    Only the first is a likelihood; none of the others is a bound of it (the study `posterior` has bounds).
    A system with a decoder for each label needs to know the sentences' own.
    """
    system = model.system
    number = _number(model, _needed(model, label))
    losses = per_sentence(model, sentences, system.loss_per_sentence, number).double().tolist()
    return [
        Likelihood(system.likelihood, -loss, len(sentence))
        for loss, sentence in zip(losses, sentences, strict=True)
    ]


def writer_of(model: LoadedModel, label: str | None) -> StepDecoder:
    """The model's only decoder, or that of a label where there are several.

    `SettingsError` for a label that the model does not know, or none where one is needed.
    """
    return model.system.decoder_for(_number(model, _needed(model, label)))


def _needed(model: LoadedModel, label: str | None) -> str | None:
    if label is None and model.system.labels:
        names = ", ".join(model.labels)
        raise SettingsError(f"the model writes each label in its own way: {names}; name one")
    return label


def _number(model: LoadedModel, label: str | None) -> int | None:
    """Number of a label of the model; None for none."""
    if label is None:
        return None
    require_transfer(model.system)
    if label not in model.labels:
        raise SettingsError(f"the model knows no label '{label}'{suggest(label, model.labels)}")
    return model.labels.index(label)


def _decode(model: LoadedModel, decoder: StepDecoder, latents: Tensor) -> list[Tokens]:
    longest = model.system.settings.max_length
    found: list[Tokens] = []
    with sampling.evaluating(model.system), torch.no_grad():
        for part in latents.split(sampling.BATCH):
            words, lengths = decode(
                decoder, part, len(part), longest, GREEDY, Draws(0, "greedy", device=part.device)
            )
            rows = zip(words.tolist(), lengths.tolist(), strict=True)
            found.extend(model.vocabulary.decode(row[:length]) for row, length in rows)
    return found
