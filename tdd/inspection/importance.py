"""Which words of distilled sentences matter to a network that is trained on the set."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tdd.data.text_batch import TextBatch
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.predictor import trained_on
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.learner import Learner
from tdd.system.seeds import generator
from tdd.system.threads import Suited

CHANCE = 0.95
"""Share of random vectors that the level of chance is above."""


@dataclass(frozen=True)
class Importance:
    """How much each word matters.

    Attributes:
        of: (n, L) by how much the logit of its sentence's largest class falls without the word; 0 where there is
            padding.
        chance: what a share `CHANCE` of words of random vectors stays below.
    """

    of: Tensor
    chance: float


def importance(distilled: DistilledSet, network: str | nn.Module | None = None) -> Importance:
    """How much the logit of its sentence's largest class falls when a word is taken out of the sentence.

    The words behind it move up by one. The network is one trained on the set, from the set's own initialisation or
    else from a draw.
    """
    learner, theta = trained_on(distilled, network)
    length = distilled.network_space.shape[0]
    samples, lengths = distilled.samples.flatten(0, 1), distilled.lengths.flatten().tolist()
    largest = distilled.labels.flatten(0, 1).argmax(1).tolist()
    rows, random = torch.zeros(samples.shape[:2]), []
    first = samples[0, : lengths[0]]
    with Suited(learner.device).within(lambda: _falls(learner, theta, first, length)):
        for place, (sample, words, label) in enumerate(zip(samples, lengths, largest, strict=True)):
            rows[place, :words] = _falls(learner, theta, sample[:words], length)[:, label]
            random.append(_falls(learner, theta, shuffled(sample[:words], place), length)[:, label])
    return Importance(rows, torch.cat(random).quantile(CHANCE).item())


def shuffled(vectors: Tensor, seed: int) -> Tensor:
    """Vectors (P, d) with the numbers of each in a random order: as large, but they say nothing."""
    order = torch.rand(vectors.shape, generator=generator(seed, "chance")).argsort(1)
    return vectors.gather(1, order)


def _falls(learner: Learner, theta: Parameters, vectors: Tensor, length: int) -> Tensor:
    """(P, C) by how much each logit of a sentence of vectors (P, d) falls without each of its words."""
    count = len(vectors)
    ids = torch.zeros(count + 1, count, dtype=torch.int32)
    for place in range(count):
        ids[place, : count - 1] = torch.cat([torch.arange(1, place + 1), torch.arange(place + 2, count + 1)]).int()
    ids[count] = torch.arange(1, count + 1)
    # What is left of a single word is a word without a vector: networks read no empty sentences.
    lengths = torch.tensor([max(count - 1, 1)] * count + [count])
    words = torch.cat([torch.zeros_like(vectors[:1]), vectors])
    batch = TextBatch(ids, lengths, torch.zeros(count + 1, dtype=torch.int64), words, length)
    with torch.no_grad():
        logits = learner.kernel().logits(theta, batch.to(learner.device))[0].cpu()
    return logits[count] - logits[:count]
