"""The inner loop and its exact reverse: the method itself.

A distilled set trains a network by T = epochs x steps gradient steps,

    theta_{t+1} = theta_t - eta_t G_t,      G_t = gradient of the soft cross-entropy of step (t mod steps) at theta_t,

and the outer loss is taken at theta_T on real data. Its gradient g_T flows back through every step (paper 3.4):

    g_t = g_{t+1} - eta_t dD/dtheta      with D = <G_t, g_{t+1}>
    samples of the step get -eta_t dD/dx, labels -eta_t dD/dy, and the learning rate eta_t gets -D.

With a learned momentum mu (heavy ball), v_{t+1} = mu v_t + G_t takes the place of G_t. A step then acts on all later
ones too: D = <G_t, u_t> with u_t = g_{t+1} + mu (eta_{t+1} / eta_t) u_{t+1}, the learning rate gets -<v_{t+1}, g_{t+1}>
and mu the sum of -eta_t <v_t, u_t>.

A window keeps the gradient to some of the steps (RaT-BPTT, arXiv 2310.04606): the outer loss is taken after the last of
them, and where it starts theta and v count as given.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tdd.distillation.trajectory import BehindFront, SetGradient, Trajectory, behind_front
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel, Step

if TYPE_CHECKING:
    from tdd.networks.learner import Mode


@dataclass(frozen=True)
class InnerLoop:
    """The gradient steps that train a network on a distilled set.

    Attributes:
        samples: (steps, per_step, ...).
        labels: (steps, per_step, C).
        learning_rates: (T,) positive, one for each of the T = epochs x steps gradient steps.
        momentum: () in [0, 1), of every step; None: plain gradient steps.
        mask: (steps, per_step, L) bool, where sentences have a word; None: everywhere, or images.
        attention: (steps, per_step, layers, heads, Q, L') attention labels; None: there are none.
    """

    samples: Tensor
    labels: Tensor
    learning_rates: Tensor
    momentum: Tensor | None = None
    mask: Tensor | None = None
    attention: Tensor | None = None

    def __len__(self) -> int:
        return len(self.learning_rates)

    def step(self, t: int) -> Step:
        """The examples of gradient step t."""
        s = t % len(self.samples)
        mask, attention = (None if part is None else part[s] for part in (self.mask, self.attention))
        return Step(self.samples[s], self.labels[s], mask, attention)


@torch.no_grad()
def train(kernel: Kernel, theta: Parameters, inner: InnerLoop) -> Parameters:
    """K networks that start at `theta`, stacked (K, ...), trained by the inner loop."""
    samples, mask, _ = behind_front(kernel, inner.samples, inner.mask, False)
    return _train(kernel, theta, replace(inner, samples=samples, mask=mask), len(inner))[0]


def unroll(
    kernel: Kernel, theta: Parameters, inner: InnerLoop, window: range | None = None, mode: Mode = "auto"
) -> Trajectory:
    """Train K networks by the inner loop, and keep what its reverse needs.

    Args:
        kernel: the networks' kernel.
        theta: initial parameters, stacked (K, ...).
        inner: the distilled set.
        window: the steps that the gradient flows through, the last of them the last one trained; None: all T.
        mode: autograd keeps the graph of all steps; every other mode keeps theta_t, with momentum v_t too, and reverses
            one step at a time.
    """
    window = range(len(inner)) if window is None else window
    samples, mask, back = behind_front(kernel, inner.samples, inner.mask, True)
    inner = replace(inner, samples=samples, mask=mask)
    theta, velocity = _train(kernel, theta, inner, window.start)
    trajectory = (_Graph if mode == "autograd" else _Steps)(kernel, theta, velocity, inner, window)
    return trajectory if back is None else BehindFront(trajectory, back)


@torch.no_grad()
def _train(kernel: Kernel, theta: Parameters, inner: InnerLoop, steps: int) -> tuple[Parameters, Parameters]:
    """theta and v after the first `steps` steps; v is empty without momentum."""
    plain = inner.momentum is None
    velocity = {} if plain else {name: torch.zeros_like(value) for name, value in theta.items()}
    for t in range(steps):
        theta, velocity, _ = _move(kernel, theta, velocity, inner, t)
    return theta, velocity


def _move(
    kernel: Kernel, theta: Parameters, velocity: Parameters, inner: InnerLoop, t: int
) -> tuple[Parameters, Parameters, Any]:
    """theta and v after step t, and what the kernel needs to reverse it."""
    direction, saved = kernel.gradient(theta, inner.step(t))
    if inner.momentum is not None:
        direction = velocity = {
            name: torch.addcmul(value, inner.momentum, velocity[name]) for name, value in direction.items()
        }
    return _minus(theta, inner.learning_rates[t], direction), velocity, saved


class _Steps:
    """A `Trajectory` that keeps theta_t and v_t, and reverses one step at a time."""

    @torch.no_grad()
    def __init__(self, kernel: Kernel, theta: Parameters, velocity: Parameters, inner: InnerLoop, window: range):
        self.kernel, self.inner, self.window = kernel, inner, window
        self.visited: list[tuple[Parameters, Parameters, Any]] = []
        for t in window:
            before = theta, velocity
            theta, velocity, saved = _move(kernel, theta, velocity, inner, t)
            self.visited.append((*before, saved))
        self.theta, self.velocity = theta, velocity

    @torch.no_grad()
    def reverse(self, g: Parameters) -> SetGradient:
        inner, rates, mu, velocity = self.inner, self.inner.learning_rates, self.inner.momentum, self.velocity
        samples_bar, labels_bar, rates_bar = map(torch.zeros_like, (inner.samples, inner.labels, rates))
        mu_bar, attention_bar = (None if part is None else torch.zeros_like(part) for part in (mu, inner.attention))
        later = {name: torch.zeros_like(value) for name, value in velocity.items()}  # mu eta_{t+1} u_{t+1}
        for t in reversed(self.window):
            s, rate, (theta, slower, saved) = t % len(inner.samples), rates[t], self.visited.pop()
            u = g if mu is None else {name: value + later[name] / rate for name, value in g.items()}
            first = t == self.window.start
            found = self.kernel.reverse(theta, inner.step(t), saved, u, first)
            samples_bar[s] -= rate * found.x
            labels_bar[s] -= rate * found.y
            if attention_bar is not None and found.attention is not None:
                attention_bar[s] -= rate * found.attention
            if mu is None or mu_bar is None:
                rates_bar[t] = -found.along.sum()
            else:
                rates_bar[t] = -_inner_product(velocity, g)
                mu_bar -= rate * _inner_product(slower, u)
                later, velocity = {name: mu * rate * value for name, value in u.items()}, slower
            if not first:
                g = _minus(g, rate, found.theta)
        return SetGradient(samples_bar, labels_bar, rates_bar, mu_bar, attention_bar)


class _Graph:
    """A `Trajectory` that keeps the graph of all its steps, for automatic differentiation."""

    @torch.enable_grad()
    def __init__(self, kernel: Kernel, theta: Parameters, velocity: Parameters, inner: InnerLoop, window: range):
        names = [field.name for field in fields(SetGradient) if getattr(inner, field.name) is not None]
        self.leaves = {name: getattr(inner, name).detach().requires_grad_() for name in names}
        theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
        for t in window:
            theta, velocity, _ = _move(kernel, theta, velocity, replace(inner, **self.leaves), t)
        self.end = theta
        self.theta = {name: value.detach() for name, value in theta.items()}

    def reverse(self, g: Parameters) -> SetGradient:
        bars = torch.autograd.grad(
            list(self.end.values()),
            list(self.leaves.values()),
            [g[name] for name in self.end],
            materialize_grads=True,
        )
        return SetGradient(**dict(zip(self.leaves, bars, strict=True)))


def _minus(theta: Parameters, rate: Tensor, direction: Parameters) -> Parameters:
    return {name: torch.addcmul(value, rate, direction[name], value=-1) for name, value in theta.items()}


def _inner_product(left: Parameters, right: Parameters) -> Tensor:
    return torch.stack([(value * right[name]).sum() for name, value in left.items()]).sum()
