"""Whole jobs: distil a data set into a run folder, evaluate what lies in one."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from tdd.card import write_card
from tdd.data import Corpus, load_corpus
from tdd.distilled import RECIPE, RESULTS, DistilledSet
from tdd.distiller import Distiller, Interrupted, Progress
from tdd.errors import TddError, UsageError
from tdd.evaluation import Evaluation, evaluate
from tdd.files import write_json
from tdd.folder import CHECKPOINT, LOG, Log, check_empty, is_finished, locked, read_run, recipe_of_run
from tdd.full_data import train_on_all
from tdd.memory import check_memory
from tdd.progress import Reporter, percent
from tdd.recipe import Recipe
from tdd.signals import stop_signals
from tdd.words import check_decodable, decoded_accuracy


def distill(
    recipe: Recipe, folder: str | Path | None = None, resume: bool = False, reporter: Reporter | None = None
) -> DistilledSet:
    """Distil a data set, test the result, and keep both in a run folder.

    Args:
        recipe: every setting; when resuming, only its tracker and the place its data are read from count.
        folder: the run folder; None keeps nothing on disk.
        resume: go on with the run in `folder` instead of starting one.
        reporter: where progress is told; None: nowhere.

    Returns:
        The set that was best on held-out data, with its test results.

    Raises:
        UsageError: the folder is in use or holds another run, the recipe does not fit the data, or memory is short.
        Interrupted: Ctrl-C or a terminate signal; the run can be resumed.
        TddError: any other failure; what was reached is in the folder.
    """
    tracker = None if recipe.report_to == "none" else recipe.report_to
    if resume and folder is not None:
        recipe = recipe_of_run(Path(folder)).model_copy(update={"report_to": recipe.report_to, "data": recipe.data})
    mixed = "bf16" if recipe.precision == "bfloat16" and torch.cuda.is_available() else None
    accelerator = Accelerator(mixed_precision=mixed, log_with=tracker, project_dir=str(folder) if folder else None)
    if tracker and not accelerator.log_with:
        raise UsageError(f"{tracker} is not installed: run pip install {tracker}, or choose another --report-to")
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    if folder is None:
        return _distill(recipe, None, accelerator, reporter)
    folder = Path(folder)
    with locked(folder) if accelerator.is_main_process else nullcontext():
        if accelerator.is_main_process and not resume:
            check_empty(folder)
        accelerator.wait_for_everyone()
        try:
            return _distill(recipe, folder, accelerator, reporter)
        except (Interrupted, KeyboardInterrupt) as error:
            if not (folder / RECIPE).exists():
                raise
            raise Interrupted(f"{str(error) or 'interrupted'}; go on with: tdd distill --resume {folder}") from None


def open_corpus(recipe: Recipe, reporter: Reporter) -> Corpus:
    """The recipe's data, encoded with its word vectors, with a line on what was read."""
    corpus = load_corpus(recipe)
    reporter.note(corpus.describe())
    for note in corpus.notes:
        reporter.note(f"note: {note}")
    return corpus


def open_corpus_of(distilled: DistilledSet, data: str | None, reporter: Reporter) -> tuple[Recipe, Corpus]:
    """A set's recipe and the data that it was distilled from, read from `data` where that is given.

    Raises:
        UsageError: the data, or the word vectors, are not those that the set was distilled from.
    """
    recipe = distilled.recipe if data is None else distilled.recipe.model_copy(update={"data": data})
    corpus = open_corpus(recipe, reporter)
    if corpus.classes != distilled.classes:
        raise UsageError(
            f"the set tells {', '.join(distilled.classes)} apart, the data hold {', '.join(corpus.classes)}"
        )
    made_with, read_with = (source.get("vectors_checksum") for source in (distilled.source, corpus.source))
    if made_with != read_with:
        raise UsageError(f"the vectors {recipe.vectors} are not those the set was distilled with; test it with those")
    return recipe, corpus


def _distill(recipe: Recipe, folder: Path | None, accelerator: Accelerator, reporter: Reporter) -> DistilledSet:
    corpus = open_corpus(recipe, reporter)
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
            _tell(reporter, progress, recipe.outer_steps)

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
    evaluate_on(corpus, distilled, recipe.test_networks, accelerator=accelerator, reporter=reporter, tell_figures=False)
    if folder and accelerator.is_main_process:
        distilled.save_pretrained(folder)
        write_card(distilled, folder)
    # Together: a process that left while others still talk to it would end in an abort.
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return distilled


def _tell(reporter: Reporter, progress: Progress, total: int) -> None:
    parts = [f"outer loss {progress.outer_loss:.4f}"]
    if progress.validation_accuracy is not None:
        parts.append(f"validation {100 * progress.validation_accuracy:.2f} %")
    if progress.best_accuracy >= 0:
        parts.append(f"best {100 * progress.best_accuracy:.2f} %")
    parts.append(f"rate {progress.learning_rate:.3g}")
    parts.append(f"{progress.seconds:.0f} s")
    reporter.count(progress.step, total, ", ".join(parts), important=progress.validation_accuracy is not None)


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads, {platform.machine()}"


def evaluate_on(
    corpus: Corpus,
    distilled: DistilledSet,
    networks: int,
    init: str | None = None,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    reporter: Reporter | None = None,
    tell_figures: bool = True,
) -> Evaluation:
    """Evaluate a set on a corpus's test split and note the figures in the set's results."""
    reporter = reporter or Reporter(quiet=True)

    def tell(so_far: Evaluation) -> None:
        if so_far.init == "random":
            figures = f": {percent(so_far.mean, so_far.sd)}" if tell_figures else ""
            reporter.count(len(so_far.accuracies), networks, f"networks tested{figures}")

    with reporter:
        result = evaluate(
            distilled, corpus.test, networks, init, distilled.recipe.seed, max_test, accelerator, on_progress=tell
        )
    distilled.results.setdefault("evaluation", {})[result.init] = result.as_dict()
    return result


def evaluate_run(
    folder: str | Path,
    networks: int | None = None,
    init: str | None = None,
    full: bool = False,
    max_test: int | None = None,
    data: str | None = None,
    decoded: bool = False,
    reporter: Reporter | None = None,
    only_missing: bool = False,
) -> DistilledSet:
    """Evaluate the set in a run folder on its data set's test split, and add the figures to ``results.json``.

    Args:
        folder: the run folder.
        networks: fresh networks; None: 200 for random initialisation.
        init: "fixed" or "random"; None: the one the set was made for, and with `networks` given, fresh ones too.
        full: also train the same network on all the data, for the distillation ratio.
        max_test: test on this many examples only.
        data: read the data from here instead of where the recipe says.
        decoded: also replace every position by its nearest word, see `tdd.words.decoded_accuracy`.
        reporter: where progress is told; None: nowhere.
        only_missing: leave out accuracies that the run's results hold already, for as many networks on the whole test
            split, and those with all the data.

    Raises:
        UsageError: there is no finished run in `folder`, the data are not those the set was distilled from, or its
            words are asked for (`decoded`) and it is made of them.
    """
    accelerator = Accelerator()
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    distilled = read_run(Path(folder))
    if decoded:
        check_decodable(distilled)
    recipe, corpus = open_corpus_of(distilled, data, reporter)
    wanted = [init] if init else [recipe.init]
    if recipe.init == "fixed" and init is None and networks is not None:
        wanted.append("random")
    for each in wanted:
        if not (only_missing and is_tested(distilled.results, each, networks or 200)):
            evaluate_on(corpus, distilled, networks or 200, each, max_test, accelerator, reporter)
        if decoded:
            with reporter:
                distilled.results.setdefault("decoded", {})[each] = decoded_accuracy(
                    distilled,
                    corpus,
                    each,
                    networks or 200,
                    max_test,
                    accelerator,
                    on_fit=lambda progress: _tell(reporter, progress, recipe.refit_steps),
                )
    if full and not (only_missing and "full_data" in distilled.results):

        def tell(epoch: int, reached: float) -> None:
            reporter.count(epoch, recipe.full_epochs, f"on all data: validation {percent(reached)}", important=True)

        with reporter:
            distilled.results["full_data"] = train_on_all(recipe, corpus, accelerator, tell)
    if accelerator.is_main_process:
        write_json(Path(folder) / RESULTS, distilled.results)
        write_card(distilled, Path(folder))
    return distilled


def is_tested(results: Mapping[str, Any], init: str, networks: int) -> bool:
    """Whether results hold an evaluation of at least so many networks (one, where fixed) on the whole test split."""
    found = results.get("evaluation", {}).get(init)
    if found is None or found["test_examples"] < found["test_split"]:
        return False
    return bool(found["networks"] >= (1 if init == "fixed" else networks))


def describe(distilled: DistilledSet, folder: str | Path) -> str:
    """What a set has reached, in a few lines."""
    steps, per_step = distilled.samples.shape[:2]
    lines = [
        f"{folder}: n = {distilled.n} ({steps} steps x {per_step}), made for {distilled.recipe.init} initialisation"
    ]
    full = distilled.results.get("full_data")
    for init, found in distilled.results.get("evaluation", {}).items():
        line = f"  {init} initialisation: test accuracy {percent(found['mean'], found['sd'])}"
        if found["networks"] > 1:
            line += f" over {found['networks']} networks"
        if found["test_examples"] < found["test_split"]:
            line += f" (on {found['test_examples']:,} of {found['test_split']:,} test examples)"
        if full and full["accuracy"]:
            line += f", distillation ratio {percent(found['mean'] / full['accuracy'])}"
        lines.append(line)
    for init, found in distilled.results.get("decoded", {}).items():
        for key, what in (("as_learned", "as learned"), ("refitted", "fitted to the words")):
            accuracy = percent(found[key]["mean"], found[key]["sd"])
            lines.append(f"  nearest words, labels and rates {what}, {init} initialisation: test accuracy {accuracy}")
    if full:
        lines.append(f"  all data, same network: test accuracy {percent(full['accuracy'])}")
    return "\n".join(lines)
