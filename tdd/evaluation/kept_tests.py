"""Where the tests of one command are kept until its figures are: a command that was stopped goes on from there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from accelerate import Accelerator
from torch import Tensor

from tdd.distillation.kept_counts import KeptCounts
from tdd.distilled_set.set import DistilledSet
from tdd.system.version import __version__

CHECKPOINTS = "checkpoints"
"""Where a run folder keeps them."""


@dataclass
class KeptTests:
    """The files of a command's tests.

    Attributes:
        folder: where they lie.
        used: those of this command.
        last: the counts of the test that was begun last; None: none was.
    """

    folder: Path
    used: set[Path] = field(default_factory=set)
    last: KeptCounts | None = None

    def counts(self, distilled: DistilledSet, accelerator: Accelerator, *about: object) -> KeptCounts:
        """The counts of one test of a set, and of whatever else it depends on."""
        world = (accelerator.process_index, accelerator.num_processes)
        self.last = KeptCounts(self.file(f"tested-{key_of(distilled, *world, *about)}.safetensors"))
        return self.last

    def fit(self, words: DistilledSet, *about: object) -> Path:
        """The state of learning labels and rates anew for the words of a set, see `tdd.evaluation.decoded.refit`."""
        return self.file(f"fit-{key_of(words, *about)}.safetensors")

    def file(self, name: str) -> Path:
        """A file of this command."""
        path = self.folder / CHECKPOINTS / name
        self.used.add(path)
        return path

    def clear(self) -> None:
        """Remove the files of this command, whose figures are kept elsewhere now."""
        for path in self.used:
            path.unlink(missing_ok=True)
        self.used.clear()


def key_of(distilled: DistilledSet, *about: object) -> str:
    """What tells a set, this version and all of `about` from others."""
    digest = hashlib.sha256(repr((__version__, distilled.classes, about)).encode())
    parts = (distilled.samples, distilled.labels, distilled.learning_rates, distilled.momentum, distilled.mask)
    for part in (*parts, distilled.attention, *(distilled.initialisation or {}).values()):
        if isinstance(part, Tensor):
            digest.update(part.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
