"""A run that came to its end: it is read, or what it lost of its set is written again."""

from __future__ import annotations

from pathlib import Path

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.results import read_results
from tdd.distilled_set.run_folder import CHECKPOINT, is_finished
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.hub.layout import RESULTS
from tdd.publishing.card import write_card
from tdd.system.reporter import Reporter


def finished(distiller: Distiller, folder: Path, reporter: Reporter) -> DistilledSet | None:
    """The set of a run that is finished; None: it is not.

    A set that cannot be read is written again from the run's checkpoint, and keeps its results.

    Raises:
        UsageError: the checkpoint is missing, and with it what the run would go on from.
        TddError: the set is damaged, and there is no checkpoint.
    """
    state, has_checkpoint = distiller.state, (folder / CHECKPOINT).exists()
    if not has_checkpoint and is_finished(folder):
        if distiller.recipe.restarts:
            raise UsageError(
                f"'{folder}' has lost its checkpoint, from which it would go on: start a new run from its set "
                f"(--start-from {folder})"
            )
        reporter.note("the run was finished before")
        return DistilledSet.from_pretrained(folder)
    if not (state.is_done and is_finished(folder, state.step)):
        return None
    try:
        distilled = DistilledSet.from_pretrained(folder)
        reporter.note("the run was finished before")
    except TddError as error:
        distilled = distiller.best()
        distilled.results = read_results(folder / RESULTS)
        if distiller.accelerator.is_main_process:
            distilled.save_pretrained(folder)
            write_card(distilled, folder)
        distiller.accelerator.wait_for_everyone()
        reporter.note(f"the run was finished before, and its set is written again from the checkpoint ({error})")
    return distilled
