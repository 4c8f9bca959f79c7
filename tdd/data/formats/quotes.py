"""Whether the quotes of a whole text are those that a writer of csv sets: found out without reading it as csv."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tdd.data.formats.packed import Bytes

_COMPARED = 1 << 24  # bytes at once
_NEWLINE, _RETURN, _BACKSLASH = (ord(character) for character in "\n\r\\")


@dataclass(frozen=True)
class Quotes:
    """What a quote character does in a text.

    Attributes:
        count: how often it stands there.
        regular: every quote opens a field at its start, closes one at its end or is doubled inside one, and the last
            field is closed. Nothing is then read otherwise than it was written, unless lines of an unquoted text happen
            to look so.
        inside: (lines,): for every line end, whether it stands inside a quoted field; all False where not regular.
    """

    count: int
    regular: bool
    inside: NDArray[np.bool_]

    def joined(self) -> NDArray[np.bool_]:
        """(lines + 1,): which lines share a quoted field with a neighbour; the last is what follows the last end."""
        return np.append(self.inside, False) | np.insert(self.inside, 0, False)


def quotes_of(data: Bytes, delimiter: str, quote: str, escaped: bool = False) -> Quotes:
    """What `quote` does in a text in UTF-8; `escaped`: quotes behind a backslash are none."""
    places, ends = _places(data, quote), _line_ends(data)
    if escaped:
        places = places[~_behind_a_backslash(data, places)]
    outside = np.zeros(len(ends), dtype=bool)
    if not len(places):
        return Quotes(0, True, outside)
    opening, closing = places[::2], places[1::2]
    if len(opening) > len(closing):
        return Quotes(len(places), False, outside)
    bounds = np.zeros(256, dtype=bool)
    bounds[[_NEWLINE, _RETURN, *delimiter.encode()]] = True
    doubled = closing[:-1] + 1 == opening[1:]
    starts = bounds[data[opening - 1]]  # of the first field there is nothing before: the last byte takes its place
    starts[0] |= opening[0] == 0
    starts[1:] |= doubled
    closes = bounds[data[np.minimum(closing + 1, len(data) - 1)]]
    closes[-1] |= closing[-1] == len(data) - 1
    closes[:-1] |= doubled
    if not starts.all() or not closes.all():
        return Quotes(len(places), False, outside)
    return Quotes(len(places), True, np.searchsorted(places, ends) % 2 == 1)


def fields_of_lines(data: Bytes, delimiter: str) -> NDArray[np.int64]:
    """(lines,): the number of fields of every line where no quote has a meaning; 0 for a blank line.

    What follows the last line end is a line too, a blank one where there is nothing.
    """
    ends = np.append(_line_ends(data), len(data))
    counts = np.diff(np.searchsorted(_places(data, delimiter), ends), prepend=0) + 1
    widths = np.diff(ends, prepend=-1) - 1
    returns = np.isin(ends - 1, _places(data, "\r"))
    return np.where((widths == 0) | ((widths == 1) & returns), 0, counts)


def _places(data: Bytes, character: str) -> NDArray[np.int64]:
    """Where a character stands: the places of its last byte."""
    *before, last = character.encode()
    parts = range(0, len(data), _COMPARED)
    found = [np.flatnonzero(data[i : i + _COMPARED] == last) + i for i in parts]
    places = np.concatenate([np.zeros(0, dtype=np.int64), *found])
    for back, byte in enumerate(reversed(before), 1):
        places = places[places >= back]
        places = places[data[places - back] == byte]
    return places


def _line_ends(data: Bytes) -> NDArray[np.int64]:
    """Every newline, and every carriage return without one behind it."""
    newlines, returns = _places(data, "\n"), _places(data, "\r")
    if not len(returns):
        return newlines
    alone = returns[data[np.minimum(returns + 1, len(data) - 1)] != _NEWLINE]
    return np.sort(np.concatenate([newlines, alone])) if len(alone) else newlines


def _behind_a_backslash(data: Bytes, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which places have an odd number of backslashes before them."""
    odd = np.zeros(len(places), dtype=bool)
    run = np.ones(len(places), dtype=bool)
    for back in range(1, len(data)):
        run &= (places >= back) & (data[places - back] == _BACKSLASH)
        if not run.any():
            break
        odd ^= run
    return odd
