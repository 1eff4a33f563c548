"""What a decoder says about whole sentences, exactly: its mode, and the probability of each of a list.

Corollary 1 of the ARAE paper speaks of arg max over sentences, not of word-by-word arg max; where
the greedy sentence has more than half of the probability the two agree, elsewhere a search decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arae.generation.decode import DecodingSettings, decode
from arae.nn.decoder import TextDecoder
from arae.nn.randomness import Draws
from arae.text.vocabulary import BOS, EOS, PAD

Sentence = tuple[int, ...]
SEARCHED_AT_ONCE = 256


@dataclass(frozen=True)
class Modes:
    """The likeliest sentence of each of B codes; `proven` [B] tells where no other can be likelier."""

    greedy: list[Sentence]
    best: list[Sentence]
    proven: list[bool]


@torch.no_grad()
def modes(decoder: TextDecoder, codes: Tensor, max_length: int, frontier: int = 2000) -> Modes:
    """arg max_x p(x | z) over sentences of at most `max_length` words, for codes [B, d].

    Every prefix likelier than the best whole sentence found so far is followed; with more than
    `frontier` of them the search gives up and the best so far stays unproven. Sentences have no
    <pad> or <bos>, which decoding never makes either.
    """
    never = DecodingSettings()
    draws = Draws(0)  # greedy decoding draws nothing
    words, lengths = decode(decoder, codes, len(codes), max_length, never, draws)
    greedy = [
        tuple(row[:length]) for row, length in zip(words.tolist(), lengths.tolist(), strict=True)
    ]
    floors = own_log_probabilities(decoder, codes, greedy).tolist()
    best, proven = [], []
    for code, start, floor in zip(codes, greedy, floors, strict=True):
        if floor > -math.log(2):
            found, certain = start, True
        else:
            found, certain = _search(decoder, code, max_length, (start, floor), frontier)
        best.append(found)
        proven.append(certain)
    return Modes(greedy, best, proven)


def _search(
    decoder: TextDecoder,
    code: Tensor,
    max_length: int,
    start: tuple[Sentence, float],
    frontier: int,
) -> tuple[Sentence, bool]:
    """(best sentence, whether proven) by following, level by level, all prefixes that may win."""
    best, floor = start
    prefixes: list[Sentence] = [()]
    chances = torch.zeros(1, device=code.device)
    words = torch.full((1,), BOS, dtype=torch.long, device=code.device)
    state = decoder.begin(code[None], 1)
    for length in range(max_length + 1):
        logits, state = decoder.advance(words, state)
        scores = chances[:, None] + logits.log_softmax(dim=1)
        scores[:, [PAD, BOS]] = -math.inf
        ended = scores[:, EOS]
        if ended.max().item() > floor:
            best, floor = prefixes[int(ended.argmax())], ended.max().item()
        scores[:, EOS] = -math.inf
        alive = (scores > floor).nonzero()
        if length == max_length or len(alive) == 0:
            return best, True
        if len(alive) > frontier:
            return best, False
        parents, words = alive.unbind(dim=1)
        prefixes = [
            (*prefixes[parent], word)
            for parent, word in zip(parents.tolist(), words.tolist(), strict=True)
        ]
        chances, state = scores[parents, words], state.keep(parents)
    raise AssertionError("unreachable: the last level returns")


@torch.no_grad()
def own_log_probabilities(
    decoder: TextDecoder, codes: Tensor, sentences: Sequence[Sentence]
) -> Tensor:
    """ln p(x_i | z_i) [B] of one sentence for each code of [B, d], <eos> scored."""
    longest = max(map(len, sentences)) + 1
    targets = torch.tensor(
        [[*sentence, EOS, *[PAD] * (longest - len(sentence) - 1)] for sentence in sentences],
        device=codes.device,
    )
    total = codes.new_zeros(len(codes))
    words = torch.full((len(codes),), BOS, dtype=torch.long, device=codes.device)
    state = decoder.begin(codes, len(codes))
    for target in targets.unbind(dim=1):
        logits, state = decoder.advance(words, state)
        scores = logits.log_softmax(dim=1).gather(1, target[:, None]).squeeze(1)
        total += torch.where(target == PAD, 0.0, scores)
        words = target
    return total


@torch.no_grad()
def log_probabilities(decoder: TextDecoder, codes: Tensor, sentences: Sequence[Sentence]) -> Tensor:
    """ln p(x | z) [B, N] of each sentence x of a list under each code of [B, d], <eos> scored.

    Common beginnings are computed once. Memory grows as B times the beginnings of one length.
    """
    parts = codes.split(SEARCHED_AT_ONCE)
    return torch.cat([_table(decoder, part, sentences) for part in parts])


def _table(decoder: TextDecoder, codes: Tensor, sentences: Sequence[Sentence]) -> Tensor:
    count, device = len(codes), codes.device
    result = torch.empty(count, len(sentences), device=device)
    each = torch.arange(count, device=device)
    nodes: list[Sentence] = [()]  # the states' rows: all codes of the first node, of the second, …
    chances = torch.zeros(1, count, device=device)
    words = torch.full((1,), BOS, dtype=torch.long, device=device)
    state = decoder.begin(codes, count)
    for length in range(max(map(len, sentences)) + 1):
        logits, state = decoder.advance(words.repeat_interleave(count), state)
        scores = logits.log_softmax(dim=1).view(len(nodes), count, -1) + chances[:, :, None]
        place = {node: index for index, node in enumerate(nodes)}
        for index, sentence in enumerate(sentences):
            if len(sentence) == length:
                result[:, index] = scores[place[sentence], :, EOS]
        nodes = sorted({sentence[: length + 1] for sentence in sentences if len(sentence) > length})
        if not nodes:
            break
        parents = torch.tensor([place[node[:-1]] for node in nodes], device=device)
        words = torch.tensor([node[-1] for node in nodes], device=device)
        chances = scores[parents, :, words]
        state = state.keep((parents[:, None] * count + each).flatten())
    return result
