"""Measure TF-IDF and logistic regression on all the texts of a run's data, and keep it with the run's results."""

from __future__ import annotations

from pathlib import Path

from tdd.distilled_set.results import read_results
from tdd.distilled_set.run_folder import read_run
from tdd.evaluation.reference import tfidf_reference
from tdd.hub.layout import RESULTS
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
    tfidf = tfidf_reference(corpus, most=len(corpus.train))
    reporter.note(f"TF-IDF and logistic regression on all the data: {percent(tfidf['accuracy'])}")
    write_json(folder / RESULTS, read_results(folder / RESULTS) | {"tfidf": tfidf})
