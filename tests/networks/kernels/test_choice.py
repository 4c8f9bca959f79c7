"""Which kernel a network gets."""

import pytest

from tdd.errors import UsageError
from tdd.networks.architectures.convnet import ConvNet
from tdd.networks.kernels.choice import make_kernel


def test_networks_with_normalisation_have_no_closed_form():
    with pytest.raises(UsageError, match="ConvNet has no closed form"):
        make_kernel(ConvNet((1, 8, 8), 2), "closed_form")
