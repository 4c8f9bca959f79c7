"""Initial parameters."""

from tdd.networks.architectures.convnet import ConvNet
from tdd.networks.initialisation import draw
from tdd.system.seeds import generator


def test_factors_of_a_normalisation_start_at_one():
    theta = draw(ConvNet((1, 8, 8), 2), [generator(0), generator(1)])
    assert (theta["norms.0.weight"] == 1).all()
    assert (theta["norms.0.bias"] == 0).all()
