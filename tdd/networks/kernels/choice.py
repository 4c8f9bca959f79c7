"""Which kernel answers for a network."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

from torch import nn

from tdd.errors import UsageError
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.protocol import Kernel

Mode = Literal["auto", "closed_form", "autograd", "rematerialised"]


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
