"""Errors a user can act on: one line that says what is wrong and what to do."""

import errno
import re
from collections.abc import Sequence

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class TddError(Exception):
    """A failure of the run or of its surroundings. The command line prints its text and exits with code 1."""

    exit_code = 1


class UsageError(TddError):
    """A request that cannot be carried out as asked. The command line prints its text and exits with code 2."""

    exit_code = 2


class Interrupted(TddError):
    """The run was asked to stop; its state is saved."""

    exit_code = 130


class OutOfTime(Interrupted):
    """The run's minutes are over, and it stopped as its recipe asks; its state is saved."""

    exit_code = 0


def stopped(why: BaseException, line: str) -> Interrupted:
    """That something stopped, told in `line`: out of time or interrupted, as `why` says."""
    return OutOfTime(line) if isinstance(why, OutOfTime) else Interrupted(line)


def line_of(error: Exception) -> str:
    """What went wrong, in a line for the user, whatever kind of error it is."""
    if isinstance(error, TddError):
        return str(error)
    if isinstance(error, MemoryError) or re.search("allocate memory|out of memory", str(error)):
        return "out of memory; lower n, batch_size or networks_at_once"
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"cannot write {error.filename or 'what is printed'}: {error.strerror}; free some space"
    if isinstance(error, PermissionError) and error.filename:
        return f"cannot read or write {error.filename}: {error.strerror}"
    return f"unexpected {type(error).__name__}: {error}; add --debug to see where"


def check_count(name: str, value: object, least: int = 1) -> None:
    """Raise UsageError unless the argument `name` is a whole number of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"{name} is a whole number of at least {least}, not {value!r}")


def check_kind(name: str, value: object, kind: type, instead: str) -> None:
    """Raise UsageError unless the argument `name` is a `kind`; `instead` says what to pass."""
    if not isinstance(value, kind):
        given = value.__name__ if isinstance(value, type) else f"a {type(value).__name__}"
        raise UsageError(f"{name} is a {kind.__name__}, not {given}: pass {instead}")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Raise UsageError unless the argument `name` is one of `choices`."""
    if value not in choices:
        raise UsageError(f"{name} is {' or '.join(map(repr, choices))}, not {value!r}")


def nearest(word: str, choices: Sequence[str], listed_by: str = "") -> str:
    """A hint naming the choice most like `word`: ``"; did you mean 'imdb'?"``.

    When none is close it names all of them, or `listed_by`, the command that does where they are more than fit a line.
    """
    from difflib import get_close_matches

    match = get_close_matches(word, choices, n=1, cutoff=0.6)
    if match:
        return f"; did you mean '{match[0]}'?"
    return f"; {listed_by} lists them all" if listed_by else f"; choose from {', '.join(sorted(choices))}"
