"""Derivatives by hand are those of the modules written plainly, whatever the images, and with ties."""

import pytest
import torch
import torch.nn.functional as F
from image_networks import network_of
from learners import starts_of
from reference import PlainAlexCifarNet, PlainLeNet

from tdd.data.image_batch import ImageBatch
from tdd.data.pixel_normalisation import Normalisation
from tdd.networks.architectures.alexcifarnet import AlexCifarNet
from tdd.networks.architectures.lenet import LeNet
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.chain_nonlinearities import LocalResponseNorm
from tdd.networks.kernels.protocol import Step
from tdd.system.seeds import generator

CLASSES = 3
EXACT = {"rtol": 1e-10, "atol": 1e-12}


class Doubles(Normalisation):
    def apply(self, pixels):
        return super().apply(pixels).double()


def problem(shape, networks, biased=True, kind=PlainLeNet):
    network = network_of(kind, shape, CLASSES).double()
    theta = starts_of(network, [generator(0, "network", k) for k in range(networks)])
    g = generator(0, "direction")
    if biased:
        moved = {key: 0.1 * torch.randn(value.shape, generator=g).double() for key, value in theta.items()}
        theta = {key: value + moved[key] if "bias" in key else value for key, value in theta.items()}
    direction = {key: torch.randn(value.shape, generator=g).double() for key, value in theta.items()}
    return network, theta, direction


def both_ways(network, theta, direction, x, y):
    """Gradient, then D and its gradients to theta, labels and samples, by hand and by automatic differentiation."""
    found = []
    for kernel in (network.closed_form(), AutogradKernel(network)):
        with torch.no_grad():
            gradient, saved = kernel.gradient(theta, Step(x, y))
            value, theta_bar, x_bar, y_bar, _ = kernel.reverse(theta, Step(x, y), saved, direction)
        found.append([gradient, value, theta_bar, y_bar, x_bar])
    return found


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize(
    ("kind", "shape", "samples"),
    [
        (PlainLeNet, (1, 8, 8), 1),
        (PlainLeNet, (1, 8, 8), 4),
        (PlainLeNet, (1, 28, 28), 2),
        (PlainLeNet, (3, 32, 32), 2),
        (PlainLeNet, (3, 9, 14), 3),
        (PlainLeNet, (2, 5, 43), 2),
        (PlainAlexCifarNet, (3, 4, 3), 1),
        (PlainAlexCifarNet, (3, 9, 14), 3),
        (PlainAlexCifarNet, (1, 32, 32), 2),
    ],
)
def test_a_step_and_its_reverse_equal_automatic_differentiation(kind, shape, samples, networks):
    x = torch.randn(samples, *shape, generator=generator(0, "x")).double()
    y = torch.randn(samples, CLASSES, generator=generator(0, "y")).double()
    ours, expected = both_ways(*problem(shape, networks, kind=kind), x, y)
    assert min(bar.abs().max() for bar in (expected[0]["conv1.weight"], *expected[3:])) > 1e-6
    torch.testing.assert_close(ours, expected, **EXACT)


@pytest.mark.parametrize("networks", [1, 2])
def test_what_is_zero_before_relu_sends_nothing_back(networks):
    # Without biases the padding of small images gives values that are zero exactly, in whole windows of the pools.
    x = torch.randn(3, 1, 28, 28, generator=generator(0, "x")).double()
    x[:, :, :14] = 0
    y = torch.randn(3, CLASSES, generator=generator(0, "y")).double()
    network, theta, direction = problem((1, 28, 28), networks, biased=False)
    assert (F.conv2d(F.pad(x, network.padding), theta["conv1.weight"][0])[:, :, :4, :4] == 0).all()
    ours, expected = both_ways(network, theta, direction, x, y)
    torch.testing.assert_close(ours, expected, **EXACT)


@pytest.mark.parametrize("networks", [1, 3])
def test_images_of_one_brightness_leave_only_the_place_of_a_winner_open(networks):
    x = torch.full((2, 1, 8, 8), 0.7).double()
    y = torch.randn(2, CLASSES, generator=generator(0, "y")).double()
    ours, expected = both_ways(*problem((1, 8, 8), networks), x, y)
    torch.testing.assert_close(ours[:-1], expected[:-1], **EXACT)
    torch.testing.assert_close(ours[-1].sum(), expected[-1].sum(), **EXACT)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize(
    ("kind", "shape"), [(PlainLeNet, (1, 28, 28)), (PlainLeNet, (3, 8, 8)), (PlainAlexCifarNet, (3, 12, 9))]
)
def test_real_images_in_parts_give_what_the_module_gives(monkeypatch, kind, shape, networks):
    channels, height, width = shape
    pixels = torch.randint(0, 256, (7, height, width, channels), generator=generator(0, "pixels")).byte()
    labels = torch.randint(0, CLASSES, (7,), generator=generator(0, "labels"))
    batch = ImageBatch(pixels, labels, Doubles(torch.full((channels,), 0.4), torch.full((channels,), 0.3)))
    network, theta, _ = problem(shape, networks, kind=kind)
    ours, plain = network.closed_form(), AutogradKernel(network)
    whole = ours.loss(theta, batch)
    monkeypatch.setattr("tdd.networks.kernels.chain.IN_CACHE", 3 * networks * ours.outputs * 8)
    assert len(ours._parts(theta, batch)) == 3
    torch.testing.assert_close(ours.loss(theta, batch), plain.loss(theta, batch), **EXACT)
    smooth = ours.loss(theta, batch, smoothing=0.2), plain.loss(theta, batch, smoothing=0.2)
    torch.testing.assert_close(*smooth, **EXACT)
    torch.testing.assert_close(ours.loss(theta, batch), whole, **EXACT)
    torch.testing.assert_close(ours.logits(theta, batch), plain.logits(theta, batch), **EXACT)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("kind", [PlainLeNet, PlainAlexCifarNet])
def test_real_images_labelled_by_probabilities_give_what_the_module_gives(monkeypatch, kind, networks):
    pixels = torch.randint(0, 256, (7, 8, 8, 1), generator=generator(0, "pixels")).byte()
    probabilities = torch.rand(7, CLASSES, generator=generator(0, "labels")).double()
    probabilities /= probabilities.sum(1, keepdim=True)
    classes = torch.arange(7) % CLASSES
    normalisation = Doubles(torch.tensor([0.4]), torch.tensor([0.3]))
    network, theta, _ = problem((1, 8, 8), networks, kind=kind)
    ours, plain = network.closed_form(), AutogradKernel(network)
    monkeypatch.setattr("tdd.networks.kernels.chain.IN_CACHE", 3 * networks * ours.outputs * 8)
    batch = ImageBatch(pixels, probabilities, normalisation)
    for smoothing in (0.0, 0.2):
        expected = plain.loss(theta, batch, smoothing=smoothing)
        torch.testing.assert_close(ours.loss(theta, batch, smoothing=smoothing), expected, **EXACT)
    # A probability of one is the class itself.
    one_hot, by_class = (ImageBatch(pixels, y, normalisation) for y in (torch.eye(CLASSES)[classes], classes))
    torch.testing.assert_close(ours.loss(theta, one_hot), ours.loss(theta, by_class), rtol=0, atol=0)


@pytest.mark.parametrize(("kind", "shape"), [(LeNet, (1, 28, 28)), (LeNet, (3, 9, 45)), (AlexCifarNet, (3, 10, 7))])
def test_memory_predicted_for_a_step_is_what_it_keeps(kind, shape):
    network = network_of(kind, shape, 10)
    theta = starts_of(network, [generator(0), generator(1)])
    kernel, x, y = network.closed_form(), torch.randn(5, *shape), torch.eye(10)[:5]
    _, saved = kernel.gradient(theta, Step(x, y))
    parts = [
        value for nonlinearity in saved.nonlinearities for part in nonlinearity.parts for value in vars(part).values()
    ]
    outputs = [nonlinearity.h for nonlinearity in saved.nonlinearities]
    tensors = [saved.p, *saved.bars, *outputs, *(value for value in parts if isinstance(value, torch.Tensor))]
    kept, working = kernel.step_bytes(Step(x.to("meta"), y.to("meta")), 2, graph=False)
    # Results that are written over, or read by the next nonlinearity, are held once.
    assert kept == sum({t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in tensors}.values())
    numbers = sum(nonlinearity.shape.numel() for nonlinearity in saved.nonlinearities)
    assert kernel.outputs == saved.p[0, 0].numel() + numbers // 10
    # The gradients to a convolution's output and to its tangent are held at once.
    assert working > 2 * 4 * saved.nonlinearities[0].shape.numel()


@pytest.mark.parametrize("networks", [1, 2])
@pytest.mark.parametrize("size", [3, 4])
def test_a_strong_normalisation_and_its_derivatives_equal_automatic_differentiation(size, networks):
    g = generator(0, "norm")
    z, dz, bar = (torch.randn(3, networks * 5, 4, 2, generator=g).double() for _ in range(3))
    norm, normed = LocalResponseNorm.of(z, channels=5, size=size, alpha=2.0)

    def plain(z):
        parts = [F.local_response_norm(part, size, alpha=2.0, beta=0.75, k=1.0) for part in z.split(5, dim=1)]
        return torch.cat(parts, dim=1)

    h, dh = torch.func.jvp(plain, (z,), (dz,))
    assert (h / z).min() < 0.5
    torch.testing.assert_close((normed, norm.tangent(dz)), (h, dh), **EXACT)
    torch.testing.assert_close(norm.reverse(bar), torch.func.vjp(plain, z)[1](bar)[0], **EXACT)
    curvature = torch.func.grad(lambda z: (torch.func.jvp(plain, (z,), (dz,))[1] * bar).sum())(z)
    torch.testing.assert_close(norm.curvature(dz, bar), curvature, **EXACT)
