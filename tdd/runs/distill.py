"""Distil a data set into a run folder and test the distilled set, or resume an interrupted run."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator

from tdd.distillation.distiller import Distiller
from tdd.distillation.memory import check_memory
from tdd.distilled_set.run_folder import CHECKPOINT, LOG, check_empty, is_finished, locked, read_run, recipe_of_run
from tdd.distilled_set.run_log import Log
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, TddError, UsageError
from tdd.hub.layout import RECIPE
from tdd.publishing.card import write_card
from tdd.runs.evaluate import evaluate_on
from tdd.runs.open_data import open_corpus
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Progress, Reporter
from tdd.system.signals import stop_signals

if TYPE_CHECKING:
    from tdd.data.from_memory import Data


def distill(
    recipe: Recipe,
    folder: str | Path | None = None,
    resume: bool = False,
    reporter: Reporter | None = None,
    data: Data | None = None,
) -> DistilledSet:
    """Distil a data set, test the result, and keep both in a run folder.

    Args:
        recipe: every setting; when resuming, only its tracker and the place its data are read from count.
        folder: the run folder; None keeps nothing on disk.
        resume: resume the run in `folder` instead of starting one.
        reporter: where progress is told; None: nowhere.
        data: the data set itself, in place of the one that the recipe names, see `tdd.data.corpus.load_corpus`. The run
            does not keep it: a resumed run is given it again.

    Returns:
        The set that was best on held-out data, with its test results.

    Raises:
        UsageError: the folder is in use or holds another run, the recipe does not fit the data, or memory is short.
        Interrupted: Ctrl-C or a terminate signal; the run can be resumed.
        TddError: any other failure; the best set so far is in the folder.
    """
    tracker = None if recipe.report_to == "none" else recipe.report_to
    if resume and folder is not None:
        recipe = recipe_of_run(Path(folder)).model_copy(update={"report_to": recipe.report_to, "data": recipe.data})
    if data is not None:
        recipe = recipe.model_copy(update={"data_from": "memory"})
    mixed = "bf16" if recipe.precision == "bfloat16" and torch.cuda.is_available() else None
    accelerator = Accelerator(mixed_precision=mixed, log_with=tracker, project_dir=str(folder) if folder else None)
    if tracker and not accelerator.log_with:
        raise UsageError(f"{tracker} is not installed: run pip install {tracker}, or choose another --report-to")
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    if folder is None:
        with _tracking(tracker):
            return _distill(recipe, None, accelerator, reporter, data)
    folder = Path(folder)
    with _tracking(tracker), locked(folder) if accelerator.is_main_process else nullcontext():
        if accelerator.is_main_process and not resume:
            check_empty(folder)
        accelerator.wait_for_everyone()
        try:
            return _distill(recipe, folder, accelerator, reporter, data)
        except (Interrupted, KeyboardInterrupt) as error:
            if not (folder / RECIPE).exists():
                raise
            again = f"tdd distill --resume {folder}"
            if data is not None:
                again = f"tdd.distill(recipe, '{folder}', resume=True, data=...)"
            raise Interrupted(f"{str(error) or 'interrupted'}; go on with: {again}") from None


@contextmanager
def _tracking(tracker: str | None) -> Iterator[None]:
    """Send what a tracker prints to standard error: standard output is for results."""
    if tracker is None:
        yield
        return
    with redirect_stdout(sys.stderr):
        try:
            yield
        finally:
            if tracker == "trackio":
                import trackio

                # Else it ends, and says so, when the process does.
                with suppress(RuntimeError):  # not begun
                    trackio.finish()


def _distill(
    recipe: Recipe, folder: Path | None, accelerator: Accelerator, reporter: Reporter, data: Data | None
) -> DistilledSet:
    corpus = open_corpus(recipe, reporter, data)
    reporter.note(check_memory(recipe, corpus, accelerator.device))
    with stop_signals() as should_stop, reporter:
        distiller = Distiller(recipe, corpus, folder and folder / CHECKPOINT, accelerator, should_stop=should_stop)
        state = distiller.state
        if folder and state.step == recipe.outer_steps and is_finished(folder):
            reporter.note("the run was finished before")
            return read_run(folder)
        if state.step:
            reporter.note(f"going on after outer step {state.step}")
        if folder and accelerator.is_main_process and not (folder / RECIPE).exists():
            recipe.save(folder / RECIPE)
        if recipe.report_to != "none":
            accelerator.init_trackers("tdd", config={name: str(value) for name, value in recipe.model_dump().items()})
        log = Log(folder / LOG if folder and accelerator.is_main_process else None, state.step)

        def on_progress(progress: Progress) -> None:
            values = vars(progress)
            log.add(values)
            if recipe.report_to != "none":
                accelerator.log({k: v for k, v in values.items() if k != "step" and v is not None}, progress.step)
            reporter.outer_step(progress, recipe.outer_steps)

        distiller.on_progress = on_progress
        try:
            distilled = distiller.run()
        except TddError:
            if folder and state.best and accelerator.is_main_process:
                distiller.best().save_pretrained(folder)
            raise
        finally:
            log.close()
    distilled.results["distillation"] = {
        "outer_steps": state.step,
        "best_step": state.best_step,
        "validation_accuracy": state.best_accuracy,
        "seconds": round(state.seconds, 1),
        "processes": accelerator.num_processes,
        "hardware": _hardware(accelerator.device),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("tdd", "torch")},
    }
    # Only counted, not told: this may be a trial, and trials are judged by held-out data.
    evaluation = evaluate_on(
        corpus, distilled, recipe.test_networks, accelerator=accelerator, reporter=reporter, tell_figures=False
    )
    distilled.results["evaluation"] = {evaluation.init: evaluation.as_dict()}
    if folder and accelerator.is_main_process:
        distilled.save_pretrained(folder)
        write_card(distilled, folder)
    # Together: a process that left while others still talk to it would end in an abort.
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return distilled


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}, {platform.machine()}"
