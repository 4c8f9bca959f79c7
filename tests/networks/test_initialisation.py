"""Initial parameters."""

from image_networks import network_of
from learners import starts_of

from tdd.networks.architectures.convnet import ConvNet
from tdd.settings.networks import ConvNetOptions
from tdd.system.seeds import generator


def test_factors_of_a_normalisation_start_at_one():
    theta = starts_of(network_of(ConvNet, (1, 8, 8), 2, ConvNetOptions()), [generator(0), generator(1)])
    assert (theta["norms.0.weight"] == 1).all()
    assert (theta["norms.0.bias"] == 0).all()
