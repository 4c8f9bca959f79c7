"""The run folder: what lies where, one run at a time, a log that a resumed run continues."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.hub.layout import RECIPE, RESULTS, WEIGHTS
from tdd.settings.data_parts import FOUND
from tdd.settings.names import run_name
from tdd.settings.recipe import Recipe, settings_that_keep_the_run
from tdd.system.files import read_json

CHECKPOINT, LOG, LOCK = "checkpoints/last.safetensors", "log.jsonl", ".lock"


def default_folder(recipe: Recipe) -> Path:
    """Where a run is kept when no folder is named: ``runs/imdb-20``, ``runs/imdb-20-words-random``."""
    return Path("runs") / run_name(recipe, str(recipe.n))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep `folder` to this run; the operating system lets go of it when the process ends, however it ends.

    What was made for a run that did not start is taken away again.

    Raises:
        UsageError: another run is using it.
        TddError: it cannot be written to.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise UsageError(f"'{folder}' is in use by another run; wait for it or choose another --output") from None
    except OSError as error:
        raise TddError(f"cannot use '{folder}' as a run folder: {error.strerror or error}") from None
    try:
        yield
    finally:
        if not (folder / RECIPE).exists():
            (folder / LOCK).unlink()
            for path in made:
                if any(path.iterdir()):
                    break
                path.rmdir()
        lock.release()


def check_empty(folder: Path) -> None:
    """Raise UsageError unless `folder` is empty but for hidden files."""
    if (folder / RECIPE).exists():
        raise UsageError(
            f"'{folder}' already holds a run; go on with it by --resume {folder}, or choose another --output"
        )
    if any(not path.name.startswith(".") for path in folder.iterdir()):
        raise UsageError(f"'{folder}' holds other files; choose another --output, or empty it")


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


def is_finished(folder: Path) -> bool:
    """Whether the run in `folder` came to its end, its test included."""
    return (folder / RESULTS).is_file() and "distillation" in read_json(folder / RESULTS)


def check_same(recipe: Recipe, folder: Path) -> None:
    """Raise UsageError if the run in `folder` differs from `recipe` in a setting that affects the set."""
    kept = recipe_of_run(folder)
    recipe = recipe.settled(len(read_run(folder).classes) if (folder / WEIGHTS).exists() else None)
    without = settings_that_keep_the_run()
    old, new = kept.model_dump(exclude=without), recipe.model_dump(exclude=without)
    # A run keeps what was found in its data.
    found = {name for name in ("steps", *FOUND) if new.get(name) is None}
    changed = [
        f"{name}: {value} there, {new[name]} now"
        for name, value in old.items()
        if value != new[name] and name not in found
    ]
    if changed:
        raise UsageError(f"'{folder}' holds a run of another recipe ({'; '.join(changed)}): remove it to run this one")
