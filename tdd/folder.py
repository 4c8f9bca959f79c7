"""The run folder: what lies where, one run at a time, a log that a resumed run continues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tdd.distilled import RECIPE, WEIGHTS, DistilledSet
from tdd.errors import TddError, UsageError
from tdd.files import write_text
from tdd.recipe import Recipe

CHECKPOINT, LOG = "checkpoints/last.safetensors", "log.jsonl"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep `folder` to this run; the operating system lets go of it when the process ends, however it ends.

    Raises:
        UsageError: another run is using it.
        TddError: it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise UsageError(f"'{folder}' is in use by another run; wait for it or choose another --output") from None
    except OSError as error:
        raise TddError(f"cannot use '{folder}' as a run folder: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


def start_run(folder: Path, recipe: Recipe) -> None:
    """Write the recipe into a folder that holds no run yet.

    Raises:
        UsageError: it holds one.
    """
    if any((folder / name).exists() for name in (RECIPE, WEIGHTS, CHECKPOINT)):
        raise UsageError(
            f"'{folder}' already holds a run; go on with it by --resume {folder}, or choose another --output"
        )
    recipe.save(folder / RECIPE)


def recipe_of_run(folder: Path) -> Recipe:
    """The recipe of the run in `folder`.

    Raises:
        UsageError: there is no run in it.
    """
    if not (folder / RECIPE).is_file():
        raise UsageError(f"no run in '{folder}' ({RECIPE} is missing); start one with: tdd distill DATASET")
    return Recipe.load(folder / RECIPE)


def read_run(folder: Path) -> DistilledSet:
    """The distilled set of a run, with a hint where the run has not come that far.

    Raises:
        UsageError: there is no finished run in `folder`.
        TddError: its files are damaged.
    """
    if not (folder / WEIGHTS).exists() and (folder / RECIPE).exists():
        raise UsageError(f"the run in '{folder}' is not finished; go on with: tdd distill --resume {folder}")
    return DistilledSet.from_pretrained(folder)


class Log:
    """``log.jsonl``, a line for each outer step; lines past the step that a run goes on from are dropped.

    Args:
        path: the file; None: nothing is logged.
        done: outer steps already done.
    """

    def __init__(self, path: Path | None, done: int):
        self.file = None
        if path is not None:
            kept = path.read_text(encoding="utf-8").splitlines()[:done] if path.exists() else []
            write_text(path, "".join(line + "\n" for line in kept))
            self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115 (open for the whole run)

    def add(self, values: dict[str, Any]) -> None:
        """Add a line."""
        if self.file is not None:
            self.file.write(json.dumps(values) + "\n")
            self.file.flush()

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()
