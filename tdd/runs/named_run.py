"""A run by the name of its folder, or by that of a published set on the Hub."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tdd.errors import UsageError
from tdd.publishing.pull import pull
from tdd.system.reporter import Reporter

# Folders of sets from the Hub, which are there until the process ends.
_PULLED: list[tempfile.TemporaryDirectory[str]] = []


def is_name_on_hub(run: Path) -> bool:
    """Whether the name of a run may be one on the Hub, ``owner/name``: there is nothing of this name here."""
    return re.fullmatch(r"[\w.-]+/[\w.-]+", str(run)) is not None and not run.exists() and not run.parent.is_dir()


def folder_of_run(run: Path, reporter: Reporter) -> Path:
    """The folder of a run: the one that is called so, or else one with the set of this name on the Hub.

    A folder comes first, which is said where its name could be one on the Hub. What is measured of a set on the Hub is
    not kept.

    Raises:
        UsageError: there is neither.
        TddError: the Hub cannot be reached, or a file is damaged.
    """
    if not is_name_on_hub(run):
        if run.is_dir() and re.fullmatch(r"[\w.-]+/[\w.-]+", str(run)) and run.parent.name != "runs":
            reporter.note(f"{run} is read as a folder, which is here, not from the Hub")
        return run
    _PULLED.append(tempfile.TemporaryDirectory(prefix="tdd-", ignore_cleanup_errors=True))
    try:
        folder = pull(str(run), output=Path(_PULLED[-1].name) / run.name)
    except UsageError as error:
        raise UsageError(f"there is no folder '{run}', and {error}") from None
    reporter.note(f"{run} is read from the Hub; to keep what is measured: tdd pull {run}")
    return folder
