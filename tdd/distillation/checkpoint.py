"""Where the outer loop stands: all it takes to go on as if never interrupted, on a CPU to the bit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from tdd.distillation.kept_networks import KeptNetworks
from tdd.distillation.made_from import MadeFrom
from tdd.distillation.schedule import Schedule
from tdd.errors import TddError
from tdd.system.tensor_files import Tensors, load_tensors, save_tensors

_COURSE = ("ends", "last", "course", "begun", "falls_from")
_PROGRESS = ("best_accuracy", "best_of_each", "best_step", "step", "seconds", "mean_norms")


@dataclass
class OuterState:
    """State of the outer loop between two outer steps.

    Attributes:
        learned: what Adam updates: samples, soft labels, raw learning rates, raw momentum where there is one.
        optimiser: Adam over `learned`, one parameter group each, in the order of `learned`.
        average: exponential moving average of `learned`.
        first_samples: the learned samples as they were before the first outer step.
        schedule: step sizes of Adam to come, and the last outer step.
        best: copy of the best averaged set on held-out data.
        best_accuracy: its validation accuracy, in [0, 1]; below 0 before the first validation.
        best_of_each: that of each network of a pool, of which it is the mean or the least.
        best_step: outer steps it had seen.
        step: outer steps done.
        seconds: time spent so far.
        mean_norms: running mean of the norm of the outer gradient, as it was clipped, of each network of a pool in turn
            before its weight; under "" that of all together.
        threads: processor threads of the process, where it was the only one; None: of several.
        kept: networks in training that outer steps go on with, of each network of the pool.
    """

    learned: Tensors
    optimiser: torch.optim.Adam
    average: Tensors
    first_samples: torch.Tensor
    schedule: Schedule
    best: Tensors = field(default_factory=dict)
    best_accuracy: float = -1.0
    best_of_each: list[float] = field(default_factory=list)
    best_step: int = 0
    step: int = 0
    seconds: float = 0.0
    mean_norms: dict[str, float] = field(default_factory=dict)
    threads: int | None = None
    kept: Sequence[KeptNetworks] = ()

    @classmethod
    def at_start(cls, learned: Tensors, optimiser: torch.optim.Adam, schedule: Schedule) -> OuterState:
        """The state before the first outer step."""
        average = {name: value.detach().clone() for name, value in learned.items()}
        return cls(learned, optimiser, average, average["samples"].clone(), schedule)

    @property
    def is_done(self) -> bool:
        """Whether the last outer step is done."""
        return self.schedule.is_over(self.step)

    def save(self, path: Path, made_from: MadeFrom) -> None:
        """Write the state atomically, with what it was made from."""
        tensors: Tensors = {}
        for kind, group in (("learned", self.learned), ("average", self.average), ("best", self.best)):
            # The average starts as the learned tensors themselves; safetensors wants memory of its own for each name.
            tensors |= {f"{kind}.{name}": value.clone() for name, value in group.items()}
        for name, value in self.learned.items():
            for key, moment in self.optimiser.state[value].items():
                tensors[f"adam.{name}.{key}"] = moment
        for row, each in enumerate(self.kept):
            tensors |= {f"kept.{row}.{name}": value for name, value in each.tensors().items()}
        progress = {key: getattr(self, key) for key in _PROGRESS} | {"threads": self.threads}
        progress["kept"] = [each.steps() for each in self.kept]
        course = {name: getattr(self.schedule, name) for name in _COURSE}
        about = progress | {"schedule": course, "made_from": made_from.to_json()}
        save_tensors(path, tensors, {"tdd": json.dumps(about)})

    def load(self, path: Path, made_from: MadeFrom) -> None:
        """Take over the state saved at `path`, of a run that is made from the same.

        Raises:
            TddError: the file is damaged, or belongs to another recipe, other data or another network.
        """
        try:
            tensors, metadata = load_tensors(path)
        except TddError as error:
            raise TddError(
                f"{error}, or remove it: a finished run is read without it, another one starts again"
            ) from None
        try:
            progress = json.loads(metadata["tdd"])
            course = progress.pop("schedule")
            planned = tuple(course.pop("ends"))
            different = MadeFrom(**progress.pop("made_from")).difference(made_from)
            if different is None and not self.schedule.follows(planned, int(progress["step"])):
                different = "another number of outer steps"
            if different:
                raise TddError(
                    f"{path} belongs to {different}; resume with what it was made with, or start again in a new folder"
                )
            device = next(iter(self.learned.values())).device
            with torch.no_grad():
                for name, value in self.learned.items():
                    value.copy_(tensors[f"learned.{name}"])
                    self.average[name].copy_(tensors[f"average.{name}"])
                    prefix = f"adam.{name}."
                    self.optimiser.state[value] = {
                        key.removeprefix(prefix): moment if key == f"{prefix}step" else moment.to(value.device)
                        for key, moment in tensors.items()
                        if key.startswith(prefix)
                    }
            self.best = {
                name: tensors[f"best.{name}"].to(average.device)
                for name, average in self.average.items()
                if f"best.{name}" in tensors
            }
            for row, (each, steps) in enumerate(zip(self.kept, progress.pop("kept"), strict=True)):
                start = f"kept.{row}."
                own = {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
                each.load({name: value.to(device) for name, value in own.items()}, steps)
            self.threads = progress.pop("threads")
            for key, value in progress.items():
                setattr(self, key, type(getattr(self, key))(value))
            self.schedule = replace(self.schedule, **course)
            self.schedule.after_step(self.step)
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise TddError(f"{path} is not a checkpoint of this run ({error}); start again in a new folder") from None
