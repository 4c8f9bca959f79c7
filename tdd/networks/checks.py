"""What a module must be so that a set can be distilled for it, told before a run begins."""

from __future__ import annotations

import inspect

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parameter import UninitializedParameter

from tdd.data.protocols import InputSpace
from tdd.errors import UsageError
from tdd.networks.kernels.arithmetic import twice_differentiable
from tdd.networks.kernels.autograd import takes_mask
from tdd.system.seeds import generator


def check_module(name: str, module: nn.Module) -> None:
    """Raise UsageError for layers whose statistics change while they are trained: they would not be a function.

    And for those that wait for the first example to know their sizes.
    """
    for path, layer in module.named_modules():
        if any(isinstance(each, UninitializedParameter) for each in layer.parameters(recurse=False)):
            raise UsageError(f"{name}: layer '{path}' is a {type(layer).__name__} without sizes yet; give it its sizes")
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
    examples = _examples(2, space, device).requires_grad_()
    wanted = (
        f"{name}: forward must take examples (N, {', '.join(map(str, space.shape))}) and return logits (N, {classes})"
    )
    theta = {key: value.detach().requires_grad_() for key, value in module.named_parameters() if value.requires_grad}
    with torch.enable_grad(), twice_differentiable(module):
        try:
            logits = functional_call(module, theta, (examples,), _told(module, examples))
        except (Exception, SystemExit) as error:  # a user's own code may raise anything
            raise UsageError(f"{wanted}; it raised {_raised(error)}") from error
        if not isinstance(logits, Tensor) or logits.shape != (2, classes):
            shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise UsageError(f"{wanted}; for two examples it returned {shape}")
        if not logits.is_meta and not logits.isfinite().all():
            raise UsageError(f"{wanted}; for examples of ordinary size it returned numbers that are not finite")
        _check_gradients(name, logits, theta, examples)


@torch.no_grad()
def check_alone(name: str, module: nn.Module, space: InputSpace, device: torch.device) -> None:
    """Raise UsageError unless a module, once `check_forward` has passed, treats each example by itself.

    Its logits are the same every time, whatever else is in the batch and, where it is told the mask, however many
    positions without a word follow: texts are cut after the longest of a batch.
    """
    names = inspect.signature(module.forward).parameters
    if space.kind == "text" and not takes_mask(module) and (other := [each for each in names if "mask" in each]):
        raise UsageError(f"{name}: forward's parameter that says where words stand must be called mask, not {other[0]}")
    examples = _examples(3, space, device)

    def logits(x: Tensor, more: dict[str, Tensor], why: str) -> Tensor:
        try:
            found: Tensor = module(x, **more)
        except (Exception, SystemExit) as error:  # a user's own code may raise anything
            raise UsageError(f"{name}: {why}; it raised {_raised(error)}") from error
        return found

    def check(found: Tensor, expected: Tensor, why: str) -> None:
        if found.shape != expected.shape or not torch.allclose(found, expected, rtol=1e-3, atol=1e-4):
            raise UsageError(f"{name}: {why}; it gave other logits")

    whole = logits(examples, _told(module, examples), why := "forward must take any number of examples")
    check(logits(examples, _told(module, examples), why), whole, "forward must give the same every time it is called")
    by_itself = "forward must treat each example by itself, whatever else is in the batch"
    each = [logits(one, _told(module, one), by_itself) for one in examples.split(1)]
    check(torch.cat(each), whole, by_itself)
    if space.kind == "text" and takes_mask(module):
        words = max(1, space.shape[0] // 2)
        padded = torch.cat([examples[:, :words], torch.zeros_like(examples[:, words:])], dim=1)
        mask = (torch.arange(space.shape[0], device=device) < words).expand(3, -1)
        why = (
            "forward takes a mask, so it must read texts of any length, cut after the longest of a batch, and what "
            "follows a text must not count; leave mask out to be given all positions"
        )
        cut = logits(examples[:, :words], {"mask": mask[:, :words]}, why)
        check(logits(padded, {"mask": mask}, why), cut, why)


def _examples(count: int, space: InputSpace, device: torch.device) -> Tensor:
    """Numbers of no meaning, but not zeros: a module may divide by them, or take them for padding."""
    return torch.randn(count, *space.shape, generator=generator(0, "examples")).to(device)


def _told(module: nn.Module, examples: Tensor) -> dict[str, Tensor]:
    """What a module is given beside examples that have words everywhere."""
    everywhere = torch.ones(examples.shape[:2], dtype=torch.bool, device=examples.device)
    return {"mask": everywhere} if takes_mask(module) else {}


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
