"""The networks that a set is learned for together, and which of them an outer step learns from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tdd.distillation.trainee import Trainee
    from tdd.settings.recipe import Recipe
    from tdd.system.tensor_files import Tensors


class Turn(NamedTuple):
    """A network that an outer step learns from.

    Attributes:
        trainee: the network.
        weight: factor of its outer loss.
        before: outer steps that were its before.
    """

    trainee: Trainee
    weight: float
    before: int


def turns(recipe: Recipe, trainees: Sequence[Trainee], step: int) -> Iterator[Turn]:
    """Who outer step `step` learns from: the one in turn, or all of them.

    The weights of a round of turns, or of an outer step with all, are those of the recipe; their sum is the number of
    its outer steps, so that a network alone has weight 1.
    """
    weights, count = recipe.pool_weights or [1.0] * len(trainees), len(trainees)
    if recipe.pool_order == "in_turn":
        row = step % count
        yield Turn(trainees[row], count * weights[row] / sum(weights), step // count)
        return
    for trainee, weight in zip(trainees, weights, strict=True):
        yield Turn(trainee, weight / sum(weights), step)


def whose_turn(recipe: Recipe, trainees: Sequence[Trainee], step: int) -> str:
    """The name of the network in turn; "" where an outer step learns from all of them."""
    return trainees[step % len(trainees)].learner.name if recipe.pool_order == "in_turn" else ""


def score_of_pool(recipe: Recipe, scores: Sequence[float]) -> float:
    """What a set is chosen by, from the held-out score of each network."""
    return min(scores) if recipe.pool_choice == "worst" else sum(scores) / len(scores)


def kept_initialisation(recipe: Recipe, trainees: Sequence[Trainee]) -> Tensors | None:
    """What a set keeps of the fixed initialisations; those of a pool by names that begin with their network's."""
    kept = {each.learner.name: each.learner.to_keep(each.fixed) for each in trainees if each.fixed}
    if not recipe.pool:
        return next(iter(kept.values()), None)
    return {f"{network}.{name}": value for network, own in kept.items() for name, value in own.items()} or None


def source_of_pool(trainees: Sequence[Trainee]) -> dict[str, str]:
    """What a set says of its networks: their signatures, one after the other, and pretrained weights."""
    learners = [each.learner for each in trainees]
    signatures = {
        "network": " ".join(learner.signature() for learner in learners),
        "frozen": " ".join(learner.frozen_signature() for learner in learners),
    }
    # No two read one space of word pieces.
    return signatures | {key: value for learner in learners for key, value in learner.reference().items()}
