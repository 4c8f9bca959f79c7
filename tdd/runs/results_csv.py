"""The results as points for figures of one's own: a line of csv for each row and seed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

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
