"""How fresh parameters of networks are drawn: the names that recipes and ``--initialisation`` know, and their gains."""

from __future__ import annotations

import re
from typing import NamedTuple

from tdd.errors import nearest

USUAL_INITIALISATION = "xavier_normal"
INITIALISATIONS = (
    USUAL_INITIALISATION,
    "xavier_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "orthogonal",
    "torch",
)
"""``torch`` is what torch's own layers draw for themselves."""


class Initialisation(NamedTuple):
    """A way to draw weights.

    Attributes:
        kind: one of `INITIALISATIONS`.
        gain: factor of what it draws.
    """

    kind: str
    gain: float

    @classmethod
    def of(cls, name: str) -> Initialisation:
        """That of a name, with a gain behind it or without one: ``orthogonal``, ``kaiming_normal*0.5``.

        Raises:
            ValueError: there is none of this name, or its gain is not a positive number.
        """
        kind, times, gain = name.partition("*")
        if kind not in INITIALISATIONS:
            raise ValueError(f"no initialisation '{kind}'{nearest(kind, list(INITIALISATIONS))}")
        if times and not (re.fullmatch(r"\d{1,6}(\.\d*)?|\.\d+", gain) and float(gain) > 0):
            raise ValueError(f"'{name}': the gain behind * is a positive number, as in {kind}*0.5")
        return cls(kind, float(gain) if times else 1.0)
