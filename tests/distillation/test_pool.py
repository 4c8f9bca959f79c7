"""One set for several networks: what each of them learns from it, and what it learns from them."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from distilled_sets import assert_same_bits, tensors_of
from double import in_double
from processes import Process
from reference import outer_gradient
from resumed import resumed_after
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation import accuracy, distiller
from tdd.distillation.distiller import Distiller
from tdd.distillation.memory import predicted_peak
from tdd.distillation.pool import score_of_pool
from tdd.distillation.trainee import Trainee
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.networks.kernels.parameters import unstack

POOL = ["text_cnn", "mean_pool", "lstm"]
OPTIONS = {"text_cnn": {"widths": [1, 2], "filters": 5}, "mean_pool": {"hidden": 6}, "lstm": {"hidden": 3}}
pool_recipe = partial(tiny_recipe, pool=POOL, options=OPTIONS)


def losses_and_set(recipe, corpus):
    seen = []
    made = Distiller(recipe, corpus, on_progress=lambda p: seen.append((p.outer_loss, p.validation_accuracy))).run()
    return seen, made


@pytest.mark.parametrize("order", ["in_turn", "averaged"])
@pytest.mark.parametrize("init", ["fixed", "random"])
def test_a_pool_of_one_learns_the_set_of_its_network_alone_bit_by_bit(order, init):
    settings = {"init": init, "networks": 1 if init == "fixed" else 2, "momentum": 0.3, "ema": 0.5}
    alone, expected = losses_and_set(tiny_recipe(**settings, options=OPTIONS["text_cnn"]), tiny_corpus())
    pool = {"pool": ["text_cnn"], "options": {"text_cnn": OPTIONS["text_cnn"]}, "pool_order": order}
    # What is none is the network's own.
    found, made = losses_and_set(tiny_recipe(**settings, **pool, pool_weights=[3.0]), tiny_corpus())
    assert found == alone and len(alone) == 12
    assert_same_bits(made.alone("text_cnn"), expected)
    assert_same_bits(made.alone("text_cnn").alone("text_cnn"), expected)


@pytest.mark.parametrize("weights", [[], [3.0, 1.0, 2.0]])
def test_the_gradient_of_an_averaged_pool_is_that_of_one_graph_over_all_of_it(monkeypatch, weights):
    corpus, networks, epochs = tiny_corpus(), 2, 2
    recipe = pool_recipe(
        pool_order="averaged", pool_weights=weights, init="random", networks=networks, epochs=epochs, momentum=0.4
    )
    found = _of_first_step(monkeypatch, recipe, corpus, Process(0, 1))
    own, learned = found["distiller"], found["learned"]
    batch = own.batches.at(0)
    expected = {name: torch.zeros_like(value) for name, value in learned.items()}
    loss, rates = 0.0, torch.nn.functional.softplus(learned["raw_rates"])
    momentum = torch.sigmoid(learned["raw_momentum"])
    for row, trainee in enumerate(own.trainees):
        share = (weights[row] / sum(weights) if weights else 1 / len(POOL)) / networks
        for theta in unstack(trainee.starts("network", 0, networks=list(range(networks)))):
            one, samples, labels, rate, mu = outer_gradient(
                trainee.learner.module,
                theta,
                learned["samples"],
                learned["labels"],
                rates[row],
                epochs,
                batch.inputs(),
                batch.labels,
                momentum,
            )
            loss += share * one
            expected["samples"] += share * samples
            expected["labels"] += share * labels
            expected["raw_rates"][row] += share * rate * torch.sigmoid(learned["raw_rates"][row])
            expected["raw_momentum"] += share * mu * momentum * (1 - momentum)
    torch.testing.assert_close(found["loss"][0], loss, rtol=1e-11, atol=0)
    for name, value in expected.items():
        assert value.abs().max() > 1e-6
        torch.testing.assert_close(found["gradients"][name], value, rtol=1e-8, atol=1e-13, msg=lambda t, n=name: n + t)


def _of_first_step(monkeypatch, recipe, corpus, process):
    """A distiller in double precision, and what its process computes of the first outer step."""
    found = {}
    for module in (distiller, accuracy):
        monkeypatch.setattr(module, "sums", lambda parts, accelerator: parts)
    monkeypatch.setattr(
        distiller, "update", lambda state, gradients, loss, *more: found.update(loss=loss, gradients=gradients)
    )
    own = Distiller(recipe, corpus, accelerator=process)
    in_double(own)
    own._outer_step()
    return found | {"distiller": own, "learned": own.state.learned}


@pytest.mark.parametrize("settings", [{"init": "random", "networks": 2}, {}, {"pool_order": "averaged"}])
def test_what_several_processes_find_of_a_pool_adds_up(monkeypatch, settings):
    recipe = pool_recipe(batch_size=31, **settings)
    whole = _of_first_step(monkeypatch, recipe, tiny_corpus(), Process(0, 1))
    parts = [_of_first_step(monkeypatch, recipe, tiny_corpus(), Process(i, 3)) for i in range(3)]
    for name, value in whole["gradients"].items():
        summed = torch.stack([part["gradients"][name] for part in parts]).sum(0)
        torch.testing.assert_close(summed, value, rtol=1e-10, atol=1e-12)


def test_networks_learn_in_turn_each_by_learning_rates_of_its_own():
    corpus, rates = tiny_corpus(), []
    own = Distiller(pool_recipe(outer_steps=3, ema=0.0), corpus)
    own.on_progress = lambda progress: rates.append(own.state.learned["raw_rates"].detach().clone())
    before = own.state.learned["raw_rates"].detach().clone()
    own.run()
    assert before.shape == (3, 2)
    for step, after in enumerate(rates):
        moved = (after != before).any(1).tolist()
        # Adam goes on with what it has begun.
        assert moved == [row <= step for row in range(3)]
        before = after
    averaged = Distiller(pool_recipe(outer_steps=1, ema=0.0, pool_order="averaged"), corpus)
    before = averaged.state.learned["raw_rates"].detach().clone()
    averaged.run()
    assert (averaged.state.learned["raw_rates"] != before).all()


def _losses_and_norms(**settings):
    """Outer loss, and norm of the gradient that Adam is given, of each outer step."""
    found = []
    own = Distiller(pool_recipe(outer_steps=3, samples_lr=1e-9, **settings), tiny_corpus())

    def told(progress):
        norms = torch.stack([value.grad.norm() for value in own.state.learned.values()])
        found.append((progress.outer_loss, norms.norm().item()))

    own.on_progress = told
    own.run()
    return found


@pytest.mark.parametrize("clip_norm", [1e-3, 1e3])
def test_a_network_in_its_turn_counts_by_its_weight_also_where_gradients_are_clipped(clip_norm):
    plain = _losses_and_norms(clip_norm=clip_norm)
    weighted = _losses_and_norms(clip_norm=clip_norm, pool_weights=[1.0, 4.0, 1.0])
    for factor, before, after in zip((0.5, 2.0, 0.5), plain, weighted, strict=True):
        assert after[0] == pytest.approx(factor * before[0], rel=0.2)
        assert after[1] == pytest.approx(factor * before[1], rel=1e-4 if clip_norm < 1 else 0.3)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"init": "random", "networks": 2, "pool_order": "averaged", "ema": 0.9},
        {"samples": "words", "momentum": 0.3},
    ],
)
@pytest.mark.parametrize("stop_at", [4, 8])
def test_a_stopped_run_of_a_pool_goes_on_bit_by_bit(tmp_path, settings, stop_at):
    corpus, recipe, path = tiny_corpus(), pool_recipe(**settings), tmp_path / "last.safetensors"
    straight = Distiller(recipe, corpus)
    whole = straight.run()
    resumed = resumed_after(stop_at, recipe, corpus, path)
    assert_same_bits(resumed.run(), whole)
    assert resumed.state.best_of_each == straight.state.best_of_each != []
    with pytest.raises(TddError, match="belongs to another recipe"):
        Distiller(pool_recipe(**settings, pool_choice="worst"), corpus, path)


@pytest.mark.parametrize("choice", ["mean", "worst"])
def test_the_set_kept_is_best_for_the_pool_by_the_mean_or_by_its_worst_network(monkeypatch, choice):
    # By step 5, 10 and 12: the mean is best at 10, the worst network at 5.
    told = iter([0.5, 0.5, 0.5, 0.9, 0.9, 0.2, 0.1, 0.1, 0.1])

    class Told:
        def score(self, metric):
            return torch.tensor([next(told)], dtype=torch.double)

    monkeypatch.setattr(Trainee, "validated", lambda *_: Told())
    own = Distiller(pool_recipe(pool_choice=choice), tiny_corpus())
    own.run()
    expected = (5, 0.5) if choice == "worst" else (10, 2 / 3)
    assert (own.state.best_step, own.state.best_accuracy) == pytest.approx(expected)
    assert score_of_pool(own.recipe, own.state.best_of_each) == own.state.best_accuracy


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_a_set_for_a_pool_is_saved_and_every_network_is_tested_by_its_own_part(tmp_path, init):
    corpus = tiny_corpus()
    made = Distiller(pool_recipe(init=init, outer_steps=90, samples_lr=0.1, validate_every=30), corpus).run()
    made.save_pretrained(tmp_path)
    loaded = DistilledSet.from_pretrained(tmp_path)
    assert tensors_of(loaded).keys() == tensors_of(made).keys()
    assert_same_bits(loaded, made)
    assert loaded.recipe == made.recipe and loaded.recipe.pool == POOL
    networks = None if init == "fixed" else 3
    whole = evaluate(loaded, corpus.test, networks)
    by_network = whole.as_dict()["by_network"]
    assert list(by_network) == POOL and len(whole.accuracies) == len(POOL) * (networks or 1)
    for row, name in enumerate(POOL):
        alone = loaded.alone(name)
        assert torch.equal(alone.learning_rates, made.learning_rates[row : row + 1])
        assert alone.recipe.learners == [name] and alone.recipe.options.model_dump().items() >= OPTIONS[name].items()
        one = evaluate(loaded, corpus.test, networks, network=name)
        assert one.accuracies == evaluate(alone, corpus.test, networks).accuracies == by_network[name]["accuracies"]
        if init == "fixed":
            own = Distiller(made.recipe, corpus).trainees[row].fixed
            assert {key: value[0].tolist() for key, value in own.items()} == {
                key: value.tolist() for key, value in alone.initialisation.items()
            }
    assert whole.mean == pytest.approx(sum(each["mean"] for each in by_network.values()) / len(POOL))
    assert by_network["mean_pool"]["mean"] > 0.7


def test_a_set_whose_rates_are_not_those_of_its_pool_is_refused(tmp_path):
    made = Distiller(pool_recipe(), tiny_corpus()).best()
    replace(made, learning_rates=made.learning_rates[:2]).save_pretrained(tmp_path)
    with pytest.raises(TddError, match="learning_rates of 2 networks, and its recipe names 3"):
        DistilledSet.from_pretrained(tmp_path)


def test_the_predicted_memory_of_a_pool_is_that_of_its_largest_network_and_the_others_weights():
    corpus, settings = tiny_corpus(), {"batch_size": 120, "max_length": 10}
    peaks = [predicted_peak(tiny_recipe(network=name, options=OPTIONS[name], **settings), corpus) for name in POOL]
    whole = predicted_peak(pool_recipe(**settings), corpus)
    assert max(peaks) < whole < max(peaks) + 50_000
    assert whole < sum(peaks) / 2


def test_a_run_may_start_from_a_set_for_the_same_pool():
    corpus, recipe = tiny_corpus(), pool_recipe(outer_steps=4)
    first = Distiller(recipe, corpus).run()
    again = Distiller(recipe, corpus, start=first, frozen={"samples"})
    assert torch.equal(again.best().learning_rates, first.learning_rates) or torch.allclose(
        again.best().learning_rates, first.learning_rates, rtol=1e-6
    )
    assert again.best().initialisation.keys() == first.initialisation.keys()
    assert torch.equal(again.run().samples, first.samples)


def test_a_network_of_ones_own_is_no_part_of_a_pool():
    corpus, recipe = tiny_corpus(), pool_recipe()
    with pytest.raises(UsageError, match="a pool of registered networks or for a network of your own"):
        Distiller(recipe, corpus, network="python:own_networks:Mlp")
