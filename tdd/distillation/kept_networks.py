"""Networks in plain training that outer steps go on with in turn, in place of fresh ones in every outer step.

A fresh network takes all the steps before its window without a gradient. A kept one is where the last window left it,
trained on the set as it was then, as in the model pool of FRePo (arXiv 2206.00719), so that an outer step costs the
steps of its window alone. After as many steps as were drawn for it a fresh network takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tdd.distillation.plain_loop import InTraining
from tdd.networks.kernels.parameters import Parameters
from tdd.system.tensor_files import Tensors


@dataclass
class Kept:
    """One network.

    Attributes:
        network: stacked (1, ...).
        done: steps it has taken.
        most: steps it takes in all.
    """

    network: InTraining
    done: int
    most: int


@dataclass
class KeptNetworks:
    """Those of one kind, by their places."""

    kept: dict[int, Kept] = field(default_factory=dict)

    def at(self, place: int, window: int, fresh: Callable[[], tuple[Parameters, int]]) -> Kept:
        """The network at a place; a fresh one, with the steps that it takes in all, where none has a window left."""
        found = self.kept.get(place)
        if found is None or found.done + window > found.most:
            theta, most = fresh()
            found = self.kept[place] = Kept(InTraining.at_start(theta), 0, most)
        return found

    def copied(self) -> dict[int, Kept]:
        """Each as it is now: training on replaces what it is, and changes no tensor."""
        return {place: replace(each) for place, each in self.kept.items()}

    def drop(self, place: int) -> None:
        """Let a fresh network take this place: this one is lost."""
        self.kept.pop(place, None)

    def tensors(self) -> Tensors:
        """All of them for a checkpoint."""
        return {
            f"{place}.{part}.{name}": value.clone()
            for place, each in self.kept.items()
            for part, values in each.network._asdict().items()
            for name, value in values.items()
        }

    def steps(self) -> dict[str, list[int]]:
        """What each has taken and takes in all, for a checkpoint."""
        return {str(place): [each.done, each.most] for place, each in self.kept.items()}

    def load(self, tensors: Tensors, steps: dict[str, list[int]]) -> None:
        """Take over what a checkpoint keeps."""
        self.kept.clear()
        for place, (done, most) in steps.items():
            parts: dict[str, Parameters] = {part: {} for part in InTraining._fields}
            for key, value in tensors.items():
                at, part, name = key.split(".", 2)
                if at == place:
                    parts[part][name] = value
            self.kept[int(place)] = Kept(InTraining(**parts), done, most)
