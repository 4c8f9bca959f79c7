"""Each task the plain way: dense embedded sentences, the ordinary module, one network at a time, one autograd graph."""

from __future__ import annotations

from functools import cache

import torch
from bench.inputs import Problem
from bench.measure import timed
from learners import text_cnn
from reference import outer_gradient
from torch import Tensor, nn
from torch.func import functional_call

from tdd.data.images import ImageSplit
from tdd.data.text import TextSplit
from tdd.embeddings.word_vectors import WordVectors
from tdd.networks.kernels.parameters import Parameters, stack, unstack


def dense(split: TextSplit | ImageSplit, indices: Tensor) -> Tensor:
    """The sentences at `indices`, padded and embedded, (B, L, d), or images (B, c, h, w)."""
    if isinstance(split, ImageSplit):
        return split.batch(indices).inputs()[0].contiguous()
    ids = torch.zeros(len(indices), split.max_length, dtype=torch.int64)
    for row, index in enumerate(indices.tolist()):
        sentence = split.ids[split.offsets[index] : split.offsets[index + 1]][: split.max_length]
        ids[row, : len(sentence)] = torch.from_numpy(sentence)
    return split.vectors.embed(ids)


def outer_step(problem: Problem) -> list[Tensor]:
    """Outer losses (K,) and the gradients of their mean to samples, labels and learning rates."""
    x = dense(problem.real, problem.batch).to(problem.samples.dtype)
    return gradients(problem, (x, None), problem.real.labels[problem.batch])


def gradients(problem: Problem, inputs: tuple[Tensor, Tensor | None], y: Tensor) -> list[Tensor]:
    """Those of `outer_step`, by real examples, their mask and labels."""
    learned = problem.samples, problem.labels, problem.rates
    found = [
        outer_gradient(problem.network, one, *learned, problem.epochs, inputs, y) for one in unstack(problem.theta)
    ]
    losses, *gradients = (torch.stack(part) for part in zip(*found, strict=True))
    return [losses, *(gradient.mean(0) for gradient in gradients)]


def train(problem: Problem) -> Parameters:
    """The parameters, stacked, after training on the distilled set by gradient descent."""
    trained = []
    for one in unstack(problem.theta):
        problem.network.load_state_dict(one)
        problem.network.eval()
        for t, rate in enumerate(problem.rates):
            step = t % len(problem.samples)
            log_p = problem.network(problem.samples[step]).log_softmax(1)
            problem.network.zero_grad()
            (-(problem.labels[step] * log_p).sum(1).mean()).backward()
            torch.optim.SGD(problem.network.parameters(), lr=rate.item()).step()
        trained.append({name: value.detach().clone() for name, value in problem.network.named_parameters()})
    return stack(trained)


@torch.no_grad()
def logits(network: nn.Module, theta: Parameters, split: TextSplit, indices: Tensor) -> Tensor:
    """Logits (B, C) of one network, in dense batches of the faster of two sizes."""
    network.eval()
    return torch.cat(
        [functional_call(network, theta, dense(split, part)) for part in indices.split(_faster_size(split.vectors.dim))]
    )


@cache
def _faster_size(dim: int) -> int:
    """64 or 128, whichever makes the module's forward pass on L = 400 faster."""
    network, x = text_cnn(dim, 2).eval(), torch.randn(128, 400, dim)

    def seconds(size: int) -> float:
        return min(timed(lambda: [network(part) for part in x.split(size)]).cpu for _ in range(3))

    with torch.no_grad():
        return min((64, 128), key=seconds)


def nearest(vectors: WordVectors, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Words and cosines (P, k) of the nearest words, one query after the other, by gensim."""
    found = [vectors.keyed.similar_by_vector(query, topn=k) for query in queries.numpy()]
    rows = [[vectors.keyed.key_to_index[word] for word, _ in each] for each in found]
    return torch.tensor(rows), torch.tensor([[cosine for _, cosine in each] for each in found])
