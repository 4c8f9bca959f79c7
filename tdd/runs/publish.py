"""Publish the set of a run, with its figures as they are now."""

from __future__ import annotations

from pathlib import Path

from tdd.distilled_set.run_folder import read_run
from tdd.hub.layout import FIGURES
from tdd.publishing.commit import check_request
from tdd.publishing.push import push, target_of_set
from tdd.runs.plot import draw_run
from tdd.system.reporter import Reporter


def push_run(
    folder: Path,
    repo: str,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    overwrite: bool = False,
    reporter: Reporter | None = None,
) -> str:
    """Publish the set in a run folder; arguments, result and errors as of `tdd.publishing.push.push`.

    Raises:
        UsageError: there is no finished run in `folder`.
    """
    reporter = reporter or Reporter(quiet=True)
    distilled = read_run(folder)
    check_request(repo, revision, create_pr)
    # Whether it may be written to is known before anything is drawn.
    target_of_set(repo, private, revision, create_pr, overwrite).prepare()
    reporter.note("drawing the figures and preparing the tables, then publishing")
    draw_run(folder, reporter)
    return push(distilled, repo, private, revision, create_pr, figures=folder / FIGURES, overwrite=overwrite)
