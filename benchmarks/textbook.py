"""ARAE with gradient penalty as a textbook would write it: the yardstick of `benchmarks.training`.

Padded batches, `torch.nn.LSTM`, logits of every padded position, autograd and `torch.optim`
throughout. Same mathematics, data order and random numbers as `arae.systems.arae`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from arae.nn.optimisers import OptimiserSettings
from arae.nn.randomness import Draws
from arae.systems.arae import LEAK, Settings
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, EOS, PAD

Batch = tuple[Tensor, Tensor, Tensor]  # inputs [B, T], targets [B, T], lengths [B]


class TextbookARAE(nn.Module):
    """Encoder, decoder, generator, critic and their four losses."""

    def __init__(self, settings: Settings, vocabulary: int) -> None:
        super().__init__()
        self.settings = settings
        embedding, hidden = settings.encoder.embedding, settings.encoder.hidden
        self.encoder_embedding = nn.Embedding(vocabulary, embedding)
        self.encoder_lstm = nn.LSTM(embedding, hidden, batch_first=True)
        self.decoder_embedding = nn.Embedding(vocabulary, embedding)
        self.decoder_lstm = nn.LSTM(embedding + settings.latent, hidden, batch_first=True)
        self.output = nn.Linear(hidden, vocabulary)
        for lstm in (self.encoder_lstm, self.decoder_lstm):
            bias = lstm.get_parameter("bias_hh_l0")  # the other bias is enough
            bias.requires_grad_(False).zero_()
        self.generator = self._generator()
        self.critic = self._critic()

    def _generator(self) -> nn.Sequential:
        g = self.settings.generator
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise((g.noise, *g.hidden)):
            layers += [nn.Linear(fan_in, fan_out), nn.BatchNorm1d(fan_out), nn.ReLU()]
        layers.append(nn.Linear(g.hidden[-1], self.settings.latent))
        layers.append(nn.Tanh() if g.output == "tanh" else nn.Identity())
        return nn.Sequential(*layers)

    def _critic(self) -> nn.Sequential:
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise((self.settings.latent, *self.settings.critic.hidden)):
            layers += [nn.Linear(fan_in, fan_out), nn.LeakyReLU(LEAK)]
        return nn.Sequential(*layers, nn.Linear(self.settings.critic.hidden[-1], 1))

    def features(self, batch: Batch) -> Tensor:
        """The encoder's last states [B, H]."""
        inputs, _, lengths = batch
        packed = pack_padded_sequence(self.encoder_embedding(inputs), lengths, batch_first=True)
        last: Tensor = self.encoder_lstm(packed)[1][0]
        return last[0]

    def encode(self, batch: Batch) -> Tensor:
        """Codes on the unit sphere [B, d]."""
        return functional.normalize(self.features(batch), dim=1)

    def reconstruction(self, batch: Batch, draws: Draws, iteration: int) -> Tensor:
        """(1) Mean negative log-likelihood of a real token."""
        code = self.encode(batch)
        noisy = code + self.settings.noise.at(iteration) * draws.normal(*code.shape)
        return self.decoded(batch, noisy)

    def decoded(self, batch: Batch, code: Tensor) -> Tensor:
        """Mean negative log-likelihood of a real token, given codes [B, d]."""
        inputs, targets, lengths = batch
        words = self.decoder_embedding(inputs)
        context = code.unsqueeze(1).expand(-1, words.shape[1], -1)
        packed = pack_padded_sequence(torch.cat([words, context], 2), lengths, batch_first=True)
        states, _ = pad_packed_sequence(self.decoder_lstm(packed)[0], batch_first=True)
        return self.mean_nll(self.output(states).flatten(0, 1), targets.flatten())

    def mean_nll(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Of real tokens only: logits [B·T, V], targets [B·T]."""
        return functional.cross_entropy(logits, targets, ignore_index=PAD)

    def critic_loss(self, batch: Batch, draws: Draws, iteration: int) -> Tensor:
        """(2) with the gradient penalty of each sample."""
        real, fake = self.codes(batch, draws)
        gap = self.critic(real).mean() - self.critic(fake).mean()
        mix = draws.uniform(len(real), 1)
        between = (mix * real + (1 - mix) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)
        penalty = (slope.norm(dim=1) - 1).square().mean()
        return self.settings.critic.constraint.weight * penalty - gap

    def codes(self, batch: Batch, draws: Draws) -> tuple[Tensor, Tensor]:
        """Real and generated codes [B, d], without gradients."""
        with torch.no_grad():
            return self.encode(batch), self.generate(len(batch[2]), draws)

    def encoder_loss(self, batch: Batch, draws: Draws, iteration: int) -> Tensor:
        """(3a)."""
        return self.settings.encoder_gradient.weight * self.critic(self.encode(batch)).mean()

    def generator_loss(self, batch: Batch, draws: Draws, iteration: int) -> Tensor:
        """(3b)."""
        return -self.critic(self.generate(len(batch[2]), draws)).mean()

    def generate(self, count: int, draws: Draws) -> Tensor:
        """Codes of the prior [count, d]."""
        code: Tensor = self.generator(draws.normal(count, self.settings.generator.noise))
        return code


class AuthorsARAE(TextbookARAE):
    """The same, computed as the authors' code does: logits selected by a mask, graphs made in vain."""

    def mean_nll(self, logits: Tensor, targets: Tensor) -> Tensor:
        """See `TextbookARAE.mean_nll`; every logit of a real token is copied."""
        real = targets != PAD
        chosen = logits.masked_select(real.unsqueeze(1).expand_as(logits))
        return functional.cross_entropy(chosen.view(-1, logits.shape[1]), targets[real])

    def codes(self, batch: Batch, draws: Draws) -> tuple[Tensor, Tensor]:
        """See `TextbookARAE.codes`; the graph behind them is thrown away."""
        return self.encode(batch).detach(), self.generate(len(batch[2]), draws).detach()


YARDSTICKS = {"textbook": TextbookARAE, "authors": AuthorsARAE}


class TextbookLoop:
    """Updates a `TextbookARAE` as `arae.engine.trainer.Trainer` updates its system."""

    def __init__(self, model: TextbookARAE, text: EncodedText, seed: int) -> None:
        self.model, self.seed = model, seed
        ids = torch.from_numpy(text.ids.astype("int64"))
        self.sentences = ids.split(text.lengths.tolist())
        settings = model.settings
        encoder = [*model.encoder_embedding.parameters(), *model.encoder_lstm.parameters()]
        decoder = [
            *model.decoder_embedding.parameters(),
            *model.decoder_lstm.parameters(),
            *model.output.parameters(),
        ]
        critic, generator = list(model.critic.parameters()), list(model.generator.parameters())
        steps = {
            "reconstruction": (model.reconstruction, encoder + decoder, settings.autoencoder),
            "critic": (model.critic_loss, critic, settings.critic.optimiser),
            "encoder": (model.encoder_loss, encoder, settings.encoder_gradient.optimiser),
            "generator": (model.generator_loss, generator, settings.generator.optimiser),
        }
        self.steps = {
            name: (loss, [p for p in parameters if p.requires_grad], _optimiser(parameters, s), s)
            for name, (loss, parameters, s) in steps.items()
        }
        self.schedule = ["reconstruction", *["critic"] * settings.critic.steps]
        self.schedule += ["encoder", "generator"]

    def iterate(self, iteration: int, rows: Tensor, lap: Callable[[str], None]) -> None:
        """One iteration on the sentences `rows`; `lap` is called after every update."""
        for place, name in enumerate(self.schedule):
            self.gradients(place, iteration, rows)
            _, parameters, optimiser, settings = self.steps[name]
            if settings.clip_norm:
                clip_grad_norm_(parameters, settings.clip_norm)
            optimiser.step()
            lap(name)

    def gradients(self, place: int, iteration: int, rows: Tensor) -> float:
        """Leave the gradients of one place of the schedule in `.grad`; returns the loss."""
        name = self.schedule[place]
        loss, _, optimiser, _ = self.steps[name]
        if name in ("critic", "encoder"):
            chosen = Draws(self.seed, "batch", iteration, place)
            rows = chosen.integers(len(self.sentences), len(rows))
        optimiser.zero_grad()
        value = loss(self.collate(rows), Draws(self.seed, "phase", iteration, place), iteration)
        value.backward()
        return value.item()

    def collate(self, rows: Tensor) -> Batch:
        """See `collate`."""
        return collate([self.sentences[row] for row in rows.tolist()])


def collate(sentences: Sequence[Tensor]) -> Batch:
    """Sentences sorted by falling length and padded."""
    words = sorted(sentences, key=len, reverse=True)
    first, last = torch.tensor([BOS]), torch.tensor([EOS])
    inputs = pad_sequence([torch.cat([first, w]) for w in words], batch_first=True)
    targets = pad_sequence([torch.cat([w, last]) for w in words], batch_first=True)
    return inputs, targets, torch.tensor([len(w) + 1 for w in words])


def _optimiser(
    parameters: list[nn.Parameter], settings: OptimiserSettings
) -> torch.optim.Optimizer:
    if settings.kind == "sgd":
        return torch.optim.SGD(parameters, lr=settings.lr)
    betas = (settings.beta1, settings.beta2)
    return torch.optim.Adam(parameters, lr=settings.lr, betas=betas, eps=settings.epsilon)
