"""What several processes compute of an outer step and of a validation adds up to what one computes."""

from itertools import product

import pytest
import torch
from double import in_double
from patches import spy
from processes import Process
from tiny import tiny_corpus, tiny_recipe
from tiny_images import tiny_images

from tdd.distillation import accuracy, distiller
from tdd.distillation.accuracy import counts_by_all
from tdd.distillation.distiller import Distiller
from tdd.networks.learner import make_learner

PARTS = ("right", "predicted", "actual", "confusion")


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Each process keeps what it computed: the test adds it up."""
    for module in (distiller, accuracy):
        monkeypatch.setattr(module, "sums", lambda parts, accelerator: parts)


def outer_gradient(monkeypatch, recipe, corpus, process, double):
    """What `process` computes of the first outer step: its part of the loss and of each gradient."""
    found = []
    monkeypatch.setattr(distiller, "update", lambda state, gradients, loss, *more: found.append((loss, gradients)))
    own = Distiller(recipe, corpus, accelerator=process)
    if double:
        in_double(own)
    own._outer_step()
    ((loss, gradients),) = found
    return {"loss": loss, **gradients}


def added_up(monkeypatch, recipe, corpus, world, double):
    parts = [outer_gradient(monkeypatch, recipe, corpus, Process(i, world), double) for i in range(world)]
    return {name: torch.stack([part[name] for part in parts]).sum(0) for name in parts[0]}


@pytest.mark.parametrize("unroll", ["closed_form", "rematerialised"])
@pytest.mark.parametrize(
    ("networks", "batch_size"), [(1, 32), (1, 31), (1, 7), (1, 2), (1, 1), (2, 31), (3, 7), (5, 31)]
)
def test_shards_of_an_outer_gradient_add_up_to_the_whole(monkeypatch, networks, batch_size, unroll):
    corpus = tiny_corpus()
    settings = {"init": "random", "networks": networks, "networks_at_once": 2, "batch_size": batch_size, "epochs": 2}
    recipe = tiny_recipe(**settings, unroll=unroll, momentum=0.4, word_dropout=0.2, label_smoothing=0.1, ema=0.5)
    whole = added_up(monkeypatch, recipe, corpus, 1, True)
    for world in (2, 3):
        found = added_up(monkeypatch, recipe, corpus, world, True)
        assert found.keys() == whole.keys()
        for name, value in whole.items():
            assert value.dtype == torch.float64 and value.abs().max() > 1e-5
            torch.testing.assert_close(
                found[name], value, rtol=1e-12, atol=1e-12, msg=lambda text, n=name: f"{n}: {text}"
            )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"samples": "words", "commitment": 0.3, "padding": "end"},
        {"samples_init": "real", "network": "mean_pool"},
        {"network": "lenet"},
        {"network": "convnet", "options": {"filters": 5}},
    ],
)
def test_shards_of_a_fixed_initialisation_add_up_for_every_kind_of_examples(monkeypatch, settings):
    images = settings.get("network") in ("lenet", "convnet")
    corpus, recipe = tiny_images() if images else tiny_corpus(), tiny_recipe(batch_size=31, **settings)
    whole = added_up(monkeypatch, recipe, corpus, 1, False)
    for world in (2, 3):
        found = added_up(monkeypatch, recipe, corpus, world, False)
        for name, value in whole.items():
            torch.testing.assert_close(
                found[name], value, rtol=1e-6, atol=1e-6, msg=lambda text, n=name: f"{n}: {text}"
            )


def test_every_process_draws_the_same_batch_and_works_on_a_part_of_it(monkeypatch):
    corpus, recipe = tiny_corpus(), tiny_recipe(batch_size=31, word_dropout=0.3)
    own = [Distiller(recipe, corpus, accelerator=Process(i, 3)) for i in range(3)]
    batches = [each.batches.at(5) for each in own]
    for batch in batches[1:]:
        assert torch.equal(batch.ids, batches[0].ids) and torch.equal(batch.labels, batches[0].labels)
    worked_on = [spy(monkeypatch, each.trainees[0].kernel, "loss") for each in own]
    monkeypatch.setattr(distiller, "update", lambda *given: None)
    for each in own:
        each._outer_step()
    assert [len(batch) for ((_, batch),) in worked_on] == [11, 10, 10]


@pytest.mark.parametrize("most", [None, 50, 7, 2])
@pytest.mark.parametrize(("networks", "world"), list(product([1, 2, 3, 5], [2, 3])))
def test_shares_of_accuracies_add_up_to_the_whole(networks, world, most):
    corpus = tiny_corpus()
    learner = make_learner("text_cnn", {"widths": [1, 2], "filters": 5}, corpus.test.space, 2)

    def found(world):
        shares = [
            counts_by_all(
                lambda indices: learner.starts(3, indices=indices),
                learner.kernel(),
                corpus.test,
                networks,
                2,
                2,
                Process(index, world),
                most,
            )
            for index in range(world)
        ]
        whole = [torch.stack([getattr(share, name) for share in shares]).sum(0) for name in PARTS]
        assert whole[0].shape == (networks, 1, 2) and whole[2].sum() == min(most or len(corpus.test), len(corpus.test))
        return whole

    whole = found(1)
    assert (whole[0] > 0).any() or most == 2
    torch.testing.assert_close(found(world), whole, rtol=1e-12, atol=1e-12)
