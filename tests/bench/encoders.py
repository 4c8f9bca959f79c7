"""Outer steps of a pretrained encoder: through all of it, behind its frozen front, and with the front's states kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from bench.inputs import TREC, real_text
from learners import outer_gradient
from torch import Tensor

from tdd.data.text import TextSplit
from tdd.data.text_batch import TextBatch
from tdd.embeddings.encoder import encoder_tokens
from tdd.networks.hidden_states import HiddenStates
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.front import Above, FrontKernel
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel
from tdd.networks.learner import Learner, make_learner
from tdd.settings.encoder_names import MINILM
from tdd.system.seeds import generator

CLASSES, LENGTH = 6, 40


class InMemory(HiddenStates):
    """States that are kept for this process alone, or not at all."""

    def __init__(self, keep: bool):
        self.kept: dict[bytes, Tensor] = {}
        self.keep = keep

    def get(self, key: bytes) -> Tensor | None:
        return self.kept.get(key)

    def put(self, key: bytes, states: Tensor) -> None:
        if self.keep:
            self.kept[key] = states


@dataclass(frozen=True)
class EncoderProblem:
    """A set for MiniLM of which the last two layers are trained, and a real batch."""

    learner: Learner
    theta: Parameters
    samples: Tensor
    labels: Tensor
    rates: Tensor
    batch: TextBatch
    kept: InMemory


def questions(small: bool) -> EncoderProblem:
    """3 steps x 6 x 16 pieces beside a batch of 64 questions."""
    tokens, draw = encoder_tokens(MINILM), generator(0, "encoder")
    drawn = real_text(TREC, 8 if small else 64, 2, LENGTH, CLASSES)
    ids = torch.from_numpy(drawn.ids) % len(tokens) + 1
    real = TextSplit(ids.int(), torch.from_numpy(drawn.offsets), drawn.labels, tokens, LENGTH)
    learner = make_learner(MINILM, {"train": "last:2"}, real.space, CLASSES)
    pieces = torch.randint(1, len(tokens), (3, 6, 16), generator=draw)
    labels = torch.rand(3, 6, CLASSES, generator=draw)
    batch = real.batch(torch.arange(len(real)))
    problem = EncoderProblem(
        learner, learner.starts(0), tokens.embed(pieces), labels, torch.full((3,), 0.1), batch, InMemory(True)
    )
    behind_front_and_cache(problem)  # the states are kept then
    return problem


def _step(problem: EncoderProblem, kernel: Kernel) -> list[Tensor]:
    found = outer_gradient(
        kernel, problem.theta, problem.samples, problem.labels, problem.rates, problem.batch, "rematerialised"
    )
    return [found.losses, found.samples, found.labels, found.learning_rates]


def through_all(problem: EncoderProblem) -> Any:
    """The whole encoder in every step."""
    return _step(problem, AutogradKernel(problem.learner.module))


def behind_front(problem: EncoderProblem) -> Any:
    """The front once for the samples, and once for the batch."""
    return _step(problem, _kernel(problem, InMemory(False)))


def behind_front_and_cache(problem: EncoderProblem) -> Any:
    """The front once for the samples; the batch's states are kept."""
    return _step(problem, _kernel(problem, problem.kept))


def _kernel(problem: EncoderProblem, states: HiddenStates) -> Kernel:
    module: Any = problem.learner.module
    return FrontKernel(module.front, AutogradKernel(Above(module.upper)), states)
