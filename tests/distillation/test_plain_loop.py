"""Plain training as the inner loop: what AdamW of torch does, and a gradient equal to that of naive autograd."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from learners import kernel_of
from plain_loops import LENGTH, problem
from reference import logits_of
from torch import nn

from tdd.distillation.mini_batches import mini_batches
from tdd.distillation.plain_loop import PlainLoop, train_plainly, unroll_plainly
from tdd.networks.kernels.parameters import stack, unstack


def naive_loss(network, theta, loop: PlainLoop, batch, window: range):
    """Outer loss of one network: AdamW written out, its state detached where the window begins."""
    network.eval()
    how, (b1, b2) = loop.how, loop.how.betas
    theta = {name: value.clone().requires_grad_() for name, value in theta.items()}
    first, second = ({name: torch.zeros_like(value) for name, value in theta.items()} for _ in range(2))
    for t in range(window.stop):
        if t == window.start:
            theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
            first, second = ({name: value.detach() for name, value in each.items()} for each in (first, second))
        chosen = loop.batches[t]
        mask = None if loop.mask is None else loop.mask[chosen]
        with dropping(network, loop, t):
            logits = logits_of(network, theta, loop.samples[chosen], mask)
        loss = -(loop.labels[chosen] * logits.log_softmax(1)).sum(1).mean()
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=True)
        if how.clip is not None:
            norm = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
            gradients = [gradient * torch.clamp(how.clip / norm, max=1.0) for gradient in gradients]
        for (name, value), gradient in zip(list(theta.items()), gradients, strict=True):
            first[name] = b1 * first[name] + (1 - b1) * gradient
            second[name] = b2 * second[name] + (1 - b2) * gradient**2
            m, s = first[name] / (1 - b1 ** (t + 1)), second[name] / (1 - b2 ** (t + 1))
            # The root of 0 has no derivative; a parameter that no gradient ever reached does not move.
            root = torch.where(s > 0, s, 1.0).sqrt()
            theta[name] = value * (1 - loop.rates[t] * how.weight_decay) - torch.where(
                s > 0, loop.rates[t] * m / (root + how.epsilon), 0.0
            )
    x, real_mask = batch.inputs()
    return F.cross_entropy(logits_of(network, theta, x, real_mask), batch.labels)


@contextmanager
def dropping(network, loop: PlainLoop, t: int):
    """Within, what the network drops in step t is what the kernel of the mode drops."""
    if loop.dropout is None:
        yield
        return
    draw = torch.Generator().manual_seed(loop.dropout[t])
    module, features = network.dropout, network.classifier.in_features
    if network.drops_by_itself:
        with torch.random.fork_rng():
            torch.manual_seed(int(torch.randint(2**62, (), generator=draw)))
            network.train()
            yield
            network.eval()
    else:
        kept = torch.rand(len(loop.batches[t]), 1, features, generator=draw)[:, 0] >= module.p
        network.dropout = Times(kept / (1 - module.p))
        yield
        network.dropout = module


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


@pytest.mark.parametrize("mode", ["closed_form", "rematerialised"])
@pytest.mark.parametrize("window", [range(8), range(2, 5)])
def test_gradient_equals_naive_autograd_where_networks_drop_features(mode, window):
    network, theta, loop, batch = problem(clip=0.3)
    network.drops_by_itself = mode != "closed_form"
    dropping_loop = replace(loop, dropout=[100 + t for t in range(8)])
    assert_equals_naive(mode, network, theta, dropping_loop, batch, window)
    without = unroll_plainly(kernel_of(network, mode), theta, loop, window)
    other = unroll_plainly(kernel_of(network, mode), theta, replace(loop, dropout=list(range(8))), window)
    same = unroll_plainly(kernel_of(network, mode), theta, dropping_loop, window)
    moved = [trajectory.theta["classifier.weight"] for trajectory in (without, other, same)]
    assert not torch.equal(moved[0], moved[1]) and not torch.equal(moved[1], moved[2])


@pytest.mark.parametrize("mode", ["closed_form", "rematerialised"])
@pytest.mark.parametrize("how", [{}, {"weight_decay": 0.0}, {"clip": 0.1}, {"clip": 0.4, "betas": (0.5, 0.7)}])
@pytest.mark.parametrize("window", [range(8), range(5, 8), range(2, 5), range(7, 8)])
def test_gradient_equals_naive_autograd(mode, how, window):
    network, theta, loop, batch = problem(**how)
    assert_equals_naive(mode, network, theta, loop, batch, window)


@pytest.mark.parametrize("mode", ["closed_form", "rematerialised"])
def test_gradient_equals_naive_autograd_where_sentences_are_padded(mode):
    network, theta, loop, batch = problem()
    mask = torch.arange(LENGTH) < torch.tensor([10, 4, 7, 3, 9, 5, 6])[:, None]
    loop = PlainLoop(loop.samples, loop.labels, loop.batches, loop.rates, loop.how, mask)
    gradient = assert_equals_naive(mode, network, theta, loop, batch, range(3, 8))
    assert (gradient.samples[~mask] == 0).all()


def assert_equals_naive(mode, network, theta, loop: PlainLoop, batch, window: range):
    kernel = kernel_of(network, mode)
    trajectory = unroll_plainly(kernel, theta, loop, window)
    losses, g = kernel.loss(trajectory.theta, batch)
    found = trajectory.reverse({name: value / len(losses) for name, value in g.items()})
    leaves = [part.clone().requires_grad_() for part in (loop.samples, loop.labels)]
    followed = PlainLoop(*leaves, loop.batches, loop.rates, loop.how, loop.mask, loop.dropout)
    naive = torch.stack([naive_loss(network, one, followed, batch, window) for one in unstack(theta)])
    torch.testing.assert_close(losses, naive.detach(), rtol=1e-10, atol=1e-12)
    for part, expected in zip((found.samples, found.labels), torch.autograd.grad(naive.mean(), leaves), strict=True):
        assert expected.abs().max() > 1e-6
        torch.testing.assert_close(part, expected, rtol=1e-10, atol=1e-12)
    assert found.learning_rates.tolist() == [0]
    return found


def test_gradient_agrees_with_finite_differences():
    network, theta, loop, batch = problem(steps=5, networks=1, clip=0.3)
    kernel = kernel_of(network, "closed_form")
    trajectory = unroll_plainly(kernel, theta, loop, range(5))
    found = trajectory.reverse(kernel.loss(trajectory.theta, batch)[1])
    step, along = 1e-6, torch.randn(loop.samples.shape, generator=torch.Generator().manual_seed(3)).double()
    ends = []
    for sign in (1, -1):
        moved = PlainLoop(loop.samples + sign * step * along, loop.labels, loop.batches, loop.rates, loop.how)
        ends.append(kernel.loss(train_plainly(kernel, theta, moved), batch)[0].item())
    assert (found.samples * along).sum().item() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("clip", [None, 0.2])
def test_networks_move_as_by_adamw_of_torch(clip):
    network, theta, loop, _ = problem(clip=clip, networks=3)
    trained = train_plainly(kernel_of(network, "closed_form"), theta, loop)
    network.eval()
    expected = []
    for one in unstack(theta):
        weights = {name: nn.Parameter(value.clone()) for name, value in one.items()}
        optimiser = torch.optim.AdamW(weights.values(), lr=0.0, weight_decay=loop.how.weight_decay)
        for t in range(len(loop)):
            step = loop.step(t)
            optimiser.param_groups[0]["lr"] = loop.rates[t]
            optimiser.zero_grad()
            loss = -(step.y * logits_of(network, weights, step.x).log_softmax(1)).sum(1).mean()
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(weights.values(), clip)
            optimiser.step()
        expected.append({name: value.detach() for name, value in weights.items()})
    for name, value in stack(expected).items():
        # clip_grad_norm_ adds 1e-6 to the norm.
        torch.testing.assert_close(trained[name], value, rtol=1e-5 if clip else 1e-9, atol=1e-6 if clip else 1e-12)


def test_networks_together_are_those_alone():
    network, theta, loop, batch = problem(networks=3, clip=0.2)
    kernel = kernel_of(network, "closed_form")
    together = unroll_plainly(kernel, theta, loop, range(4, 8))
    found = together.reverse(kernel.loss(together.theta, batch)[1])
    parts = []
    for one in unstack(theta):
        alone = unroll_plainly(kernel, stack([one]), loop, range(4, 8))
        parts.append(alone.reverse(kernel.loss(alone.theta, batch)[1]).samples)
    torch.testing.assert_close(found.samples, torch.stack(parts).sum(0), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("examples", "size", "steps"), [(7, 3, 8), (60, 64, 5), (60, 16, 9), (1, 1, 3)])
def test_every_sample_comes_once_an_epoch_in_an_order_of_its_own(examples, size, steps):
    batches = mini_batches(examples, size, steps, 0, "order")
    assert len(batches) == steps and all(len(batch) <= size for batch in batches)
    parts = -(-examples // size)
    epochs = [torch.cat(batches[at : at + parts]) for at in range(0, steps - parts + 1, parts)]
    assert all(epoch.sort().values.tolist() == list(range(examples)) for epoch in epochs)
    if examples > 1 and len(epochs) > 1:
        assert len({tuple(epoch.tolist()) for epoch in epochs}) == len(epochs)
    again = mini_batches(examples, size, steps + 2, 0, "order")
    assert all((one == other).all() for one, other in zip(batches, again, strict=False))
