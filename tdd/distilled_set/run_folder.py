"""The run folder: what lies where, one run at a time, a log that a resumed run continues."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tdd.distilled_set.results import read_results
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.hub.layout import RECIPE, RESULTS, WEIGHTS
from tdd.settings.data_parts import FOUND, FOUND_BY_CLASSES
from tdd.settings.names import run_name
from tdd.settings.recipe import Recipe, settings_that_keep_the_run

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
        raise UsageError(
            f"'{folder}' is in use by another run; wait for it or choose another folder (--output)"
        ) from None
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
            f"'{folder}' already holds a run; resume it (--resume {folder}), or choose another folder (--output)"
        )
    if any(not path.name.startswith(".") for path in folder.iterdir()):
        raise UsageError(f"'{folder}' holds other files; choose another folder (--output), or empty it")


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
    again = f"tdd distill --resume {folder}"
    if not (folder / WEIGHTS).exists() and (folder / RECIPE).exists():
        if is_finished(folder):
            raise UsageError(f"'{folder}' has lost its {WEIGHTS}; write it again from the checkpoint with: {again}")
        raise UsageError(f"the run in '{folder}' is not finished; go on with: {again}")
    try:
        return DistilledSet.from_pretrained(folder)
    except UsageError:
        raise
    except TddError as error:
        if not (folder / CHECKPOINT).exists():
            raise
        raise TddError(f"{error}, or write the set again from the checkpoint with: {again}") from None


def is_finished(folder: Path, after: int | None = None) -> bool:
    """Whether the run in `folder` came to its end, its test included: `after` so many outer steps, or any number.

    One whose results are damaged did not: it is tested again.
    """
    try:
        results = read_results(folder / RESULTS)
    except TddError:
        return False
    if "distillation" not in results:
        return False
    return after is None or results["distillation"].get("outer_steps") == after


def check_same(recipe: Recipe, folder: Path) -> None:
    """Raise UsageError if the run in `folder` differs from `recipe` in a setting that affects the set."""
    kept = recipe_of_run(folder)
    classes = len(read_run(folder).classes) if (folder / WEIGHTS).exists() else None
    if changed := changed_settings(kept, recipe, classes):
        raise UsageError(f"'{folder}' holds a run of another recipe ({'; '.join(changed)}): remove it to run this one")


def changed_settings(
    kept: Recipe, recipe: Recipe, classes: int | None = None, only: Collection[str] | None = None
) -> list[str]:
    """The settings that affect the set and are not those of `kept`, a few words for each.

    Args:
        kept: the recipe that a run was made with, with what was found in its data.
        recipe: the recipe that is asked for.
        classes: of the run's data; None: it has no set yet.
        only: names of the settings that are compared; None: all.
    """
    without = settings_that_keep_the_run()
    old, new = (each.settled(classes).model_dump(exclude=without) for each in (kept, recipe))
    found = {name for name in (*FOUND_BY_CLASSES, *FOUND) if new.get(name) is None}
    return [
        f"{name}: {value} there, {new[name]} now"
        for name, value in old.items()
        if value != new[name] and name not in found and (only is None or name in only)
    ]
