"""The arithmetic of a forward pass: its precision, and operations that can be differentiated twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from tdd.system.precision import set_float32_precision

Precision = Literal["float32", "tf32", "bfloat16"]
Context = Callable[[], AbstractContextManager[Any]]


def precision_on(device: torch.device, precision: Precision) -> Precision:
    """The precision that `device` computes with where `precision` is asked for: processors compute in float32."""
    return "float32" if device.type == "cpu" else precision


def arithmetic(precision: Precision, device: torch.device) -> Context:
    """What makes the context of a forward pass of this precision on `device`; see `precision_on`."""
    precision = precision_on(device, precision)
    if precision == "float32":
        return nullcontext
    if precision == "bfloat16":
        return lambda: torch.autocast(device.type, torch.bfloat16)
    return _tensor_float


@contextmanager
def _tensor_float() -> Iterator[None]:
    set_float32_precision("tf32")
    try:
        yield
    finally:
        set_float32_precision("ieee")


@contextmanager
def twice_differentiable(network: nn.Module) -> Iterator[None]:
    """Attention and recurrent layers by kernels that have a second derivative.

    The fused kernels of attention have none, on processors neither; for recurrent layers see `without_cudnn`.
    """
    with sdpa_kernel(SDPBackend.MATH), without_cudnn(network):
        yield


@contextmanager
def without_cudnn(network: nn.Module) -> Iterator[None]:
    """Recurrent layers without cuDNN: it has no second derivative of them, and a first one in training mode alone."""
    with _cudnn(not any(isinstance(module, nn.RNNBase) for module in network.modules())):
        yield


@contextmanager
def once_differentiable(network: nn.Module) -> Iterator[None]:
    """Recurrent layers in training mode, where cuDNN has a first derivative of them, though nothing is to be dropped.

    Those that drop something of their own stay as they are, and go without cuDNN.
    """
    layers = [module for module in network.modules() if isinstance(module, nn.RNNBase)]
    still = [layer for layer in layers if not layer.dropout]
    before = [layer.training for layer in still]
    for layer in still:
        layer.training = True
    try:
        with _cudnn(len(still) == len(layers)):
            yield
    finally:
        for layer, training in zip(still, before, strict=True):
            layer.training = training


@contextmanager
def _cudnn(allowed: bool) -> Iterator[None]:
    # Not `cudnn.flags`, which also reads a setting of precision that torch has given up.
    enabled = torch.backends.cudnn.enabled
    torch.backends.cudnn.enabled = enabled and allowed
    try:
        yield
    finally:
        torch.backends.cudnn.enabled = enabled
