"""What a module must be so that a set can be distilled for it, told before a run begins."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tdd.data.protocols import InputSpace
from tdd.errors import UsageError
from tdd.networks.kernels.arithmetic import twice_differentiable
from tdd.networks.kernels.autograd import takes_mask
from tdd.system.seeds import generator


def check_module(name: str, module: nn.Module) -> None:
    """Raise UsageError for layers whose statistics change while they are trained: they would not be a function."""
    for path, layer in module.named_modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) or getattr(layer, "track_running_stats", False):
            raise UsageError(
                f"{name}: layer '{path}' is a {type(layer).__name__}, which keeps statistics of its batches and cannot "
                f"be unrolled; use GroupNorm, LayerNorm or InstanceNorm without running statistics"
            )


def check_forward(name: str, module: nn.Module, space: InputSpace, classes: int, device: torch.device) -> None:
    """Raise UsageError unless the module turns two examples into two rows of logits, differentiable twice.

    What an inner step and its reverse ask of it is asked of it here: the gradient to its parameters, and the gradient
    of that to the examples.
    """
    # Numbers of no meaning, but not zeros: a module may divide by them, or take them for padding.
    examples = torch.randn(2, *space.shape, generator=generator(0, "examples")).to(device).requires_grad_()
    inputs = [examples]
    if takes_mask(module):
        inputs.append(torch.ones(2, space.shape[0], dtype=torch.bool, device=device))
    wanted = (
        f"{name}: forward must take examples (N, {', '.join(map(str, space.shape))}) and return logits (N, {classes})"
    )
    theta = {key: value.detach().requires_grad_() for key, value in module.named_parameters() if value.requires_grad}
    with torch.enable_grad(), twice_differentiable(module):
        try:
            logits = functional_call(module, theta, tuple(inputs))
        except (Exception, SystemExit) as error:  # a user's own code may raise anything
            raise UsageError(f"{wanted}; it raised {_raised(error)}") from error
        if not isinstance(logits, Tensor) or logits.shape != (2, classes):
            shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise UsageError(f"{wanted}; for two examples it returned {shape}")
        _check_gradients(name, logits, theta, examples)


def _check_gradients(name: str, logits: Tensor, theta: dict[str, Tensor], examples: Tensor) -> None:
    """Raise UsageError unless logits have a gradient to theta, and that has one to the examples."""
    no_gradient = (
        f"{name}: forward gives no gradient to {{}}, so that nothing can be learned; leave out detach, no_grad, "
        f"rounding and comparisons on the way to the logits"
    )
    try:
        if not logits.requires_grad:
            raise UsageError(no_gradient.format("its parameters and examples"))
        loss = -logits.log_softmax(1)[:, 0].mean()
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=True, allow_unused=True)
        reached = [gradient for gradient in gradients if gradient is not None]
        if not reached:
            raise UsageError(no_gradient.format("its parameters"))
        total = torch.stack([gradient.sum() for gradient in reached]).sum()
        if total.requires_grad:
            # All that the sum depends on: a search for the examples alone would pass by what has no second derivative.
            total.backward()
        if examples.grad is None:
            raise UsageError(no_gradient.format("its examples"))
    except UsageError:
        raise
    except (Exception, SystemExit) as error:  # a user's own functions may raise anything
        raise UsageError(f"{name}: forward must be differentiable twice; that raised {_raised(error)}") from error


def _raised(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
