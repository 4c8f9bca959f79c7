"""The kernel of any module: its steps and their reverse by automatic differentiation."""

import pytest
import torch
import torch.nn.functional as F
from image_networks import CLASSES, NETWORKS, problem
from torch import nn

from tdd.data.images import ImageBatch
from tdd.data.pixel_normalisation import Normalisation
from tdd.distillation.unroll import outer_gradient
from tdd.networks.architectures.text_cnn import TextCNN
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.choice import make_kernel
from tdd.networks.kernels.parameters import unstack
from tdd.system.seeds import generator


@pytest.mark.parametrize("mode", ["auto", "rematerialised"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_from_given_parameters_is_reversed_without_their_gradient(name, mode):
    network, theta, samples, labels, _, _ = problem(name)
    kernel, x, y = make_kernel(network, mode), samples[0], labels[0]
    with torch.no_grad():
        _, saved = kernel.gradient(theta, x, y)
    value, theta_bar, x_bar, y_bar = kernel.reverse(theta, x, y, saved, theta)
    assert theta_bar.keys() == theta.keys()
    found = kernel.reverse(theta, x, y, saved, theta, given=True)
    torch.testing.assert_close(found, (value, {}, x_bar, y_bar), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_reverse_of_a_step_agrees_with_finite_differences(name):
    network, theta, samples, labels, _, _ = problem(name, networks=1)
    kernel, x, y = AutogradKernel(network), samples[0], labels[0]
    direction = {key: torch.randn(value.shape, generator=generator(1)).double() for key, value in theta.items()}
    _, _, x_bar, _ = kernel.reverse(theta, x, y, None, direction)
    along, step, values = torch.randn(x.shape, generator=generator(2)).double(), 1e-6, []
    for sign in (1, -1):
        with torch.no_grad():
            gradient, _ = kernel.gradient(theta, x + sign * step * along, y)
        values.append(sum((gradient[key] * direction[key]).sum() for key in gradient))
    assert ((values[0] - values[1]) / (2 * step)).item() == pytest.approx((x_bar * along).sum().item(), rel=1e-4)


def test_real_images_in_parts_give_what_they_give_at_once(monkeypatch):
    network, theta, *_, batch = problem("lenet")
    kernel = AutogradKernel(network)
    whole, at_once = kernel.logits(theta, batch), kernel.loss(theta, batch)
    one = kernel._forward_bytes(unstack(theta)[0], batch.dense())
    for size, parts in ((1, 1), (2, 2 * one)):
        monkeypatch.setattr("tdd.networks.kernels.autograd.PART_BYTES", parts)
        assert kernel._part(theta, batch.dense()) == size < len(batch)
        torch.testing.assert_close(kernel.logits(theta, batch), whole)
        torch.testing.assert_close(kernel.loss(theta, batch), at_once)
    assert whole.shape == (2, 3, CLASSES)


def test_memory_predicted_for_a_step_is_that_of_one_graph_unless_all_are_kept():
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 2))
    samples, labels = torch.empty(4, 1, 3, 4, device="meta"), torch.empty(4, 2, device="meta")
    kernel = AutogradKernel(network)
    assert kernel.step_bytes(samples, labels, 3, graph=False)[0] == 0
    kept, one = kernel.step_bytes(samples, labels, 3, graph=True)
    assert kept == 3 * one > 3 * 4 * samples.numel()


def test_lower_precision_reaches_networks_without_closed_form_alone():
    network, theta, samples, labels, rates, batch = problem("convnet", epochs=1)
    network, theta = network.float(), {name: value.float() for name, value in theta.items()}
    batch = ImageBatch(batch.pixels, batch.labels, Normalisation(torch.full((3,), 0.4), torch.full((3,), 0.3)))
    parts = [part.float() for part in (samples, labels, rates)]

    def bfloat16():
        return torch.autocast("cpu", torch.bfloat16)

    exact = outer_gradient(make_kernel(network, "auto"), theta, *parts, batch, "auto")
    rounded = outer_gradient(make_kernel(network, "auto", bfloat16), theta, *parts, batch, "auto")
    assert rounded.samples.dtype == torch.float32
    assert not torch.equal(rounded.losses, exact.losses)
    torch.testing.assert_close(rounded.losses, exact.losses, rtol=0.02, atol=0.02)
    assert F.cosine_similarity(rounded.labels.flatten(), exact.labels.flatten(), dim=0) > 0.98
    assert not hasattr(make_kernel(TextCNN(4, 2), "auto", bfloat16), "autocast")
