"""Reproduce a results table row by row and seed by seed, each result kept at once, and write the table from them.

Finished runs and results are reused, interrupted runs resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tdd.data.sources import local_copy
from tdd.distilled_set.run_folder import is_finished, read_run
from tdd.errors import Interrupted, TddError, UsageError, line_of, nearest, stopped
from tdd.inspection.figure_style import save_figure
from tdd.inspection.results_figure import draw_results
from tdd.runs.baselines import check_names, measure_baselines_of_run
from tdd.runs.evaluate import evaluate_run, is_searched, is_tested
from tdd.runs.reference import measure_by_setting, measure_reference
from tdd.runs.result_files import Result, read_result, result_of, write_result
from tdd.runs.results_figures import read_figures
from tdd.runs.results_markdown import render
from tdd.runs.results_points import mean_points, points
from tdd.runs.results_readme import short_table, with_table
from tdd.runs.results_rows import PAPER, Row, read_rows, table_name
from tdd.runs.reuse import run_or_reuse
from tdd.system import processes
from tdd.system.files import check_folder_of, write_text
from tdd.system.reporter import Reporter

README = "README.md"
FIGURES = (".png", ".svg")


@dataclass(frozen=True)
class Files:
    """What a table is written to and from.

    Attributes:
        output: the Markdown file.
        results: folder of the results, see `tdd.runs.result_files`.
        csv: a file of points, see `tdd.runs.results_points`; None: none.
        figure: a figure of accuracy against n, png or svg by its name; None: none.
    """

    output: Path
    results: Path
    csv: Path | None = None
    figure: Path | None = None

    @classmethod
    def of(
        cls,
        recipes: Path | None = None,
        output: Path | None = None,
        results: Path | None = None,
        csv: Path | None = None,
        figure: Path | None = None,
    ) -> Files:
        """The files of a table: None: ``RESULTS.md``, ``RESULTS-words.md`` and so on, and ``results`` beside it."""
        name = table_name(recipes)
        output = output or Path("RESULTS.md" if name == PAPER else f"RESULTS-{name}.md")
        return cls(output, results or output.parent / "results", csv, figure)

    @property
    def readme(self) -> Path:
        """The README that may hold the table, too."""
        return self.output.parent / README

    def check(self) -> None:
        """Raise UsageError for a file that cannot be written as it is named."""
        if self.figure is not None and self.figure.suffix not in FIGURES:
            raise UsageError(f"a figure is {' or '.join(FIGURES)}, by the end of its name, and not {self.figure}")
        for path in (self.output, self.csv, self.figure):
            if path is not None:
                check_folder_of(path)


def run_table(
    files: Files,
    names: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    runs: Path | None = None,
    only_write: bool = False,
    data_root: Path | None = None,
    recipes: Path | None = None,
    reporter: Reporter | None = None,
    baselines: Sequence[str] = (),
) -> None:
    """Run, test and compare what is missing of the rows, keep each result at once, and write the table after it.

    A row is distilled, tested with as many networks as the paper tests and compared with the same network trained on
    all the data by the best of a search and, texts, with logistic regression.

    Args:
        files: what is written.
        names: rows to run; none: all. The table always shows all.
        seeds: seeds that each row is run with.
        runs: folder of the runs, a folder for each row and seed; None: ``runs/`` and the table's name.
        only_write: run nothing, write the table from the results as they are.
        data_root: folder with copies of the data sets, laid out owner/name as on the Hub; None: they are read from it.
        recipes: see `read_rows`.
        reporter: where progress is told; None: nowhere.
        baselines: names of `tdd.evaluation.names.NAMES` that are measured of each run, too.

    Raises:
        UsageError: there is no such row or baseline, or a recipe or the list of rows is wrong; nothing was run.
        Interrupted: Ctrl-C or a terminate signal; the same call goes on.
        TddError: runs failed, after the others were done.
    """
    rows = read_rows(recipes, runs)
    row_names = [row.name for row in rows]
    for name in names:
        if name not in row_names:
            raise UsageError(f"no row '{name}'{nearest(name, row_names)}")
    check_names(baselines)
    files.check()
    accelerator = processes.accelerator()
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    command = "tdd table" if recipes is None else f"tdd table --recipes {recipes}"

    def write() -> None:
        if accelerator.is_main_process:
            write_table(rows, files, command, table_name(recipes))

    def keep(row: Row, seed: int) -> None:
        if accelerator.is_main_process:
            write_result(result_of(row, seed, read_run(row.folder(seed))), files.results)
        write()

    for figures in read_figures(rows, files.results):
        for line in figures.left_out:
            reporter.note(f"left out: {line}")
    write()
    jobs = [] if only_write else [(row, seed) for row in rows if not names or row.name in names for seed in seeds]
    failures: dict[str, Exception] = {}
    for row, seed in jobs:
        run = row.run_name(seed)
        if _is_done(row, seed, files.results, baselines):
            reporter.note(f"{run}: done before, {files.results / run}.json")
            continue
        reporter.note(f"{run}: {row.folder(seed)}")
        try:
            searched = _searched(row, seed, files.results)
            _complete(row, seed, data_root, reporter, baselines, partial(keep, row, seed), searched)
        except (Interrupted, KeyboardInterrupt) as error:
            line = f"stopped in {run}; what is done is kept, the same line again goes on"
            raise stopped(error, line) from None
        except Exception as error:
            if accelerator.num_processes > 1:  # the others would wait for this process
                raise
            reporter.note(f"{run} failed: {line_of(error)}")
            failures[run] = error
    if files.figure is not None and accelerator.is_main_process:  # at the end: there may be too little to draw before
        save_figure(draw_results(mean_points(read_figures(rows, files.results))), files.figure)
    if failures:
        count = f"{len(failures)} of {len(jobs)} runs failed"
        raise TddError(f"{count} ({', '.join(failures)}), each for the reason above") from next(iter(failures.values()))


def write_table(rows: Sequence[Row], files: Files, command: str, table: str) -> None:
    """Write a table's Markdown, its part of the README beside it and its points, from the results alone."""
    figures = read_figures(rows, files.results)
    write_text(files.output, render(figures, command, files.results.name))
    if files.csv is not None:
        write_text(files.csv, points(figures))
    if files.readme.is_file():
        before = files.readme.read_text(encoding="utf-8")
        if (after := with_table(before, table, short_table(figures))) != before:
            write_text(files.readme, after)


def _is_done(row: Row, seed: int, results: Path, baselines: Sequence[str]) -> bool:
    """Whether a result of the row's present recipe holds everything, and there is no run that could hold more."""
    path = results / f"{row.run_name(seed)}.json"
    if is_finished(row.folder(seed)) or not path.exists():
        return False
    try:
        result = read_result(path)
    except TddError:
        return False
    return result.recipe is not None and not result.difference(row) and result.is_complete(row, baselines)


def _searched(row: Row, seed: int, results: Path) -> Result | None:
    """A result of the row's network, on all its data by the best of a search: of its seed in another row, or another.

    Rows that differ in their sets alone, as in how many sentences or in the initialisation, need one search together.
    """
    found = None
    for path in sorted(results.glob("*.json")):
        with suppress(TddError):
            result = read_result(path)
            full = result.all_data
            known = full is not None and full.settings_tried > 1 and full.searched_with_seed is None
            if known and path.stem != row.run_name(seed) and result.has_all_data_of(row):
                if result.seed == seed:
                    return result
                found = found or result
    return found


def _complete(
    row: Row,
    seed: int,
    data_root: Path | None,
    reporter: Reporter,
    baselines: Sequence[str],
    keep: Callable[[], None],
    searched: Result | None,
) -> None:
    """Distil a row, test it and measure what it is compared with, as far as missing; `keep` is called after each.

    Its network is trained on all the data by the setting of a row and seed that `searched`, where there is one: a
    search takes longer than a set.
    """
    data = row.recipe.data if data_root is None else local_copy(row.recipe.dataset, data_root)
    folder = row.folder(seed)
    distilled = run_or_reuse(row.seeded(seed).model_copy(update={"data": data}), folder, reporter)
    keep()
    if searched and searched.all_data and not is_searched(distilled.results):
        full = searched.all_data
        measure_by_setting(
            folder, full.setting, {"seed": searched.seed, "settings": full.settings_tried}, data, reporter
        )
        keep()
    results, networks = read_run(folder).results, row.published.networks
    if not (is_tested(results, row.recipe.init, networks) and is_searched(results)):
        evaluate_run(
            folder, networks, row.recipe.init, full_search=True, data=data, reporter=reporter, only_missing=True
        )
        keep()
    if distilled.space.kind == "text" and "tfidf" not in results:
        measure_reference(folder, data, reporter)
        keep()
    if missing := [name for name in baselines if name not in results.get("baselines", {})]:
        measure_baselines_of_run(folder, data, only=missing, reporter=reporter)
        keep()
