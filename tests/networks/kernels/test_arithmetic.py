"""The arithmetic of a forward pass: precision on accelerators, and layers that can be differentiated."""

from contextlib import nullcontext

import pytest
import torch
from reference import random_batch
from torch import nn
from torch.backends.cuda import flash_sdp_enabled, math_sdp_enabled

from tdd.networks.kernels.arithmetic import arithmetic
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.protocol import Step
from tdd.system.precision import set_float32_precision

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_processors_compute_in_float32(precision):
    assert arithmetic(precision, CPU) is nullcontext
    assert (arithmetic(precision, CUDA) is nullcontext) == (precision == "float32")


def test_products_are_rounded_to_tf32_within_its_context_alone():
    backends = torch.backends
    places = backends.cudnn.conv, backends.cudnn.rnn, backends.cuda.matmul
    set_float32_precision("ieee")
    context = arithmetic("tf32", CUDA)
    assert {place.fp32_precision for place in places} == {"ieee"}
    for error in (None, ValueError):
        try:
            with context():
                assert {place.fp32_precision for place in places} == {"tf32"}
                if error:
                    raise error
        except ValueError:
            pass
        assert {place.fp32_precision for place in places} == {"ieee"}


def test_bfloat16_is_autocast_on_the_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *_: True)
    with arithmetic("bfloat16", CUDA)():
        assert torch.is_autocast_enabled("cuda") and torch.get_autocast_dtype("cuda") == torch.bfloat16
    assert not torch.is_autocast_enabled("cuda")


class Watched(nn.Module):
    """Notes, at each forward pass, whether cuDNN and fused attention may be used, and the mode of its layer."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer, self.classifier, self.seen = layer, nn.Linear(4, 3), []

    def forward(self, x):
        self.seen.append((torch.backends.cudnn.enabled, flash_sdp_enabled(), self.layer.training))
        assert math_sdp_enabled()
        found = self.layer(x)
        return self.classifier((found[0] if isinstance(found, tuple) else found).mean(1))


@pytest.mark.parametrize(
    ("layer", "recurrent"), [(nn.LSTM(4, 4, batch_first=True), True), (nn.GRU(4, 4), True), (nn.Linear(4, 4), False)]
)
def test_recurrent_layers_are_differentiated_without_cudnn(layer, recurrent):
    """It has no second derivative of them, and a first one in training mode alone: there it is used for real ones."""
    network = Watched(layer)
    kernel = AutogradKernel(network)
    theta = {name: value.detach()[None].clone() for name, value in network.named_parameters()}
    step = Step(torch.randn(2, 5, 4), torch.eye(3)[:2])
    batch = random_batch(torch.Generator().manual_seed(0), 4, 5, 4, 3, dtype=torch.float32)
    kernel.logits(theta, batch)  # also measures an example
    for differentiate in (
        torch.no_grad()(lambda: kernel.gradient(theta, step)),
        lambda: kernel.reverse(theta, step, None, theta),
    ):
        network.seen.clear()
        differentiate()
        assert network.seen == [(not recurrent, False, False)]
    for plain, training in (
        (lambda: kernel.logits(theta, batch), False),
        (lambda: kernel.loss(theta, batch), recurrent),
        (lambda: kernel.loss(theta, batch, torch.Generator().manual_seed(0)), True),
    ):
        network.seen.clear()
        plain()
        assert network.seen == [(True, True, training)]
    kernel.loss(theta, batch)
    assert torch.backends.cudnn.enabled and not network.layer.training


def test_recurrent_layers_with_dropout_of_their_own_go_without_cudnn_where_nothing_is_to_be_dropped():
    network = Watched(nn.LSTM(4, 4, num_layers=2, dropout=0.5))
    kernel = AutogradKernel(network)
    theta = {name: value.detach()[None].clone() for name, value in network.named_parameters()}
    batch = random_batch(torch.Generator().manual_seed(0), 4, 5, 4, 3, dtype=torch.float32)
    kernel.logits(theta, batch)  # also measures an example
    network.seen.clear()
    assert torch.equal(kernel.loss(theta, batch)[0], kernel.loss(theta, batch)[0])
    assert network.seen == [(False, True, False)] * 2


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("layer", [nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), nn.LSTM(4, 4)])
def test_attention_and_recurrence_are_differentiated_twice(layer):
    network = Watched(layer).double()
    theta = {name: value.detach()[None].clone() for name, value in network.named_parameters()}
    direction = {name: torch.ones_like(value) for name, value in theta.items()}
    x = torch.randn(2, 5, 4).double()
    value, _, x_bar, _, _ = AutogradKernel(network).reverse(theta, Step(x, torch.eye(3)[:2].double()), None, direction)
    assert value.isfinite().all() and x_bar.abs().max() > 1e-8
