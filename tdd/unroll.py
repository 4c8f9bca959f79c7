"""The inner loop and its exact reverse: the method itself.

A distilled set trains a network by T = epochs x steps gradient steps,

    theta_{t+1} = theta_t - eta_t G_t,      G_t = gradient of the soft cross-entropy of step (t mod steps) at theta_t,

and the outer loss is taken at theta_T on real data. Its gradient g_T flows back through every step (paper 3.4):

    g_t = g_{t+1} - eta_t dD/dtheta      with D = <G_t, g_{t+1}>
    samples of the step get -eta_t dD/dx, labels -eta_t dD/dy, and the learning rate eta_t gets -D.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from tdd.errors import UsageError
from tdd.networks.kernel import AutogradKernel, Kernel, Parameters

Mode = Literal["auto", "closed_form", "autograd", "rematerialised"]


@dataclass(frozen=True)
class SetGradient:
    """Outer losses (K,) and the gradient of their mean to the distilled set."""

    losses: Tensor
    samples: Tensor
    labels: Tensor
    learning_rates: Tensor


def make_kernel(
    network: nn.Module, mode: Mode, autocast: Callable[[], AbstractContextManager[Any]] = nullcontext
) -> Kernel:
    """The kernel that answers for `network`: its own closed form where it has one and `mode` allows it.

    `autocast` makes the context in which training runs a network without closed form, where lower precision may pay; a
    closed form stays in full precision, since a rounded maximum would pick other winners.

    Raises:
        UsageError: `mode` is closed_form and the network has none.
    """
    closed_form = getattr(network, "closed_form", None)
    if mode == "closed_form" and closed_form is None:
        raise UsageError(f"{type(network).__name__} has no closed form; use unroll: auto, autograd or rematerialised")
    if closed_form is not None and mode in ("auto", "closed_form"):
        kernel: Kernel = closed_form()
        return kernel
    return AutogradKernel(network, autocast)


@torch.no_grad()
def train(kernel: Kernel, theta: Parameters, samples: Tensor, labels: Tensor, learning_rates: Tensor) -> Parameters:
    """Train K stacked networks on the distilled set.

    Args:
        kernel: the networks' kernel.
        theta: initial parameters, stacked (K, ...).
        samples: (steps, per_step, ...).
        labels: (steps, per_step, C).
        learning_rates: (epochs x steps,), one for each gradient step.
    """
    for t, rate in enumerate(learning_rates):
        step = t % len(samples)
        gradient, _ = kernel.gradient(theta, samples[step], labels[step])
        theta = _step(theta, rate, gradient)
    return theta


def outer_gradient(
    kernel: Kernel,
    theta: Parameters,
    samples: Tensor,
    labels: Tensor,
    learning_rates: Tensor,
    batch: Any,
    mode: Mode,
    smoothing: float = 0.0,
) -> SetGradient:
    """Outer loss of K networks on a real batch, and its gradient through every inner step.

    Args:
        kernel, theta, samples, labels, learning_rates: as in `train`.
        batch: real examples.
        mode: autograd keeps the graph of all T steps; every other mode keeps theta_t and reverses one step at a time.
        smoothing: label smoothing of the outer loss.
    """
    reverse = _through_graph if mode == "autograd" else _step_by_step
    return reverse(kernel, theta, samples, labels, learning_rates, batch, smoothing)


@torch.no_grad()
def _step_by_step(
    kernel: Kernel,
    theta: Parameters,
    samples: Tensor,
    labels: Tensor,
    learning_rates: Tensor,
    batch: Any,
    smoothing: float,
) -> SetGradient:
    visited = []
    for t, rate in enumerate(learning_rates):
        step = t % len(samples)
        gradient, saved = kernel.gradient(theta, samples[step], labels[step])
        visited.append((step, theta, saved))
        theta = _step(theta, rate, gradient)
    losses, g = kernel.loss(theta, batch, smoothing=smoothing)
    g = {name: value / len(losses) for name, value in g.items()}
    samples_bar, labels_bar = torch.zeros_like(samples), torch.zeros_like(labels)
    rates_bar = torch.zeros_like(learning_rates)
    for t in reversed(range(len(learning_rates))):
        step, before, saved = visited.pop()
        along, theta_bar, x_bar, y_bar = kernel.reverse(before, samples[step], labels[step], saved, g)
        g = _step(g, learning_rates[t], theta_bar)
        samples_bar[step] -= learning_rates[t] * x_bar
        labels_bar[step] -= learning_rates[t] * y_bar
        rates_bar[t] = -along.sum()
    return SetGradient(losses, samples_bar, labels_bar, rates_bar)


def _through_graph(
    kernel: Kernel,
    theta: Parameters,
    samples: Tensor,
    labels: Tensor,
    learning_rates: Tensor,
    batch: Any,
    smoothing: float,
) -> SetGradient:
    with torch.enable_grad():
        learned = [part.detach().requires_grad_() for part in (samples, labels, learning_rates)]
        theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
        for t in range(len(learning_rates)):
            step = t % len(samples)
            gradient, _ = kernel.gradient(theta, learned[0][step], learned[1][step])
            theta = _step(theta, learned[2][t], gradient)
        losses, g = kernel.loss({name: value.detach() for name, value in theta.items()}, batch, smoothing=smoothing)
        bars = torch.autograd.grad(
            list(theta.values()), learned, [g[name] / len(losses) for name in theta], materialize_grads=True
        )
    return SetGradient(losses, *bars)


def _step(theta: Parameters, rate: Tensor, gradient: Parameters) -> Parameters:
    return {name: value - rate * gradient[name] for name, value in theta.items()}
