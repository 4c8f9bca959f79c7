"""Text to word tokens, as the Stanford tokenizer behind GloVe splits it, in all scripts with spaces between words."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from typing import Any

TOKENIZER_VERSION = 2
"""Raised whenever a token of any tokeniser of ours changes: text that was encoded before is then encoded again."""

TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
"""A tag of HTML."""

# The C1 range is Windows-1252 read as Latin-1, frequent in text gathered from the web; soft hyphens and zero-width
# characters only break words apart, and the last two only say whether a character is drawn as a picture.
PLAIN = str.maketrans(
    dict.fromkeys("‘’‚‛´ʼ′\x91\x92", "'")
    | dict.fromkeys("“”„‟«»\x84\x93\x94", '"')
    | {"…": "...", "\x85": "...", "\x96": "–", "\x97": "—", "‐": "-", "‑": "-", "−": "-"}
    | dict.fromkeys("\xad\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f", "")
)
"""Typographic characters to the plain ones of the vocabulary."""

_CONTRACTED = ("s", "re", "ve", "ll", "d", "m")
_ABBREVIATED = ("mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc")
_NOT = re.compile("[nN]'[tT]")


def token_pattern(cased: bool, marks: bool = True) -> str:
    """The regular expression of a token, for text that `tokenize` has made plain.

    Args:
        cased: for text that keeps its capitals; otherwise all of it is in lower case.
        marks: combining marks belong to the letter before them: the vowels of Hindi and Thai, the points of Arabic and
            Hebrew. In properties of characters, for the libraries `regex` and, within `tokenizers`, Oniguruma; without
            marks in the classes of Python's faster `re`, which are the same ones as far as text without marks goes.
    """
    letter, symbol = r"[^\W_]", r"[^\w\s]"
    word, end = f"{letter}+", r"\b"
    if marks:
        letter, symbol = r"[\p{L}\p{N}]", r"[^\p{L}\p{N}_\s\x1c-\x1f]"
        word, end = r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*", r"(?![\p{L}\p{N}\p{M}_])"

    def any_of(words: tuple[str, ...]) -> str:
        return "|".join(map(_in_any_case, words) if cased else words)

    contraction = f"(?:{any_of(_CONTRACTED)}){end}"
    return "|".join(
        [
            any_of(("n't",)),  # is n't
            f"'{contraction}",  # it 's
            rf"(?:{'[a-zA-Z]' if cased else '[a-z]'}\.){{2,}}",  # u.s., e.g.
            rf"(?:{any_of(_ABBREVIATED)})\.",  # titles and abbreviations keep their point
            rf"\d+(?:[.,:/]\d+)+(?!{letter})",  # 1,000  3.5  9:30  8/10
            f"{word}(?:(?:[-&]|'(?!{contraction})){word})*",  # sci-fi  r&b  o'brien  10-year-old  café
            r"'\d0s",  # the '70s
            r"\.\.\.|--|``|''",
            f"{symbol}|_",
        ]
    )


def _in_any_case(word: str) -> str:
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in word)


# Most tokens are a word of ASCII's letters that nothing follows which could belong to it: they are told first, by an
# alternative that needs no backtracking, which saves a sixth of the time and finds the same tokens.
_TOKENS = {
    cased: re.compile(rf"[{'A-Za-z' if cased else 'a-z'}]++(?![\w.'&-])|{token_pattern(cased, marks=False)}")
    for cased in (False, True)
}


@cache
def _with_marks(cased: bool) -> Any:
    import regex

    return regex.compile(token_pattern(cased))


@cache
def _mark() -> Any:
    import regex

    return regex.compile(r"\p{M}")


def is_token(word: str, cased: bool) -> bool:
    """Whether a word is a single token of `tokenize`."""
    tokens = _TOKENS[cased] if word.isascii() or not _mark().search(word) else _with_marks(cased)
    return tokens.fullmatch(word) is not None


def composed(text: str) -> str:
    """Text in Unicode's composed form, NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def plain(text: str) -> str:
    """Text in composed form, with plain characters for typographic ones."""
    return text if text.isascii() else composed(text).translate(PLAIN)


def tokenize(text: str, cased: bool = False) -> list[str]:
    """Tokens of `text`, in lower case unless `cased`: words, numbers and single punctuation marks.

    HTML tags are dropped and entities read; curly quotes become straight; contractions are split as in the Penn
    Treebank (``don't`` → ``do``, ``n't``; ``it's`` → ``it``, ``'s``). Text whose tokens already stand apart is left so.
    """
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = TAG.sub(" ", text)
    text = plain(text)
    text = _NOT.sub(r" \g<0>", text) if cased else text.lower().replace("n't", " n't")
    if text.isascii() or not _mark().search(text):
        return _TOKENS[cased].findall(text)
    tokens: list[str] = _with_marks(cased).findall(text)
    return tokens
