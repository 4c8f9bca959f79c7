"""The figures of `tdd.runs.plot`, each drawn from a set's or a log's numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public, tested_on
from tdd.evaluation.names import NAMES
from tdd.inspection.colors import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from tdd.inspection.figure_style import mark_classes, new_figure, shortened, styled, ticks_at
from tdd.inspection.figure_title import about_set, give_title
from tdd.system.formatting import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# Cells and rows of a heat map up to which values and names are written.
MOST_VALUES, MOST_NAMES = 240, 60


@styled
def draw_learning_rates(distilled: DistilledSet) -> Figure:
    """The learned learning rate of every gradient step, beside the one they started from; learned momentum above."""
    figure, (axes,) = new_figure(2.6)
    rates, steps = distilled.learning_rates[0].tolist(), len(distilled.samples)
    colors = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY)
    for place, row in enumerate(distilled.learning_rates.tolist()):
        label = distilled.recipe.pool[place] if distilled.recipe.pool else "learned"
        axes.plot(range(len(rates)), row, "o-", color=colors[place % len(colors)], label=label)
    if distilled.recipe.learning_rate is not None:
        axes.axhline(distilled.recipe.learning_rate, color=GREY, linestyle="--", linewidth=1, label="start")
    for first in range(steps, len(rates), steps):
        axes.axvline(first - 0.5, color=GREY, linewidth=0.5, label="next epoch" if first == steps else None)
    axes.set(xlabel=f"gradient step t: epoch t div {steps}, inner step t mod {steps}", ylabel="learning rate")
    if distilled.momentum is not None:
        axes.set_title(f"learned momentum {distilled.momentum.item():.2f}")
    axes.set_ylim(bottom=0)
    axes.set_xlim(-0.5, len(rates) - 0.5)
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)  # a single step has but one place
    axes.legend()
    give_title(figure, "Learned learning rates", about_set(distilled))
    return figure


@styled
def draw_labels(distilled: DistilledSet) -> Figure:
    """The soft labels as a heat map (paper, table 1): a row for each sample, a column for each class."""
    labels = distilled.labels.flatten(0, 1)
    n, classes = labels.shape
    per_step = distilled.samples.shape[1]
    figure, (axes,) = new_figure(min(8.5, 1.4 + max(0.16 * n, 1.2)))
    most = labels.abs().max().item() or 1.0
    image = axes.imshow(labels.numpy(), cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    figure.colorbar(image, ax=axes, label="number in the soft label", shrink=min(1.0, 12 / n))
    long = classes > 12 or max(map(len, distilled.classes)) > 50 // classes
    if classes <= MOST_NAMES:
        axes.set_xticks(range(classes), [shortened(name, 20) for name in distilled.classes], rotation=90 if long else 0)
        axes.tick_params(axis="x", labelsize=6 if classes > 20 else 8)
    if n <= MOST_NAMES:
        axes.set_yticks(range(n), [f"{place // per_step}.{place % per_step}" for place in range(n)], fontsize=6.5)
    axes.set(xlabel="class", ylabel="inner step.sample")
    mark_classes(axes, classes)
    for step in range(1, len(distilled.samples)):
        axes.axhline(step * per_step - 0.5, color="white", linewidth=1)
    if n * classes <= MOST_VALUES and classes <= 12:
        for row, values in enumerate(labels.tolist()):
            for column, value in enumerate(values):
                color = "white" if abs(value) > 0.6 * most else "black"
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=5.5, color=color)
    axes.spines[:].set_visible(False)
    give_title(figure, "Soft labels", about_set(distilled))
    return figure


@styled
def draw_networks(distilled: DistilledSet) -> Figure:
    """A histogram of the test accuracies of networks with random initialisation."""
    figure, (axes,) = new_figure(2.7)
    evaluations = distilled.results["evaluation"]
    evaluation = evaluations["random"]
    accuracies = [100 * accuracy for accuracy in evaluation["accuracies"]]
    axes.hist(accuracies, bins=min(30, max(5, round(len(accuracies) ** 0.5) * 2)), color=SKY, edgecolor="white")
    axes.axvline(100 * evaluation["mean"], color=BLUE, label=f"mean {percent(evaluation['mean'], evaluation['sd'])}")
    axes.axvspan(
        100 * (evaluation["mean"] - evaluation["sd"]),
        100 * (evaluation["mean"] + evaluation["sd"]),
        color=BLUE,
        alpha=0.12,
        linewidth=0,
    )
    if fixed := evaluations.get("fixed"):
        axes.axvline(
            100 * fixed["mean"], color=RED, linestyle="--", label=f"fixed initialisation {percent(fixed['mean'])}"
        )
    if full := distilled.results.get("full_data"):
        # Far from the others as it often is, it does not press them together.
        limits = axes.get_xlim()
        label = f"all the data {percent(full['accuracy'])}"
        axes.axvline(100 * full["accuracy"], color="black", linestyle=":", label=label)
        axes.set_xlim(limits)
    axes.set(xlabel="test accuracy (%)", ylabel=f"networks (of {evaluation['networks']})")
    axes.locator_params(axis="y", integer=True)
    figure.legend(loc="outside lower center", ncols=3, fontsize=7.5)
    give_title(figure, "Networks with random initialisation", about_set(distilled))
    return figure


@styled
def draw_accuracy_against_n(sets: Iterable[DistilledSet]) -> Figure:
    """Test accuracy against the number of distilled samples, a panel for each data set (paper, figure 3).

    Initialisations and, where measured, baselines with as many samples are lines; accuracy with all the data is level.
    """
    panels: dict[tuple[str | None, ...], list[DistilledSet]] = defaultdict(list)
    for distilled in sorted(sets, key=lambda distilled: distilled.n):
        if distilled.results.get("evaluation"):
            panels[tested_on(distilled)].append(distilled)
    figure, grid = new_figure(2.9 * len(panels), len(panels))
    for axes, ((name, *_), group) in zip(grid, panels.items(), strict=True):
        lines: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
        told_apart = _told_apart(group)
        for distilled in group:
            for init, evaluation in distilled.results["evaluation"].items():
                name_of_line = ", ".join(["distilled", init, *told_apart(distilled)])
                lines[name_of_line].append((distilled.n, evaluation["mean"], evaluation["sd"]))
            for baseline, evaluation in (distilled.results.get("baselines") or {}).items():
                lines[NAMES.get(baseline, baseline)].append((distilled.n, evaluation["mean"], evaluation["sd"]))
        colors = {"distilled, fixed": RED, "distilled, random": BLUE}
        others = iter((GREEN, ORANGE, PURPLE, SKY, GREY) * (len(lines) // 5 + 1))
        for label, points in sorted(lines.items(), key=lambda line: line[0] not in colors):
            n, mean, sd = zip(*points, strict=True)
            axes.errorbar(
                n,
                [100 * value for value in mean],
                [100 * value for value in sd],
                fmt="o-" if label in colors else "s--",
                color=colors.get(label) or next(others),
                capsize=2,
                label=label,
            )
        full = [member.results["full_data"]["accuracy"] for member in group if member.results.get("full_data")]
        if full:
            axes.axhline(100 * max(full), color="black", linestyle=":", linewidth=1, label="all the data")
        ticks_at(axes, [member.n for member in group])
        axes.set(xlabel="distilled samples n", ylabel="test accuracy (%)", title=shortened(name or "", 60))
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    networks = dict.fromkeys(" + ".join(member.recipe.learners) for group in panels.values() for member in group)
    about = f"networks trained on the sets: {', '.join(networks)}; ± standard deviation over networks"
    give_title(figure, "Test accuracy against the number of distilled samples", about)
    return figure


def _told_apart(sets: Sequence[DistilledSet]) -> Callable[[DistilledSet], list[str]]:
    """What tells sets of one data set apart, of their networks, vectors and samples: of equal ones nothing."""

    def parts(distilled: DistilledSet) -> tuple[str, str, str]:
        recipe = public(distilled).recipe
        return recipe.network, recipe.vectors, "words" if distilled.sentences else "free"

    differ = [len({parts(distilled)[place] for distilled in sets}) > 1 for place in range(3)]
    return lambda distilled: [part for part, differs in zip(parts(distilled), differ, strict=True) if differs]
