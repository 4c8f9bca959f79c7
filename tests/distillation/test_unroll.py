"""The unrolled gradient is exact: equal to naive autograd and to finite differences, whichever way it is computed."""

import pytest
import torch
from learners import OuterGradient, kernel_of, outer_gradient, starts_of, text_cnn
from reference import outer_gradient as naive_gradient
from reference import outer_loss, random_batch
from torch import nn

from tdd.distillation.unroll import InnerLoop, train
from tdd.networks.kernels.parameters import unstack
from tdd.system.seeds import generator

LENGTH, DIM = 12, 5


def problem(steps, per_step, epochs, classes, widths, networks, seed=0):
    g = torch.Generator().manual_seed(seed)
    network = text_cnn(DIM, classes, widths, filters=4, dropout=0.5).double()
    theta = starts_of(network, [generator(seed, "network", k) for k in range(networks)])
    samples = torch.randn(steps, per_step, LENGTH, DIM, generator=g, dtype=torch.float64)
    labels = torch.randn(steps, per_step, classes, generator=g, dtype=torch.float64) + 0.5
    rates = 0.2 + torch.rand(steps * epochs, generator=g, dtype=torch.float64)
    batch = random_batch(g, 9, LENGTH, DIM, classes)
    return network, theta, samples, labels, rates, batch


def assert_equals_naive(
    mode, network, theta, samples, labels, rates, epochs, batch, momentum=None, window=None
) -> OuterGradient:
    kernel, distilled = kernel_of(network, mode), (samples, labels, rates)
    found = outer_gradient(kernel, theta, *distilled, batch, mode, momentum, None if window is None else range(*window))
    per_network = [
        naive_gradient(network, one, *distilled, epochs, batch.inputs(), batch.labels, momentum, window)
        for one in unstack(theta)
    ]
    torch.testing.assert_close(found.losses, torch.stack([each[0] for each in per_network]), rtol=1e-10, atol=1e-12)
    parts = [found.samples, found.labels, found.learning_rates] + ([] if momentum is None else [found.momentum])
    for place, part in enumerate(parts, start=1):
        expected = torch.stack([each[place] for each in per_network]).mean(0)
        assert expected.abs().max() > 1e-6
        torch.testing.assert_close(part, expected, rtol=1e-10, atol=1e-12)
    assert (found.momentum is None) == (momentum is None)
    return found


@pytest.mark.parametrize("mode", ["closed_form", "autograd", "rematerialised"])
@pytest.mark.parametrize(
    ("steps", "per_step", "epochs", "classes", "widths", "networks"),
    [
        (1, 1, 1, 2, [3], 1),
        (1, 6, 1, 6, [3, 4, 5], 1),
        (4, 2, 1, 2, [3, 4, 5], 2),
        (3, 2, 3, 2, [1, 2], 1),
        (2, 3, 5, 6, [12, 3], 3),
        (10, 2, 2, 3, [2, 4], 1),
    ],
)
def test_gradient_equals_naive_autograd(mode, steps, per_step, epochs, classes, widths, networks):
    network, theta, samples, labels, rates, batch = problem(steps, per_step, epochs, classes, widths, networks)
    assert_equals_naive(mode, network, theta, samples, labels, rates, epochs, batch)


@pytest.mark.parametrize("mode", ["closed_form", "autograd", "rematerialised"])
def test_gradient_equals_naive_autograd_with_hard_labels(mode):
    network, theta, samples, _, rates, batch = problem(2, 4, 2, 4, [2, 3], 2)
    hard = torch.eye(4, dtype=torch.float64).expand(2, 4, 4)
    assert_equals_naive(mode, network, theta, samples, hard, rates, 2, batch)


@pytest.mark.parametrize("mode", ["closed_form", "autograd", "rematerialised"])
@pytest.mark.parametrize("momentum", [0.0, 0.6, 0.95])
@pytest.mark.parametrize(("steps", "epochs", "networks"), [(2, 1, 1), (4, 1, 2), (2, 4, 3)])
def test_gradient_with_momentum_equals_naive_autograd(mode, momentum, steps, epochs, networks):
    network, theta, samples, labels, rates, batch = problem(steps, 2, epochs, 3, [2, 3], networks)
    mu = torch.tensor(momentum, dtype=torch.float64)
    assert_equals_naive(mode, network, theta, samples, labels, rates / 4, epochs, batch, mu)


@pytest.mark.parametrize("mode", ["closed_form", "autograd"])
def test_a_single_step_starts_at_rest_so_that_its_momentum_changes_nothing(mode):
    network, theta, samples, labels, rates, batch = problem(1, 2, 1, 3, [2, 3], 1)
    kernel, distilled = kernel_of(network, mode), (samples, labels, rates)
    found = outer_gradient(kernel, theta, *distilled, batch, mode, torch.tensor(0.9, dtype=torch.float64))
    plain = outer_gradient(kernel, theta, *distilled, batch, mode)
    assert found.momentum == 0
    torch.testing.assert_close(found.samples, plain.samples, rtol=1e-12, atol=0)
    torch.testing.assert_close(found.learning_rates, plain.learning_rates, rtol=1e-12, atol=0)


@pytest.mark.parametrize("mode", ["closed_form", "autograd", "rematerialised"])
@pytest.mark.parametrize("momentum", [None, 0.7])
@pytest.mark.parametrize("window", [(0, 6), (0, 4), (2, 6), (2, 5), (4, 5)])
def test_gradient_through_a_window_equals_naive_autograd_detached_before_it(mode, momentum, window):
    network, theta, samples, labels, rates, batch = problem(3, 2, 2, 3, [2, 3], 2)
    mu = None if momentum is None else torch.tensor(momentum, dtype=torch.float64)
    found = assert_equals_naive(mode, network, theta, samples, labels, rates / 4, 2, batch, mu, window)
    outside = [t for t in range(6) if t not in range(*window)]
    assert (found.learning_rates[outside] == 0).all()
    untouched = [step for step in range(3) if step not in {t % 3 for t in range(*window)}]
    assert (found.samples[untouched] == 0).all() and (found.labels[untouched] == 0).all()


@pytest.mark.parametrize("mode", ["closed_form", "rematerialised"])
@pytest.mark.parametrize("momentum", [None, 0.8])
def test_gradient_agrees_with_finite_differences(mode, momentum):
    network, theta, samples, labels, rates, batch = problem(3, 2, 2, 3, [2, 3], 1 if momentum is None else 2)
    # Small rates: with large ones the unroll is so steep that a difference quotient means nothing.
    parts = [samples, labels.softmax(2), rates / 10] + ([] if momentum is None else [torch.tensor(momentum).double()])
    found = outer_gradient(kernel_of(network, mode), theta, *parts[:3], batch, mode, *parts[3:])
    step = 1e-6
    for place, gradient in enumerate((found.samples, found.labels, found.learning_rates, found.momentum)[: len(parts)]):
        along = torch.randn(gradient.shape, generator=torch.Generator().manual_seed(place), dtype=torch.float64)
        values = []
        for sign in (1, -1):
            moved = list(parts)
            moved[place] = parts[place] + sign * step * along
            losses = [
                outer_loss(network, one, *moved[:3], 2, batch.inputs(), batch.labels, *moved[3:])
                for one in unstack(theta)
            ]
            values.append(torch.stack(losses).mean().item())
        numeric = (values[0] - values[1]) / (2 * step)
        assert numeric == pytest.approx((gradient * along).sum().item(), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("momentum", [None, 0.7])
def test_training_on_the_set_equals_plain_gradient_descent(momentum):
    network, theta, samples, labels, rates, _ = problem(4, 2, 3, 2, [2, 3], 1)
    mu = None if momentum is None else torch.tensor(momentum, dtype=torch.float64)
    trained = train(kernel_of(network, "auto"), theta, InnerLoop(samples, labels, rates, mu))
    network.load_state_dict(unstack(theta)[0])
    network.eval()
    optimiser = torch.optim.SGD(network.parameters(), lr=1.0, momentum=momentum or 0)
    for t, rate in enumerate(rates):
        optimiser.param_groups[0]["lr"] = rate.item()
        network.zero_grad()
        log_p = network(samples[t % 4]).log_softmax(1)
        (-(labels[t % 4] * log_p).sum(1).mean()).backward()
        optimiser.step()
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(trained[name][0], parameter.detach(), rtol=1e-10, atol=1e-12)


def test_several_networks_at_once_equal_one_after_the_other():
    network, theta, samples, labels, rates, batch = problem(3, 2, 2, 2, [2, 3], 4)
    kernel = kernel_of(network, "closed_form")
    together = outer_gradient(kernel, theta, samples, labels, rates, batch, "closed_form")
    single = [
        outer_gradient(
            kernel, {n: v[k : k + 1] for n, v in theta.items()}, samples, labels, rates, batch, "closed_form"
        )
        for k in range(4)
    ]
    mean = torch.stack([each.samples for each in single]).mean(0)
    torch.testing.assert_close(together.samples, mean, rtol=1e-10, atol=1e-13)


def test_any_twice_differentiable_module_works_without_a_closed_form():
    g = torch.Generator().manual_seed(3)
    network = nn.Sequential(nn.Flatten(), nn.Linear(LENGTH * DIM, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    theta = starts_of(network, [generator(0, k) for k in range(2)])
    samples = torch.randn(2, 3, LENGTH, DIM, generator=g, dtype=torch.float64)
    labels, rates = torch.eye(3, dtype=torch.float64).expand(2, 3, 3), torch.full((4,), 0.3, dtype=torch.float64)
    batch = random_batch(g, 7, LENGTH, DIM, 3)
    for mode in ("auto", "autograd", "rematerialised"):
        assert_equals_naive(mode, network, theta, samples, labels, rates, 2, batch)
        mu = torch.tensor(0.9, dtype=torch.float64)
        assert_equals_naive(mode, network, theta, samples, labels, rates, 2, batch, mu, (1, 4))
