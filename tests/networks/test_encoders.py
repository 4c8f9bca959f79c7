"""Pretrained encoders as learners: exact gradients behind a frozen front, saved by reference, bad files refused."""

import json

import pytest
import torch
from learners import outer_gradient
from reference import outer_gradient as naive_gradient
from reference import random_batch
from safetensors.torch import load_file, save_file
from tiny_encoders import (
    CLASSES,
    EXACT,
    KINDS,
    LENGTH,
    ROUNDED,
    SINGLE,
    TEXTS,
    L,
    films,
    learner_of,
    save_encoder,
    tiny_encoder,
    tiny_text_corpus,
)
from torch.func import functional_call

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distillation.outer_update import EPSILON, PRETRAINED_EPSILON
from tdd.distillation.unroll import InnerLoop, unroll
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.embeddings.encoder import encoder_tokens
from tdd.embeddings.encoder_model import load_encoder
from tdd.errors import TddError, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.front import FrontKernel
from tdd.networks.kernels.linear import LinearKernel
from tdd.networks.kernels.parameters import unstack
from tdd.networks.learner import make_learner
from tdd.settings.names import run_name
from tdd.settings.recipe import Recipe
from tdd.settings.recipes import resolve_recipe
from tdd.system.seeds import generator

SHARED = ("albert",)  # its layers are one


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))


def embedded(kind: str) -> tuple[torch.Tensor, torch.Tensor, list[list[int]]]:
    """The texts as a learner reads them, (N, L, d), their mask, and the ids that the whole tokenizer gives."""
    tokens = encoder_tokens(tiny_encoder(kind))
    ids = [tokens.encode(text) for text in TEXTS]
    table = torch.zeros(len(ids), L, dtype=torch.long)
    for row, some in zip(table, ids, strict=True):
        row[: len(some)] = torch.tensor(some)
    whole = [[*tokens.prefix, *(id_ - 1 for id_ in some), *tokens.suffix] for some in ids]
    return tokens.embed(table), table > 0, whole


@pytest.mark.parametrize("kind", KINDS)
def test_embedded_pieces_are_read_as_the_encoder_reads_the_text(kind):
    x, mask, whole = embedded(kind)
    model, states = load_encoder(tiny_encoder(kind)), []
    for ids in whole:
        states.append(model(input_ids=torch.tensor([ids])).last_hidden_state[0])
    for pooling, vectors in (("mean", [s.mean(0) for s in states]), ("cls", [s[0] for s in states])):
        learner = learner_of(kind, "all", pooling)
        theta = unstack(learner.starts(3))[0]
        expected = torch.stack(vectors) @ theta["upper.classifier.weight"].T
        torch.testing.assert_close(functional_call(learner.module, theta, (x, mask)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("train", ["head", "last:1", "last:2", "lora:2", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_naive_ones_whatever_is_trained(kind, train):
    if kind in SHARED and train.startswith("last"):
        with pytest.raises(UsageError, match="a albert shares its layers, or keeps them elsewhere; use train: head"):
            learner_of(kind, train)
        return
    learner, g = learner_of(kind, train), generator(0)
    # ModernBERT's softmax is one of float32, which knows no double's least number.
    dtype, exact = (torch.float32, ROUNDED) if kind in SINGLE else (torch.float64, EXACT)
    learner.module.to(dtype)
    theta = {name: value.to(dtype) for name, value in learner.starts(0, indices=range(2)).items()}
    theta |= {n: 0.1 * torch.randn(v.shape, generator=g).to(dtype) for n, v in theta.items() if n.endswith("lora_b")}
    dim = learner.space.shape[1]
    samples, labels = torch.randn(2, 3, L, dim, generator=g).to(dtype), torch.rand(2, 3, CLASSES, generator=g).to(dtype)
    rates, mu = 0.02 + 0.02 * torch.rand(4, generator=g).to(dtype), torch.tensor(0.4, dtype=dtype)
    mask = torch.arange(L) < torch.tensor([[3, 9, 5], [4, 3, 6]])[..., None]
    batch = random_batch(g, 4, L, dim, CLASSES, dtype=dtype, shortest=1)
    each = [
        naive_gradient(learner.module, one, samples, labels, rates, 2, batch.inputs(), batch.labels, mu, mask=mask)
        for one in unstack(theta)
    ]
    losses, *expected = (torch.stack(part) for part in zip(*each, strict=True))
    for mode in ("autograd", "rematerialised", *(["closed_form"] if train == "head" else [])):
        kernel = learner.kernel(mode)
        assert isinstance(kernel, FrontKernel) == (train == "head" or train.startswith("last"))
        found = outer_gradient(kernel, theta, samples, labels, rates, batch, mode, mu, mask=mask)
        torch.testing.assert_close(found.losses, losses, **exact)
        for part, values in zip(found[1:], expected, strict=False):
            assert values.abs().max() > 1e-9
            torch.testing.assert_close(part, values.mean(0), **exact)


def test_a_linear_head_has_a_closed_form_unless_another_way_is_asked_for():
    learner, other = learner_of("bert", "head"), learner_of("bert", "last:1")
    assert all(isinstance(learner.kernel(mode).above, LinearKernel) for mode in ("auto", "closed_form"))
    assert all(isinstance(learner.kernel(mode).above, AutogradKernel) for mode in ("autograd", "rematerialised"))
    assert isinstance(other.kernel().above, AutogradKernel)
    with pytest.raises(UsageError, match="has no closed form; use unroll: auto, autograd or rematerialised"):
        other.kernel("closed_form")


@pytest.mark.parametrize("init", ["fixed", "random"])
@pytest.mark.parametrize("train", ["head", "last:2", "lora:1", "all"])
def test_a_set_is_saved_by_reference_and_evaluated_equally(tmp_path, train, init):
    corpus = tiny_text_corpus()
    settings = {"n": 4, "steps": 2, "init": init, "outer_steps": 2, "max_length": LENGTH - 2, "sample_length": 6}
    recipe = Recipe(network=tiny_encoder(), options={"train": train}, data_from="memory", **settings)
    distilled = Distiller(recipe, corpus).run()
    distilled.save_pretrained(tmp_path)
    loaded = DistilledSet.from_pretrained(tmp_path)
    kept = set(loaded.initialisation or {})
    assert kept >= {"upper.classifier.weight", "upper.classifier.bias"} if init == "fixed" else not kept
    assert all("classifier" in name or "lora_" in name for name in kept)
    found = [
        evaluate(each, corpus.test, networks=1 if init == "fixed" else 2).accuracies for each in (distilled, loaded)
    ]
    assert found[0] == found[1] and len(found[0]) == (1 if init == "fixed" else 2)


def test_weights_of_another_encoder_are_refused(tmp_path):
    folder = tmp_path / "encoder"
    save_encoder(folder)
    name = f"hf:{folder}"
    recipe = Recipe(dataset="films", network=name, n=2, outer_steps=1, max_length=8, data_from="memory")
    data = films()
    distilled = Distiller(recipe, load_corpus(recipe, data=data)).run()
    assert evaluate(distilled, load_corpus(recipe, data=data).test).accuracies
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.2.output.dense.bias"] += 1
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(TddError, match="has other weights or another configuration now than when the set"):
        evaluate(distilled, load_corpus(recipe, data=data).test)


def test_another_configuration_of_the_same_weights_is_refused(tmp_path):
    folder = tmp_path / "encoder"
    save_encoder(folder)
    recipe = Recipe(dataset="films", network=f"hf:{folder}", n=2, outer_steps=1, max_length=8, data_from="memory")
    data = films()
    distilled = Distiller(recipe, load_corpus(recipe, data=data)).run()
    accuracies = evaluate(distilled, load_corpus(recipe, data=data).test).accuracies
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"transformers_version": "4.0", "use_cache": False}))
    assert evaluate(distilled, load_corpus(recipe, data=data).test).accuracies == accuracies
    (folder / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    with pytest.raises(TddError, match="has other weights or another configuration now than when the set"):
        evaluate(distilled, load_corpus(recipe, data=data).test)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"options": {"train": "last:3"}}, "has 3 layers: train fewer of them, or all, in place of last:3"),
        (
            {"max_length": LENGTH - 1},
            f"max_length = {LENGTH - 1}: .* reads at most {LENGTH - 2} pieces; lower it to that",
        ),
    ],
)
def test_what_an_encoder_cannot_do_is_one_line(settings, told):
    recipe = Recipe(**{"dataset": "films", "network": tiny_encoder(), "max_length": 8, "n": 2} | settings)
    with pytest.raises(UsageError, match=told):
        Distiller(recipe, load_corpus(recipe, data=films("good", "bad")))


def test_wrong_settings_of_an_encoder_are_told_with_the_recipe():
    with pytest.raises(UsageError, match="train is head, last:K, lora:R or all, with a number in place of K and R"):
        Recipe.build({"network": "minilm", "options": {"train": "last"}})
    with pytest.raises(
        UsageError, match="minilm reads its own word pieces, not vectors: glove-6b-50d; leave vectors out"
    ):
        Recipe.build({"network": "minilm", "vectors": "glove-6b-50d"})
    assert Recipe(network="minilm").vectors == "minilm" and Recipe().vectors == "glove-6b-50d"
    assert Recipe(network="lstm", vectors="minilm").vectors == "minilm"


def test_the_front_is_passed_once_by_the_samples_however_many_steps_they_train():
    corpus = tiny_text_corpus()
    learner, passed = make_learner(corpus.train.vectors.name, {"train": "last:1"}, corpus.train.space, 2), []
    learner.module.front.register_forward_hook(lambda _, inputs, __: passed.append(len(inputs[0])))
    samples, labels = torch.randn(2, 3, 5, learner.space.shape[1]), torch.rand(2, 3, 2)
    inner = InnerLoop(samples, labels, torch.full((8,), 0.1))
    trajectory = unroll(learner.kernel(), learner.starts(0, indices=range(3)), inner)
    gradient = trajectory.reverse({name: torch.ones_like(value) for name, value in trajectory.theta.items()})
    assert passed == [6] and gradient.samples.shape == samples.shape and gradient.samples.any()


def test_the_steps_of_adam_do_not_shrink_with_the_tiny_gradients_of_a_classifier_of_zeros():
    corpus = tiny_text_corpus()
    settings = {"network": tiny_encoder(), "n": 2, "max_length": LENGTH - 2, "data_from": "memory", "dataset": "films"}
    distiller = Distiller(Recipe(**settings), corpus)
    assert {group["eps"] for group in distiller.state.optimiser.param_groups} == {PRETRAINED_EPSILON} != {EPSILON}
    (trainee,) = distiller.trainees
    start = trainee.fixed or {}
    assert not start["upper.classifier.weight"].any() and not start["upper.classifier.bias"].any()
    drawn = trainee.learner.starts(0, indices=range(2))
    assert drawn["upper.classifier.weight"].std() > 0.1
    assert not torch.equal(*drawn["upper.classifier.weight"])
    for name in start:
        if "classifier" not in name:
            assert torch.equal(*drawn[name]) and torch.equal(drawn[name][0], start[name][0])


def test_an_encoder_of_a_folder_is_called_by_it_in_file_names_and_shared_without_the_others(tmp_path, monkeypatch):
    save_encoder(tmp_path / "enc-v1.5")
    monkeypatch.chdir(tmp_path)
    for name, called in (("hf:enc-v1.5", "enc-v1.5"), ("hf:owner/name-2.0@main", "name-2.0"), ("minilm", "minilm")):
        recipe = resolve_recipe("films", None, [], {"network": name, "n": 2})
        assert run_name(recipe, "2") == f"films-2-{called}"
        shared = public(
            DistilledSet(
                torch.ones(1, 2, 3, 8),
                torch.ones(1, 2, 2),
                torch.ones(1, 1),
                ["a", "b"],
                recipe,
                {"vectors": recipe.vectors},
            )
        ).recipe
        assert shared.network == shared.vectors == name
        assert Recipe.build(shared.model_dump()) == shared
    assert resolve_recipe("films", None, [], {"network": "hf:enc-v1.5"}).network == f"hf:{tmp_path}/enc-v1.5"
