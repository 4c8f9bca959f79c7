"""Reproduce the paper's result tables row by row: run or resume missing rows, reuse finished ones, write the table.

A table is a folder of recipes and a file ``rows.yaml`` that names them, in order, with the published figures. The one
that comes with the package, ``recipes/paper``, has the rows of tables 3 and 6 and section 4.2 of arXiv 1910.02551.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tdd.data.sources import local_copy
from tdd.errors import Interrupted, TddError, UsageError, line_of, nearest, stopped
from tdd.runs.evaluate import evaluate_run, is_tested
from tdd.runs.results_markdown import render
from tdd.runs.results_rows import Row, read_rows
from tdd.runs.reuse import run_or_reuse
from tdd.system import processes
from tdd.system.files import check_folder_of, write_text
from tdd.system.reporter import Reporter


def run_table(
    names: Sequence[str] = (),
    runs: Path = Path("runs/paper"),
    output: Path = Path("RESULTS.md"),
    only_write: bool = False,
    data_root: Path | None = None,
    recipes: Path | None = None,
    reporter: Reporter | None = None,
) -> None:
    """Run and evaluate the rows that are missing, and write the table after every row.

    A row is distilled, tested with as many networks as the paper tests and compared with the same network trained on
    all the data. Finished runs are reused, interrupted ones resumed.

    Args:
        names: rows to run; none: all. The table always shows all.
        runs: folder of the runs, a folder for each row.
        output: the Markdown file.
        only_write: run nothing, write the table from the runs as they are.
        data_root: folder with copies of the data sets, laid out owner/name as on the Hub; None: they are read from it.
        recipes: see `read_rows`.
        reporter: where progress is told; None: nowhere.

    Raises:
        UsageError: there is no such row, or a recipe or the list of rows is wrong; nothing was run.
        Interrupted: Ctrl-C or a terminate signal; the same call goes on.
        TddError: rows failed, after the others were run.
    """
    rows = read_rows(recipes, runs)
    row_names = [row.name for row in rows]
    for name in names:
        if name not in row_names:
            raise UsageError(f"no row '{name}'{nearest(name, row_names)}")
    check_folder_of(output)
    accelerator = processes.accelerator()
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)

    def write() -> None:
        if accelerator.is_main_process:
            write_text(output, render(rows))

    write()
    failures: dict[str, Exception] = {}
    for row in rows:
        if only_write or (names and row.name not in names):
            continue
        reporter.note(f"{row.name}: {row.folder}")
        try:
            _complete(row, data_root, reporter)
        except (Interrupted, KeyboardInterrupt) as error:
            line = f"stopped in row {row.name}; what is done is kept, the same line again goes on"
            raise stopped(error, line) from None
        except Exception as error:
            if accelerator.num_processes > 1:  # the others would wait for this process
                raise
            reporter.note(f"{row.name} failed: {line_of(error)}")
            failures[row.name] = error
        write()
    if failures:
        count = f"{len(failures)} of {len(names or rows)} rows failed"
        raise TddError(f"{count} ({', '.join(failures)}), each for the reason above") from next(iter(failures.values()))


def _complete(row: Row, data_root: Path | None, reporter: Reporter) -> None:
    """Distil a row, test it and train on all the data, as far as its results are missing."""
    data = row.recipe.data if data_root is None else local_copy(row.recipe.dataset, data_root)
    results = run_or_reuse(row.recipe.model_copy(update={"data": data}), row.folder, reporter).results
    networks = row.published.networks
    if not (is_tested(results, row.recipe.init, networks) and "full_data" in results):
        evaluate_run(row.folder, networks, row.recipe.init, full=True, data=data, reporter=reporter, only_missing=True)
