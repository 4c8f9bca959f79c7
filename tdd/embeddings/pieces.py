"""A tokenizer of the library `tokenizers` that splits text into tokens for word vectors, or for an encoder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.errors import TddError
from tdd.hub.tokenizer_file import tokenizer_file

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Pieces:
    """The tokens of a file; see `tdd.embeddings.tokenisers.Tokeniser`.

    Args:
        name: as asked for.
        tokenizer: which neither cuts nor pads.
    """

    needs_spaces = False

    def __init__(self, name: str, tokenizer: Tokenizer):
        self.name, self.tokenizer = name, tokenizer
        self.identity = hashlib.sha256(self.file().encode()).hexdigest()

    def split(self, text: str) -> list[str]:
        """See `Tokeniser`."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).tokens)

    def parts(self, token: str) -> list[str]:
        """What the token spells without its marks of a word's begin: ``▁film``, ``Ġfilm`` → ``film``."""
        decoder = self.tokenizer.decoder
        spelled = str(decoder.decode([token])).strip() if decoder is not None else token
        return [spelled] if spelled not in ("", token) else []

    def join(self, words: Sequence[str]) -> str:
        """See `Tokeniser`; not by the tokenizer's own rules, which words of a table need not keep to."""
        return " ".join(words)

    def describe(self) -> dict[str, Any]:
        """See `Tokeniser`."""
        return {"name": self.name}

    def file(self) -> str:
        """See `Tokeniser`."""
        return str(self.tokenizer.to_str())


def read_pieces(name: str) -> Pieces:
    """The tokenizer of a file, or of a model on the Hub: see `tokenizer_file`.

    Raises:
        UsageError: there is none.
        TddError: its file is damaged, or the Hub cannot be reached.
    """
    return Pieces(name, read_tokenizer(tokenizer_file(name), name))


def read_tokenizer(path: Path, name: str) -> Tokenizer:
    """The tokenizer in a file.

    Raises:
        TddError: it cannot be read.
    """
    from tokenizers import Tokenizer

    try:
        return uncut(Tokenizer.from_file(str(path)))
    except Exception as error:  # of many kinds, from Rust
        raise unreadable(name, error) from None


def uncut(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer as one that takes texts as they are, however its file cuts, pads and marks them."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    # Else a text that speaks of [SEP] would hold one.
    tokenizer.encode_special_tokens = True
    return tokenizer


def unreadable(name: str, error: Exception) -> TddError:
    """What to say of a tokenizer that cannot be read."""
    lines = str(error).strip().splitlines()
    why = lines[0][:200] if lines else type(error).__name__
    return TddError(f"{name}: its tokenizer cannot be read ({why}); get a fresh copy")
