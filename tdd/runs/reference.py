"""Measure what a run is compared with, on all its data: TF-IDF, or its network by the setting of another search."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tdd.distilled_set.results import read_results
from tdd.distilled_set.run_folder import read_run
from tdd.evaluation.full_data import CHOSEN, Setting, train_on_all
from tdd.evaluation.names import SEARCHED
from tdd.evaluation.reference import tfidf_reference
from tdd.hub.layout import RESULTS
from tdd.runs.keep import keep_figures
from tdd.runs.open_data import open_corpus_of
from tdd.system import processes
from tdd.system.files import write_json
from tdd.system.formatting import percent
from tdd.system.reporter import Reporter


def measure_reference(folder: Path, data: str | None, reporter: Reporter) -> None:
    """Add "tfidf" to the results in a run folder, see `tdd.evaluation.reference.tfidf_reference`.

    Args:
        folder: the folder of a finished run on texts.
        data: read the data from here instead of where the recipe says.
        reporter: where it is told.

    Raises:
        UsageError: there is no finished run, or the data are not those that its set was distilled from.
    """
    distilled = read_run(folder)
    _, corpus = open_corpus_of(distilled, data, Reporter(quiet=True))
    if not processes.accelerator().is_main_process:
        return
    start = time.monotonic()
    tfidf = tfidf_reference(corpus, most=len(corpus.train))
    tfidf["seconds"] = round(time.monotonic() - start, 1)
    reporter.note(f"TF-IDF and logistic regression on all the data: {percent(tfidf['accuracy'])}")
    write_json(folder / RESULTS, read_results(folder / RESULTS) | {"tfidf": tfidf})


def measure_by_setting(
    folder: Path, setting: Mapping[str, Any], searched: Mapping[str, int], data: str | None, reporter: Reporter
) -> None:
    """Add "full_data": the run's network trained on all the data by the setting that a search chose with another seed.

    Args:
        folder: the folder of a finished run.
        setting: values of a `Setting`, and whatever else.
        searched: the "seed" of the search, and of how many "settings" it was.
        data, reporter: see `measure_reference`.

    Raises:
        UsageError: see `measure_reference`.
    """
    distilled = read_run(folder)
    recipe, corpus = open_corpus_of(distilled, data, Reporter(quiet=True))
    chosen = Setting(**{name: setting[name] for name in CHOSEN if name in setting})
    full = train_on_all(recipe, corpus, reporter=reporter, setting=chosen) | {SEARCHED: dict(searched)}
    reporter.note(f"all the data, by the setting that seed {searched['seed']} chose: {percent(full['accuracy'])}")
    if processes.accelerator().is_main_process:
        keep_figures(full, "full_data", distilled, folder)
