"""What tokenizers are called."""

from __future__ import annotations

WORDS, WHITESPACE, CHARACTERS = "words", "whitespace", "characters"
OWN = (WORDS, WHITESPACE, CHARACTERS)
"""Those of tdd; any other name is that of a file of `tokenizers`, or of a model on the Hub that has one."""
