"""Random images and networks that learn from them; only sizes count for what is measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from bench.inputs import Problem
from image_networks import network_of
from learners import starts_of
from reference import PlainLeNet
from torch import nn

from tdd.data.images import ImageSplit
from tdd.data.pixel_normalisation import Normalisation
from tdd.networks.architectures.alexcifarnet import AlexCifarNet
from tdd.system.seeds import generator


@dataclass(frozen=True)
class ImageSizes:
    """Every size of a problem; the defaults are MNIST's at n = 10."""

    network: type[nn.Module] = PlainLeNet
    shape: tuple[int, int, int] = (1, 28, 28)
    batch: int = 256
    steps: int = 1
    per_step: int = 10
    epochs: int = 5
    classes: int = 10
    networks: int = 1

    def problem(self) -> Problem:
        """The problem of these sizes."""
        channels, height, width = self.shape
        pixels = torch.randint(256, (self.batch, height, width, channels), generator=generator(0, "pixels")).byte()
        places = torch.arange(self.batch)
        real = ImageSplit(
            pixels.numpy(),
            places.numpy(),
            torch.randint(self.classes, (self.batch,), generator=generator(0, "labels")),
            Normalisation(torch.full((channels,), 0.5), torch.full((channels,), 0.29)),
        )
        network = network_of(self.network, self.shape, self.classes)
        place = self.steps, self.per_step
        return Problem(
            network,
            starts_of(network, [generator(0, "network", index) for index in range(self.networks)]),
            torch.randn(*place, *self.shape, generator=generator(0, "samples")),
            torch.eye(self.classes)[torch.arange(self.steps * self.per_step) % self.classes].view(*place, -1),
            torch.full((self.steps * self.epochs,), 0.02),
            self.epochs,
            real,
            places,
        )


def pictures(full: ImageSizes, small: bool) -> Problem:
    """The problem of these sizes, or a small one of the same kind."""
    return (replace(full, batch=16, steps=min(full.steps, 2), per_step=3) if small else full).problem()


LENET = ImageSizes()
LENETS = ImageSizes(networks=8)
# The recipe's steps, of ten images each, once.
CIFAR = ImageSizes(AlexCifarNet, (3, 32, 32), batch=256, steps=10, epochs=1)
