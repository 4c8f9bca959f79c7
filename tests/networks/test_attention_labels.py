"""Attention labels: exact gradients, a start that pulls nowhere, saved with the set, for its own network alone."""

from typing import Any

import pytest
import torch
from reference import random_batch
from safetensors import safe_open
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
    learner_of,
    tiny_encoder,
    tiny_text_corpus,
)
from torch.func import functional_call

from tdd.distillation.attention_labels import first_attention
from tdd.distillation.distiller import Distiller
from tdd.distillation.memory import predicted_peak
from tdd.distillation.unroll import InnerLoop, train, unroll
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.encoder import encoder_tokens
from tdd.embeddings.encoder_model import load_encoder
from tdd.errors import TddError, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.networks.kernels.parameters import unstack
from tdd.publishing.card_introduction import introduction_section
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))


def recipe_with(**settings: Any) -> Recipe:
    """A recipe of a tiny encoder with attention labels."""
    usual = {"network": tiny_encoder(), "data_from": "memory", "n": 4, "steps": 2, "outer_steps": 2}
    usual |= {"max_length": LENGTH - 2, "sample_length": 6, "attention_labels": "first"}
    return Recipe(**(usual | settings))


@pytest.mark.parametrize("kind", KINDS)
def test_attention_is_that_of_the_last_layers_of_the_whole_model(kind):
    tokens, learner = encoder_tokens(tiny_encoder(kind)), learner_of(kind, "all")
    for text in TEXTS:
        ids = tokens.encode(text)
        whole = [*tokens.prefix, *(id_ - 1 for id_ in ids), *tokens.suffix]
        model = load_encoder(tiny_encoder(kind))
        expected = model(input_ids=torch.tensor([whole]), output_attentions=True).attentions[-2:]
        table = torch.zeros(1, L, dtype=torch.long)
        table[0, : len(ids)] = torch.tensor(ids)
        attended = learner.module(tokens.embed(table), table > 0, attention=2)
        width = len(whole)
        found = attended.attention[..., :width, :width]
        torch.testing.assert_close(found, torch.stack(expected, 1), rtol=1e-4, atol=1e-5)
        assert attended.mask.sum() == width and attended.mask[0, :width].all()


def plain_loss(module, theta, x, y, mask, attention):
    """Soft cross-entropy with attention labels, position by position."""
    logits, found, inside = functional_call(module, theta, (x * mask[..., None], mask), {"attention": 2})
    loss = -(y * logits.log_softmax(1)).sum() / len(y)
    for sample, labels in enumerate(attention):
        places = inside[sample].nonzero().flatten().tolist()
        queries = places if labels.shape[2] > 1 else places[:1]
        terms = [
            labels[layer, head, query, key] * found[sample, layer, head, query, key].log()
            for layer in range(labels.shape[0])
            for head in range(labels.shape[1])
            for query in queries
            for key in places
            if found[sample, layer, head, query, key] > 0  # ModernBERT does not look far
        ]
        loss = loss - sum(terms) / (labels.shape[0] * labels.shape[1] * len(queries) * len(attention))
    return loss


TRAINED = [
    (kind, train)
    for kind in KINDS
    for train in ("last:2", "lora:2", "all")
    if (kind, train) != ("albert", "last:2")  # which shares its layers
]


@pytest.mark.parametrize(("kind", "train"), TRAINED)
@pytest.mark.parametrize("positions", ["first", "all"])
def test_gradients_are_the_naive_ones(kind, train, positions):
    learner, g = learner_of(kind, train), generator(0)
    dtype, exact = (torch.float32, ROUNDED) if kind in SINGLE else (torch.float64, EXACT)
    learner.module.to(dtype)
    theta = {name: value.to(dtype) for name, value in learner.starts(0).items()}
    theta |= {n: 0.1 * torch.randn(v.shape, generator=g).to(dtype) for n, v in theta.items() if n.endswith("lora_b")}
    width = L + 2
    sizes = (
        (2, 2, L, learner.space.shape[1]),
        (2, 2, CLASSES),
        (2, 2, 2, 2, 1 if positions == "first" else width, width),
    )
    samples, labels, attention = (torch.randn(size, generator=g).to(dtype) for size in sizes)
    rates = 0.02 + 0.02 * torch.rand(2, generator=g).to(dtype)
    mask = torch.arange(L) < torch.tensor([[3, 9], [4, 3]])[..., None]
    batch = random_batch(g, 4, L, learner.space.shape[1], CLASSES, dtype=dtype, shortest=1)
    x, y, a, eta = leaves = [part.clone().requires_grad_() for part in (samples, labels, attention, rates)]
    end = {name: value.requires_grad_() for name, value in unstack(theta)[0].items()}
    for t in range(2):
        loss = plain_loss(learner.module, end, x[t], y[t], mask[t], a[t])
        bars = torch.autograd.grad(loss, list(end.values()), create_graph=True, materialize_grads=True)
        end = {name: value - eta[t] * bar for (name, value), bar in zip(end.items(), bars, strict=True)}
    outer = torch.nn.functional.cross_entropy(functional_call(learner.module, end, batch.inputs()), batch.labels)
    expected = torch.autograd.grad(outer, leaves)
    inner = InnerLoop(samples, labels, rates, None, mask, attention)
    for mode in ("autograd", "rematerialised"):
        kernel = learner.kernel(mode)
        trajectory = unroll(kernel, {n: v.detach() for n, v in theta.items()}, inner, mode=mode)
        _, bar = kernel.loss(trajectory.theta, batch)
        found = trajectory.reverse(bar)
        for part, value in zip(
            expected, (found.samples, found.labels, found.attention, found.learning_rates), strict=True
        ):
            assert part.abs().max() > 1e-9
            torch.testing.assert_close(value, part, **exact)


@pytest.mark.parametrize("positions", ["first", "all"])
def test_they_start_as_the_attention_of_the_network_which_pulls_nowhere(positions):
    corpus, recipe = tiny_text_corpus(), recipe_with(attention_labels=positions, attention_layers=2, steps=1)
    learner = learner_of("bert", "last:2")
    samples = torch.randn(1, 4, 6, learner.space.shape[1], generator=generator(0))
    attention = first_attention(recipe, learner, samples, None)
    assert attention.shape == (1, 4, 2, 2, 1 if positions == "first" else 8, 8)
    torch.testing.assert_close(attention.sum(5), torch.ones(attention.shape[:5]))
    labels, rates, theta = torch.eye(CLASSES)[[0, 1, 2, 0]][None], torch.tensor([0.1]), learner.starts(0)
    plain, pulled, other = (
        train(learner.kernel(), theta, InnerLoop(samples, labels, rates, attention=part))
        for part in (None, attention, attention.roll(1, 5))
    )
    torch.testing.assert_close(plain, pulled, rtol=1e-4, atol=1e-6)
    name = "upper.body.model.encoder.layer.1.attention.self.query.weight"
    assert (plain[name] - other[name]).abs().max() > 1e-4
    heavy = first_attention(recipe.model_copy(update={"attention_weight": 3.0}), learner, samples, None)
    torch.testing.assert_close(heavy, 3 * attention)
    assert corpus.classes


def test_a_run_learns_them_and_resumes_to_the_bit(tmp_path):
    corpus = tiny_text_corpus()
    recipe = recipe_with(outer_steps=4, attention_labels="all", attention_lr=0.05, ema=0.5, samples_init="real")
    whole = Distiller(recipe, corpus)
    start = whole.state.learned["attention"].detach().clone()
    expected = whole.run()
    assert (expected.attention - start).abs().max() > 0.01
    file = tmp_path / "state.safetensors"
    stopped = Distiller(recipe, corpus, file, should_stop=lambda: stopped.state.step == 2)
    with pytest.raises(TddError):
        stopped.run()
    resumed = Distiller(recipe, corpus, file).run()
    assert torch.equal(resumed.attention, expected.attention) and torch.equal(resumed.samples, expected.samples)


def test_they_are_saved_and_used_by_their_own_network_alone(tmp_path):
    corpus = tiny_text_corpus()
    distilled = Distiller(recipe_with(init="random", attention_lr=0.5, learning_rate=0.5), corpus).run()
    distilled.save_pretrained(tmp_path)
    loaded = DistilledSet.from_pretrained(tmp_path)
    assert torch.equal(loaded.attention, distilled.attention)
    assert (
        evaluate(loaded, corpus.test, networks=2).accuracies == evaluate(distilled, corpus.test, networks=2).accuracies
    )
    others = [evaluate(each, corpus.test, networks=2, network="mean_pool").accuracies for each in (loaded, distilled)]
    assert others[0] == others[1]
    described = " × ".join(map(str, loaded.attention.shape))
    row = f"| `distilled.safetensors` | `attention` | attention labels, {described} |"
    assert row in introduction_section(loaded, licensed=True)
    tensors = load_file(tmp_path / "distilled.safetensors")
    metadata = safe_open(tmp_path / "distilled.safetensors", "pt").metadata()
    for wrong in (tensors["attention"][:1], tensors["attention"][0], tensors["attention"][..., :3]):
        save_file(tensors | {"attention": wrong.contiguous()}, tmp_path / "distilled.safetensors", metadata)
        with pytest.raises(TddError, match=r"attention labels \(.*\) .*; get a fresh copy"):
            evaluate(DistilledSet.from_pretrained(tmp_path), corpus.test, networks=1)


def test_their_memory_is_counted():
    corpus = tiny_text_corpus()
    with_labels, without = (
        predicted_peak(recipe_with(attention_labels=kind, options={"train": "all"}), corpus) for kind in ("all", "none")
    )
    assert with_labels > without


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"options": {"train": "head"}}, "attention_labels = first needs a pretrained encoder of which a layer"),
        ({"network": "mean_pool"}, "attention_labels = first needs a pretrained encoder of which a layer"),
        ({"attention_layers": 3}, "attention_layers = 3: 2 layers are trained; lower it to that"),
    ],
)
def test_where_there_are_none_to_learn_one_line_says_so(settings, told):
    recipe = recipe_with(**settings)
    if recipe.network == "mean_pool":
        recipe = recipe.model_copy(update={"vectors": tiny_encoder()})
    with pytest.raises(UsageError, match=told):
        Distiller(recipe, tiny_text_corpus())
