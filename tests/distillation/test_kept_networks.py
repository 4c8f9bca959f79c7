"""Networks that outer steps go on with: they train as if never left, and a stopped run finds them again."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from distilled_sets import assert_same_bits
from learners import kernel_of
from plain_loops import problem
from resumed import resumed_after
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distillation.kept_networks import KeptNetworks
from tdd.distillation.memory import predicted_peak
from tdd.distillation.plain_loop import InTraining, train_on, train_plainly, unroll_plainly
from tdd.distillation.run_threads import settle_threads
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system import threads


def part(loop, begin, end):
    return replace(loop, batches=loop.batches[begin:end], rates=loop.rates[begin:end], done=begin)


@pytest.mark.parametrize("how", [{}, {"clip": 0.05}])
def test_a_network_that_is_gone_on_with_is_that_of_one_training_and_so_is_its_gradient(how):
    network, theta, loop, batch = problem(**how)
    kernel = kernel_of(network, "closed_form")
    _, first = train_on(kernel, InTraining.at_start(theta), part(loop, 0, 3))
    trajectory, second = train_on(kernel, first, part(loop, 3, 8))
    whole = unroll_plainly(kernel, theta, loop, range(3, 8))
    expected = train_plainly(kernel, theta, loop)
    for name, value in expected.items():
        assert torch.equal(trajectory.theta[name], value) and torch.equal(second.theta[name], value)
    _, g = kernel.loss(expected, batch)
    found, right = trajectory.reverse(g), whole.reverse(g)
    assert torch.equal(found.samples, right.samples) and torch.equal(found.labels, right.labels)
    assert found.samples.abs().max() > 0


def test_a_fresh_network_takes_the_place_of_one_that_has_taken_its_steps():
    kept, made = KeptNetworks(), []

    def fresh():
        made.append(len(made))
        return {"w": torch.full((1, 2), float(len(made)))}, 7

    done = []
    for _ in range(4):
        each = kept.at(0, 3, fresh)
        done.append(each.done)
        each.done += 3
    assert done == [0, 3, 0, 3] and made == [0, 1]  # a third window would end after step 9 of 7
    assert kept.at(1, 3, fresh).done == 0 and made == [0, 1, 2]
    again = KeptNetworks()
    again.load(kept.tensors(), kept.steps())
    assert again.steps() == kept.steps() == {"0": [6, 7], "1": [0, 7]}
    assert again.kept[1].network.theta["w"].tolist() == [[3.0, 3.0]]


def test_they_lie_where_the_set_does_once_loaded(tmp_path):
    recipe, corpus = tiny_recipe(**{"n": 6, "outer_steps": 4} | PLAIN), tiny_corpus(3)
    saved = Distiller(recipe, corpus, tmp_path / "last.safetensors")
    saved.run()
    state = saved.state
    for name, value in state.learned.items():
        state.learned[name] = value.detach().to("meta").requires_grad_()
    state.load(tmp_path / "last.safetensors", saved.made_from)
    found = [value for each in state.kept[0].kept.values() for part in each.network for value in part.values()]
    assert found and {value.device.type for value in found} == {"meta"}


PLAIN = {
    "inner": "plain",
    "init": "random",
    "inner_steps": [4, 12],
    "window": 3,
    "inner_kept": 3,
    "epochs": 1,
    "steps": 1,
}


@pytest.mark.parametrize(
    "more",
    [{}, {"networks": 2}, {"pool": ["text_cnn", "mean_pool"], "network": "text_cnn"}, {"network": "bag_of_words"}],
)
def test_a_stopped_run_goes_on_with_them_bit_by_bit(tmp_path, more):
    corpus = tiny_corpus(3)
    recipe = tiny_recipe(**{"n": 6, "outer_steps": 10} | PLAIN | more)
    whole = Distiller(recipe, corpus)
    expected = whole.run()
    assert any(each.done > 3 for trainee in whole.trainees for each in trainee.kept.kept.values())
    resumed = resumed_after(7, recipe, corpus, tmp_path / "last.safetensors")
    assert resumed.state.step == 7 and all(trainee.kept.kept for trainee in resumed.trainees)
    assert_same_bits(resumed.run(), expected)


@pytest.mark.parametrize("calls", [3, 7])
def test_measuring_threads_leaves_them_as_they_are(monkeypatch, calls):
    corpus, recipe = tiny_corpus(3), tiny_recipe(**{"n": 6, "outer_steps": 6} | PLAIN)
    expected = Distiller(recipe, corpus).run()
    measured = Distiller(recipe, corpus)
    monkeypatch.setattr(threads, "are_open", lambda *given: True)
    monkeypatch.setattr(threads, "choose", lambda step: [step() for _ in range(calls)] and "chosen")
    monkeypatch.setattr(measured, "save", lambda: None)
    assert settle_threads(measured) == "chosen"
    assert_same_bits(measured.run(), expected)


def test_a_network_that_explodes_makes_room_for_a_fresh_one():
    distiller = Distiller(tiny_recipe(**{"n": 6, "outer_steps": 4} | PLAIN), tiny_corpus(3))
    (trainee,) = distiller.trainees
    distiller.gradient()
    for values in trainee.kept.kept[0].network.theta.values():
        values.fill_(torch.nan)
    distiller.state.step = 3  # whose turn it is again
    assert not distiller.gradient()[0][0].isfinite()
    assert distiller.gradient(attempt=1)[0][0].isfinite() and trainee.kept.kept[0].done == 3


def test_several_processes_are_refused():
    distiller = Distiller(tiny_recipe(**{"n": 6, "outer_steps": 2} | PLAIN), tiny_corpus(3))
    several = SimpleNamespace(num_processes=2)
    with pytest.raises(UsageError, match="networks are kept by one process: start without torchrun"):
        next(distiller.trainees[0].outer_gradient(None, range(3), None, several, ["network", 0], 0))


def test_what_is_kept_counts_among_the_memory():
    corpus, settings = tiny_corpus(3), {"n": 6, "outer_steps": 2} | PLAIN
    few, many = (predicted_peak(tiny_recipe(**settings | {"inner_kept": count}), corpus) for count in (1, 11))
    parameters = sum(value.numel() for value in Distiller(tiny_recipe(), corpus).trainees[0].fixed.values())
    assert many - few == 10 * 3 * 4 * parameters


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"init": "fixed"}, "inner_kept keeps fresh networks in training: use init: random"),
        ({"window_end": "random"}, "inner_kept goes on by the steps of the window: leave window_end out"),
        ({"window": 5}, "inner_kept takes the steps of the window at a time: set window to 4 at most"),
        ({"networks": 4}, "inner_kept: 3 are fewer than the networks of an outer step, 4"),
        ({"inner": "learned", "inner_steps": [20, 200], "window": None}, "inner_kept is a setting of plain training"),
    ],
)
def test_settings_that_keep_nothing_are_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        Recipe.build({"dataset": "tomatoes", **PLAIN, **settings})
