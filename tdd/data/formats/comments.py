"""Comments above the names of columns, which csv does not have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tdd.errors import UsageError


def refuse_comments(path: Path, lines: Iterable[str], delimiters: Sequence[str]) -> None:
    """Raise UsageError where the first of these lines begin with a hash, unlike the next, and have no separator."""
    comments = 0
    for line in lines:
        has_separator = any(one in line for one in delimiters)
        if not line.startswith("#") or has_separator or len(line.split()) < 2:
            break
        comments += 1
    else:
        return
    if comments and has_separator:
        where = "line 1: a comment stands" if comments == 1 else f"lines 1 to {comments}: comments stand"
        raise UsageError(f"{path}, {where} above the names of columns: remove {'it' if comments == 1 else 'them'}")
