"""Hidden states of real texts below a network's trained part: computed once ever, kept on disk within a budget.

They are found by what a text's tokens are, so that every split, seed and run of the same encoder shares them.
"""

from __future__ import annotations

import hashlib
import math
import os
import uuid
import weakref
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tdd.errors import TddError, UsageError
from tdd.system.files import cache_folder, write_atomically, write_json

FOLDER = "hidden"
AT_ONCE = 2**26
"""Bytes that are gathered before they are written."""


class HiddenStates:
    """The states (W, h) of texts by their keys, float32, in files of ``<cache>/hidden/<key>``.

    Args:
        about: what computes them, in words; together with `identity` it names the folder.
        identity: changes whenever the same text would have other states.
        budget: bytes that the folder may take on disk, what is beyond it is computed anew; None: `budget_bytes`.
    """

    def __init__(self, about: str, identity: str, budget: int | None = None):
        key = hashlib.sha256(f"{about}\n{identity}".encode()).hexdigest()[:32]
        self.folder, self.about = cache_folder() / FOLDER / key, about
        self.budget = budget_bytes() if budget is None else budget
        self.places: dict[bytes, tuple[Tensor, int, int]] = {}
        self.pending: dict[bytes, Tensor] = {}
        self.pending_bytes = self.kept_bytes = 0
        for file in sorted(self.folder.glob("*.safetensors")):
            self._open(file)
        self._finalizer = weakref.finalize(self, _write, self.folder, self.about, self.pending)

    def get(self, key: bytes) -> Tensor | None:
        """The states (W, h) of a text; None where they are not kept."""
        if key in self.places:
            states, start, stop = self.places[key]
            return states[start:stop]
        return self.pending.get(key)

    def put(self, key: bytes, states: Tensor) -> None:
        """Keep the states of a text, if there is room."""
        if self.kept_bytes + self.pending_bytes + states.nbytes > self.budget or key in self.pending:
            return
        self.pending[key] = states.clone()
        self.pending_bytes += states.nbytes
        if self.pending_bytes >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is not on disk yet; a disk that is full or cannot be written to keeps nothing more."""
        file = _write(self.folder, self.about, self.pending)
        if file is None:
            self.budget = 0
        else:
            self.pending.clear()
            self.pending_bytes = 0
            self._open(file)

    def _open(self, file: Path) -> None:
        try:
            with safe_open(file, "pt") as opened:
                keys, lengths, states = (opened.get_tensor(name) for name in ("keys", "lengths", "states"))
        except (SafetensorError, OSError):
            file.unlink(missing_ok=True)  # damaged: computed again
            return
        stops = lengths.cumsum(0).tolist()
        for key, start, stop in zip(keys.numpy(), [0, *stops[:-1]], stops, strict=True):
            self.places[key.tobytes()] = states, start, stop
        self.kept_bytes += states.nbytes


def budget_bytes() -> int:
    """Bytes that the hidden states of one encoder may take on disk: ``$TDD_HIDDEN_GIB``, or 4 GiB.

    Raises:
        UsageError: the variable is not a number of GiB.
    """
    text = os.environ.get("TDD_HIDDEN_GIB", "4")
    try:
        gib = float(text)
        if not 0 <= gib < math.inf:
            raise ValueError
    except ValueError:
        raise UsageError(f"TDD_HIDDEN_GIB={text!r} is not a number of GiB, 0 or more") from None
    return int(gib * 2**30)


def _write(folder: Path, about: str, pending: dict[bytes, Tensor]) -> Path | None:
    """The file with the states that are pending; None where it cannot be written."""
    if not pending:
        return None
    tensors = {
        "keys": torch.tensor([list(key) for key in pending], dtype=torch.uint8),
        "lengths": torch.tensor([len(states) for states in pending.values()]),
        "states": torch.cat(list(pending.values())),
    }
    file = folder / f"{uuid.uuid4().hex}.safetensors"
    try:
        write_json(folder / "about.json", {"about": about})
        write_atomically(file, lambda path: save_file(tensors, path))
    except TddError:
        return None
    return file
