"""A run and its folder: recipe in, distilled set and everything measured out; interrupted at any moment, resumed."""

from __future__ import annotations

import json
import platform
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator
from filelock import FileLock, Timeout

from tdd.baselines import train_on_all
from tdd.data import Corpus, load_corpus
from tdd.distilled import RECIPE, RESULTS, WEIGHTS, DistilledSet
from tdd.distiller import Distiller, Interrupted, Progress
from tdd.errors import TddError, UsageError
from tdd.evaluate import Evaluation, evaluate
from tdd.files import write_json, write_text
from tdd.memory import check_memory
from tdd.progress import Reporter
from tdd.recipe import Recipe
from tdd.vectors import load_vectors

CHECKPOINT, LOG = "checkpoints/last.safetensors", "log.jsonl"


def distill(
    recipe: Recipe, folder: str | Path | None = None, resume: bool = False, reporter: Reporter | None = None
) -> DistilledSet:
    """Distil a data set, test the result, and keep both in a run folder.

    Args:
        recipe: every setting.
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
    reporter = reporter or Reporter(quiet=True)
    tracker = None if recipe.report_to == "none" else recipe.report_to
    accelerator = Accelerator(log_with=tracker, project_dir=str(folder) if folder else None)
    if not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    if folder is None:
        return _distill(recipe, None, accelerator, reporter)
    folder = Path(folder)
    with _locked(folder, accelerator):
        if resume:
            recipe = Recipe.load(folder / RECIPE).model_copy(update={"report_to": recipe.report_to})
        elif accelerator.is_main_process:
            if any((folder / name).exists() for name in (RECIPE, WEIGHTS, CHECKPOINT)):
                raise UsageError(
                    f"'{folder}' already holds a run; go on with it by --resume {folder}, or choose another --output"
                )
            recipe.save(folder / RECIPE)
        accelerator.wait_for_everyone()
        return _distill(recipe, folder, accelerator, reporter)


def open_corpus(recipe: Recipe, reporter: Reporter) -> Corpus:
    """The recipe's data, encoded with its word vectors, with a line on what was read."""
    corpus = load_corpus(recipe, load_vectors(recipe.vectors))
    sizes = f"{len(corpus.train):,} train, {len(corpus.validation):,} validation, {len(corpus.test):,} test"
    reporter.note(
        f"{corpus.name}: {sizes}; {len(corpus.classes)} classes; {corpus.coverage:.1%} of tokens have a vector"
    )
    for note in corpus.notes:
        reporter.note(f"note: {note}")
    return corpus


def _distill(recipe: Recipe, folder: Path | None, accelerator: Accelerator, reporter: Reporter) -> DistilledSet:
    corpus = open_corpus(recipe, reporter)
    reporter.note(check_memory(recipe, corpus, accelerator.device))
    checkpoint = folder / CHECKPOINT if folder else None
    if accelerator.trackers == [] and recipe.report_to != "none":
        accelerator.init_trackers("tdd", config={k: str(v) for k, v in recipe.model_dump().items()})
    with _stop_signals() as stop_asked, reporter:
        distiller = Distiller(recipe, corpus, checkpoint, accelerator, should_stop=stop_asked)
        if distiller.state.step:
            reporter.note(f"going on after outer step {distiller.state.step}")
        log = _Log(folder / LOG if folder and accelerator.is_main_process else None, distiller.state.step)

        def on_progress(progress: Progress) -> None:
            log.add(progress)
            if recipe.report_to != "none":
                accelerator.log(
                    {k: v for k, v in vars(progress).items() if k != "step" and v is not None}, progress.step
                )
            _tell(reporter, progress, recipe.outer_steps)

        distiller.on_progress = on_progress
        try:
            distilled = distiller.run()
        except TddError as error:
            if folder and distiller.state.best and accelerator.is_main_process:
                distiller.best().save_pretrained(folder)
            hint = f"; go on with: tdd distill --resume {folder}" if folder and isinstance(error, Interrupted) else ""
            raise type(error)(f"{error}{hint}") from None
        finally:
            log.close()
    state = distiller.state
    distilled.results["distillation"] = {
        "outer_steps": state.step,
        "best_step": state.best_step,
        "validation_accuracy": state.best_accuracy,
        "seconds": round(state.seconds, 1),
        "processes": accelerator.num_processes,
        "hardware": _hardware(accelerator.device),
    }
    if folder and accelerator.is_main_process:
        distilled.save_pretrained(folder)
    test_set(distilled, corpus, recipe.test_networks, accelerator=accelerator, reporter=reporter)
    if folder and accelerator.is_main_process:
        distilled.save_pretrained(folder)
    accelerator.end_training()
    return distilled


def test_set(
    distilled: DistilledSet,
    corpus: Corpus,
    networks: int,
    init: str | None = None,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    reporter: Reporter | None = None,
) -> Evaluation:
    """Evaluate on the corpus's test split and note the result in the set."""
    reporter = reporter or Reporter(quiet=True)

    def tell(so_far: Evaluation) -> None:
        if networks > 1:
            reporter.count(len(so_far.accuracies), networks, f"test {percent(so_far)}")

    with reporter:
        result = evaluate(
            distilled, corpus.test, networks, init, distilled.recipe.seed, max_test, accelerator, on_progress=tell
        )
    distilled.results.setdefault("evaluation", {})[result.init] = result.as_dict()
    return result


def percent(result: Evaluation) -> str:
    """The mean accuracy in percent, with the standard deviation over networks where there are several."""
    if len(result.accuracies) == 1:
        return f"{100 * result.mean:.2f} %"
    return f"{100 * result.mean:.2f} ± {100 * result.sd:.2f} %"


def _tell(reporter: Reporter, progress: Progress, total: int) -> None:
    parts = [f"outer loss {progress.outer_loss:.4f}"]
    if progress.validation_accuracy is not None:
        parts.append(f"validation {100 * progress.validation_accuracy:.2f} %")
    if progress.best_accuracy >= 0:
        parts.append(f"best {100 * progress.best_accuracy:.2f} %")
    parts.append(f"rate {progress.learning_rate:.3g}")
    parts.append(f"{progress.seconds:.0f} s")
    reporter.count(progress.step, total, ", ".join(parts), important=progress.validation_accuracy is not None)


class _Log:
    """``log.jsonl``: a line for each outer step. Lines past the state a run goes on from are dropped."""

    def __init__(self, path: Path | None, done: int):
        self.file = None
        if path is None:
            return
        kept = path.read_text(encoding="utf-8").splitlines()[:done] if path.exists() else []
        write_text(path, "".join(line + "\n" for line in kept))
        self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115 (open for the whole run)

    def add(self, progress: Progress) -> None:
        if self.file is not None:
            self.file.write(json.dumps(vars(progress)) + "\n")

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


@contextmanager
def _locked(folder: Path, accelerator: Accelerator) -> Iterator[None]:
    """Keep `folder` to this run; the operating system lets go of it when the process ends, however it ends."""
    if not accelerator.is_main_process:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        raise UsageError(f"'{folder}' is in use by another run; wait for it or choose another --output") from None
    except OSError as error:
        raise TddError(f"cannot use '{folder}' as a run folder: {error.strerror or error}") from None


@contextmanager
def _stop_signals() -> Iterator[Any]:
    """Ask whether Ctrl-C or a terminate signal came, instead of dying of it; a second Ctrl-C ends the run at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} threads, {platform.machine()}"


def read_run(folder: str | Path) -> DistilledSet:
    """The distilled set of a run folder, with a hint where the run has not come that far."""
    folder = Path(folder)
    if not (folder / WEIGHTS).exists() and (folder / CHECKPOINT).exists():
        raise UsageError(f"the run in '{folder}' is not finished; go on with: tdd distill --resume {folder}")
    return DistilledSet.from_pretrained(folder)


def evaluate_run(
    folder: str | Path,
    networks: int | None = None,
    init: str | None = None,
    full: bool = False,
    max_test: int | None = None,
    data: str | None = None,
    reporter: Reporter | None = None,
) -> DistilledSet:
    """Evaluate the set in a run folder on its data set's test split, and add the figures to ``results.json``.

    Args:
        folder: the run folder.
        networks: fresh networks; None: 200 for random initialisation.
        init: "fixed" or "random"; None: the one the set was made for, and with `networks` given, fresh ones too.
        full: also train the same network on all the data, for the distillation ratio.
        max_test: test on this many examples only.
        data: read the data from here instead of where the recipe says.
        reporter: where progress is told; None: nowhere.

    Raises:
        UsageError: there is no finished run in `folder`, or the data are not those the set was distilled from.
    """
    reporter = reporter or Reporter(quiet=True)
    distilled = read_run(folder)
    recipe = distilled.recipe if data is None else distilled.recipe.model_copy(update={"data": data})
    corpus = open_corpus(recipe, reporter)
    if corpus.classes != distilled.classes:
        raise UsageError(
            f"the set tells {', '.join(distilled.classes)} apart, the data hold {', '.join(corpus.classes)}"
        )
    accelerator = Accelerator()
    wanted = [init] if init else [recipe.init]
    if recipe.init == "fixed" and init is None and networks is not None:
        wanted.append("random")
    for each in wanted:
        test_set(distilled, corpus, networks or 200, each, max_test, accelerator, reporter)
    if full:
        with reporter:
            distilled.results["full_data"] = train_on_all(
                recipe,
                corpus,
                accelerator,
                lambda epoch, reached: reporter.count(
                    epoch, recipe.full_epochs, f"all data: validation {100 * reached:.2f} %", important=True
                ),
            )
    if accelerator.is_main_process:
        write_json(Path(folder) / RESULTS, distilled.results)
    return distilled


def describe(distilled: DistilledSet, folder: str | Path) -> str:
    """What a set has reached, in a few lines."""
    steps, per_step = distilled.samples.shape[:2]
    lines = [
        f"{folder}: n = {distilled.n} ({steps} steps x {per_step}), made for {distilled.recipe.init} initialisation"
    ]
    full = distilled.results.get("full_data")
    for init, found in distilled.results.get("evaluation", {}).items():
        line = f"  {init} initialisation: test accuracy {100 * found['mean']:.2f}"
        if found["networks"] > 1:
            line += f" ± {100 * found['sd']:.2f} % over {found['networks']} networks"
        else:
            line += " %"
        if found["test_examples"] < found["test_split"]:
            line += f" (on {found['test_examples']:,} of {found['test_split']:,} test examples)"
        if full:
            line += f", distillation ratio {100 * found['mean'] / full['accuracy']:.1f} %"
        lines.append(line)
    if full:
        lines.append(f"  all data, same network: test accuracy {100 * full['accuracy']:.2f} %")
    return "\n".join(lines)
