"""The plain torch source of a network, for those who train on a set without tdd."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from torch import nn


def plain_source(kind: type[nn.Module], *arguments: object, given: Sequence[str] = ()) -> str:
    """Code that defines the class, and a function `make_network` that makes the network with these arguments.

    Args:
        kind: a class of torch alone, called ``PlainNAME``, which the code calls NAME. It may use `torch`, `nn`, `F` and
            `Tensor`.
        arguments: of the class, in their order.
        given: names of what comes before these, which are arguments of `make_network`.
    """
    plain = kind.__name__
    name = plain.removeprefix("Plain")
    code = inspect.getsource(kind).replace(plain, name)
    made = f"{name}({', '.join([*given, *map(repr, arguments)])})"
    return f"{code}\n\ndef make_network({', '.join(given)}) -> nn.Module:\n    return {made}.eval()\n"
