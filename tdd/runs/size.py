"""The A % distillation size d_A (paper 4.1): the least n whose distillation ratio r_n is at least A %."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, TddError, UsageError, stopped
from tdd.evaluation.full_data import train_on_all
from tdd.hub.layout import RESULTS
from tdd.inspection.figure_style import save_figure
from tdd.inspection.figures import draw_accuracy_against_n
from tdd.publishing.card import write_card
from tdd.runs.open_data import open_corpus
from tdd.runs.reuse import run_or_reuse
from tdd.settings.names import run_name
from tdd.settings.recipe import Recipe
from tdd.system import processes
from tdd.system.files import write_json
from tdd.system.formatting import aligned, percent
from tdd.system.reporter import Reporter

# The largest n tried when none is named, for each class.
MOST_PER_CLASS = 50


@dataclass(frozen=True)
class SizeSearch:
    """The result of a search for d_A.

    Attributes:
        target: A, percent.
        size: d_A; None: no n up to `most` reaches A.
        most: largest n that could be tried.
        sets: the sets tried, by n, in rising order.
        full: the same network trained on all the data, see `train_on_all`.
        figure: test accuracy against n; None where it could not be drawn.
    """

    target: float
    size: int | None
    most: int
    sets: dict[int, DistilledSet]
    full: dict[str, Any]
    figure: Path | None

    def ratio(self, n: int) -> float:
        """r_n on held-out data, which the search goes by."""
        return _held_out(self.sets[n]) / float(self.full["validation_accuracy"])

    def describe(self) -> str:
        """A report: the size, the accuracies of all sizes tried, and the path of the figure."""
        init = next(iter(self.sets.values())).recipe.init
        if self.size is None:
            best = max(self.sets, key=self.ratio)
            answer = (
                f"no n up to {self.most} reaches {self.target:g} % of the held-out accuracy with all the data; "
                f"the nearest is n = {best} with {percent(self.ratio(best))}: raise --most or outer_steps"
            )
        else:
            answer = (
                f"d_{self.target:g} = {self.size}, {init} initialisation: held-out {percent(self.ratio(self.size))}"
            )
        cells = [["n", "held-out ratio", "test accuracy", "test ratio"]]
        for n, distilled in self.sets.items():
            evaluation = distilled.results["evaluation"][init]
            accuracy = percent(evaluation["mean"], evaluation["sd"])
            ratio = percent(evaluation["mean"] / self.full["accuracy"])
            cells.append([str(n), percent(self.ratio(n)), accuracy, ratio])
        cells.append(["all data", percent(1), percent(self.full["accuracy"]), percent(1)])
        return "\n".join([answer, aligned(cells), *([f"figure: {self.figure}"] if self.figure else [])])


def default_size_folder(recipe: Recipe) -> Path:
    """Where the runs of a search are kept when no folder is named: ``runs/sizes/imdb-words-random``."""
    return Path("runs/sizes") / run_name(recipe)


def distillation_size(
    recipe: Recipe,
    folder: Path,
    ratio: float = 90,
    most: int | None = None,
    reporter: Reporter | None = None,
    network: str | nn.Module | None = None,
) -> SizeSearch:
    """Search for the least n whose set trains the network to `ratio` percent of its accuracy with all the data.

    n goes over the multiples of the number of classes, doubled until one is enough, then halved in between; with soft
    labels, where one sample for each class is enough, over fewer samples too. Accuracy grows with n only roughly, since
    each n is a run of its own: a lower n between two that were tried may do as well.

    Accuracies compared are those on held-out training data, of the set and of the network with all the data. The test
    split is read at the end of each run; its accuracies are reported together when the search is over.

    Args:
        recipe: every setting but n. `steps` counts where it divides n; elsewhere n is split as by default.
        folder: holds a run folder ``n-20`` for each n, which is reused or resumed, and the figure.
        ratio: A, percent.
        most: largest n tried; None: 50 for each class.
        reporter: where progress is told; None: nowhere.
        network: a network of your own, see `tdd.runs.distill.distill`.

    Raises:
        UsageError: the folder holds runs of another recipe, or what `tdd.runs.distill.distill` raises.
        Interrupted: Ctrl-C or a terminate signal; the same call resumes the search.
        TddError: the network learns nothing from all the data, or another failure.
    """
    if recipe.metric != "accuracy":
        raise UsageError(f"tdd size compares accuracies with those of all the data: leave metric: {recipe.metric} out")
    if recipe.pool:
        raise UsageError(
            f"tdd size compares sets by a single network, and this one is for a pool ({', '.join(recipe.pool)}): "
            "leave the pool out, and name one of them with --network"
        )
    accelerator = processes.accelerator(recipe.device, recipe.threads)
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    corpus = open_corpus(recipe, reporter)

    with reporter:
        full = train_on_all(recipe, corpus, accelerator, reporter, network)
    full_accuracy = float(full["validation_accuracy"])
    if not (full_accuracy and full["accuracy"]):
        raise TddError("with all the data the network gets no example right: there is nothing to compare sets with")
    classes = len(corpus.classes)
    most = most or MOST_PER_CLASS * classes
    if recipe.labels == "hard" and most < classes:
        raise UsageError(f"hard labels need a sample for each of the {classes} classes: raise --most to {classes}")
    sets: dict[int, DistilledSet] = {}

    def reaches(n: int) -> bool:
        reporter.note(f"n = {n}: {folder / f'n-{n}'}")
        sets[n] = run_or_reuse(_with_n(recipe, n), folder / f"n-{n}", reporter, network)
        accuracy = _held_out(sets[n])
        reporter.note(f"n = {n}: held-out ratio {percent(accuracy / full_accuracy)}")
        return 100 * accuracy >= ratio * full_accuracy

    try:
        size = least(reaches, classes, most, fewer=recipe.labels == "soft")
    except (Interrupted, KeyboardInterrupt) as error:
        raise stopped(error, "stopped; the runs so far are kept, the same line again goes on") from None
    sets = dict(sorted(sets.items()))
    figure = None
    for n, distilled in sets.items():
        distilled.results["full_data"] = full
        if accelerator.is_main_process:
            write_json(folder / f"n-{n}" / RESULTS, distilled.results)
            write_card(distilled, folder / f"n-{n}")
    if accelerator.is_main_process:
        try:
            figure = save_figure(draw_accuracy_against_n(sets.values()), folder / "accuracy-against-n.png")
        except TddError as error:  # no matplotlib: no reason to lose the rest
            reporter.note(f"note: {error}")
    return SizeSearch(ratio, size, most, sets, full, figure)


def least(reaches: Callable[[int], bool], classes: int, most: int, fewer: bool) -> int | None:
    """The least n up to `most` that `reaches`, found by doubling and bisection; None: none of those tried does.

    Args:
        reaches: whether an n is enough, taken to be so for all larger ones.
        classes: n is one of its multiples.
        most: largest n tried.
        fewer: when `classes` is enough, also try fewer.
    """
    if most < classes:
        return _bisect(reaches, 0, most) if reaches(most) else None
    low, high, last = 0, 1, most // classes
    while not reaches(high * classes):
        if high == last:
            return None
        low, high = high, min(2 * high, last)
    if high > 1:
        return classes * _bisect(lambda multiple: reaches(multiple * classes), low, high)
    return _bisect(reaches, 0, classes) if fewer else classes


def _bisect(reaches: Callable[[int], bool], low: int, high: int) -> int:
    """The least number above `low`, which is not enough, when `high` is."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _held_out(distilled: DistilledSet) -> float:
    return float(distilled.results["distillation"]["validation_accuracy"])


def _with_n(recipe: Recipe, n: int) -> Recipe:
    steps = recipe.steps if recipe.steps and n % recipe.steps == 0 else None
    return recipe.model_copy(update={"n": n, "steps": steps})
