"""What splits text into the tokens that are looked up in word vectors: the setting `tokenizer`.

A new one is a class here with the methods of `Tokeniser`, an entry in `_OWN`, and a way to say it in
`tdd.embeddings.fast_tokenizer` for `tdd train`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

from tdd.embeddings.pieces import read_pieces
from tdd.embeddings.tokenise import TOKENIZER_VERSION, composed, tokenize
from tdd.settings.tokenizer_names import CHARACTERS, WHITESPACE, WORDS


class Tokeniser(Protocol):
    """Splits text into tokens.

    Attributes:
        identity: changes whenever some text would be split otherwise.
        needs_spaces: whether it finds words by the spaces between them.
    """

    identity: str
    needs_spaces: bool

    def split(self, text: str) -> list[str]:
        """The tokens of `text`."""

    def parts(self, token: str) -> list[str]:
        """What may be looked up, all of it, in the place of a token without a vector; none: nothing."""

    def join(self, words: Sequence[str]) -> str:
        """Tokens as a person reads them."""

    def describe(self) -> dict[str, Any]:
        """What others must know to split text in the same way, as JSON values."""

    def file(self) -> str | None:
        """The tokenizer as the text of a file of `tokenizers`; None: it is one of ours."""


class _Own:
    """A tokeniser of ours.

    Args:
        cased: whether text keeps its capitals.
    """

    name: str
    needs_spaces = True

    def __init__(self, cased: bool):
        self.cased = cased
        self.identity = f"{self.name} {TOKENIZER_VERSION} {cased}"

    def parts(self, token: str) -> list[str]:
        """See `Tokeniser`."""
        return []

    def join(self, words: Sequence[str]) -> str:
        """See `Tokeniser`."""
        return " ".join(words)

    def describe(self) -> dict[str, Any]:
        """See `Tokeniser`."""
        case = "as written" if self.cased else "lower"
        return {"name": self.name, "version": TOKENIZER_VERSION, "case": case}

    def file(self) -> None:
        """See `Tokeniser`."""

    def _plain(self, text: str) -> str:
        """Text in composed form, and in lower case unless capitals are kept."""
        return composed(text) if self.cased else composed(text).lower()


class Words(_Own):
    """Words, numbers and punctuation marks: see `tokenize`."""

    name = WORDS

    def split(self, text: str) -> list[str]:
        """See `Tokeniser`."""
        return tokenize(text, self.cased)

    def parts(self, token: str) -> list[str]:
        """An abbreviation without its points; the parts of a compound."""
        if token.endswith(".") and (letters := token.replace(".", "")):
            return [letters]
        return [part for part in re.split(r"[-/:&']", token) if part]


class Whitespace(_Own):
    """What stands between white space: for text that was split before."""

    name = WHITESPACE

    def split(self, text: str) -> list[str]:
        """See `Tokeniser`."""
        return self._plain(text).split()


class Characters(_Own):
    """Every character with its combining marks: for scripts in which most characters are words or parts of some."""

    name = CHARACTERS
    needs_spaces = False

    def split(self, text: str) -> list[str]:
        """See `Tokeniser`."""
        text = self._plain(text)
        return [c for c in text if not c.isspace()] if text.isascii() else _character().findall(text)

    def join(self, words: Sequence[str]) -> str:
        """See `Tokeniser`."""
        return "".join(words)


@cache
def _character() -> Any:
    import regex

    return regex.compile(CHARACTER)


CHARACTER = r"[^\s\x1c-\x1f\p{M}]\p{M}*|\p{M}+"
"""The regular expression of a token of `Characters`, for `regex` and Oniguruma."""

_OWN = {kind.name: kind for kind in (Words, Whitespace, Characters)}


def tokeniser(name: str, cased: bool) -> Tokeniser:
    """The tokeniser of a setting: one of ours, or a file of `tokenizers` here or on the Hub, see `read_pieces`.

    Args:
        name: of the setting.
        cased: whether the vectors tell capitals from small letters; a file says itself what it makes of them.

    Raises:
        UsageError: there is no such tokenizer.
        TddError: its file is damaged, or the Hub cannot be reached.
    """
    own = _OWN.get(name)
    return own(cased) if own else read_pieces(name)
