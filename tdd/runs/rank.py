"""Rank architectures by what they reach on a run's set, and say what that order is worth on all the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tdd.distilled_set.run_folder import locked, read_run
from tdd.errors import UsageError
from tdd.evaluation.architectures import FEWEST, IMAGE_GRID, TEXT_GRID, Architecture, Grid, architectures_of
from tdd.evaluation.given import GivenSet
from tdd.evaluation.kept_rows import KeptRows
from tdd.evaluation.kept_tests import CHECKPOINTS, key_of
from tdd.evaluation.names import REAL
from tdd.evaluation.ranking import EARLY, LEARNED, Ranking, rows_beside
from tdd.evaluation.transfer import Transfer
from tdd.inspection.figure_style import save_figure
from tdd.inspection.ranking_figure import draw_ranking
from tdd.runs.asked import Asked
from tdd.runs.evaluate import going_on
from tdd.runs.open_data import open_corpus_of
from tdd.runs.transfer import prepared
from tdd.settings.files import read_settings
from tdd.settings.said import Where
from tdd.system.files import write_json
from tdd.system.formatting import aligned, duration
from tdd.system.reporter import Reporter
from tdd.system.threads import are_open, choose, restored

FILE, FIGURE = "ranking.json", "ranking.png"
"""What a run folder keeps of it."""
_ABOUT = {"set": "this set", LEARNED: "this set, its own steps", EARLY: "all data, as many steps"}


def rank(
    folder: Path,
    asked: Asked,
    grid: Path | None = None,
    learned: bool = False,
    data: Where = None,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Train every architecture of a grid on the set of a run and on all its data, and keep what comes out.

    The figures of an architecture are kept as soon as it is done; the same command goes on where it was stopped.

    Args:
        folder: the run folder.
        asked: the real examples beside the set, how many networks of each architecture, and the rest; `on` is not read.
        grid: YAML file with the values of each option to try, by network; None: the usual one.
        learned: also rank by the set's own steps, its rates times the one factor that is best on held-out data.
        data: see `tdd.runs.evaluate.evaluate_run`.
        reporter: where progress is told; None: nowhere.

    Returns:
        See `Ranking.measure`.

    Raises:
        UsageError: there is no finished run, or the grid is wrong; nothing was trained.
        Interrupted: Ctrl-C; the same call goes on with the rest.
    """
    distilled, reporter = read_run(folder), reporter or Reporter(quiet=True)
    usual = TEXT_GRID if distilled.space.kind == "text" else IMAGE_GRID
    architectures = architectures_of(usual if grid is None else _read(grid))
    if learned and distilled.recipe.inner != "learned":
        raise UsageError("the set has no learned steps, it was made for plain training: leave --learned out")
    networks = list(dict.fromkeys(each.network for each in architectures))
    asked = asked.with_networks(networks)
    asked.check()
    accelerator = asked.accelerator()
    with locked(folder), reporter, restored(), going_on():
        recipe, corpus = open_corpus_of(distilled, data, reporter)
        kept = KeptRows.of(folder / CHECKPOINTS, "ranking", key_of(distilled), learned, *asked.parts())
        about = (recipe, corpus, [GivenSet(distilled, corpus)], accelerator, reporter)
        suitable: list[Architecture] = []

        def check(given: Transfer) -> None:
            suitable.extend(_suitable(Ranking(given, learned, kept), architectures, grid is None, reporter))

        transfer = prepared(asked, *about, check=check)
        transfer.rows = rows_beside(transfer.rows)
        if are_open(accelerator, asked.threads) and (step := transfer.small_step(suitable[0].network)):
            reporter.note(choose(step))
        result = Ranking(transfer, learned, kept, reporter.count).measure(suitable)
    write_json(folder / FILE, result)
    title = f"{distilled.recipe.dataset}, n = {distilled.n}"
    save_figure(draw_ranking(result, about_rows(result), title), folder / FIGURE)
    kept.clear()
    return result


def _suitable(
    ranking: Ranking, architectures: Sequence[Architecture], usual: bool, reporter: Reporter
) -> list[Architecture]:
    """The architectures, of the usual grid those that can be given these data.

    Raises:
        UsageError: one of the user's own grid cannot.
    """
    suitable = []
    for each in architectures:
        try:
            ranking.check(each)
        except UsageError as error:
            if not usual:
                raise
            reporter.note(f"left out: {error}")
            continue
        suitable.append(each)
    if len(suitable) < FEWEST:
        raise UsageError("the usual grid leaves nothing to rank here: write one that suits the data (--grid)")
    return suitable


def about_rows(result: Mapping[str, Any]) -> dict[str, str]:
    """What the rows of a ranking are called."""
    return {row: _ABOUT.get(row) or REAL[row] for row in result["rows"]}


def describe_ranking(result: Mapping[str, Any]) -> str:
    """A table: of each row what its order is worth, and how long it took."""
    cells = [["trained on", "Spearman", "Kendall", "regret", "time", "picked"]]
    for row, about in about_rows(result).items():
        worth = result["rows"][row]
        numbers = [_number(worth[name]) for name in ("spearman", "kendall")]
        picked = result["architectures"][worth["picked"]]["name"]
        cells.append([about, *numbers, f"{100 * worth['regret']:.1f}", duration(worth["seconds"]), picked])
    full = [each["full"] for each in result["architectures"]]
    best = max(full, key=lambda each: float(each["validation_accuracy"]))
    name = result["architectures"][full.index(best)]["name"]
    cells.append(["all data", "", "", "0.0", duration(result["full_seconds"]), name])
    return "\n".join(
        [
            f"{len(full)} architectures, by held-out accuracy where they are trained; plain training unless said",
            aligned(cells, left=(0, 5)),
            "Spearman, Kendall: with test accuracy on all the data; regret: points of it that the picked one lacks",
        ]
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _read(path: Path) -> Grid:
    grid: Grid = read_settings(path, "grid")
    return grid
