"""Draw the figures of runs: curves, learning rates, soft labels, accuracies of networks, accuracy against n."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tdd.distilled_set.run_folder import LOG, read_run, recipe_of_run
from tdd.distilled_set.run_log import read_log
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public, tested_on
from tdd.errors import TddError, UsageError
from tdd.evaluation.names import PROTOCOLS
from tdd.evaluation.transfer_cells import matrix, parts_of_test
from tdd.hub.layout import FIGURES, WEIGHTS
from tdd.inspection.confusion_figure import MOST_CLASSES, draw_confusion
from tdd.inspection.curves_figure import draw_curves, draw_curves_of_runs
from tdd.inspection.figure_style import save_figure
from tdd.inspection.figure_title import about_recipe, about_set
from tdd.inspection.figures import draw_accuracy_against_n, draw_labels, draw_learning_rates, draw_networks
from tdd.inspection.transfer_figure import draw_transfer
from tdd.system.reporter import Reporter

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Format = Literal["png", "svg"]


def plot_runs(folders: Sequence[Path], output: Path | None = None, format: Format = "png") -> list[Path]:
    """Draw every figure that the runs in `folders` hold the numbers for.

    A run that is not finished gets its curves. Several runs also get their curves together, and accuracy against n, a
    panel for each data set that has several n.

    Args:
        folders: run folders.
        output: where the figures go, in a folder for each run where they are several; None: ``figures`` in each run's
            folder, those of several runs together in ``figures`` of the folder that holds the first of them.
        format: "png" or "svg".

    Returns:
        The files written.

    Raises:
        UsageError: a folder holds no run, two have the same name, or there is nothing to draw.
        TddError: matplotlib is not installed, a file is damaged, or a folder cannot be written to.
    """
    if output is not None and len({folder.resolve().name for folder in folders}) < len(folders):
        raise UsageError("two of the runs' folders have the same name, their figures too: leave --output out")
    written: list[Path] = []
    finished, logs = [], []
    for folder in folders:
        target = folder / FIGURES if output is None else output if len(folders) == 1 else output / folder.name
        recipe = recipe_of_run(folder)
        figures: dict[str, Figure] = {}
        distilled = read_run(folder) if (folder / WEIGHTS).exists() else None
        if log := read_log(folder / LOG):
            about = about_recipe(recipe) if distilled is None else about_set(distilled)
            figures["curves"] = draw_curves(log, about)
            logs.append((about, log))
        if distilled is not None:
            finished.append(distilled)
            figures |= draw_set(distilled)
            if distilled.space.kind != "text":
                from tdd.inspection.picture_figures import save_pictures

                written += save_pictures(distilled, target, format)
        written += [save_figure(figure, target / f"{name}.{format}") for name, figure in figures.items()]
    # Not in the folder of a run, whose card shows the figures that are there.
    together = folders[0].resolve().parent / FIGURES if output is None else output
    if len(folders) > 1 and any(distilled.results.get("transfer") for distilled in finished):
        for name, figure in draw_transfers(finished).items():
            written.append(save_figure(figure, together / f"{name}-of-runs.{format}"))
    if len(logs) > 1:
        written.append(save_figure(draw_curves_of_runs(logs), together / f"curves-of-runs.{format}"))
    if several := _of_several_n(finished):
        written.append(save_figure(draw_accuracy_against_n(several), together / f"accuracy-against-n.{format}"))
    if not written:
        raise UsageError("there is nothing to draw yet: the first outer step is not done")
    return written


def _of_several_n(sets: Sequence[DistilledSet]) -> list[DistilledSet]:
    """Those tested sets whose data set has others of another n beside them."""
    tested = [(tested_on(each), each) for each in sets if each.results.get("evaluation")]
    sizes: dict[tuple[str | None, ...], set[int]] = {}
    for name, each in tested:
        sizes.setdefault(name, set()).add(each.n)
    return [each for name, each in tested if len(sizes[name]) > 1]


def draw_run(folder: Path, reporter: Reporter) -> None:
    """Draw the figures of a run into its folder, or say in a line why there are none: no reason to lose the rest."""
    try:
        plot_runs([folder])
    except TddError as error:
        reporter.note(f"note: no figures: {error}")


def draw_set(distilled: DistilledSet) -> dict[str, Figure]:
    """Figures of a finished set by file name: learning rates, soft labels and, where tested, the networks."""
    figures = {"labels": draw_labels(distilled)}
    if distilled.recipe.inner == "learned":
        figures["learning-rates"] = draw_learning_rates(distilled)
    evaluation = distilled.results.get("evaluation", {}).get("random")
    if evaluation and len(evaluation.get("accuracies", ())) > 1:
        figures["networks"] = draw_networks(distilled)
    own = distilled.results.get("evaluation", {}).get(distilled.recipe.init) or {}
    if own.get("confusion") and len(distilled.classes) <= MOST_CLASSES:
        figures["confusion"] = draw_confusion(own, distilled.classes, about_set(distilled))
    return figures | draw_transfers([distilled])


def draw_transfers(sets: Sequence[DistilledSet]) -> dict[str, Figure]:
    """Learned on x tested on, a figure for each protocol that something was measured by, by file name."""
    names = [f"{each.recipe.network}, {each.recipe.samples}, n = {each.n}" for each in sets]
    runs = [(name, each.results.get("transfer") or {}) for name, each in zip(names, sets, strict=True)]
    about = ", ".join(dict.fromkeys(public(each).recipe.dataset for each in sets))
    figures = {}
    for protocol, told in PROTOCOLS.items():
        if rows := matrix(runs, protocol):
            parts = [f"{name} {part}" for name, transfer in runs for part in parts_of_test(transfer, protocol)]
            figures[f"transfer-{protocol}"] = draw_transfer(rows, told, "; ".join([about, *parts]))
    return figures
