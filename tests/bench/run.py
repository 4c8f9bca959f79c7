"""Ours beside the plain way, on the same inputs in the same run: `make bench`, or with options

    PYTHONPATH=tests:tests/support .venv/bin/python -m bench.run --only imdb-step --json bench.json

Each task's results are compared first. Ratios are of the plain way's cost to ours. Peak memory is what a task adds to a
process of its own. Only a wrong result ends in exit code 1, never a slow one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from bench.cases import CASES, Case, Goal, Side
from bench.growth import measure as measure_growth
from bench.growth import plot as plot_growth
from bench.measure import environment, peak_of, timed
from bench.tasks import relative
from rich.console import Console
from rich.table import Table

GROWTH = "growth"
# Largest error of what stays steady in single precision at full size.
SINGLE = 1e-3
NAMES = [case.name for case in CASES] + [GROWTH]
console = Console()
app = typer.Typer(add_completion=False)


@app.command()
def main(
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes: shows that all works, not how fast.")] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"One or more of: {', '.join(NAMES)}.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures here.")] = None,
    plot_file: Annotated[Path | None, typer.Option("--plot", help="Draw the growth here, .png or .svg.")] = None,
    peak: Annotated[str | None, typer.Option(hidden=True, help="case:side whose peak memory is printed")] = None,
) -> None:
    """Measure the plain way and ours."""
    if peak is not None:
        print(_peak(peak))
        return
    chosen = only or NAMES
    if unknown := [name for name in chosen if name not in NAMES]:
        raise typer.BadParameter(f"no '{unknown[0]}'; choose from {', '.join(NAMES)}", param_hint="--only")
    about = environment()
    console.print(f"{about['processor']}, {about['cores']} cores, {about['threads']} threads, {about['versions']}")
    if quick:
        console.print("[bold]--quick: sizes are small and the goals do not apply[/bold]")
    results = [_measure(case, quick) for case in CASES if case.name in chosen]
    if results:
        console.print(_table(results, quick))
    rows = measure_growth(quick) if GROWTH in chosen else []
    if rows:
        console.print(_growth_table(rows))
        if plot_file is not None:
            plot_growth(rows, plot_file)
    if json_file is not None:
        found = {"environment": about, "quick": quick, "cases": results, "growth": rows}
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _measure(case: Case, quick: bool) -> dict[str, Any]:
    """Check a case, then measure each of its sides.

    Raises:
        typer.Exit: a result is wrong.
    """
    inputs = case.prepare(quick)
    with console.status(case.name):
        compared = case.exact() if case.exact else inputs
        expected, *found = [side.run(compared) for side in case.sides]
        errors = []
        for side, result in zip(case.sides[1:], found, strict=True):
            errors.append(_passed(case, side, case.error(compared, expected, result), case.tolerance))
        del compared, expected, found, result
        timed(lambda: case.sides[-1].run(inputs))
        sides, results = [], []
        for side in case.sides:
            costs = [timed(lambda: results.append(side.run(inputs))) for _ in range(side.repeats)]  # noqa: B023
            if case.steady is not None:
                first, last = case.steady(results[0]), case.steady(results[-1])
                _passed(case, side, relative(first, last), SINGLE)
            share = side.share(inputs)
            sides.append(
                {
                    "name": side.name,
                    "share_measured": share,
                    "cpu_seconds": median(cost.cpu for cost in costs) / share,
                    "wall_seconds": median(cost.wall for cost in costs) / share,
                    "peak_bytes": _peak_elsewhere(case.name, side.name) if case.memory and not quick else None,
                }
            )
    return {
        "name": case.name,
        "title": case.title,
        "errors": errors,
        "tolerance": case.tolerance,
        "sides": sides,
        "goals": {name: vars(goal) for name, goal in _goals(case).items()},
    }


def _passed(case: Case, side: Side, error: float, tolerance: float) -> float:
    if not error <= tolerance:
        console.print(
            f"[red]{case.name}: {side.name} differs from the plain result by {error:.1e}, more than {tolerance:.0e}; "
            f"its time means nothing[/red]"
        )
        raise typer.Exit(1)
    return error


def _goals(case: Case) -> dict[str, Goal]:
    goals = {"faster": case.faster, "smaller": case.smaller, "minutes": case.minutes}
    return {name: goal for name, goal in goals.items() if goal is not None}


def _peak_elsewhere(case: str, side: str) -> int:
    """Peak memory of a side, measured in a fresh process."""
    command = [sys.executable, "-m", "bench.run", "--peak", f"{case}:{side}"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _peak(place: str) -> int:
    name, _, side_name = place.partition(":")
    case = next(case for case in CASES if case.name == name)
    side = next(side for side in case.sides if side.name == side_name)
    inputs = case.prepare(False)
    return peak_of(lambda: side.run(inputs))


# Tables


def _table(results: list[dict[str, Any]], quick: bool) -> Table:
    table = Table(title="plain / ours", title_justify="left")
    table.add_column("task", overflow="fold", ratio=1)
    for name in ("", "plain", "ours", "times", "by clock", "at least", "aim"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for result in results:
        plain, *ours = result["sides"]
        title = result["title"]
        for side in ours:
            goals = {} if quick else result["goals"]
            on_time = {name: goal for name, goal in goals.items() if name != "smaller"}
            label = "" if len(ours) == 1 else f"{side['name']}, "
            values = [plain["cpu_seconds"], side["cpu_seconds"]]
            unit = "CPU s"
            if "minutes" in result["goals"]:
                values, unit = [value / 60 for value in values], "CPU min"
            times = plain["cpu_seconds"] / side["cpu_seconds"], plain["wall_seconds"] / side["wall_seconds"]
            cells = [f"{value:.3g}" for value in values] + [f"{value:.1f}" for value in times]
            table.add_row(title, label + unit, *cells, *_goal(on_time))
            if side["peak_bytes"] is not None:
                peaks = plain["peak_bytes"], side["peak_bytes"]
                cells = [*(f"{value / 1e6:,.0f}" for value in peaks), f"{peaks[0] / peaks[1]:.1f}", ""]
                table.add_row("", label + "peak MB", *cells, *_goal({k: v for k, v in goals.items() if k == "smaller"}))
            title = ""
        table.add_section()
    return table


def _goal(goals: dict[str, dict[str, float]]) -> tuple[str, str]:
    for name, unit in (("smaller", "x"), ("faster", "x"), ("minutes", " min")):
        if name in goals:
            return f"{goals[name]['least']:g}{unit}", f"{goals[name]['aim']:g}{unit}"
    return "", ""


def _growth_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(
        title="one outer step, CPU seconds; base: IMDB shape, 10 x 2, batch 256, d = 100", title_justify="left"
    )
    table.add_column("grows")
    table.add_column("CPU s at each size", overflow="fold")
    table.add_column("power at the end", justify="right")
    for row in rows:
        pairs = zip(row["values"], row["cpu_seconds"], strict=True)
        cells = "   ".join(f"{value:,}: {seconds:.3g}" for value, seconds in pairs)
        table.add_row(row["factor"], cells, f"{row['last_power']:.2f}")
    return table


if __name__ == "__main__":
    app()
