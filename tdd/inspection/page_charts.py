"""The charts of a page: what was learned beside how it was learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tdd.distilled_set.set import DistilledSet
from tdd.inspection.charts import Chart, Line, chart
from tdd.system.formatting import counted


def charts_of(
    distilled: DistilledSet, after_steps: Mapping[int, float] | None, log: Sequence[Mapping[str, Any]]
) -> list[Chart]:
    """Learned rates, accuracy after each gradient step, outer loss and held-out accuracy, as far as they are known."""
    found = [_rates(distilled), _after(distilled, after_steps or {}), _loss(log), _validation(log)]
    return [each for each in found if each is not None]


def _rates(distilled: DistilledSet) -> Chart | None:
    if distilled.recipe.inner == "plain":
        return None
    steps, names = len(distilled.samples), distilled.recipe.pool or ["learning rate"]
    rows, lines = distilled.learning_rates.tolist(), []
    for place, row in enumerate(rows):
        told = [f"epoch {t // steps}, step {t % steps}: {rate:.4g}" for t, rate in enumerate(row)]
        lines.append(Line(names[place], list(enumerate(row)), place % 4, dots=True, told=told))
    epochs = len(rows[0]) // steps
    note = "One learned rate for each gradient step. "
    note += f"Gradient step t trains on the samples of inner step t mod {steps}" if epochs > 1 else "There is one epoch"
    note += f" of epoch t div {steps}; upright lines are where an epoch begins." if epochs > 1 else "."
    if distilled.recipe.learning_rate is not None:
        note += f" All began at {distilled.recipe.learning_rate:g}."
    if distilled.momentum is not None:
        note += f" Learned momentum: {distilled.momentum.item():.3f}."
    marks = [(epoch * steps - 0.5, f"epoch {epoch} begins") for epoch in range(1, epochs)]
    return chart("Learned learning rates", "gradient step t", "learning rate", lines, note, True, marks)


def _after(distilled: DistilledSet, after: Mapping[int, float]) -> Chart | None:
    points = [(float(t), 100 * value) for t, value in after.items()]
    told = [f"after {counted(t, 'gradient step')}: {100 * value:.2f} %" for t, value in after.items()]
    start = "the set's own initialisation" if distilled.initialisation is not None else "one random draw"
    note = f"Held-out accuracy of one {distilled.recipe.network} from {start}; "
    note += "0: before the first step"
    note += "." if distilled.recipe.inner == "plain" else f", {len(distilled.samples)}: after one epoch."
    line = Line("accuracy", points, 2, dots=True, told=told)
    return chart("Accuracy after each step", "gradient steps done", "held-out accuracy (%)", [line], note)


def _loss(log: Sequence[Mapping[str, Any]]) -> Chart | None:
    points = [(float(entry["step"]), float(entry["outer_loss"])) for entry in log]
    note = "Cross-entropy of networks trained on the set, on a batch of real examples."
    return chart("Outer loss", "outer step", "outer loss (nats)", [Line("outer loss", points)], note)


def _validation(log: Sequence[Mapping[str, Any]]) -> Chart | None:
    told = [entry for entry in log if entry.get("validation_accuracy") is not None]
    lines = [
        Line(name, [(float(entry["step"]), 100 * float(entry[key])) for entry in told], style, dots=style == 0)
        for name, key, style in (("at this step", "validation_accuracy", 0), ("best so far", "best_accuracy", 1))
    ]
    note = "On held-out training examples, which choose the set that is kept."
    return chart("Validation", "outer step", "held-out accuracy (%)", lines, note)
