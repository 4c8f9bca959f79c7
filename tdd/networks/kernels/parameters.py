"""Parameters of K networks of one architecture, stacked along a leading dimension."""

from __future__ import annotations

import torch
from torch import Tensor

Parameters = dict[str, Tensor]


def unstack(theta: Parameters) -> list[Parameters]:
    """The parameters of each of the K networks."""
    names = list(theta)
    return [dict(zip(names, values, strict=True)) for values in zip(*theta.values(), strict=True)]


def stack(thetas: list[Parameters]) -> Parameters:
    """The opposite of `unstack`; of a single network no copy is made."""
    if len(thetas) == 1:
        return {name: value[None] for name, value in thetas[0].items()}
    return {name: torch.stack([theta[name] for theta in thetas]) for name in thetas[0]}
