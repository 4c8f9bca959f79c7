"""Distil a data set into a run folder and test the distilled set, or resume an interrupted run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate import Accelerator
from torch import nn

from tdd.distillation.checkpoint import OuterState
from tdd.distillation.distiller import Distiller
from tdd.distillation.memory import check_memory
from tdd.distillation.run_threads import settle_threads
from tdd.distilled_set.run_folder import CHECKPOINT, LOG, check_empty, is_finished, locked, recipe_of_run
from tdd.distilled_set.run_log import Log
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, TddError, UsageError, check_kind, nearest, stopped
from tdd.hub.layout import RECIPE
from tdd.networks.own import can_be_imported, check_same_network, network_to_use, recipe_for
from tdd.publishing.card import write_card
from tdd.runs.about_distillation import about_distillation, train_seconds
from tdd.runs.divergence import Divergence
from tdd.runs.finished import finished
from tdd.runs.longer import keep_recipe, longer, results_before
from tdd.runs.measurements import evaluate_on
from tdd.runs.open_data import open_corpus
from tdd.runs.plot import draw_run
from tdd.runs.start_from import keep_start, named_set, starting_set
from tdd.runs.tracking import tracking
from tdd.settings.from_data import SETTLED
from tdd.settings.networks import CODE, entry_of
from tdd.settings.recipe import RESUMED, Recipe
from tdd.settings.recipes import resolve_recipe
from tdd.system import processes
from tdd.system.formatting import counted
from tdd.system.reporter import Progress, Reporter
from tdd.system.signals import stop_signals
from tdd.system.threads import restored

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.data.from_memory import Data


def distill(
    recipe: Recipe | str,
    folder: str | Path | None = None,
    resume: bool = False,
    reporter: Reporter | None = None,
    data: Data | None = None,
    network: str | nn.Module | None = None,
    **settings: Any,
) -> DistilledSet:
    """Distil a data set, test the result, and keep both in a run folder.

    ``tdd.distill("imdb", "runs/imdb-20", n=20)`` is ``tdd distill imdb --n 20 --output runs/imdb-20``.

    Args:
        recipe: every setting, or the name of a data set, whose own recipe is taken; when resuming, only those settings
            count that have no part in the set: the place its data are read from, its device and threads, its tracker,
            its time; and more `outer_steps` for a finished run, see `tdd.runs.longer.longer`.
        folder: the run folder; None keeps nothing on disk.
        resume: resume the run in `folder` instead of starting one.
        reporter: where progress is told; None: on standard error, see `tdd.disable_progress`.
        data: the data set itself, in place of the one that the recipe names, see `tdd.data.corpus.load_corpus`. The run
            does not keep it: a resumed run is given it again.
        network: a `torch.nn.Module` of your own, or the name of its class, ``python:package.module:Class``; None: the
            recipe's. A resumed run is given it again.
        settings: of the recipe, by their names, where that is the name of a data set.

    Returns:
        The set that was best on held-out data, with its test results.

    Raises:
        UsageError: the folder is in use or holds another run, the recipe does not fit the data, or memory is short.
        Interrupted: Ctrl-C or a terminate signal; the run can be resumed.
        OutOfTime: its `max_minutes` are over; the run can be resumed.
        TddError: any other failure; the best set so far is in the folder.
    """
    if isinstance(recipe, str):
        if isinstance(network, str) and not network.startswith(CODE):
            settings, network = settings | {"network": network}, None
        recipe = resolve_recipe(recipe, None, [], settings)
    else:
        _check_recipe(recipe, list(settings))
    if resume and folder is None:
        raise UsageError("resume goes on with the run in a folder: name it")
    tracker = None if recipe.report_to == "none" else recipe.report_to
    if resume and folder is not None:
        kept = recipe_of_run(Path(folder))
        check_same_network(kept, network, "start one for that in a new folder")
        kept = longer(kept, Path(folder), recipe.outer_steps)
        found = {name: value for name, value in kept.found.items() if name not in RESUMED or name in recipe.found}
        recipe = kept.model_copy(update={name: getattr(recipe, name) for name in RESUMED} | {"found": found})
    if data is not None:
        recipe = recipe.model_copy(update={"data_from": "memory"})
    network_to_use(recipe.network, network)
    recipe = recipe_for(recipe, network)
    if tracker and find_spec(tracker) is None:
        raise UsageError(
            f"{tracker} is not installed: pip install {tracker}, or this package with the extra [track]; or choose "
            "another report_to (--report-to)"
        )
    project = str(folder) if folder else None
    accelerator = processes.accelerator(recipe.device, recipe.threads, log_with=tracker, project_dir=project)
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=not accelerator.is_main_process)
    if folder is None:
        with tracking(tracker), restored():
            return _distill(recipe, None, accelerator, reporter, data, network)
    folder = Path(folder)
    with tracking(tracker), restored(), locked(folder) if accelerator.is_main_process else nullcontext():
        if accelerator.is_main_process and not resume:
            check_empty(folder)
        accelerator.wait_for_everyone()
        try:
            return _distill(recipe, folder, accelerator, reporter, data, network)
        except (Interrupted, KeyboardInterrupt) as error:
            if not (folder / RECIPE).exists():
                raise
            again = _resume_command(recipe, folder, data, network)
            raise stopped(error, f"{str(error) or 'interrupted'}; go on with: {again}") from None


def _check_recipe(recipe: object, settings: Sequence[str]) -> None:
    """Raise UsageError unless it is a recipe, beside which there are no further settings."""
    check_kind("recipe", recipe, Recipe, "the name of a data set, or tdd.Recipe(dataset=...)")
    for name in settings[:1]:
        if name not in Recipe.model_fields:
            raise UsageError(f"distill takes no '{name}'{nearest(name, ['folder', 'reporter', *Recipe.model_fields])}")
        raise UsageError(f"{name} is a setting of the recipe: tdd.Recipe({name}=...)")


def _resume_command(recipe: Recipe, folder: Path, data: Data | None, network: str | nn.Module | None) -> str:
    """What goes on with a run: a command, or where it was given what no command names, a call."""
    known = all(entry_of(name).comes_with_tdd for name in recipe.learners)
    importable = isinstance(network, str) and can_be_imported(recipe.network)
    if data is None and (known or importable):
        return f"tdd distill --resume {folder}" + ("" if known else f" --network {recipe.network}")
    given = [*(["data=..."] if data is not None else []), *(["network=..."] if network is not None else [])]
    return f"tdd.distill(recipe, '{folder}', {', '.join(['resume=True', *given])})"


def _distill(
    recipe: Recipe,
    folder: Path | None,
    accelerator: Accelerator,
    reporter: Reporter,
    data: Data | None,
    network: str | nn.Module | None,
) -> DistilledSet:
    before, corpus = named_set(recipe, folder), open_corpus(recipe, reporter, data)
    recipe = _settled(recipe, corpus, reporter)
    reporter.note(check_memory(recipe, corpus, accelerator, network))
    with reporter:  # a signal ends this at once: there is nothing to keep yet
        start = starting_set(before, recipe, corpus, folder, accelerator, reporter)
    with stop_signals() as should_stop, reporter:
        checkpoint = folder and folder / CHECKPOINT
        distiller = Distiller(
            recipe, corpus, checkpoint, accelerator, should_stop=should_stop, start=start, network=network
        )
        state = distiller.state
        if folder and (done := finished(distiller, folder, reporter)):
            return done
        if state.step:
            reporter.note(f"going on after outer step {state.step}")
        if folder and accelerator.is_main_process:
            keep_recipe(recipe, folder)
            keep_start(start, folder)
        if line := settle_threads(distiller):
            reporter.note(line)
        if recipe.report_to != "none":
            accelerator.init_trackers("tdd", config={name: str(value) for name, value in recipe.model_dump().items()})
        divergence = Divergence(recipe, len(corpus.classes), reporter)
        log = Log(folder / LOG if folder and accelerator.is_main_process else None, state.step)

        def on_progress(progress: Progress) -> None:
            values = vars(progress)
            log.add(values)
            if recipe.report_to != "none":
                accelerator.log({k: v for k, v in values.items() if k != "step" and v is not None}, progress.step)
            reporter.outer_step(progress, state.schedule.last, "" if recipe.metric == "accuracy" else " macro-F1")
            _tell_how_it_goes(state, divergence, progress, reporter)

        distiller.on_progress = on_progress
        try:
            distilled = distiller.run()
        except TddError:
            if folder and state.best and accelerator.is_main_process and not is_finished(folder):
                distiller.best().save_pretrained(folder)
            raise
        finally:
            log.close()
    distilled.results = results_before(folder)
    distilled.results["data"] = corpus.reading
    distilled.results |= {} if start is None else start.results
    distilled.results["distillation"] = distilled.results.get("distillation", {}) | about_distillation(distiller)
    # Only counted, not told: this may be a trial, and trials are judged by held-out data.
    evaluation = evaluate_on(
        corpus,
        distilled,
        recipe.test_networks,
        accelerator=accelerator,
        reporter=reporter,
        tell_figures=False,
        network=network,
    )
    distilled.results |= {
        "evaluation": {evaluation.init: evaluation.as_dict()},
        "distillation": distilled.results["distillation"] | train_seconds(evaluation),
    }
    if folder and accelerator.is_main_process:
        distilled.save_pretrained(folder)
        draw_run(folder, reporter)
        write_card(distilled, folder)
    # Together: a process that left while others still talk to it would end in an abort.
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return distilled


def _tell_how_it_goes(state: OuterState, divergence: Divergence, progress: Progress, reporter: Reporter) -> None:
    divergence.look(progress, state.best_step)
    schedule = state.schedule
    if schedule.patience and schedule.falls_from == progress.step:
        reporter.note(
            f"no gain on held-out data for {counted(schedule.patience, 'outer step')}: step sizes fall to zero, and "
            f"the run ends after step {schedule.last}"
        )


def _settled(asked: Recipe, corpus: Corpus, reporter: Reporter) -> Recipe:
    """The recipe with what the data decide, which is told."""
    recipe = asked.settled(len(corpus.classes), **corpus.found())
    if settled := [name for name in SETTLED if getattr(asked, name) is None and getattr(recipe, name) is not None]:
        reporter.note("settings by the data: " + ", ".join(f"{name} {getattr(recipe, name):g}" for name in settled))
    return recipe
