"""Every network is twice differentiable, whichever way its unroll is reversed, and refuses data it is not made for."""

from functools import cache, partial
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from reference import outer_gradient as naive_gradient
from torch import nn
from torch.func import functional_call

from tdd.data.images import ImageBatch
from tdd.data.pixel_normalisation import Normalisation
from tdd.distillation.unroll import outer_gradient
from tdd.errors import UsageError
from tdd.networks.architectures.alexcifarnet import AlexCifarNet, local_response_norm
from tdd.networks.architectures.convnet import ConvNet
from tdd.networks.architectures.lenet import LeNet
from tdd.networks.architectures.text_cnn import TextCNN
from tdd.networks.initialisation import draw
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.choice import make_kernel
from tdd.networks.kernels.parameters import unstack
from tdd.networks.registry import build_network
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

CLASSES = 3
NETWORKS = {
    "lenet": (LeNet, (1, 8, 8)),
    "alexcifarnet": (AlexCifarNet, (3, 4, 3)),
    "convnet": (partial(ConvNet, width=6), (3, 8, 8)),
}


class Exact(Normalisation):
    """Input in double precision, for comparisons."""

    def apply(self, pixels):
        return super().apply(pixels).double()


def batch_of(shape, size, seed=0):
    channels, height, width = shape
    pixels = torch.randint(0, 256, (size, height, width, channels), generator=generator(seed, "pixels")).byte()
    labels = torch.randint(0, CLASSES, (size,), generator=generator(seed, "labels"))
    return ImageBatch(pixels, labels, Exact(torch.full((channels,), 0.4), torch.full((channels,), 0.3)))


def problem(name, steps=2, per_step=2, epochs=2, networks=2):
    kind, shape = NETWORKS[name]
    network = kind(shape, CLASSES).double()
    theta = draw(network, [generator(0, "network", k) for k in range(networks)])
    g = generator(0, "set")
    samples = torch.randn(steps, per_step, *shape, generator=g, dtype=torch.float64)
    labels = torch.rand(steps, per_step, CLASSES, generator=g, dtype=torch.float64)
    rates = 0.02 + 0.02 * torch.rand(steps * epochs, generator=g, dtype=torch.float64)
    return network, theta, samples, labels, rates, batch_of(shape, 3)


@cache
def naive(name):
    network, theta, samples, labels, rates, batch = problem(name)
    return [
        naive_gradient(network, one, samples, labels, rates, 2, batch.dense(), batch.labels) for one in unstack(theta)
    ]


@pytest.mark.parametrize(
    ("name", "mode"),
    [*product(NETWORKS, ["autograd", "rematerialised"]), ("lenet", "closed_form"), ("alexcifarnet", "closed_form")],
)
def test_unrolled_gradient_equals_naive_autograd(name, mode):
    network, theta, samples, labels, rates, batch = problem(name)
    found = outer_gradient(make_kernel(network, mode), theta, samples, labels, rates, batch, mode)
    each = naive(name)
    torch.testing.assert_close(found.losses, torch.stack([one[0] for one in each]), rtol=1e-10, atol=1e-12)
    for place, part in enumerate((found.samples, found.labels, found.learning_rates), start=1):
        expected = torch.stack([one[place] for one in each]).mean(0)
        assert expected.abs().max() > 1e-6
        torch.testing.assert_close(part, expected, rtol=1e-9, atol=1e-12)


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


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lenet", (1, 28, 28)),
        ("lenet", (3, 32, 32)),
        ("lenet", (1, 8, 8)),
        ("lenet", (1, 5, 41)),
        ("alexcifarnet", (3, 32, 32)),
        ("alexcifarnet", (1, 7, 9)),
        ("convnet", (3, 32, 32)),
        ("convnet", (1, 28, 28)),
        ("convnet", (1, 9, 16)),
    ],
)
def test_every_size_gives_logits(name, shape):
    network = build_network(Recipe(network=name), shape, 7)
    theta = draw(network, [generator(0)])
    logits = functional_call(network, unstack(theta)[0], torch.randn(2, *shape, generator=generator(1)))
    assert logits.shape == (2, 7)
    assert logits.std() > 0


def test_parameters_are_those_of_the_papers_networks():
    def count(network):
        return sum(parameter.numel() for parameter in network.parameters())

    # Wang et al.: 6 and 16 filters of 5 x 5, 400-120-84-10; 64 and 64 of 5 x 5, 4096-384-192-10.
    assert count(LeNet((1, 28, 28), 10)) == 6 * 26 + 16 * 151 + 120 * 401 + 84 * 121 + 10 * 85
    assert count(AlexCifarNet((3, 32, 32), 10)) == 64 * 76 + 64 * 1601 + 384 * 4097 + 192 * 385 + 10 * 193
    assert count(ConvNet((3, 32, 32), 10)) == 128 * 28 + 2 * 128 * 1153 + 3 * 256 + 10 * 2049


def test_local_response_norm_equals_that_of_torch():
    x = torch.randn(3, 9, 4, 5, generator=generator(0), dtype=torch.float64)
    torch.testing.assert_close(local_response_norm(x), F.local_response_norm(x, 4, 0.001 / 9, 0.75, 1.0))


def test_real_images_in_parts_give_what_they_give_at_once(monkeypatch):
    network, theta, *_, batch = problem("lenet")
    kernel = AutogradKernel(network)
    whole, at_once = kernel.logits(theta, batch), kernel.loss(theta, batch)
    one = kernel._forward_bytes(unstack(theta)[0], batch.dense())
    for parts in (1, 2 * one):
        monkeypatch.setattr("tdd.networks.kernels.autograd.PART_BYTES", parts)
        torch.testing.assert_close(kernel.logits(theta, batch), whole)
        torch.testing.assert_close(kernel.loss(theta, batch), at_once)
    assert whole.shape == (2, 3, CLASSES)


def test_factors_of_a_normalisation_start_at_one():
    theta = draw(ConvNet((1, 8, 8), 2), [generator(0), generator(1)])
    assert (theta["norms.0.weight"] == 1).all()
    assert (theta["norms.0.bias"] == 0).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_for_images_refuses_text(name):
    with pytest.raises(UsageError, match=f"{name} reads images and the data are text: use --network text_cnn"):
        build_network(Recipe(network=name), (400, 50), 2)


def test_a_shift_that_moves_images_out_of_sight_is_refused():
    with pytest.raises(UsageError, match="shift: 6 moves images of 9 x 6 pixels out of sight; lower it"):
        build_network(Recipe(network="lenet", shift=6), (1, 6, 9), 2)
    build_network(Recipe(network="lenet", shift=5), (1, 6, 9), 2)


def test_a_network_for_text_refuses_images():
    with pytest.raises(
        UsageError, match="text_cnn reads text and the data are images: use --network with one of lenet"
    ):
        build_network(Recipe(network="text_cnn"), (1, 28, 28), 10)


def test_networks_with_normalisation_have_no_closed_form():
    with pytest.raises(UsageError, match="ConvNet has no closed form"):
        make_kernel(ConvNet((1, 8, 8), 2), "closed_form")


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
