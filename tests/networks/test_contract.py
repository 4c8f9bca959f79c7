"""What every network keeps to, those that come with tdd and a user's own: derivatives, masks, memory, saved sets."""

from collections.abc import Mapping
from functools import cache
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import torch
from image_networks import batch_of
from learners import outer_gradient
from own_networks import Lstm, Mlp
from reference import logits_of, outer_loss, random_batch
from reference import outer_gradient as naive_gradient
from tiny import random_vectors, tiny_corpus, tiny_recipe
from tiny_images import tiny_images
from torch import Tensor, nn
from torch.func import functional_call

from tdd.data.protocols import InputSpace, RealBatch
from tdd.distillation.distiller import Distiller
from tdd.distillation.unroll import InnerLoop, train
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.evaluation import evaluate
from tdd.networks.kernels.parameters import Parameters, unstack
from tdd.networks.kernels.protocol import Kernel, Step
from tdd.networks.learner import Learner, make_learner
from tdd.settings.networks import NETWORKS
from tdd.system.seeds import generator

CLASSES, STEPS, PER_STEP, EPOCHS, K = 3, 2, 3, 2, 3
EXACT: Any = {"rtol": 1e-10, "atol": 1e-12}
TEXT = InputSpace("text", (7, 4))
VECTORS = random_vectors(20, 4, "of the contract")
WORDS = InputSpace("text", (7, 4), VECTORS.checksum)


class Case(NamedTuple):
    """A network with small options, for the examples of `space`."""

    network: str | type[nn.Module]
    space: InputSpace
    options: Mapping[str, Any] = MappingProxyType({})
    closed_form: bool = False

    def learner(self, device: str = "cpu", space: InputSpace | None = None, classes: int = CLASSES) -> Learner:
        space = space or self.space
        network = self.network if isinstance(self.network, str) else self.network(space, classes, **self.options)
        return make_learner(network, self.options, space, classes, device)


CASES = {
    "text_cnn": Case("text_cnn", TEXT, {"widths": [2, 3], "filters": 4}, closed_form=True),
    "mean_pool": Case("mean_pool", TEXT, {"hidden": 6, "layers": 2}),
    "bag_of_words": Case("bag_of_words", WORDS, {"words": 12, "sharpness": 3}, closed_form=True),
    "lstm": Case("lstm", TEXT, {"hidden": 5}, closed_form=True),
    "lstm, two layers": Case("lstm", TEXT, {"hidden": 3, "layers": 2, "pooling": "mean"}, closed_form=True),
    "gru": Case("gru", TEXT, {"hidden": 5, "pooling": "last"}, closed_form=True),
    "gru, forwards only": Case("gru", TEXT, {"hidden": 5, "bidirectional": False, "pooling": "last"}, closed_form=True),
    "transformer": Case("transformer", TEXT, {"hidden": 6, "heads": 2, "feedforward": 5}),
    "transformer, two layers": Case("transformer", TEXT, {"hidden": 6, "heads": 3, "feedforward": 5, "layers": 2}),
    "lenet": Case("lenet", InputSpace("image", (1, 8, 8)), closed_form=True),
    "alexcifarnet": Case("alexcifarnet", InputSpace("image", (3, 4, 3)), closed_form=True),
    "convnet": Case("convnet", InputSpace("image", (3, 8, 8)), {"filters": 6}),
    "own module without mask": Case(Mlp, TEXT),
    "own module with mask": Case(Lstm, TEXT),
}
TEXTS = [name for name, case in CASES.items() if case.space.kind == "text"]


class Problem(NamedTuple):
    """Everything in double precision; `mask` (steps, per_step, L) of texts."""

    learner: Learner
    theta: Parameters
    samples: Tensor
    labels: Tensor
    rates: Tensor
    mask: Tensor | None
    batch: RealBatch

    def step(self) -> Step:
        """The first one."""
        return InnerLoop(self.samples, self.labels, self.rates, mask=self.mask).step(0)


@cache
def problem(name: str, masked: bool) -> Problem:
    case, g = CASES[name], generator(0, "contract")
    learner = case.learner()
    learner.module.double()
    theta = learner.starts(0, "network", indices=range(K))
    # Away from the kinks that biases of zero make.
    theta |= {n: 0.1 * torch.randn(v.shape, generator=g).double() for n, v in theta.items() if "bias" in n}
    samples = torch.randn(STEPS, PER_STEP, *case.space.shape, generator=g).double()
    labels = torch.rand(STEPS, PER_STEP, CLASSES, generator=g).double()
    rates = 0.05 + 0.05 * torch.rand(STEPS * EPOCHS, generator=g).double()
    if case.space.kind == "image":
        return Problem(learner, theta, samples, labels, rates, None, batch_of(case.space.shape, 5))
    length, dim = case.space.shape
    lengths = torch.tensor([[3, 7, 5], [4, 3, 6]])
    mask = torch.arange(length) < lengths[..., None]
    return Problem(
        learner, theta, samples, labels, rates, mask if masked else None, random_batch(g, 5, length, dim, CLASSES)
    )


def kernels(name: str):
    """Each way that this network's gradient is computed, with its kernel."""
    modes = ["autograd", "rematerialised", *(["closed_form"] if CASES[name].closed_form else [])]
    return [(mode, problem(name, True).learner.kernel(mode)) for mode in modes]


def as_read(kernel: Kernel, step: Step) -> Step:
    """The examples of a step as `gradient` and `reverse` read them: behind a front, if there is one."""
    if kernel.front is None:
        return step
    x, mask = kernel.front(step.inputs, step.mask)
    return Step(x, step.y, mask)


GIVEN = [(name, masked) for name, masked in product(CASES, (False, True)) if name in TEXTS or not masked]


def test_every_network_of_the_registry_is_tried():
    drawn = {name for name, entry in NETWORKS.items() if not entry.pretrained}  # the others: test_encoders
    assert drawn <= {case.network for case in CASES.values()}


@pytest.mark.parametrize("momentum", [None, 0.6])
@pytest.mark.parametrize(("name", "masked"), GIVEN)
def test_every_way_to_reverse_the_inner_loop_gives_the_naive_gradient(name, masked, momentum):
    learner, theta, samples, labels, rates, mask, batch = problem(name, masked)
    mu = None if momentum is None else torch.tensor(momentum).double()
    each = [
        naive_gradient(learner.module, one, samples, labels, rates, EPOCHS, batch.inputs(), batch.labels, mu, mask=mask)
        for one in unstack(theta)
    ]
    losses, *expected = (torch.stack(part) for part in zip(*each, strict=True))
    for mode, kernel in kernels(name):
        found = outer_gradient(kernel, theta, samples, labels, rates, batch, mode, mu, mask=mask)
        torch.testing.assert_close(found.losses, losses, **EXACT)
        for part, values in zip(found[1:], expected, strict=False):
            assert values.abs().max() > 1e-6
            torch.testing.assert_close(part, values.mean(0), **EXACT)
        assert (found.momentum is None) == (mu is None)


@pytest.mark.parametrize(("name", "masked"), GIVEN)
def test_a_gradient_agrees_with_finite_differences(name, masked):
    learner, theta, samples, labels, rates, mask, batch = problem(name, masked)
    mu, size = torch.tensor(0.5).double(), 1e-6
    parts = [samples, labels, rates, mu]
    kernel = learner.kernel()
    found = outer_gradient(kernel, theta, *parts[:3], batch, "auto", mu, mask=mask)
    for place, gradient in enumerate((found.samples, found.labels, found.learning_rates, found.momentum)):
        entry = gradient.flatten().abs().argmax()
        losses = []
        for sign in (1, -1):
            moved = [part.clone() for part in parts]
            moved[place].view(-1)[entry] += sign * size
            of_each = [
                outer_loss(
                    learner.module, one, *moved[:3], EPOCHS, batch.inputs(), batch.labels, moved[3], mask=mask
                ).detach()
                for one in unstack(theta)
            ]
            losses.append(torch.stack(of_each).mean())
        difference = ((losses[0] - losses[1]) / (2 * size)).item()
        assert difference == pytest.approx(gradient.flatten()[entry].item(), rel=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_networks_at_once_are_what_they_are_one_by_one(name):
    given = problem(name, True)
    theta, batch = given.theta, given.batch
    direction = {n: torch.randn(v.shape, generator=generator(1)).double() for n, v in theta.items()}
    for _, kernel in kernels(name):

        def all_of(theta, direction, kernel=kernel):
            step = as_read(kernel, given.step())
            with torch.no_grad():
                gradient, saved = kernel.gradient(theta, step)
            value, theta_bar, x_bar, y_bar, _ = kernel.reverse(theta, step, saved, direction)
            losses, g = kernel.loss(theta, batch)
            return (gradient, value, theta_bar, losses, g, kernel.logits(theta, batch)), (x_bar, y_bar)

        together, summed = all_of(theta, direction)
        single = [
            all_of(*({n: v[k : k + 1] for n, v in each.items()} for each in (theta, direction))) for k in range(K)
        ]
        for place, part in enumerate(together):
            rows = [one[0][place] for one in single]
            if isinstance(part, dict):
                expected = {n: torch.cat([row[n] for row in rows]) for n in part}
                assert part.keys() == theta.keys()
            else:
                expected = torch.cat(rows)
            torch.testing.assert_close(part, expected, **EXACT)
        for place, part in enumerate(summed):
            torch.testing.assert_close(part, torch.stack([one[1][place] for one in single]).sum(0), **EXACT)


@pytest.mark.parametrize("name", TEXTS)
def test_what_lies_beyond_the_mask_counts_for_nothing(name):
    learner, theta, samples, labels, rates, mask, batch = given = problem(name, True)
    outside = ~mask[..., None]
    garbage = torch.where(outside, 100 * torch.randn(samples.shape, generator=generator(2)).double(), samples)
    assert not torch.equal(garbage, samples)
    direction = {n: torch.randn(v.shape, generator=generator(3)).double() for n, v in theta.items()}
    for mode, kernel in kernels(name):
        trained = [train(kernel, theta, InnerLoop(x, labels, rates, mask=mask)) for x in (samples, garbage)]
        torch.testing.assert_close(*trained, rtol=0, atol=0)
        torch.testing.assert_close(*(kernel.logits(end, batch) for end in trained), rtol=0, atol=0)
        found = [outer_gradient(kernel, theta, x, labels, rates, batch, mode, mask=mask) for x in (samples, garbage)]
        torch.testing.assert_close(found[0], found[1], rtol=0, atol=0)
        assert (found[1].samples[outside.expand_as(samples)] == 0).all()
        assert (found[1].samples.abs().sum(-1) > 0).any()
        step = Step(garbage[0], labels[0], mask[0])
        if kernel.front is not None:  # whose way back is in the gradient above
            assert torch.equal(as_read(kernel, step).x, as_read(kernel, given.step()).x)
            continue
        with torch.no_grad():
            _, saved = kernel.gradient(theta, step)
        x_bar = kernel.reverse(theta, step, saved, direction).x
        assert (x_bar[outside[0].expand_as(x_bar)] == 0).all() and x_bar.any()
    (one, *_), first = unstack(theta), given.step()
    expected = logits_of(learner.module, one, first.x, first.mask)
    if learner.takes_mask:
        assert torch.equal(functional_call(learner.module, one, (garbage[0], mask[0])), expected)
    # Without the mask garbage counts, else there was nothing to see.
    assert not torch.equal(logits_of(learner.module, one, garbage[0], torch.ones_like(mask[0])), expected)


@pytest.mark.parametrize("name", CASES)
def test_memory_is_known_from_shapes_alone(name):
    case = CASES[name]
    corpus = tiny_corpus() if case.space.kind == "text" else tiny_images(case.space.shape[0])
    space = corpus.train.space
    learner, held = case.learner("meta", space), case.learner(space=space)
    x, y = torch.empty(4, *space.shape, device="meta"), torch.empty(4, CLASSES, device="meta")
    mask = torch.ones(4, space.shape[0], dtype=torch.bool, device="meta") if case.space.kind == "text" else None
    for mode, _ in kernels(name):
        kernel = learner.kernel(mode)
        kept, working = kernel.step_bytes(Step(x, y, mask), K, graph=mode == "autograd")
        assert working > 4 * as_read(kernel, Step(x, y, mask)).x.numel()
        assert kept == 0 if mode == "rematerialised" else kept >= K * 4 * y.numel()
        small, large = (kernel.batch_bytes(corpus.train, size, K) for size in (2, 60))
        assert 4 * 2 < kernel.batch_bytes(corpus.train, 2, K, gradient=False) <= small < large
        assert (small, large) == tuple(held.kernel(mode).batch_bytes(corpus.train, size, K) for size in (2, 60))


@pytest.mark.parametrize("init", ["fixed", "random"])
@pytest.mark.parametrize("name", CASES)
def test_a_set_is_distilled_saved_and_loaded_to_the_bit_and_evaluated_equally(tmp_path, name, init):
    case = CASES[name]
    corpus = tiny_corpus() if case.space.kind == "text" else tiny_images(case.space.shape[0])
    own = case.network if isinstance(case.network, type) else None
    space, classes = corpus.train.space, len(corpus.classes)

    def module() -> nn.Module | None:
        return own and own(space, classes)

    settings = {"options": dict(case.options)} | ({"network": case.network} if own is None else {})
    recipe = tiny_recipe(**settings, init=init, samples_init="real", outer_steps=2, momentum=0.3, samples_lr=0.3)
    distilled = Distiller(recipe, corpus, network=module()).run()
    assert (distilled.mask is None) == (case.space.kind == "image")
    distilled.save_pretrained(tmp_path)
    loaded = DistilledSet.from_pretrained(tmp_path)
    for part in ("samples", "labels", "learning_rates", "momentum", "mask", "initialisation"):
        torch.testing.assert_close(getattr(loaded, part), getattr(distilled, part), rtol=0, atol=0)
    assert (loaded.recipe, loaded.source, loaded.classes) == (distilled.recipe, distilled.source, distilled.classes)
    count = 1 if init == "fixed" else 3
    found = [evaluate(each, corpus.test, networks=count, network=module()).accuracies for each in (distilled, loaded)]
    assert found[0] == found[1] and len(found[0]) == count
