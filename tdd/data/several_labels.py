"""Cells of a column of text that hold several labels each, which are no classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tdd.errors import UsageError

_BETWEEN = re.compile(r"\s*[,;|]\s*")
_DECIMAL = re.compile(r"[+-]?\d*[,.]\d+")
_ITEM = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[+-]?\d+(?:\.\d+)?)"""
_MORE = rf"(?:\s*,\s*{_ITEM})"
# A list or a set of quoted texts or numbers, or a tuple, which has a comma.
_LIST = re.compile(rf"[\[{{]\s*(?:{_ITEM}{_MORE}*\s*,?)?\s*[\]}}]|\(\s*{_ITEM}(?:{_MORE}+\s*,?|\s*,)\s*\)")


def refuse_several(column: str, names: Iterable[str]) -> None:
    """Raise a UsageError where `names`, the different cells of a column, hold several labels each.

    They do where one is a list as Python or JSON writes it, or where all parts of one between commas, semicolons or
    bars are labels of other rows, alone or as a part. A class may have a comma in its name, as "Arts, Crafts" has.
    """
    written = list(names)
    found = next((name for name in written if _LIST.fullmatch(name.strip())), None) or _of_others(written)
    if found is not None:
        raise UsageError(
            f"column '{column}' holds several labels in a cell, such as '{found}', and multi-label data are not "
            f"supported: keep one label a row, or set keep_labels (--keep-labels) where each is a class of its own"
        )


def _of_others(names: list[str]) -> str | None:
    """The first name all of whose parts are other names or parts of them; None: there is none, or they are decimals."""
    parts = {name: [part.casefold() for part in _BETWEEN.split(name.strip())] for name in names}
    several = [name for name, found in parts.items() if len(found) > 1]
    if all(_DECIMAL.fullmatch(name.strip()) for name in several):
        return None
    uses = Counter(part for found in parts.values() for part in set(found))
    return next((name for name in several if all(part and uses[part] > 1 for part in parts[name])), None)


def notes_on_several(names: Iterable[str]) -> list[str]:
    """A note where classes have a semicolon or a bar in their names, as lists of labels have."""
    doubtful = [name for name in names if ";" in name or "|" in name]
    if not doubtful:
        return []
    return [
        f"'{doubtful[0]}' is read as one class: where it is several labels, keep one, as such data are not supported"
    ]
