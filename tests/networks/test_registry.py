"""A network is built for data of its kind, of any size."""

import pytest
import torch
from image_networks import NETWORKS
from torch.func import functional_call

from tdd.errors import UsageError
from tdd.networks.initialisation import draw
from tdd.networks.kernels.parameters import unstack
from tdd.networks.registry import build_network
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


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
