"""The fast text path gives what plain convolution gives, for any shapes."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from learners import starts_of, text_cnn
from reference import random_batch
from torch import nn
from torch.func import functional_call

from tdd.data.text_batch import TextBatch
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.parameters import unstack
from tdd.networks.kernels.word_table import argmax_over_time


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 12),
    length=st.integers(5, 70),
    widths=st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True),
    networks=st.integers(1, 3),
    classes=st.integers(2, 4),
    vocabulary=st.integers(2, 40),
    seed=st.integers(0, 10**6),
)
def test_loss_gradient_and_logits_of_real_text_equal_plain_convolution(
    size, length, widths, networks, classes, vocabulary, seed
):
    g = torch.Generator().manual_seed(seed)
    network = text_cnn(3, classes, widths, filters=4).double().eval()
    theta = starts_of(network, [torch.Generator().manual_seed(seed + k) for k in range(networks)])
    # Biases away from zero, so that all-padding windows matter.
    theta |= {name: torch.randn(t.shape, generator=g, dtype=t.dtype) for name, t in theta.items() if "bias" in name}
    batch = random_batch(g, size, length, 3, classes, vocabulary)
    kernel = network.closed_form()
    losses, gradient = kernel.loss(theta, batch)
    expected_losses, expected = AutogradKernel(network).loss(theta, batch)
    torch.testing.assert_close(losses, expected_losses, rtol=1e-10, atol=1e-12)
    for name, value in expected.items():
        torch.testing.assert_close(gradient[name], value, rtol=1e-10, atol=1e-12)
    logits = torch.stack([functional_call(network, one, batch.inputs()[:1]) for one in unstack(theta)])
    torch.testing.assert_close(kernel.logits(theta, batch), logits, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("soft", [True, False])
@pytest.mark.parametrize("closed_form", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_a_loss_of_soft_or_smoothed_labels_and_its_gradient_equal_those_of_torch(smoothing, closed_form, soft):
    network = text_cnn(4, 3, [2, 3], filters=5).double()
    theta = starts_of(network, [torch.Generator().manual_seed(k) for k in range(2)])
    g = torch.Generator().manual_seed(0)
    batch = random_batch(g, 9, 12, 4, 3)
    if soft:
        batch = replace(batch, labels=torch.rand(9, 3, generator=g).double().softmax(1))
    kernel = network.closed_form() if closed_form else AutogradKernel(network)
    losses, gradient = kernel.loss(theta, batch, smoothing=smoothing)
    network.eval()
    for k, one in enumerate(unstack(theta)):
        leaves = {name: value.clone().requires_grad_() for name, value in one.items()}
        logits = functional_call(network, leaves, batch.inputs()[:1])
        loss = nn.functional.cross_entropy(logits, batch.labels, label_smoothing=smoothing)
        torch.testing.assert_close(losses[k], loss.detach(), rtol=1e-10, atol=1e-12)
        for name, bar in zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True):
            torch.testing.assert_close(gradient[name][k], bar, rtol=1e-10, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, 90), levels=st.integers(1, 50), seed=st.integers(0, 10**6))
def test_two_level_argmax_finds_the_first_of_equal_values(length, levels, seed):
    g = torch.Generator().manual_seed(seed)
    values = torch.randint(0, levels, (3, length, 5), generator=g).double()
    assert torch.equal(argmax_over_time(values), values.argmax(1))


def test_single_precision_stays_close_to_double():
    network = text_cnn(20, 3, [3, 4, 5], filters=16)
    theta = starts_of(network, [torch.Generator().manual_seed(1)])
    batch = random_batch(torch.Generator().manual_seed(2), 32, 60, 20, 3, 200, torch.float32)
    wide = TextBatch(batch.ids, batch.lengths, batch.labels, batch.words.double(), batch.length)
    loss, gradient = network.closed_form().loss(theta, batch)
    expected_loss, expected = AutogradKernel(network.double()).loss({n: t.double() for n, t in theta.items()}, wide)
    torch.testing.assert_close(loss.double(), expected_loss, rtol=1e-5, atol=1e-6)
    for name, value in expected.items():
        torch.testing.assert_close(gradient[name].double(), value, rtol=1e-4, atol=1e-5)


def test_dropout_scales_and_drops_pooled_features_of_real_text_only():
    network = text_cnn(4, 2, [2], filters=50, dropout=0.5).double()
    theta = starts_of(network, [torch.Generator().manual_seed(1)])
    # With zero biases an all-padding window has z = 0, the kink of ReLU, where a difference quotient means nothing.
    theta["convs.0.bias"] += 0.01
    batch = random_batch(torch.Generator().manual_seed(2), 40, 20, 4, 2)
    kernel = network.closed_form()
    plain, _ = kernel.loss(theta, batch)
    again, _ = kernel.loss(theta, batch)
    dropped, gradient = kernel.loss(theta, batch, torch.Generator().manual_seed(3))
    repeated, _ = kernel.loss(theta, batch, torch.Generator().manual_seed(3))
    assert torch.equal(plain, again)
    assert torch.equal(dropped, repeated)
    assert not torch.equal(plain, dropped)
    step = 1e-6
    along = {name: torch.randn(t.shape, generator=torch.Generator().manual_seed(4)).to(t) for name, t in theta.items()}

    def loss(offset: float) -> torch.Tensor:
        moved = {name: value + offset * along[name] for name, value in theta.items()}
        return kernel.loss(moved, batch, torch.Generator().manual_seed(3))[0]

    slope = sum((gradient[name] * along[name]).sum() for name in theta)
    torch.testing.assert_close((loss(step) - loss(-step))[0] / (2 * step), slope, rtol=1e-5, atol=1e-8)


def test_xavier_normal_weights_and_zero_biases():
    network = text_cnn(50, 2, [3], filters=100)
    theta = starts_of(network, [torch.Generator().manual_seed(k) for k in range(20)])
    fan_in, fan_out = 3 * 50, 100 * 3 * 50
    expected = (2 / (fan_in + fan_out)) ** 0.5
    assert abs(theta["convs.0.weight"].std().item() / expected - 1) < 0.01
    assert theta["convs.0.bias"].count_nonzero() == theta["classifier.bias"].count_nonzero() == 0
    assert not torch.equal(theta["convs.0.weight"][0], theta["convs.0.weight"][1])
    assert isinstance(network, nn.Module)
