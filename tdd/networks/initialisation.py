"""Fresh parameters of networks."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tdd.errors import UsageError
from tdd.networks.kernels.parameters import Parameters
from tdd.settings.initialisations import USUAL_INITIALISATION, Initialisation
from tdd.system.seeds import seeded

_WEIGHTS: dict[str, Callable[..., Tensor]] = {
    "xavier_normal": nn.init.xavier_normal_,
    "xavier_uniform": nn.init.xavier_uniform_,
    "kaiming_normal": lambda value, generator: nn.init.kaiming_normal_(value, nonlinearity="relu", generator=generator),
    "kaiming_uniform": lambda value, generator: nn.init.kaiming_uniform_(
        value, nonlinearity="relu", generator=generator
    ),
    "orthogonal": nn.init.orthogonal_,
}


def draw(
    module: nn.Module,
    trained: Sequence[str],
    generators: Sequence[torch.Generator],
    device: torch.device,
    fixed: bool = False,
    initialisations: Sequence[str] = (USUAL_INITIALISATION,),
) -> Parameters:
    """Fresh values of the parameters `trained` for one network per generator, stacked.

    A module with a method ``initial(generator)``, which returns them by name, draws its own; one that takes `fixed` too
    is told whether they are a set's fixed initialisation, and one that takes `initialisation` by which one to draw.

    Args:
        module: the network.
        trained: names of its parameters.
        generators: of all draws of a network.
        device: where the values go.
        fixed: whether they are those of a fixed initialisation.
        initialisations: how each network's weights are drawn, see `Initialisation`; of fewer than networks the first
            one serves the next network again.

    Raises:
        UsageError: the module draws its own, in a way that cannot be chosen.
    """
    initial: Callable[..., Parameters] | None = getattr(module, "initial", None)
    takes = () if initial is None else inspect.signature(initial).parameters
    drawn = []
    for place, generator in enumerate(generators):
        name = initialisations[place % len(initialisations)]
        if initial is None:
            drawn.append(fresh(module, trained, generator, name))
            continue
        if "initialisation" not in takes and name != USUAL_INITIALISATION:
            raise UsageError(
                f"{type(module).__name__} draws its own parameters, not by initialisation: {name}; leave that out"
            )
        told = {key: value for key, value in {"fixed": fixed, "initialisation": name}.items() if key in takes}
        drawn.append(initial(generator, **told))
    return {name: torch.stack([values[name] for values in drawn]).to(device) for name in trained}


def fresh(module: nn.Module, trained: Sequence[str], generator: torch.Generator, initialisation: str) -> Parameters:
    """Fresh values of the parameters `trained` of one network, on the CPU.

    Weights, of two dimensions or more, are drawn as `initialisation` says, by default Xavier normal (paper 4.2); biases
    are zero, and the factors of normalisation layers one. Other vectors, such as slopes and scales of one's own, stay
    as the module was made with. By ``torch`` a layer of torch's own draws all its parameters
    as it does when it is made, and what belongs to none is drawn as by default. A gain multiplies weights alone.
    """
    kind, gain = Initialisation.of(initialisation)
    by_layers = _of_layers(module, trained, generator) if kind == "torch" else {}
    weights = _WEIGHTS.get(kind, nn.init.xavier_normal_)
    parameters = dict(module.named_parameters())
    values = {}
    for name in trained:
        value = by_layers.get(name)
        if value is None:
            value = torch.zeros(parameters[name].shape, dtype=parameters[name].dtype)
            *path, own = name.split(".")
            if value.dim() > 1:
                weights(value, generator=generator)
            elif own == "weight" and "Norm" in type(module.get_submodule(".".join(path))).__name__:
                value.fill_(1)
            elif "bias" not in own:
                value = parameters[name].detach().to(device="cpu", copy=True)
        values[name] = value * gain if gain != 1 and value.dim() > 1 else value
    return values


def _of_layers(module: nn.Module, trained: Sequence[str], generator: torch.Generator) -> Parameters:
    """What the layers of torch draw for themselves, by name."""
    wanted, values = set(trained), Parameters()
    for path, layer in module.named_modules():
        own = {key: f"{path}.{key}" if path else key for key, _ in layer.named_parameters(recurse=False)}
        reset: Any = getattr(layer, "reset_parameters", None) or getattr(layer, "_reset_parameters", None)
        if reset is None or not wanted & set(own.values()):
            continue
        # Layers draw from torch's own generator, on their device: this makes it one of ours, and the device the CPU.
        seed = int(torch.randint(2**62, (), generator=generator))
        again = copy.deepcopy(layer).to_empty(device="cpu")
        with seeded(seed), torch.no_grad():
            getattr(again, reset.__name__)()
        drawn = dict(again.named_parameters(recurse=False))
        values |= {name: drawn[key].detach().clone() for key, name in own.items() if name in wanted}
    return values
