"""Hidden states of real texts below a network's trained part: computed once ever, kept on disk within a budget.

They are found by what a text's tokens are, so that every split, seed and run of the same encoder shares them. Processes
share them too: each finds what others have written whenever it writes itself, and keeps to the budget with them.
"""

from __future__ import annotations

import atexit
import hashlib
import math
import os
import uuid
import weakref
from contextlib import suppress
from pathlib import Path

import torch
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tdd.errors import TddError, UsageError
from tdd.settings.networks import StateFormat
from tdd.system.files import cache_folder, write_json
from tdd.system.tensor_files import save_tensors

FOLDER = "hidden"
AT_ONCE = 2**26
"""Bytes that are gathered before they are written."""
# Bytes that find the states of a text in a file, and those before all of them, at most.
_KEY, _LENGTH, _HEADER = 16, 8, 512
# Seconds that a process waits for another one to write its file.
_PATIENCE = 60
# What objects that are gone had gathered: folder, about, states and budget. It is written when the next object is made,
# or at the end, since Python may drop an object in the middle of anything, a computation on shapes alone too.
_LEFT: list[tuple[Path, str, dict[bytes, Tensor], int]] = []


class HiddenStates:
    """The states (W, h) of texts by their keys, in files of ``<cache>/hidden/<key>``.

    Args:
        about: what computes them, in words.
        identity: changes whenever the same text would have other states; with the format it names the folder.
        format: of the numbers that are kept.
        budget: bytes that the folder may take on disk, what is beyond it is computed anew; None: `budget_bytes`.
    """

    format: StateFormat = "float32"

    def __init__(self, about: str, identity: str, format: StateFormat = "float32", budget: int | None = None):
        key = hashlib.sha256(f"{identity}\n{format}".encode()).hexdigest()[:32]
        self.folder, self.format = cache_folder() / FOLDER / key, format
        self.about = f"{about}, {format}"
        self.budget = budget_bytes() if budget is None else budget
        self.places: dict[bytes, tuple[Tensor, int, int]] = {}
        self.files: dict[Path, int] = {}
        self.pending: dict[bytes, Tensor] = {}
        self.pending_bytes = 0
        _write_left()
        self._open_new()
        left = (self.folder, self.about, self.pending, self.budget)
        weakref.finalize(self, _LEFT.append, left).atexit = False
        _LIVE.add(self)

    def as_kept(self, states: Tensor) -> Tensor:
        """States rounded to the format: a text has the same ones whether they were kept or are computed."""
        return states.bfloat16() if self.format == "bfloat16" else states

    def get(self, key: bytes) -> Tensor | None:
        """The states (W, h) of a text as they are kept; None where they are not."""
        if key in self.places:
            states, start, stop = self.places[key]
            return states[start:stop]
        return self.pending.get(key)

    def put(self, key: bytes, states: Tensor) -> None:
        """Keep the states of a text, which are in the format already, if there is room."""
        size = sum(self.files.values()) + _HEADER + self.pending_bytes + _size(states)
        if size > self.budget or key in self.pending:
            return
        self.pending[key] = states.clone()
        self.pending_bytes += _size(states)
        if self.pending_bytes >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is not on disk yet; a disk that is full or cannot be written to keeps nothing more."""
        if not _write(self.folder, self.about, self.pending, self.budget):
            self.budget = 0
            return
        self.pending.clear()
        self.pending_bytes = 0
        self._open_new()

    def _open_new(self) -> None:
        """Find the states in the files that came up since, of this process or of others."""
        for file in sorted(set(self.folder.glob("*.safetensors")) - self.files.keys()):
            try:
                keys, lengths, states = _read(file)
                self.files[file] = file.stat().st_size
            except (SafetensorError, OSError, ValueError):
                with suppress(OSError):
                    file.unlink(missing_ok=True)  # damaged or foreign: computed again
                continue
            stops = lengths.cumsum(0).tolist()
            for key, start, stop in zip(keys, [0, *stops[:-1]], stops, strict=True):
                self.places[key] = states, start, stop


_LIVE: weakref.WeakSet[HiddenStates] = weakref.WeakSet()


def _write_left() -> None:
    while _LEFT:
        _write(*_LEFT.pop())


@atexit.register
def _write_all() -> None:
    for states in list(_LIVE):
        states.flush()
    _write_left()


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


def _size(states: Tensor) -> int:
    """Bytes that the states of a text take in a file."""
    return states.nbytes + _KEY + _LENGTH


def _read(file: Path) -> tuple[list[bytes], Tensor, Tensor]:
    """Keys, numbers of states, and all states one after the other, which are mapped into memory.

    Raises:
        SafetensorError, OSError, ValueError: it is damaged or foreign.
    """
    with safe_open(file, "pt") as opened:
        keys, lengths, states = (opened.get_tensor(name) for name in ("keys", "lengths", "states"))
    good = lengths.dtype == torch.int64 and lengths.dim() == 1 and states.is_floating_point() and states.dim() == 2
    good = good and keys.dtype == torch.uint8 and keys.shape == (len(lengths), _KEY)
    if not good or (lengths < 0).any() or int(lengths.sum()) != len(states):
        raise ValueError(f"{file} holds no hidden states")
    return [key.tobytes() for key in keys.numpy()], lengths, states


def _write(folder: Path, about: str, pending: dict[bytes, Tensor], budget: int) -> bool:
    """Write what is pending and not in the folder yet, as far as there is room; False where nothing can be written."""
    if not pending:
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # One process at a time looks at what is there and adds to it.
        with FileLock(folder / ".lock", timeout=_PATIENCE):
            present, room, new = set(), budget - _HEADER, {}
            for file in folder.glob("*.safetensors"):
                with suppress(SafetensorError, OSError, ValueError):  # damaged, or being removed
                    room -= file.stat().st_size
                    present |= set(_read(file)[0])
            for key, states in pending.items():
                if key not in present and _size(states) <= room:
                    new[key] = states
                    room -= _size(states)
            if new:
                tensors = {
                    "keys": torch.tensor([list(key) for key in new], dtype=torch.uint8),
                    "lengths": torch.tensor([len(states) for states in new.values()]),
                    "states": torch.cat(list(new.values())),
                }
                write_json(folder / "about.json", {"about": about})
                save_tensors(folder / f"{uuid.uuid4().hex}.safetensors", tensors, {})
    except (OSError, TddError):
        return False
    return True
