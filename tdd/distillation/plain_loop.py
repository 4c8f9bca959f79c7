"""Plain training as the inner loop, and its exact reverse: AdamW in mini-batches of all samples, drawn anew.

Networks are trained on a set in the end by AdamW (arXiv 1711.05101) in shuffled mini-batches, not by the few ordered
gradient steps of the paper. A set that is learned through such training serves it. With G_t the gradient of the soft
cross-entropy of a mini-batch, scaled down to the norm c where it is longer,

    m_t = b1 m_{t-1} + (1 - b1) G_t,        s_t = b2 s_{t-1} + (1 - b2) G_t^2,
    theta_t = (1 - eta w) theta_{t-1} - eta M_t / D_t,   M_t = m_t / (1 - b1^t),   D_t = sqrt(s_t / (1 - b2^t)) + e.

With g_t the gradient of the outer loss to theta_t, and p_t, q_t those to m_t and s_t,

    p_t = b1 p_{t+1} - eta g_t / ((1 - b1^t) D_t)
    q_t = b2 q_{t+1} + eta g_t M_t / (2 D_t^2 sqrt(s_t (1 - b2^t)))
    G_t gets u_t = (1 - b1) p_t + 2 (1 - b2) G_t q_t
    g_{t-1} = (1 - eta w) g_t + dD/dtheta    with D = <G_t, u_t>; samples and labels of the mini-batch get dD/dx, dD/dy.

The gradient is kept to a window of the steps (RaT-BPTT, arXiv 2310.04606): those before it cost what plain training
costs, and where it starts theta, m and s count as given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tdd.distillation.trajectory import BehindFront, SetGradient, Trajectory, behind_front
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel, Step


@dataclass(frozen=True)
class AdamW:
    """How a network is trained on the samples.

    Attributes:
        weight_decay: w.
        betas: (b1, b2), the decays of the moments.
        epsilon: e.
        clip: c, the largest norm of a network's gradient; None: any.
    """

    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    clip: float | None = None


@dataclass(frozen=True)
class PlainLoop:
    """Plain training on the samples of a set.

    Attributes:
        samples: (n, ...).
        labels: (n, C) probabilities.
        batches: places (b,) of the samples of each step, each at most once in a step.
        rates: eta, the step size of each step.
        how: the optimiser.
        mask: (n, L) bool, where sentences have words; None: everywhere, or images.
        dropout: seed of what networks drop in each step; None: their dropout is off.
        done: steps of AdamW that were taken before.
    """

    samples: Tensor
    labels: Tensor
    batches: Sequence[Tensor]
    rates: Sequence[float]
    how: AdamW
    mask: Tensor | None = None
    dropout: Sequence[int] | None = None
    done: int = 0

    def corrections(self, t: int) -> tuple[float, float]:
        """What the moments after step t, counted from 0, are divided by, since they start at 0."""
        b1, b2 = self.how.betas
        return 1 - b1 ** (self.done + t + 1), 1 - b2 ** (self.done + t + 1)

    def __len__(self) -> int:
        return len(self.batches)

    def step(self, t: int) -> Step:
        """The mini-batch of step t, counted from 0."""
        chosen = self.batches[t]
        mask = None if self.mask is None else self.mask[chosen]
        dropout = None if self.dropout is None else self.dropout[t]
        return Step(self.samples[chosen], self.labels[chosen], mask, dropout=dropout)


class InTraining(NamedTuple):
    """A network and its optimiser between two steps, stacked (K, ...).

    Attributes:
        theta: the parameters.
        first, second: m and s.
    """

    theta: Parameters
    first: Parameters
    second: Parameters

    @classmethod
    def at_start(cls, theta: Parameters) -> InTraining:
        """Before the first step."""
        first, second = ({name: torch.zeros_like(value) for name, value in theta.items()} for _ in range(2))
        return cls(theta, first, second)


class _Taken(NamedTuple):
    """A step that was taken.

    Attributes:
        theta: the parameters before it.
        after: the state after it.
        gradient: G, after it was scaled.
        scale: (K,) what the gradient was scaled by; None: clipping is off.
        saved: what the kernel needs to reverse it.
    """

    theta: Parameters
    after: InTraining
    gradient: Parameters
    scale: Tensor | None
    saved: Any


def _take(kernel: Kernel, state: InTraining, loop: PlainLoop, t: int) -> _Taken:
    """Step t, counted from 0."""
    how, (b1, b2), rate = loop.how, loop.how.betas, loop.rates[t]
    gradient, saved = kernel.gradient(state.theta, loop.step(t))
    scale = None
    if how.clip is not None:
        scale = (how.clip / norms(gradient).clamp(min=1e-12)).clamp(max=1.0)
        gradient = {name: value * along(scale, value) for name, value in gradient.items()}
    corrected = loop.corrections(t)
    theta, first, second = {}, {}, {}
    for name, value in gradient.items():
        first[name] = m = torch.lerp(state.first[name], value, 1 - b1)
        second[name] = s = torch.addcmul(b2 * state.second[name], value, value, value=1 - b2)
        denominator = (s / corrected[1]).sqrt_().add_(how.epsilon)
        before = state.theta[name] * (1 - rate * how.weight_decay)
        theta[name] = before.addcdiv_(m, denominator, value=-rate / corrected[0])
    return _Taken(state.theta, InTraining(theta, first, second), gradient, scale, saved)


def train_plainly(kernel: Kernel, theta: Parameters, loop: PlainLoop) -> Parameters:
    """K networks that start at `theta`, stacked (K, ...), trained by all steps of the loop."""
    samples, mask, _ = behind_front(kernel, loop.samples, loop.mask, False)
    start = InTraining.at_start(theta)
    return _trained(kernel, start, replace(loop, samples=samples, mask=mask), len(loop)).theta


def unroll_plainly(kernel: Kernel, theta: Parameters, loop: PlainLoop, window: range) -> Trajectory:
    """Train K networks by the loop, and keep what the reverse of the steps in a window needs.

    Of these steps parameters and moments are kept; a step's own graph is built again on the way back.

    Args:
        kernel: the networks' kernel.
        theta: where they start, stacked (K, ...).
        loop: the training.
        window: the steps that the gradient flows through, the last of them the last one taken.
    """
    return _unrolled(kernel, InTraining.at_start(theta), loop, window)[0]


def train_on(kernel: Kernel, networks: InTraining, loop: PlainLoop) -> tuple[Trajectory, InTraining]:
    """Train K networks on by all steps of the loop, and keep what their reverse needs; and what they are then.

    What they were before counts as given.
    """
    return _unrolled(kernel, networks, loop, range(len(loop)))


def _unrolled(kernel: Kernel, networks: InTraining, loop: PlainLoop, window: range) -> tuple[Trajectory, InTraining]:
    samples, mask, back = behind_front(kernel, loop.samples, loop.mask, True)
    trajectory = _Window(kernel, networks, replace(loop, samples=samples, mask=mask), window)
    return trajectory if back is None else BehindFront(trajectory, back), trajectory.after


@torch.no_grad()
def _trained(kernel: Kernel, state: InTraining, loop: PlainLoop, steps: int) -> InTraining:
    for t in range(steps):
        state = _take(kernel, state, loop, t).after
    return state


class _Window:
    """The `Trajectory` of a window of steps."""

    @torch.no_grad()
    def __init__(self, kernel: Kernel, state: InTraining, loop: PlainLoop, window: range):
        self.kernel, self.loop, self.window = kernel, loop, window
        state = _trained(kernel, state, loop, window.start)
        self.taken: list[_Taken] = []
        for t in window:
            self.taken.append(_take(kernel, state, loop, t))
            state = self.taken[-1].after
        self.theta, self.after = state.theta, state

    @torch.no_grad()
    def reverse(self, g: Parameters) -> SetGradient:
        """See `Trajectory`; the step sizes are no part of the set: 0 (1,)."""
        loop, how, (b1, b2) = self.loop, self.loop.how, self.loop.how.betas
        samples_bar, labels_bar = torch.zeros_like(loop.samples), torch.zeros_like(loop.labels)
        p, q = ({name: torch.zeros_like(value) for name, value in g.items()} for _ in range(2))
        for t in reversed(self.window):
            theta, (_, first, second), gradient, scale, saved = self.taken.pop()
            corrected, rate = loop.corrections(t), loop.rates[t]
            u = {}
            for name, value in g.items():
                root = (second[name] / corrected[1]).sqrt_()
                pull = value * (rate / corrected[0]) / (root + how.epsilon)
                p[name] = b1 * p[name] - pull
                # Where a parameter never had a gradient, s and m are 0, and its root has no derivative that counts.
                steep = (2 * corrected[1] * root * (root + how.epsilon)).reciprocal_().masked_fill_(root == 0, 0.0)
                q[name] = torch.addcmul(b2 * q[name], pull * first[name], steep)
                u[name] = (1 - b1) * p[name] + 2 * (1 - b2) * gradient[name] * q[name]
            if scale is not None and how.clip is not None:
                u = _before_clipping(u, gradient, scale, how.clip)
            at_start = t == self.window.start
            found = self.kernel.reverse(theta, loop.step(t), saved, u, at_start)
            samples_bar.index_add_(0, loop.batches[t].to(samples_bar.device), found.x)
            labels_bar.index_add_(0, loop.batches[t].to(labels_bar.device), found.y)
            if not at_start:
                kept = 1 - rate * how.weight_decay
                g = {name: kept * value + found.theta[name] for name, value in g.items()}
        return SetGradient(samples_bar, labels_bar, samples_bar.new_zeros(1))


def _before_clipping(u: Parameters, clipped: Parameters, scale: Tensor, clip: float) -> Parameters:
    """The gradient to what was clipped: that part of `u` which runs along it is lost wherever it was scaled."""
    lengthwise = torch.stack([(u[name] * value).flatten(1).sum(1) for name, value in clipped.items()]).sum(0) / clip**2
    lengthwise = lengthwise.masked_fill(scale == 1, 0.0)
    return {name: along(scale, value) * (value - along(lengthwise, value) * clipped[name]) for name, value in u.items()}


def norms(gradient: Parameters) -> Tensor:
    """(K,) the norm of each network's gradient, over all its parameters."""
    squares = [value.flatten(1).square().sum(1) for value in gradient.values()]
    return torch.stack(squares).sum(0).sqrt()


def along(factors: Tensor, value: Tensor) -> Tensor:
    """Factors (K,) of each network, shaped to multiply a stacked parameter (K, ...)."""
    return factors.view(-1, *[1] * (value.dim() - 1))
