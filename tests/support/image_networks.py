"""Networks for images with sets and batches for them, in double precision."""

import torch
from learners import starts_of
from torch import nn

from tdd.data.image_batch import ImageBatch
from tdd.data.pixel_normalisation import Normalisation
from tdd.data.protocols import InputSpace
from tdd.networks.architectures.alexcifarnet import AlexCifarNet
from tdd.networks.architectures.convnet import ConvNet
from tdd.networks.architectures.lenet import LeNet
from tdd.settings.networks import ConvNetOptions, NetworkOptions
from tdd.system.seeds import generator

CLASSES = 3


NETWORKS = {
    "lenet": (LeNet, (1, 8, 8), NetworkOptions()),
    "alexcifarnet": (AlexCifarNet, (3, 4, 3), NetworkOptions()),
    "convnet": (ConvNet, (3, 8, 8), ConvNetOptions(filters=6)),
}


def network_of(
    kind: type[nn.Module], shape: tuple[int, ...], classes: int = CLASSES, options: NetworkOptions | None = None
) -> nn.Module:
    """A network for images (c, h, w)."""
    return kind(InputSpace("image", shape), classes, options or NetworkOptions())


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
    kind, shape, options = NETWORKS[name]
    network = network_of(kind, shape, options=options).double()
    theta = starts_of(network, [generator(0, "network", k) for k in range(networks)])
    g = generator(0, "set")
    samples = torch.randn(steps, per_step, *shape, generator=g, dtype=torch.float64)
    labels = torch.rand(steps, per_step, CLASSES, generator=g, dtype=torch.float64)
    rates = 0.02 + 0.02 * torch.rand(steps * epochs, generator=g, dtype=torch.float64)
    return network, theta, samples, labels, rates, batch_of(shape, 3)
