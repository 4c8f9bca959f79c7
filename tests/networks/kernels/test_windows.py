"""Sums and products of winning windows, beside a loop over samples, networks and filters."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tdd.networks.kernels import windows
from tdd.networks.kernels.windows import add_to_windows, window_products, window_sums

SAMPLES, LENGTH, DIM, NETWORKS, FILTERS = 3, 7, 4, 2, 5


@pytest.fixture(params=["few", "many"], autouse=True)
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to go about windows, whatever there is of them."""
    monkeypatch.setattr(windows, "MANY", 10**9 if request.param == "few" else 0)


@pytest.fixture(params=[1, 3, LENGTH])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def _drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def _places(width: int) -> Tensor:
    first = torch.randint(LENGTH - width + 1, (SAMPLES, NETWORKS, FILTERS))
    return first + LENGTH * torch.arange(SAMPLES)[:, None, None]


def _each(places: Tensor, width: int):
    """Sample, network, filter, and the words of the window there."""
    for n, k, f in torch.cartesian_prod(*map(torch.arange, places.shape)).tolist():
        start = int(places[n, k, f])
        yield n, k, f, slice(start, start + width)


def test_sums(width: int) -> None:
    x, places, weights = _drawn(SAMPLES, LENGTH, DIM), _places(width), _drawn(SAMPLES, NETWORKS, FILTERS)
    expected = torch.zeros(NETWORKS, FILTERS, 1, width, DIM, dtype=torch.float64)
    for n, k, f, words in _each(places, width):
        expected[k, f, 0] += weights[n, k, f] * x.flatten(0, 1)[words]
    torch.testing.assert_close(window_sums(x, places, weights, width), expected)


def test_products(width: int) -> None:
    x, places, filters = _drawn(SAMPLES, LENGTH, DIM), _places(width), _drawn(NETWORKS, FILTERS, 1, width, DIM)
    expected = torch.zeros(SAMPLES, NETWORKS, FILTERS, dtype=torch.float64)
    for n, k, f, words in _each(places, width):
        expected[n, k, f] = (x.flatten(0, 1)[words] * filters[k, f, 0]).sum()
    torch.testing.assert_close(window_products(x, places, filters), expected)


def test_what_is_added_to_the_words(width: int) -> None:
    places, start = _places(width), _drawn(SAMPLES, LENGTH, DIM)
    one, other = (_drawn(NETWORKS, FILTERS, 1, width, DIM) for _ in range(2))
    of_one, of_other = (_drawn(SAMPLES, NETWORKS, FILTERS) for _ in range(2))
    found, expected = start.clone(), start.clone()
    add_to_windows(found, places, (of_one, of_other), (one, other))
    for n, k, f, words in _each(places, width):
        expected.flatten(0, 1)[words] += of_one[n, k, f] * one[k, f, 0] + of_other[n, k, f] * other[k, f, 0]
    torch.testing.assert_close(found, expected)
