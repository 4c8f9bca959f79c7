"""Outer steps of recurrent networks, with real sentences of TREC's lengths."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from bench.inputs import SCALE, TREC, Problem, real_text
from bench.plain import gradients
from learners import starts_of
from torch import Tensor

from tdd.data.protocols import InputSpace
from tdd.networks.learner import make_learner
from tdd.system.seeds import generator


@dataclass(frozen=True)
class RecurrentSizes:
    """Every size of a problem; the defaults are the recipe's for TREC-6 at n = 60."""

    network: str
    batch: int = 256
    steps: int = 10
    per_step: int = 6
    classes: int = 6
    words: int = 12
    length: int = 40
    dim: int = 50

    def problem(self) -> Problem:
        """The problem of these sizes."""
        network = make_learner(self.network, {}, InputSpace("text", (self.length, self.dim)), self.classes).module
        place = self.steps, self.per_step
        return Problem(
            network,
            starts_of(network, [generator(0, "network")]),
            torch.randn(*place, self.words, self.dim, generator=generator(0, "samples")) * SCALE,
            torch.eye(self.classes)[torch.arange(self.steps * self.per_step) % self.classes].view(*place, -1),
            torch.full((self.steps,), 0.1),
            1,
            real_text(TREC, 2 * self.batch, self.dim, self.length, self.classes),
            torch.randperm(2 * self.batch, generator=generator(0, "batch"))[: self.batch],
        )


def questions_for(network: str, small: bool) -> Problem:
    """The problem of a network, or a small one of the same kind."""
    full = RecurrentSizes(network)
    return (replace(full, batch=32, steps=3) if small else full).problem()


def plain_step(problem: Problem) -> list[Tensor]:
    """The plain outer step, told where real sentences have words."""
    batch = problem.real.batch(problem.batch)
    x, mask = batch.inputs()
    return gradients(problem, (x.to(problem.samples.dtype), mask), batch.labels)
