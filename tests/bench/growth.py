"""How the cost of one outer step grows with each size, all others fixed."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.inputs import IMDB, Sizes, Text
from bench.measure import timed
from bench.tasks import our_step

BASE = Sizes(batch=256)
# For each factor the sizes that it takes.
RANGES: dict[str, list[int]] = {
    "distilled samples n": [20, 40, 80, 160, 320],
    "length L": [50, 100, 200, 400, 800],
    "gradient steps T": [10, 20, 40, 80, 160],
    "real batch B": [64, 128, 256, 512, 1024, 2048],
    "classes C": [2, 4, 8, 16, 32, 64],
    "networks K": [1, 2, 4, 8],
    "vocabulary V": [1_000, 4_000, 16_000, 64_000, 256_000],
}


def sizes(factor: str, value: int) -> Sizes:
    """The base with one factor replaced: n by samples of a step, T by epochs, L with the sentences."""
    changes: dict[str, dict[str, Any]] = {
        "distilled samples n": {"per_step": value // BASE.steps},
        "length L": {"length": value, "text": replace(IMDB, median=IMDB.median * value / BASE.length)},
        "gradient steps T": {"epochs": value // BASE.steps},
        "real batch B": {"batch": value},
        "classes C": {"classes": value},
        "networks K": {"networks": value},
        "vocabulary V": {"text": Text(IMDB.median, IMDB.spread, value, IMDB.exponent)},
    }
    return replace(BASE, sentences=2 * max(BASE.batch, value if factor == "real batch B" else 0), **changes[factor])


def measure(quick: bool) -> list[dict[str, Any]]:
    """For each factor its values, the processor seconds of an outer step, and the power of growth at the end.

    The least of four runs counts: the figure is about shape, and other work on the machine only adds to a run.
    """
    rows = []
    for factor, values in RANGES.items():
        chosen = values[:2] if quick else values
        seconds = []
        for value in chosen:
            step = partial(our_step, sizes(factor, value).problem())
            costs = [timed(step).cpu for _ in range(1 if quick else 4)]
            seconds.append(min(costs))
        power = math.log(seconds[-1] / seconds[-2]) / math.log(chosen[-1] / chosen[-2])
        rows.append({"factor": factor, "values": chosen, "cpu_seconds": seconds, "last_power": power})
    return rows


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """One panel a factor, as wide as a page."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    low = min(min(row["cpu_seconds"]) for row in rows)
    high = max(max(row["cpu_seconds"]) for row in rows)
    ticks = [digit * 10.0**exponent for exponent in range(-4, 5) for digit in (1, 2, 5)]
    style = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "none"}
    with plt.rc_context(style):
        figure, grid = plt.subplots(2, 4, figsize=(7.2, 3.8), sharey=True, layout="constrained")
        panels = grid.flatten()
        for panel, row in zip(panels, rows, strict=False):
            values, seconds = row["values"], row["cpu_seconds"]
            panel.loglog(values, seconds, "o-", color="#1f5fa8", markersize=3.5, linewidth=1.2)
            # What proportional growth from the last point backwards would be.
            straight = [seconds[-1] * value / values[-1] for value in values]
            panel.loglog(values, straight, "--", color="#999999", linewidth=0.8)
            panel.set_xlabel(row["factor"])
            panel.set_xticks(values[:: 2 if len(values) > 4 else 1])
            panel.xaxis.set_major_formatter(lambda x, _: f"{x:.0f}" if x < 10_000 else f"{x / 1000:.0f}k")
            panel.set_yticks([tick for tick in ticks if low / 1.6 < tick < high * 1.6])
            panel.yaxis.set_major_formatter("{x:g}")
            panel.minorticks_off()
            panel.grid(alpha=0.25, linewidth=0.5)
        panels[0].set_ylim(low / 1.6, high * 1.6)
        for panel in grid[:, 0]:
            panel.set_ylabel("outer step, CPU s")
        key = panels[len(rows)]
        key.axis("off")
        key.plot([], [], "o-", color="#1f5fa8", markersize=3.5, linewidth=1.2, label="measured")
        key.plot([], [], "--", color="#999999", linewidth=0.8, label="proportional")
        key.legend(loc="center", frameon=False)
        figure.savefig(path, dpi=200)
        plt.close(figure)
