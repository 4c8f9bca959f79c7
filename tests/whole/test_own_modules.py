"""A network of one's own as a module from Python, and a registered one."""

import pytest
import torch
from command import tdd
from own_networks import Lstm, Mlp
from torch import nn

import tdd as package
from tdd.data.corpus import load_corpus
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, TddError, UsageError
from tdd.publishing.trained_model import train_model
from tdd.settings import networks as known
from tdd.settings.recipe import Recipe


def modules_without_a_name(space):
    class Local(Mlp):
        """Defined inside a function."""

    notebook = type("Net", (Mlp,), {"__module__": "__main__"})
    return [
        nn.Sequential(nn.Flatten(), nn.Linear(torch.Size(space.shape).numel(), 2)),
        Local(space, 2),
        notebook(space, 2),
    ]


@pytest.mark.parametrize("place", range(3))
def test_a_module_that_no_name_leads_to_is_asked_for_in_python_alone(given, tmp_path, place):
    data, vectors = given
    settings = {"max_length": 8, "outer_steps": 2, "batch_size": 16, "validate_every": 1}
    recipe = Recipe(dataset=str(data), vectors=str(vectors), n=4, **settings)
    corpus = load_corpus(recipe)
    network = modules_without_a_name(corpus.train.space)[place]
    with pytest.raises(Interrupted, match=r"go on with: tdd.distill\(recipe, '.*run', resume=True, network=...\)"):
        package.distill(recipe.model_copy(update={"max_minutes": 1e-9}), tmp_path / "run", network=network)
    distilled = package.distill(recipe, tmp_path / "run", resume=True, network=network)
    assert package.evaluate(distilled, corpus.test, network=network).accuracies
    with pytest.raises(UsageError) as caught:
        package.evaluate(distilled, corpus.test)
    name = distilled.recipe.network
    told = f"the set was made for a network that no name leads to, {name}: in Python, network=..."
    assert str(caught.value) == told
    done = tdd("evaluate", tmp_path / "run")
    assert (done.code, done.one_line()) == (2, told)
    assert "--network" not in (tmp_path / "run/README.md").read_text()


@pytest.mark.parametrize("given_instead", [Mlp, 3, ["mean_pool"]])
def test_what_is_no_network_is_refused_in_a_line(given, tmp_path, given_instead):
    recipe = Recipe(dataset=str(given[0]), vectors=str(given[1]), n=4)
    what = "the class Mlp" if given_instead is Mlp else repr(given_instead)
    with pytest.raises(UsageError) as caught:
        package.distill(recipe, tmp_path / "run", network=given_instead)
    assert str(caught.value) == (
        f"network takes a torch.nn.Module, as in network=Net(...), or a name, python:module:Class, not {what}"
    )
    assert not (tmp_path / "run").exists()


def test_a_registered_network_ends_its_run_with_a_card_that_names_its_class(given, tmp_path, monkeypatch):
    monkeypatch.setattr(known, "NETWORKS", dict(known.NETWORKS))
    package.register_network("mine", Lstm)
    settings = {"max_length": 8, "outer_steps": 2, "batch_size": 16, "full_epochs": 1}
    recipe = Recipe(dataset=str(given[0]), vectors=str(given[1]), n=4, network="mine", **settings)
    with pytest.raises(Interrupted, match=r"go on with: tdd.distill\(recipe, '.*run', resume=True\)$"):
        package.distill(recipe.model_copy(update={"max_minutes": 1e-9}), tmp_path / "run")
    package.distill(recipe, tmp_path / "run", resume=True)
    card = (tmp_path / "run/README.md").read_text()
    assert "a network of its author's own, `mine` (the class `own_networks:Lstm`), whose code is not published" in card
    assert 'from own_networks import Lstm\n\ntdd.register_network("mine", Lstm)\n' in card
    assert "tdd evaluate run" not in card and "tdd train" not in card
    with pytest.raises(UsageError, match="a network of your own gives no transformers model"):
        train_model(DistilledSet.from_pretrained(tmp_path / "run"), tmp_path / "model")


@pytest.mark.parametrize("kind", [Mlp, Lstm])
def test_a_module_is_given_from_python(given, tmp_path, kind):
    data, vectors = given
    settings = {"max_length": 8, "outer_steps": 6, "batch_size": 16, "checkpoint_every": 2, "samples_init": "real"}
    recipe = Recipe(dataset=str(data), vectors=str(vectors), n=4, learning_rate=0.5, **settings)
    corpus = load_corpus(recipe)
    network = kind(corpus.train.space, 2)
    whole = package.distill(recipe, tmp_path / "whole", network=network)
    assert whole.recipe.network == f"python:own_networks:{kind.__name__}" and whole.recipe.options.model_dump() == {}
    stopped = recipe.model_copy(update={"max_minutes": 1e-9})
    with pytest.raises(Interrupted, match=r"go on with: tdd.distill\(recipe, '.*run', resume=True, network=...\)"):
        package.distill(stopped, tmp_path / "run", network=network)
    with pytest.raises(UsageError, match="the recipe names code, python:own_networks"):
        package.distill(recipe, tmp_path / "run", resume=True)
    resumed = package.distill(recipe, tmp_path / "run", resume=True, network=network)
    assert torch.equal(resumed.samples, whole.samples)
    loaded = DistilledSet.from_pretrained(tmp_path / "run")
    by_module, by_name = (
        package.evaluate(loaded, corpus.test, network=named)
        for named in (network, f"python:own_networks:{kind.__name__}")
    )
    assert by_module.accuracies == by_name.accuracies == whole.results["evaluation"]["fixed"]["accuracies"]
    with pytest.raises(TddError, match="has other parameters now than when the set was distilled for it"):
        package.evaluate(loaded, corpus.test, network=kind(corpus.train.space, 2, hidden=9))
