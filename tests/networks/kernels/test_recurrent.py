"""The closed form of recurrent networks gives what automatic differentiation gives, for any shapes and options."""

from itertools import product

import pytest
import torch

from tdd.data.protocols import InputSpace
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.protocol import Step
from tdd.networks.learner import make_learner
from tdd.system.seeds import generator

EXACT = {"rtol": 1e-10, "atol": 1e-12}
LENGTH, DIM, CLASSES, NETWORKS = 6, 4, 3, 2


def given(network, lengths, **options):
    """Both kernels of a small network, its parameters, a direction in them and a step, in double precision."""
    g = generator(0, "recurrent", network, str(options), str(lengths))
    learner = make_learner(network, {"hidden": 3} | options, InputSpace("text", (LENGTH, DIM)), CLASSES)
    learner.module.double()
    theta, along = (
        {name: 0.5 * torch.randn(value.shape, generator=g).double() for name, value in start.items()}
        for start in [learner.starts(0, "network", indices=range(NETWORKS))] * 2
    )
    x = torch.randn(len(lengths), LENGTH, DIM, generator=g).double()
    mask = torch.arange(LENGTH) < torch.tensor(lengths)[:, None]
    y = torch.randn(len(lengths), CLASSES, generator=g).double()  # labels are any numbers
    return learner.kernel("closed_form"), learner.kernel("rematerialised"), theta, along, Step(x, y, mask)


def assert_equal(found, expected, **tolerance):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, **tolerance)


@pytest.mark.parametrize(
    ("network", "layers", "bidirectional", "pooling"),
    list(product(["lstm", "gru"], [1, 3], [True, False], ["max", "mean", "last"])),
)
def test_gradient_and_reverse_are_those_of_automatic_differentiation(network, layers, bidirectional, pooling):
    options = {"layers": layers, "bidirectional": bidirectional, "pooling": pooling}
    closed_form, autograd, theta, along, step = given(network, [5, 1, 3], **options)
    assert not isinstance(closed_form, AutogradKernel)
    for each in (step, step._replace(mask=None), step._replace(dropout=7)):
        with torch.no_grad():
            gradient, saved = closed_form.gradient(theta, each)
            expected, _ = autograd.gradient(theta, each)
        assert_equal(gradient, expected, **EXACT)
        found, wanted = closed_form.reverse(theta, each, saved, along), autograd.reverse(theta, each, None, along)
        assert_equal(found.theta, wanted.theta, **EXACT)
        for name in ("along", "x", "y"):
            value = getattr(wanted, name)
            assert value.abs().max() > 1e-4
            torch.testing.assert_close(getattr(found, name), value, **EXACT)
        first = closed_form.reverse(theta, each, saved, along, first=True)
        assert first.theta == {} and torch.equal(first.x, found.x)


def test_dropout_drops_something():
    closed_form, _, theta, _, step = given("gru", [5, 1, 3])
    kept, _ = closed_form.gradient(theta, step)
    dropped, _ = closed_form.gradient(theta, step._replace(dropout=7))
    assert not torch.equal(kept["classifier.weight"], dropped["classifier.weight"])


@pytest.mark.parametrize("pooling", ["max", "mean", "last"])
@pytest.mark.parametrize("network", ["lstm", "gru"])
def test_a_sentence_without_a_word_is_read_as_by_the_module(network, pooling):
    closed_form, autograd, theta, along, step = given(network, [4, 0, 2], pooling=pooling)
    gradient, saved = closed_form.gradient(theta, step)
    with torch.no_grad():
        assert_equal(gradient, autograd.gradient(theta, step)[0], **EXACT)
    found, wanted = closed_form.reverse(theta, step, saved, along), autograd.reverse(theta, step, None, along)
    assert_equal(found.theta, wanted.theta, **EXACT)
    torch.testing.assert_close(found.x, wanted.x, **EXACT)


@pytest.mark.parametrize("network", ["lstm", "gru"])
def test_what_a_step_keeps_is_what_is_told(network):
    closed_form, _, theta, _, step = given(network, [LENGTH, 3, 3], layers=2)
    _, run = closed_form.gradient(theta, step)
    storages = {}

    def count(value):
        if isinstance(value, torch.Tensor):
            storages[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes()
        elif isinstance(value, dict | list | tuple):
            for part in value.values() if isinstance(value, dict) else value:
                count(part)
        elif hasattr(value, "__dict__"):
            count({name: part for name, part in vars(value).items() if name not in ("weights", "order")})

    count(run)
    told, _ = closed_form.step_bytes(step, NETWORKS, graph=False)
    assert 0.8 < sum(storages.values()) / told < 1.1
