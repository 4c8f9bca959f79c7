"""What is measured: each task, its sides and its goals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import plain
from bench.encoders import behind_front, behind_front_and_cache, questions, through_all
from bench.images import CIFAR, LENET, LENETS, pictures
from bench.inputs import Problem
from bench.recurrent import plain_step, questions_for
from bench.tasks import (
    MODES,
    STEP,
    TOGETHER,
    TREC_STEP,
    evaluation_error,
    losses,
    nearest_error,
    our_evaluation,
    our_nearest,
    our_step,
    our_test,
    our_training,
    plain_evaluation,
    plain_nearest,
    plain_part,
    plain_test,
    prepared,
    queries,
    reviews,
    step_error,
    testing_error,
    to_evaluate,
    training_error,
    weights,
)
from torch import Tensor

# Networks of the task that tests random initialisations.
NETWORKS = 200
# Trained networks are compared in double precision, on a small problem: in single precision two windows of nearly equal
# value may change places, and what follows from there is another, equally good, training.
EXACT = 1e-8


@dataclass(frozen=True)
class Side:
    """One way to do a task.

    Attributes:
        name: how the table calls it.
        run: does the task, or a part of it, and returns what `Case.error` compares.
        share: the part of the task that `run` does; measured seconds are divided by it.
        repeats: timed runs, of which the median counts.
    """

    name: str
    run: Callable[[Any], Any]
    share: Callable[[Any], float] = lambda _: 1.0
    repeats: int = 3


@dataclass(frozen=True)
class Goal:
    """How many times cheaper than the plain way: at least, and the aim."""

    least: float
    aim: float


@dataclass(frozen=True)
class Case:
    """A task. The first side is the plain one.

    Attributes:
        name: for ``--only``.
        title: what is done, at full size.
        prepare: the inputs; small ones where its argument is True.
        sides: the ways to do it.
        error: relative error of ours, from the inputs and the results of the plain side and of another.
        exact: inputs in double precision that results are compared on instead, where single precision is not enough.
        tolerance: largest error that passes.
        steady: the part of a result that must agree, to 1e-3, on the measured inputs too, where `exact` is others.
        faster: goal of the time.
        smaller: goal of the peak memory.
        minutes: most processor minutes of our side, and the aim.
        memory: whether peaks are measured.
    """

    name: str
    title: str
    prepare: Callable[[bool], Any]
    sides: tuple[Side, ...]
    error: Callable[[Any, Any, Any], float]
    exact: Callable[[], Any] | None = None
    tolerance: float = 1e-4
    steady: Callable[[Any], Tensor] | None = None
    faster: Goal | None = None
    smaller: Goal | None = None
    minutes: Goal | None = None
    memory: bool = False


def outer_step(name: str, title: str, prepare: Callable[[bool], Problem], *sides: Side, **goals: Any) -> Case:
    """An outer step, ours in one way or several."""
    return Case(
        name,
        title,
        prepare,
        sides,
        step_error,
        exact=lambda: prepare(True).double(),
        tolerance=EXACT,
        steady=losses,
        **goals,
    )


CASES = [
    outer_step(
        "imdb-step",
        "outer step, IMDB shape: 10 steps x 2 x 5 epochs, batch 1,024, d = 100",
        partial(prepared, STEP),
        Side("plain", plain.outer_step, repeats=1),
        Side("ours", our_step),
        faster=Goal(10, 18),
        smaller=Goal(2.5, 3.5),
        memory=True,
    ),
    Case(
        "imdb-test",
        "testing one network on 25,000 reviews (plain: 2,000, scaled)",
        reviews,
        (Side("plain", plain_test, lambda p: len(plain_part(p)) / len(p.real), 1), Side("ours", our_test, repeats=1)),
        testing_error,
        faster=Goal(25, 32),
        memory=True,
    ),
    Case(
        "nearest",
        "5 nearest of 400,000 words to 8,000 positions, d = 50 (plain: 100 positions, scaled)",
        queries,
        (Side("plain", plain_nearest, lambda inputs: 100 / len(inputs[1])), Side("ours", our_nearest, repeats=1)),
        nearest_error,
        faster=Goal(6, 10),
    ),
    outer_step(
        "trec-step",
        "outer step, TREC-6 shape: 10 steps x 6 x 5 epochs, L = 400, batch 512, d = 100",
        partial(prepared, TREC_STEP),
        Side("plain", plain.outer_step, repeats=1),
        Side("ours", our_step),
        faster=Goal(9, 15),
        memory=True,
    ),
    Case(
        "networks-test",
        "200 fresh networks trained (10 x 2) and tested on 25,000 reviews (plain: 1 on 500, ours: 8 on all; scaled)",
        to_evaluate,
        (
            Side("plain", plain_evaluation, lambda p: len(plain_part(p)[:500]) / len(p.real) / NETWORKS, 1),
            Side("ours", our_evaluation, lambda p: len(p.theta["classifier.bias"]) / NETWORKS, 1),
        ),
        evaluation_error,
        tolerance=0.01,
        minutes=Goal(15, 10),
    ),
    Case(
        "networks-train",
        "training 16 networks (10 x 2) at once instead of one after the other",
        partial(prepared, TOGETHER),
        (Side("plain", plain.train), Side("ours", our_training)),
        training_error,
        exact=lambda: prepared(TOGETHER, True).double(),
        tolerance=EXACT,
        steady=weights,
    ),
    outer_step(
        "modes",
        "the three unrolls: 10 steps x 2 x 2 epochs, L = 200, batch 256, d = 50",
        partial(prepared, MODES),
        Side("plain", plain.outer_step, repeats=1),
        Side("autograd", partial(our_step, mode="autograd")),
        Side("rematerialised", partial(our_step, mode="rematerialised")),
        Side("closed_form", partial(our_step, mode="closed_form")),
        memory=True,
    ),
    Case(
        "encoder-step",
        "outer step of MiniLM, last two layers trained: 3 steps x 6 x 16 pieces, batch 64",
        questions,
        (
            Side("plain", through_all),
            Side("front", behind_front),
            Side("front, cache", behind_front_and_cache),
        ),
        step_error,
        tolerance=1e-3,
    ),
    *(
        outer_step(
            f"{network}-step",
            f"outer step, {network}: 10 steps x 6 sentences of 12 words, batch 256",
            partial(questions_for, network),
            Side("plain", plain_step),
            Side("ours", our_step),
        )
        for network in ("lstm", "gru")
    ),
    outer_step(
        "lenet-step",
        "outer step, LeNet on 28 x 28: 1 step x 10 x 5 epochs, batch 256",
        partial(pictures, LENET),
        Side("plain", plain.outer_step, repeats=15),
        Side("ours", our_step, repeats=15),
        faster=Goal(1.3, 1.8),
    ),
    outer_step(
        "lenets-step",
        "the same outer step of 8 LeNets at once (plain: one after the other)",
        partial(pictures, LENETS),
        Side("plain", plain.outer_step, repeats=5),
        Side("ours", our_step, repeats=5),
        faster=Goal(2, 3),
    ),
    outer_step(
        "cifar-step",
        "outer step, AlexCifarNet on 32 x 32 in colour: 10 steps x 10, batch 256",
        partial(pictures, CIFAR),
        Side("plain", plain.outer_step, repeats=1),
        Side("ours", our_step, repeats=1),
        smaller=Goal(3, 4),
        memory=True,
    ),
]
