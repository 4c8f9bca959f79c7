"""Fresh parameters of networks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import torch
from torch import nn

from tdd.networks.kernels.parameters import Parameters


def draw(
    module: nn.Module,
    trained: Sequence[str],
    generators: Sequence[torch.Generator],
    device: torch.device,
    fixed: bool = False,
) -> Parameters:
    """Fresh values of the parameters `trained` for one network per generator, stacked.

    A module with a method ``initial(generator)``, which returns them by name, draws its own; one that takes `fixed` too
    is told whether they are a set's fixed initialisation. Otherwise weights are Xavier normal (paper 4.2), biases zero,
    and the factors of normalisation layers one.
    """
    initial: Callable[..., Parameters] | None = getattr(module, "initial", None)
    if initial is not None:
        told = {"fixed": fixed} if "fixed" in inspect.signature(initial).parameters else {}
        drawn = [initial(generator, **told) for generator in generators]
        return {name: torch.stack([values[name] for values in drawn]).to(device) for name in trained}
    parameters = dict(module.named_parameters())
    stacked = {}
    for name in trained:
        parameter = parameters[name]
        values = torch.zeros(len(generators), *parameter.shape, dtype=parameter.dtype)
        if parameter.dim() > 1:
            for value, generator in zip(values, generators, strict=True):
                nn.init.xavier_normal_(value, generator=generator)
        elif name.endswith("weight"):  # the factors of a normalisation
            values.fill_(1)
        stacked[name] = values.to(device)
    return stacked
