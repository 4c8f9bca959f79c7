"""The plain torch source of a network, for those who train on a set without tdd."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from torch import nn


def plain_source(kind: type[nn.Module], *arguments: object, given: Sequence[str] = ()) -> str:
    """Code that defines the class and leaves a `network` behind, made with these arguments.

    Args:
        kind: a class of torch alone, called ``PlainNAME``, which the code calls NAME. It may use `torch`, `nn`, `F` and
            `Tensor`.
        arguments: of the class, in their order.
        given: names of what comes before these, which other code leaves behind.
    """
    plain = kind.__name__
    name = plain.removeprefix("Plain")
    code = inspect.getsource(kind).replace(plain, name)
    return f"{code}\n\nnetwork = {name}({', '.join([*given, *map(repr, arguments)])}).eval()\n"
