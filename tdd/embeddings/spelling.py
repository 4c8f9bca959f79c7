"""The forms in which a token is looked up, and what kind of token it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# Vowel signs that readers of Arabic and Hebrew can do without, as most texts and most tables of vectors do, and the
# stroke that only makes an Arabic word longer.
_POINTS = re.compile(
    "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]"
)

KINDS = ("words", "numbers", "punctuation")
"""Kinds of tokens: those with a letter, others with a digit, all others."""


def tells_case(words: Iterable[str]) -> bool:
    """Whether a table has words with capitals, as German and name-rich ones do: text is then left as it is written."""
    return any(word != word.lower() for word in words)


def usual_forms(word: str) -> list[str]:
    """A word as it is, in lower case, with a capital, with one at each of its parts, and in capitals."""
    return [word, word.lower(), word.capitalize(), word.title(), word.upper()]


def forms(token: str) -> Iterator[str]:
    """What a token is looked up as, one after the other: its usual forms, then itself without points."""
    yield from usual_forms(token)
    if not token.isascii() and (bare := _POINTS.sub("", token)) != token:
        yield bare


def kind_of(token: str) -> int:
    """The place of a token's kind among `KINDS`."""
    if any(map(str.isalpha, token)):
        return 0
    return 1 if any(map(str.isnumeric, token)) else 2
