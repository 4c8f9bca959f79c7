"""A network that a set is distilled for or tested with: its module, its starts and its kernel."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.errors import TddError, UsageError
from tdd.networks.checks import check_alone, check_forward, check_module
from tdd.networks.initialisation import draw
from tdd.networks.kernels.arithmetic import Precision, arithmetic, precision_on
from tdd.networks.kernels.autograd import AutogradKernel, takes_mask
from tdd.networks.kernels.front import Above, FrontKernel
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel
from tdd.networks.own import build_own, line_of_code, name_of
from tdd.settings.initialisations import USUAL_INITIALISATION
from tdd.settings.networks import NetworkOptions, checked_options, entry_of, networks_for
from tdd.system.seeds import generator

Mode = Literal["auto", "closed_form", "autograd", "rematerialised"]
"""How the inner loop is reversed; see `tdd.distillation.unroll`."""


@dataclass(frozen=True)
class Learner:
    """A network that a set is distilled for or tested with.

    Attributes:
        name: in the registry, or ``python:package.module:Class`` of a user's own.
        module: on the device, in evaluation mode; frozen parameters and buffers stay in it.
        trained: names of the parameters that inner steps change; theta holds these alone.
        space: what its examples are.
        classes: C, number of logits.
        device: where it is computed.
        initialisations: how fresh parameters are drawn, see `tdd.settings.initialisations`.
    """

    name: str
    module: nn.Module
    trained: tuple[str, ...]
    space: InputSpace
    classes: int
    device: torch.device
    initialisations: tuple[str, ...] = (USUAL_INITIALISATION,)

    def starts(self, seed: int, *place: str | int, indices: Sequence[int] = (0,), before: int = 0) -> Parameters:
        """Fresh parameters for each of `indices`, stacked (K, ...): a function of seed, place and index.

        Where there are several ways of initialisation networks take them in turn, as `indices` count them after
        `before` others.
        """
        ways = [self.initialisations[(before + index) % len(self.initialisations)] for index in indices]
        generators = [generator(seed, *place, index) for index in indices]
        return draw(self.module, self.trained, generators, self.device, initialisations=ways)

    def fixed_start(self, seed: int) -> Parameters:
        """The fixed initialisation of a set that is made with this seed, stacked (1, ...)."""
        first, ways = generator(seed, "network", 0), self.initialisations
        return draw(self.module, self.trained, [first], self.device, fixed=True, initialisations=ways)

    def to_keep(self, theta: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What a set keeps of its initialisation (1, ...): all but what a pretrained network gives."""
        given = getattr(self.module, "given", lambda name: False)
        return {name: value[0].cpu() for name, value in theta.items() if not given(name)}

    def theta_of(self, saved: Mapping[str, Tensor]) -> Parameters:
        """A set's own initialisation as the parameters of one network, stacked (1, ...).

        Raises:
            TddError: it is not one of this network.
        """
        saved = self._given() | dict(saved)
        if not self.can_start_from(saved):
            raise TddError(
                f"the set's initialisation is not one of the network {self.name} with the options in its recipe; "
                f"get a fresh copy of both"
            )
        return {name: saved[name][None].to(self.device) for name in self.trained}

    def can_start_from(self, saved: Mapping[str, Tensor]) -> bool:
        """Whether an initialisation has the names and shapes of this network's trained parameters."""
        expected = {name: tuple(value.shape) for name, value in self.parameters().items()}
        return {name: tuple(value.shape) for name, value in (self._given() | dict(saved)).items()} == expected

    def _given(self) -> Parameters:
        """What a pretrained network gives of its initialisation."""
        given = getattr(self.module, "given", lambda name: False)
        return {name: value.detach() for name, value in self.parameters().items() if given(name)}

    def kernel(self, mode: Mode = "auto", precision: Precision = "float32") -> Kernel:
        """What computes gradients of this network: its own closed form where it has one and `mode` allows it.

        Behind a frozen front it is that of the part above. A closed form stays in full precision, since a rounded
        maximum would pick other winners.

        Raises:
            UsageError: `mode` is closed_form and the network has none.
        """
        module: Any = self.module
        context = arithmetic(precision, self.device)
        # A user's own module may have a layer of that name.
        front = module.front if hasattr(module, "hidden_states") else None
        closed_form = getattr(module if front is None else module.upper, "closed_form", None)
        if mode == "closed_form" and closed_form is None:
            raise UsageError(f"{self.name} has no closed form; use unroll: auto, autograd or rematerialised")
        if closed_form is not None and mode in ("auto", "closed_form"):
            kernel: Kernel = closed_form()
        else:
            kernel = AutogradKernel(module if front is None else Above(module.upper), context)
        if front is None:
            return kernel
        return FrontKernel(front, kernel, module.hidden_states(precision_on(self.device, precision)), context)

    def check_reads(self, shape: Sequence[int]) -> None:
        """Raise UsageError unless the network reads examples of `shape` too: sentences of another length."""
        if tuple(shape) != self.space.shape:
            module: Any = self.module
            if self.pretrained:
                module.check_length("sample_length", shape[0])
            space = replace(self.space, shape=tuple(shape))
            check_forward(self.name, self.module, space, self.classes, self.device)

    def parameters(self) -> Parameters:
        """The module's own parameters that are trained."""
        named = dict(self.module.named_parameters())
        return {name: named[name] for name in self.trained}

    @property
    def takes_mask(self) -> bool:
        """Whether its module is told where sentences have words."""
        return takes_mask(self.module)

    @property
    def pretrained(self) -> bool:
        """Whether its parameters start from those of a pretrained network."""
        return hasattr(self.module, "reference")

    @property
    def fine_tuned(self) -> bool:
        """Whether pretrained weights are trained: not where all but the classifier is frozen."""
        return self.pretrained and not all(name.startswith("upper.classifier.") for name in self.trained)

    def signature(self) -> str:
        """Hash of the names and shapes of all parameters and buffers; of a pretrained network, of its files too."""
        shapes: list[object] = [(name, list(value.shape)) for name, value in self.module.state_dict().items()]
        module: Any = self.module
        if self.pretrained:
            shapes += [module.reference.checksum(), module.reference.computation()]
        return hashlib.sha256(json.dumps(shapes).encode()).hexdigest()[:16]

    def reference(self) -> dict[str, str]:
        """What a set says of the pretrained weights that its initialisation is of: checksum, and commit where known."""
        if not self.pretrained:
            return {}
        module: Any = self.module
        revision = module.reference.revision
        return {"encoder_weights": module.reference.checksum()} | ({"encoder_revision": revision} if revision else {})

    def frozen_signature(self) -> str:
        """Hash of the values that theta does not hold, frozen parameters and buffers; on "meta" of their names.

        Nothing is hashed of pretrained networks, whose weights `signature` tells apart.
        """
        digest = hashlib.sha256()
        if self.pretrained:
            return digest.hexdigest()[:16]
        for name, value in [*self.module.named_parameters(), *self.module.named_buffers()]:
            if name not in self.trained:
                digest.update(name.encode())
                if not value.is_meta:
                    digest.update(value.detach().cpu().flatten().view(torch.uint8).numpy().data)
        return digest.hexdigest()[:16]


def make_learner(
    network: str | nn.Module,
    options: NetworkOptions | Mapping[str, Any],
    space: InputSpace,
    classes: int,
    device: torch.device | str = "cpu",
    initialisation: Sequence[str] = (USUAL_INITIALISATION,),
) -> Learner:
    """A network by its name in the registry, or a user's own.

    Args:
        network: a name, ``python:package.module:Class``, whose class is imported and called with `space`, `classes` and
            the options, or a module, which is copied. On "meta" the network is made of shapes alone.
        options: the network's own settings.
        space: what its examples are.
        classes: C.
        device: where it is computed.
        initialisation: how its fresh parameters are drawn, see `tdd.settings.initialisations`.

    Raises:
        UsageError: the network reads other examples, is not there, or cannot be distilled for.
    """
    device = torch.device(device)
    if isinstance(network, nn.Module):
        name, module = name_of(network), _copied(network)
        check_module(name, module)
    else:
        name, entry = network, entry_of(network)
        if entry.reads not in (None, space.kind):
            reads, data = ("text", "images") if space.kind == "image" else ("images", "text")
            others = ", ".join(networks_for(space.kind))
            raise UsageError(
                f"{name} reads {reads} and the data are {data}: set network (--network) to one of {others}"
            )
        # Made on the CPU wherever it is computed, so that what it draws is the same on every device; pretrained weights
        # are read into memory first.
        with torch.device("meta" if device.type == "meta" and not entry.pretrained else "cpu"):
            module = build_own(name, entry, space, classes, checked_options(network, options))
        check_module(name, module)
    module = module.to(device).eval()
    trained = tuple(key for key, parameter in module.named_parameters() if parameter.requires_grad)
    if not trained:
        raise UsageError(f"{name} has no parameter that is trained")
    if isinstance(network, nn.Module) or not entry_of(name).comes_with_tdd:
        check_forward(name, module, space, classes, device)
        if device.type != "meta":
            check_alone(name, module, space, device)
    return Learner(name, module, trained, space, classes, device, tuple(initialisation))


def _copied(module: nn.Module) -> nn.Module:
    """A copy of a user's own module.

    Raises:
        UsageError: it holds what cannot be copied, such as the result of a computation with a gradient.
    """
    try:
        return copy.deepcopy(module)
    except Exception as error:  # a user's own code may raise anything
        raise UsageError(f"{name_of(module)} cannot be copied: {line_of_code(error)}") from error
