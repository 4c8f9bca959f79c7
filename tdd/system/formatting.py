"""Numbers and texts as a person reads them: shares in percent, times, aligned columns."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence


def percent(share: float, sd: float = 0.0) -> str:
    """A share in percent, with its standard deviation where there is one: ``82.20 ± 1.90 %``."""
    return f"{100 * share:.2f} ± {100 * sd:.2f} %" if sd else f"{100 * share:.2f} %"


def counted(count: int, noun: str) -> str:
    """A number of things: ``1 step``, ``1,200 steps``, ``1 class``, ``2 classes``."""
    plural = "" if count == 1 else "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}{plural}"


def signed(value: float) -> str:
    """A number with its sign and two decimal places, zero never below itself: ``+0.50``."""
    return f"{round(value, 2) + 0.0:+.2f}"


def printable(text: str) -> str:
    """`text` without power over a terminal: control characters, also those that reverse it, as ``\\x1b``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def aligned(cells: Sequence[Sequence[str]], left: Collection[int] = ()) -> str:
    """Lines of cells as columns of equal width: those in `left`, of names, to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def folded(text: str, width: int) -> str:
    """Lines of at most `width` columns, broken between words; what follows a break is indented further."""
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        folded_line = textwrap.wrap(
            line, max(width, 40), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        lines += folded_line or [""]
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """A time to read: seconds below two minutes, minutes below two hours, hours."""
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )


def size(count: int) -> str:
    """A number of bytes to read: ``12.3 MB``."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count} B"
