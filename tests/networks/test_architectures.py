"""Every network is twice differentiable, whichever way its unroll is reversed."""

from functools import cache
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from image_networks import NETWORKS, network_of, problem
from learners import kernel_of, outer_gradient
from reference import outer_gradient as naive_gradient

from tdd.networks.architectures.alexcifarnet import AlexCifarNet
from tdd.networks.architectures.convnet import ConvNet
from tdd.networks.architectures.lenet import LeNet
from tdd.networks.kernels.parameters import unstack
from tdd.settings.networks import ConvNetOptions
from tdd.system.seeds import generator


@cache
def naive(name):
    network, theta, samples, labels, rates, batch = problem(name)
    return [
        naive_gradient(network, one, samples, labels, rates, 2, batch.inputs(), batch.labels) for one in unstack(theta)
    ]


@pytest.mark.parametrize(
    ("name", "mode"),
    [*product(NETWORKS, ["autograd", "rematerialised"]), ("lenet", "closed_form"), ("alexcifarnet", "closed_form")],
)
def test_unrolled_gradient_equals_naive_autograd(name, mode):
    network, theta, samples, labels, rates, batch = problem(name)
    found = outer_gradient(kernel_of(network, mode), theta, samples, labels, rates, batch, mode)
    each = naive(name)
    torch.testing.assert_close(found.losses, torch.stack([one[0] for one in each]), rtol=1e-10, atol=1e-12)
    for place, part in enumerate((found.samples, found.labels, found.learning_rates), start=1):
        expected = torch.stack([one[place] for one in each]).mean(0)
        assert expected.abs().max() > 1e-6
        torch.testing.assert_close(part, expected, rtol=1e-9, atol=1e-12)


def test_parameters_are_those_of_the_papers_networks():
    def count(network):
        return sum(parameter.numel() for parameter in network.parameters())

    # Wang et al.: 6 and 16 filters of 5 x 5, 400-120-84-10; 64 and 64 of 5 x 5, 4096-384-192-10.
    assert count(network_of(LeNet, (1, 28, 28), 10)) == 6 * 26 + 16 * 151 + 120 * 401 + 84 * 121 + 10 * 85
    assert count(network_of(AlexCifarNet, (3, 32, 32), 10)) == 64 * 76 + 64 * 1601 + 384 * 4097 + 192 * 385 + 10 * 193
    assert (
        count(network_of(ConvNet, (3, 32, 32), 10, ConvNetOptions())) == 128 * 28 + 2 * 128 * 1153 + 3 * 256 + 10 * 2049
    )


def test_local_response_norm_equals_that_of_torch():
    x = torch.randn(3, 9, 4, 5, generator=generator(0), dtype=torch.float64)
    torch.testing.assert_close(AlexCifarNet.normalised(x), F.local_response_norm(x, 4, 0.001 / 9, 0.75, 1.0))
