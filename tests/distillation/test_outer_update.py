"""Clipping of the outer gradient: at a fixed norm, or at a multiple of the mean of those before, network by network."""

import math

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation import distiller as distillers
from tdd.distillation.distiller import Distiller
from tdd.distillation.outer_update import MEMORY, largest_norm

PLAIN = {"inner": "plain", "init": "random", "inner_steps": [2, 4], "window": 2, "outer_steps": 6}
POOL = {"pool": ["text_cnn", "mean_pool"], "options": {"text_cnn": {"filters": 4}, "mean_pool": {"hidden": 4}}}


def clipped(monkeypatch, **settings):
    """Of each outer step whose turn it was, its largest norm, its norm and its weight; and the distiller."""
    found, update = [], distillers.update

    def noted(state, gradients, loss, stop, clip_norm, weight, turn, *rest):
        outcome = update(state, gradients, loss, stop, clip_norm, weight, turn, *rest)
        found.append((turn, clip_norm, outcome.norm, weight))
        return outcome

    monkeypatch.setattr(distillers, "update", noted)
    recipe = tiny_recipe(**PLAIN | settings)
    distiller = Distiller(recipe, tiny_corpus())
    distiller.run()
    return found, distiller


@pytest.mark.parametrize("weights", [[], [3.0, 1.0]])
def test_each_network_in_turn_has_a_running_mean_of_its_own_before_its_weight(monkeypatch, weights):
    found, distiller = clipped(monkeypatch, **POOL, pool_weights=weights)
    assert [turn for turn, *_ in found] == ["text_cnn", "mean_pool"] * 3
    means: dict[str, float] = {}
    for turn, largest, norm, weight in found:
        assert largest == pytest.approx(2 * means[turn] if turn in means else math.inf)
        used = min(norm / weight, largest)
        means[turn] = used if turn not in means else means[turn] + (used - means[turn]) / MEMORY
    assert distiller.state.mean_norms == pytest.approx(means)
    assert {weight for *_, weight in found} == ({1.5, 0.5} if weights else {1.0})


def test_an_outer_step_that_learns_from_all_has_one_mean(monkeypatch):
    found, distiller = clipped(monkeypatch, **POOL, pool_order="averaged")
    assert {turn for turn, *_ in found} == {""} == set(distiller.state.mean_norms)


def test_a_gradient_of_zeros_does_not_hold_back_those_that_follow():
    distiller = Distiller(tiny_recipe(**PLAIN), tiny_corpus())
    state, recipe = distiller.state, distiller.recipe
    nothing = {name: torch.zeros_like(value) for name, value in state.learned.items() if value.requires_grad}
    distillers.update(state, nothing, torch.zeros(1), torch.zeros(2), math.inf, 1.0, "text_cnn", 1.0, 0.0)
    assert largest_norm(recipe, state, "text_cnn") == math.inf
    fixed = Distiller(tiny_recipe(clip_norm=0.25), tiny_corpus())
    assert largest_norm(fixed.recipe, fixed.state, "text_cnn") == 0.25
