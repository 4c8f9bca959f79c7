"""What names of files, folders and splits say of the split that they belong to."""

from __future__ import annotations

import re

WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
"""Of each split the words that name it."""


def split_of(name: str) -> str | None:
    """The split that a name speaks of, ``reviews-2022-train``; None: none."""
    words = re.split(r"[^a-z]+", name.lower())
    return next((split for split, of_it in WORDS.items() if any(word in words for word in of_it)), None)


def rank(name: str) -> int | None:
    """How usual a name is for its split, 0 most, as ``test`` before ``eval``; None: it is not that of a split.

    A file in parts is called as its split, ``train-00000-of-00002``.
    """
    plain = re.sub(r"([-_.]?\d+)?([-_]of[-_]\d+)?$", "", name.lower())
    return next((words.index(plain) for words in WORDS.values() if plain in words), None)
