"""What trackers print."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress


@contextmanager
def tracking(tracker: str | None) -> Iterator[None]:
    """Send what a tracker prints to standard error: standard output is for results."""
    if tracker is None:
        yield
        return
    with redirect_stdout(sys.stderr):
        try:
            yield
        finally:
            if tracker == "trackio":
                import trackio

                # Else it ends, and says so, when the process does.
                with suppress(RuntimeError):  # not begun
                    trackio.finish()
