"""What the networks tested so far got right, kept in a file: a test of many that is stopped goes on with the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from tdd.distillation.metrics import Counts
from tdd.errors import TddError
from tdd.system.tensor_files import load_tensors, save_tensors

_NAMES = ("right", "predicted", "actual", "confusion")


@dataclass
class KeptCounts:
    """The counts of one process.

    Attributes:
        path: their file; its name says what they are of.
        found: accuracies that were found in it, of networks or of the shards that this process tests them on.
    """

    path: Path
    found: list[float] = field(default_factory=list)

    def load(self, whole: Counts) -> list[float]:
        """Put what is kept into `whole`, where nothing is counted yet, and return `found`; a damaged file is as none.

        So is one of more networks than are asked for.
        """
        try:
            tensors, metadata = load_tensors(self.path) if self.path.exists() else ({}, {})
            kept, found = [tensors[name] for name in _NAMES], [float(each) for each in json.loads(metadata["found"])]
        except (TddError, KeyError, TypeError, ValueError):
            return self.found
        fits = len(found) <= len(whole.right) and kept[0].shape[1:] == kept[1].shape[1:] == whole.right.shape[1:]
        if fits and kept[2].shape == whole.actual.shape and kept[3].shape == whole.confusion.shape:
            networks = min(len(whole.right), len(kept[0]))
            whole.right[:networks], whole.predicted[:networks] = kept[0][:networks], kept[1][:networks]
            whole.actual.copy_(kept[2])
            whole.confusion.copy_(kept[3])
            self.found = found
        return self.found

    def save(self, whole: Counts, found: list[float]) -> None:
        """Keep `whole`, and the accuracies that were found."""
        save_tensors(self.path, {name: getattr(whole, name) for name in _NAMES}, {"found": json.dumps(found)})
