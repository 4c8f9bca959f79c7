"""A run, or a classifier, by the name of its folder, or by that of what is published on the Hub."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from tdd.errors import TddError, UsageError
from tdd.hub.client import is_offline
from tdd.hub.layout import is_repository_name
from tdd.publishing.pull import pull, pull_classifier
from tdd.system.reporter import Reporter

# Folders of what is from the Hub, which are there until the process ends.
_PULLED: list[tempfile.TemporaryDirectory[str]] = []


def is_name_on_hub(run: Path) -> bool:
    """Whether the name of a run may be one on the Hub, ``owner/name``: there is nothing of this name here.

    A folder ``owner`` may be here.
    """
    return is_repository_name(str(run)) and not run.exists()


def folder_of_run(run: Path, reporter: Reporter) -> Path:
    """The folder of a run: the one that is called so, or else one with the set of this name on the Hub.

    A folder comes first, which is said where its name could be one on the Hub. What is measured of a set on the Hub is
    not kept.

    Raises:
        UsageError: there is neither.
        TddError: the Hub cannot be reached, or a file is damaged.
    """
    if not is_name_on_hub(run):
        _tell_of_folder(run, reporter)
        return run
    try:
        folder = _pulled(run, pull)
    except TddError as error:
        raise type(error)(f"there is no folder '{run}', and {error}") from None
    reporter.note(f"{run} is read from the Hub; to keep what is measured: tdd pull {run}")
    return folder


def folder_to_predict_by(run: Path, reporter: Reporter) -> Path:
    """The folder of a run, or of a classifier: as `folder_of_run`, and where the Hub has no such set, a classifier.

    Raises:
        UsageError: there is none of them.
        TddError: the Hub cannot be reached, or a file is damaged.
    """
    if not is_name_on_hub(run):
        _tell_of_folder(run, reporter)
        return run
    try:
        folder, what = _pulled(run, pull), "a set on"
    except TddError as error:
        if not (isinstance(error, UsageError) or is_offline()):
            raise type(error)(f"there is no folder '{run}', and {error}") from None
        try:
            folder, what = _pulled(run, pull_classifier), "a classifier on"
        except TddError as of_model:
            # Of what is no repository at all the first line says all.
            told = error if type(of_model) is type(error) and "on the Hub at" in str(of_model) else of_model
            raise type(told)(f"there is no folder '{run}', and {told}") from None
    reporter.note(f"{run} is {what} the Hub")
    return folder


def _tell_of_folder(run: Path, reporter: Reporter) -> None:
    if run.is_dir() and is_repository_name(str(run)) and run.parent.name != "runs":
        reporter.note(f"{run} is read as a folder, which is here, not from the Hub")


def _pulled(run: Path, pull: Callable[..., Path]) -> Path:
    """What is on the Hub under the name of a run, in a folder until the process ends."""
    _PULLED.append(tempfile.TemporaryDirectory(prefix="tdd-", ignore_cleanup_errors=True))
    return pull(str(run), output=Path(_PULLED[-1].name) / run.name)
