"""The results table of `tdd table` as Markdown: our accuracies beside the published ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tdd.distilled_set.run_folder import check_same, is_finished, read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError
from tdd.evaluation.names import NAMES
from tdd.evaluation.paired import strongest
from tdd.hub.layout import RECIPE
from tdd.system.formatting import duration, percent

if TYPE_CHECKING:
    from tdd.runs.results_rows import Row

NONE = "–"
INTRODUCTION = """# Results

Written by `tdd table`, which goes on with what is missing when it is run again. Accuracies are those of the whole test
split, read at the end of a run alone; its best set is chosen on held-out training data. Ratio: to the accuracy of the
same network trained on all the data, for the paper too; *best of*: of so many settings, on held-out data. ±: standard
deviation over freshly drawn networks.
"""
RESULT_COLUMNS = (
    *("row", "data", "n", "initialisation", "accuracy", "networks", "paper", "all data", "paper, all data"),
    *("ratio", "paper, ratio", "best baseline at this n"),
)
COST_COLUMNS = ("row", "outer steps", "time to distil", "hardware", "processes", "seed", "versions")


def render(rows: Sequence[Row]) -> str:
    """The table: accuracies beside the published ones, then the cost of each run, then the commands."""
    sets = {row.name: _tested_set(row) for row in rows}
    results = [_result_cells(row, sets[row.name]) for row in rows]
    costs = [_cost_cells(row, distilled) for row in rows if isinstance(distilled := sets[row.name], DistilledSet)]
    parts = [INTRODUCTION, _markdown(RESULT_COLUMNS, results)]
    if costs:
        parts += ["## What the runs took\n", _markdown(COST_COLUMNS, costs)]
    commands = "".join(f"    {line}\n" for row in rows for line in _commands(row))
    parts.append(
        f"## The commands\n\n`tdd table ROW` runs the lines of a row, as far as that was not done before:\n\n{commands}"
    )
    return "\n".join(parts)


def _tested_set(row: Row) -> DistilledSet | str:
    """The row's tested set, or why there is none."""
    try:
        if not (row.folder / RECIPE).exists():
            return "not yet run"
        check_same(row.recipe, row.folder)
        return read_run(row.folder) if is_finished(row.folder) else "not finished"
    except TddError as error:
        return f"not used: {error}"


def _result_cells(row: Row, distilled: DistilledSet | str) -> list[str]:
    published = row.published
    paper = _percent(published.accuracy, published.sd)
    if published.source:
        paper += f" ({published.source})"
    paper_ratio = published.accuracy / published.full if published.accuracy and published.full else None
    cells = dict.fromkeys(RESULT_COLUMNS, NONE) | {
        "row": row.name,
        "data": published.data,
        "n": f"{row.recipe.n:,}",
        "initialisation": row.recipe.init,
        "paper": paper,
        "paper, all data": _percent(published.full),
        "paper, ratio": NONE if paper_ratio is None else percent(paper_ratio),
    }
    if isinstance(distilled, str):
        cells["accuracy"] = distilled
    else:
        results = distilled.results
        evaluation = results["evaluation"][row.recipe.init]
        cells["accuracy"] = percent(evaluation["mean"], evaluation["sd"])
        cells["networks"] = str(evaluation["networks"])
        if evaluation["test_examples"] < evaluation["test_split"]:
            cells["accuracy"] += f" (on {evaluation['test_examples']:,} of {evaluation['test_split']:,} test examples)"
        if full := results.get("full_data", {}).get("accuracy"):
            tried = len(results["full_data"].get("tried", []))
            best_of = f" (best of {tried})" if tried > 1 else ""
            cells |= {"all data": percent(full) + best_of, "ratio": percent(evaluation["mean"] / full)}
        baselines = results.get("baselines") or {}
        if best := strongest(baselines):
            accuracy = percent(baselines[best]["mean"], baselines[best]["sd"])
            cells["best baseline at this n"] = f"{NAMES.get(best, best)}: {accuracy}"
    return list(cells.values())


def _cost_cells(row: Row, distilled: DistilledSet) -> list[str]:
    distillation = distilled.results["distillation"]
    return [
        row.name,
        f"{distillation['outer_steps']:,}",
        duration(distillation["seconds"]),
        distillation["hardware"],
        str(distillation["processes"]),
        str(distilled.recipe.seed),
        ", ".join(f"{name} {version}" for name, version in distillation["versions"].items()),
    ]


def _commands(row: Row) -> list[str]:
    networks = f" --networks {row.published.networks}" if row.recipe.init == "random" else ""
    return [
        f"tdd distill --recipe {row.recipe_name} --output {row.folder}",
        f"tdd evaluate {row.folder}{networks} --full",
    ]


def _percent(value: float | None, sd: float = 0.0) -> str:
    return NONE if value is None else percent(value / 100, sd / 100)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
