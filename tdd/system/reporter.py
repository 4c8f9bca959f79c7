"""What a run says while it works: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from tdd.system.formatting import duration, printable

# Seconds between two plain lines.
PLAIN_EVERY = 10.0
# Tells processes that this one starts, as searches of scikit-learn do, to be as quiet.
_QUIET = "TDD_QUIET"
clock = time.monotonic


@dataclass(frozen=True)
class Progress:
    """Where the outer loop stands, told after every outer step.

    Attributes:
        step: outer steps done.
        outer_loss: mean outer loss of the step's networks.
        validation_accuracy: held-out accuracy, or what the recipe's metric is, where the step ended with a validation.
        best_accuracy: best held-out accuracy so far, below 0 before the first validation.
        learning_rate: mean of the learned inner learning rates.
        seconds: time spent so far, over all sessions of the run.
    """

    step: int
    outer_loss: float
    validation_accuracy: float | None
    best_accuracy: float
    learning_rate: float
    seconds: float


class Reporter:
    """Notes, and one running count at a time, on standard error.

    Args:
        quiet: say nothing (other processes than the first, `--json`).
    """

    enabled: ClassVar[bool] = os.environ.get(_QUIET) != "1"
    """Whether any reporter says anything, see `disable_progress`."""

    def __init__(self, quiet: bool = False):
        self.console = Console(stderr=True, quiet=quiet or not Reporter.enabled, highlight=False)
        self._bar: Bar | None = None
        self._said = 0.0
        self._begun: tuple[int, float] | None = None
        self._done = 0

    def note(self, text: str) -> None:
        """Say one line."""
        # A terminal breaks lines wherever they end, also within words.
        self.console.print(printable(text), markup=False, soft_wrap=not self.console.is_terminal)

    def begin(self, done: int, total: int, text: str) -> None:
        """Show that a count begins where `done` of `total` is done already: the time left is told from here on."""
        self._begun = None
        self.count(done, total, text, important=True)

    def count(self, done: int, total: int, text: str, important: bool = False) -> None:
        """Show that `done` of `total` is done, and about how long the rest will take.

        `important` lines are kept, others may be replaced or left out.
        """
        text += self._left(done, total)
        if not self.console.is_terminal:
            now = clock()
            if important or now - self._said >= PLAIN_EVERY or done == total:
                self._said = now
                self.note(f"{done}/{total}  {text}")
            return
        if self._bar is None:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Bar(*columns, console=self.console, transient=True)
            self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total, description=text)
        if done == total:
            self.end_count()

    def outer_step(self, progress: Progress, total: int, metric: str = "") -> None:
        """Show that an outer step of `total` is done; `metric` names what is held-out where that is not accuracy."""
        parts = [f"outer loss {progress.outer_loss:.4f}"]
        if progress.validation_accuracy is not None:
            parts.append(f"validation {100 * progress.validation_accuracy:.2f} %{metric}")
        if progress.best_accuracy >= 0:
            parts.append(f"best {100 * progress.best_accuracy:.2f} %{metric}")
        parts.append(f"rate {progress.learning_rate:.3g}")
        parts.append(f"{duration(progress.seconds)} so far")
        self.count(progress.step, total, ", ".join(parts), important=progress.validation_accuracy is not None)

    def _left(self, done: int, total: int) -> str:
        """About how long the rest will take, from the second call for a count on."""
        now = clock()
        if self._begun is None or done < self._done:
            self._begun = done, now
        self._done = done
        before, since = self._begun
        if done == total:
            self._begun = None
        if not before < done < total:
            return ""
        return f", about {duration((now - since) / (done - before) * (total - done))} left"

    def end_count(self) -> None:
        """Take the live bar away."""
        self._begun = None
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_count()


def disable_progress() -> None:
    """Let functions called from Python say nothing while they work, in processes that are started later too."""
    Reporter.enabled = False
    os.environ[_QUIET] = "1"


def enable_progress() -> None:
    """Let functions called from Python say on standard error how far they are, as they do unless told otherwise."""
    Reporter.enabled = True
    os.environ.pop(_QUIET, None)
