"""Fresh parameters of networks."""

from __future__ import annotations

import torch
from torch import nn

from tdd.networks.kernels.parameters import Parameters


def draw(network: nn.Module, generators: list[torch.Generator], device: torch.device | None = None) -> Parameters:
    """Fresh parameters for one network per generator: Xavier normal weights (paper 4.2), zero biases, stacked.

    The factors of normalisation layers are one.
    """
    stacked = {}
    for name, parameter in network.named_parameters():
        values = torch.zeros(len(generators), *parameter.shape, dtype=parameter.dtype)
        if parameter.dim() > 1:
            for value, generator in zip(values, generators, strict=True):
                nn.init.xavier_normal_(value, generator=generator)
        elif name.endswith("weight"):  # the factors of a normalisation
            values.fill_(1)
        stacked[name] = values.to(device)
    return stacked
