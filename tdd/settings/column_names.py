"""The columns that a setting names: one, or two whose texts are a pair."""

from __future__ import annotations

from collections.abc import Sequence

BETWEEN = ","


def pair_of(name: str | None, present: Sequence[str] | None = None) -> tuple[str, str] | None:
    """The two columns that ``premise,hypothesis`` names; None: it names one.

    Args:
        name: value of the setting.
        present: the columns of a data set, of which one may be called just so; None: not known.
    """
    if name is None or BETWEEN not in name or name in (present or ()):
        return None
    first, *others = (part.strip() for part in name.split(BETWEEN))
    return (first, others[0]) if len(others) == 1 and first and others[0] else None
