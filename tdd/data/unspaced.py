"""Text in scripts that put no spaces between words, which has to be split into its words in another way."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tdd.data.coverage import LEAST_COVERAGE, Coverage
from tdd.settings.tokenizer_names import CHARACTERS, WHITESPACE

if TYPE_CHECKING:
    from datasets import Dataset

    from tdd.embeddings.protocol import Embedding

_SAMPLE = 1000
"""Texts that are looked at, spread over the training split."""

_SCRIPTS = {
    "Japanese": (r"\p{Hiragana}\p{Katakana}", 0.3),
    "Chinese": (r"\p{Han}", 0.3),
    "Thai": (r"\p{Thai}", 0.12),
    "Lao": (r"\p{Lao}", 0.12),
    "Khmer": (r"\p{Khmer}", 0.12),
    "Burmese": (r"\p{Myanmar}", 0.12),
}
"""By language: its characters, and the spaces for each of them from which on its words were split apart by somebody.

A Chinese or Japanese word has about two characters: once words stand apart, every two have a space. Words of the
others are twice as long or longer.
"""
BY_CHARACTERS = ("Chinese", "Japanese")
"""Languages of which single characters have vectors that mean something."""


@cache
def _characters(of: str) -> Any:
    import regex

    return regex.compile(f"[{of}]")


@cache
def _letters() -> Any:
    import regex

    return regex.compile(r"\p{L}")


def unspaced(texts: Iterable[str]) -> str | None:
    """The language of texts most of which is written without spaces between words; None: words stand apart."""
    text = "\n".join(text for text in texts if not text.isascii())
    letters = len(_letters().findall(text))
    found = {language: len(_characters(of).findall(text)) for language, (of, _) in _SCRIPTS.items()}
    if found["Japanese"]:  # its Chinese characters are its own
        found["Japanese"] += found["Chinese"] if found["Japanese"] > found["Chinese"] / 20 else 0
    language = max(found, key=lambda name: found[name])
    if not letters or found[language] <= letters / 2:
        return None
    spaces = sum(c.isspace() and c != "\n" for c in text)
    return language if spaces < _SCRIPTS[language][1] * found[language] else None


def splitting_advice(split: Dataset, column: str, vectors: Embedding) -> str | None:
    """What to do about a column of text without spaces between its words; None: words stand apart, or are found."""
    if not vectors.needs_spaces:
        return None
    places = np.unique(np.linspace(0, len(split) - 1, min(_SAMPLE, len(split))).round().astype(np.int64))
    texts = [text for text in split.select(places)[column] if text]
    if (language := unspaced(texts)) is None:
        return None
    words = f"split its words apart yourself and set tokenizer: {WHITESPACE}, or name the file of a tokenizer"
    if language not in BY_CHARACTERS:
        return f"it is {language}, which puts no spaces between words: {words}"
    encoded = vectors.split_by(CHARACTERS).encode_all(texts)
    covered = Coverage.of(encoded.ids, encoded.unknown.sum(0), vectors.words).of_words
    if covered < LEAST_COVERAGE:
        return f"it is {language}: choose vectors for that, and set tokenizer: {CHARACTERS} (--tokenizer {CHARACTERS})"
    return (
        f"it is {language}, which puts no spaces between words: set tokenizer: {CHARACTERS} (--tokenizer {CHARACTERS}; "
        f"{covered:.1%} have a vector), or {words}"
    )
