"""The closed form of a linear classifier is that of automatic differentiation, for any sizes, labels and parts."""

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import functional_call

from tdd.networks.kernels import linear
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.front import Above
from tdd.networks.kernels.parameters import Parameters, unstack
from tdd.networks.kernels.protocol import Step
from tdd.networks.linear_upper import LinearUpper

EXACT = {"rtol": 1e-10, "atol": 1e-12}


@dataclass
class Features:
    """Features (B, 1, h) of real texts, as a front makes them."""

    x: Tensor
    labels: Tensor

    def __len__(self):
        return len(self.labels)

    def width(self, row):
        return 1

    def inputs(self, rows=slice(None), padded=True):
        return self.x[rows], torch.ones(len(self.x[rows]), 1, dtype=torch.bool)


def parameters(g: torch.Generator, networks: int, features: int, classes: int) -> Parameters:
    shapes = {"upper.classifier.weight": (classes, features), "upper.classifier.bias": (classes,)}
    return {name: torch.randn(networks, *shape, generator=g).double() for name, shape in shapes.items()}


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(2, 5),
    networks=st.integers(1, 3),
    features=st.integers(1, 6),
    classes=st.integers(2, 4),
    first=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_a_gradient_and_its_reverse_equal_those_of_automatic_differentiation(
    n, networks, features, classes, first, seed
):
    g = torch.Generator().manual_seed(seed)
    upper = LinearUpper(features, classes).double()
    theta, along = (parameters(g, networks, features, classes) for _ in range(2))
    x, y = torch.randn(n, 1, features, generator=g).double(), torch.randn(n, classes, generator=g).double()
    mask = torch.arange(n)[:, None] > 0  # the first sentence is empty
    for step in (Step(x, y), Step(x, y, mask)):
        found = []
        for kernel in (upper.closed_form(), AutogradKernel(Above(upper))):
            with torch.no_grad():
                gradient, saved = kernel.gradient(theta, step)
            found.append((gradient, *kernel.reverse(theta, step, saved, along, first)[:4]))
        torch.testing.assert_close(*found, **EXACT)
    assert not found[0][3][0].any()
    assert found[0][0].keys() == theta.keys() and found[0][2].keys() == (set() if first else theta.keys())


@pytest.mark.parametrize("part", [1, 2**25])
@pytest.mark.parametrize("soft", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_of_real_features_its_gradient_and_their_logits_are_those_of_torch(monkeypatch, smoothing, soft, part):
    monkeypatch.setattr(linear, "IN_CACHE", part)
    g = torch.Generator().manual_seed(0)
    upper, theta = LinearUpper(5, 3).double(), parameters(g, 2, 5, 3)
    labels = torch.rand(7, 3, generator=g).double().softmax(1) if soft else torch.randint(0, 3, (7,), generator=g)
    batch = Features(torch.randn(7, 1, 5, generator=g).double(), labels)
    kernel = upper.closed_form()
    assert len(kernel._parts(batch, 2)) == (7 if part == 1 else 1)
    losses, gradient = kernel.loss(theta, batch, smoothing=smoothing)
    for k, one in enumerate(unstack(theta)):
        leaves = {name: value.clone().requires_grad_() for name, value in one.items()}
        logits = functional_call(Above(upper), leaves, batch.inputs())
        loss = nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing)
        torch.testing.assert_close(losses[k], loss.detach(), **EXACT)
        torch.testing.assert_close(kernel.logits(theta, batch)[k], logits.detach(), **EXACT)
        for name, bar in zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True):
            torch.testing.assert_close(gradient[name][k], bar, **EXACT)


def test_memory_grows_with_what_is_held_and_with_nothing_else():
    kernel = LinearUpper(50, 6).closed_form()

    def step(n: int, networks: int) -> tuple[int, int]:
        x, y = torch.empty(n, 1, 50, device="meta"), torch.empty(n, 6, device="meta")
        return kernel.step_bytes(Step(x, y), networks, graph=False)

    assert step(4, 3)[0] == 3 * step(4, 1)[0] == 4 * 4 * 3 * 6
    assert step(8, 3)[1] > step(4, 3)[1] > 4 * 4 * 50
    few, many, most = (kernel.batch_bytes(None, size, 2, gradient=False) for size in (1, 1000, 10**9))
    assert many == 1000 * few and most == linear.IN_CACHE
    assert kernel.batch_bytes(None, 1, 2) - few == 2 * 4 * 2 * 6 * 51
