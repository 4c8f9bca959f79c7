"""The results as points: a line of csv for each row and seed, and the figure of accuracy against n."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence

from tdd.inspection.results_figure import Point
from tdd.runs.results_figures import RowFigures, ratio_of

COLUMNS = (
    *("row", "data", "n", "network", "init", "samples", "labels", "seed", "accuracy", "sd", "all data", "ratio"),
    *("seconds", "measured with"),
)


def points(figures: Sequence[RowFigures]) -> str:
    """The points: accuracies and ratios as shares, "sd" over networks, times to distil in seconds."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for row in figures:
        recipe = row.row.recipe
        same = (row.row.name, row.row.published.data, recipe.n, recipe.network, recipe.init)
        for result in row.results:
            full, ratio = result.all_data, ratio_of(result)
            compared = (full.accuracy if full else None, None if ratio is None else round(ratio, 6))
            measured = (result.test.mean, result.test.sd, *compared, result.seconds, result.measured_with)
            lines.writerow([*same, recipe.samples, recipe.labels, result.seed, *measured])
    return text.getvalue()


def mean_points(figures: Sequence[RowFigures]) -> list[Point]:
    """A point for each row, its mean over seeds; lines are told apart by what differs between rows of a data set."""
    networks: dict[str, set[str]] = defaultdict(set)
    for row in figures:
        networks[row.row.published.data].add(row.row.recipe.network)
    drawn = []
    for row in figures:
        recipe, published, accuracy = row.row.recipe, row.row.published, row.accuracy
        parts = [
            *([recipe.network] if len(networks[published.data]) > 1 else []),
            recipe.init,
            *([recipe.samples] if recipe.samples != "free" else []),
            *(["hard labels"] if recipe.labels == "hard" else []),
        ]
        drawn.append(
            Point(
                published.data,
                ", ".join(parts),
                recipe.n,
                accuracy.mean if accuracy else None,
                accuracy.sd if accuracy else 0.0,
                None if published.accuracy is None else published.accuracy / 100,
                row.all_data.mean if row.all_data else None,
            )
        )
    return drawn
