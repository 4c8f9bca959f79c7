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

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tdd.networks.kernels.choice import Mode
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel

# Samples, labels, learning rates, and the momentum where there is one.
Course = tuple[Tensor, ...]

OuterLoss = Callable[[Parameters], tuple[Tensor, Parameters]]


@dataclass(frozen=True)
class SetGradient:
    """Outer losses (K,) and the gradient of their mean to the distilled set."""

    losses: Tensor
    samples: Tensor
    labels: Tensor
    learning_rates: Tensor
    momentum: Tensor | None = None


@torch.no_grad()
def train(
    kernel: Kernel,
    theta: Parameters,
    samples: Tensor,
    labels: Tensor,
    learning_rates: Tensor,
    momentum: Tensor | None = None,
) -> Parameters:
    """Train K stacked networks on the distilled set.

    Args:
        kernel: the networks' kernel.
        theta: initial parameters, stacked (K, ...).
        samples: (steps, per_step, ...).
        labels: (steps, per_step, C).
        learning_rates: (epochs x steps,), positive, one for each gradient step.
        momentum: (), in [0, 1), of every step; None: plain gradient steps.
    """
    course = _course(samples, labels, learning_rates, momentum)
    return _from_rest(kernel, theta, course, len(learning_rates))[0]


def outer_gradient(
    kernel: Kernel,
    theta: Parameters,
    samples: Tensor,
    labels: Tensor,
    learning_rates: Tensor,
    batch: Any,
    mode: Mode,
    momentum: Tensor | None = None,
    window: range | None = None,
    smoothing: float = 0.0,
) -> SetGradient:
    """Outer loss of K networks on a real batch, and its gradient through the inner steps.

    Args:
        kernel, theta, samples, labels, learning_rates, momentum: as in `train`.
        batch: real examples.
        mode: autograd keeps the graph of all steps; every other mode keeps theta_t, with momentum v_t too, and reverses
            one step at a time.
        window: the steps that the gradient flows through; None: all T.
        smoothing: label smoothing of the outer loss.
    """
    course = _course(samples, labels, learning_rates, momentum)
    window = window or range(len(learning_rates))
    theta, velocity = _from_rest(kernel, theta, course, window.start)
    outer_loss = partial(kernel.loss, batch=batch, smoothing=smoothing)
    reverse = _through_graph if mode == "autograd" else _step_by_step
    return reverse(kernel, theta, velocity, course, window, outer_loss)


def _course(samples: Tensor, labels: Tensor, learning_rates: Tensor, momentum: Tensor | None) -> Course:
    return (samples, labels, learning_rates) if momentum is None else (samples, labels, learning_rates, momentum)


@torch.no_grad()
def _from_rest(kernel: Kernel, theta: Parameters, course: Course, steps: int) -> tuple[Parameters, Parameters]:
    """theta and v after the first steps; v is empty without momentum."""
    velocity = {name: torch.zeros_like(value) for name, value in theta.items()} if len(course) == 4 else {}
    for t in range(steps):
        theta, velocity, _ = _move(kernel, theta, velocity, course, t)
    return theta, velocity


def _move(
    kernel: Kernel, theta: Parameters, velocity: Parameters, course: Course, t: int
) -> tuple[Parameters, Parameters, Any]:
    """theta and v after step t, and what the kernel needs to reverse it."""
    samples, labels, rates, *momentum = course
    step = t % len(samples)
    direction, saved = kernel.gradient(theta, samples[step], labels[step])
    if momentum:
        direction = velocity = {
            name: torch.addcmul(value, momentum[0], velocity[name]) for name, value in direction.items()
        }
    return _minus(theta, rates[t], direction), velocity, saved


@torch.no_grad()
def _step_by_step(
    kernel: Kernel, theta: Parameters, velocity: Parameters, course: Course, window: range, outer_loss: OuterLoss
) -> SetGradient:
    samples, labels, rates, *momentum = course
    visited = []
    for t in window:
        before = theta, velocity
        theta, velocity, saved = _move(kernel, theta, velocity, course, t)
        visited.append((*before, saved))
    losses, g = outer_loss(theta)
    g = {name: value / len(losses) for name, value in g.items()}
    samples_bar, labels_bar, rates_bar, *momentum_bar = bars = [torch.zeros_like(part) for part in course]
    later = {name: torch.zeros_like(value) for name, value in velocity.items()}  # mu eta_{t+1} u_{t+1}
    for t in reversed(window):
        step, rate, (theta, slower, saved) = t % len(samples), rates[t], visited.pop()
        u = {name: value + later[name] / rate for name, value in g.items()} if momentum else g
        first = t == window.start
        along, theta_bar, x_bar, y_bar = kernel.reverse(theta, samples[step], labels[step], saved, u, given=first)
        samples_bar[step] -= rate * x_bar
        labels_bar[step] -= rate * y_bar
        rates_bar[t] = -_inner(velocity, g) if momentum else -along.sum()
        if momentum:
            momentum_bar[0] -= rate * _inner(slower, u)
            later, velocity = {name: momentum[0] * rate * value for name, value in u.items()}, slower
        if not first:
            g = _minus(g, rate, theta_bar)
    return SetGradient(losses, *bars)


def _through_graph(
    kernel: Kernel, theta: Parameters, velocity: Parameters, course: Course, window: range, outer_loss: OuterLoss
) -> SetGradient:
    with torch.enable_grad():
        learned = tuple(part.detach().requires_grad_() for part in course)
        theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
        for t in window:
            theta, velocity, _ = _move(kernel, theta, velocity, learned, t)
        losses, g = outer_loss({name: value.detach() for name, value in theta.items()})
        bars = torch.autograd.grad(
            list(theta.values()), learned, [g[name] / len(losses) for name in theta], materialize_grads=True
        )
    return SetGradient(losses, *bars)


def _minus(theta: Parameters, rate: Tensor, direction: Parameters) -> Parameters:
    return {name: torch.addcmul(value, rate, direction[name], value=-1) for name, value in theta.items()}


def _inner(one: Parameters, other: Parameters) -> Tensor:
    return torch.stack([(value * other[name]).sum() for name, value in one.items()]).sum()
