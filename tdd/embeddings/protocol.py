"""What the rest of tdd asks of a table of token vectors, whatever its tokens are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from tdd.embeddings.encoded import EncodedTexts
from tdd.embeddings.nearest import Metric


class Embedding(Protocol):
    """A frozen table of V tokens and their d-dimensional vectors, and how text becomes tokens.

    A token id is the token's row + 1; 0 is a token without a vector, or padding.

    Attributes:
        name: as asked for.
        checksum: sha256 (hex) of tokens and table.
        dim: d.
    """

    name: str
    checksum: str
    dim: int

    @property
    def words(self) -> Sequence[str]:
        """The token of every row."""

    def __len__(self) -> int: ...

    def describe(self) -> dict[str, Any]:
        """What others must know to find the same table, as JSON values.

        "name", "kind" ("word vectors" or "word pieces"), "checksum", "dimension" (d) and "size" (V); of word vectors
        the "tokenizer" too: its name, of ours also its version and what it makes of capitals ("case"); of word pieces
        the encoder's "model" on the Hub and its "revision", where they are known, its "weights_sha256", and the
        special tokens around every text, "prefix" and "suffix".
        """

    def tokenizer(self) -> str | None:
        """What splits text, as the text of a file of `tokenizers`; None: it is one of ours, which `describe` names."""

    @property
    def identity(self) -> list[str]:
        """Values that change whenever some text would become other token ids."""

    @property
    def needs_spaces(self) -> bool:
        """Whether words of a text are found by the spaces between them."""

    @property
    def longest(self) -> int:
        """Tokens of a text that can be read at most, as many as an encoder has positions for."""

    def split_by(self, tokenizer: str) -> Embedding:
        """The same table for texts that are split by another tokenizer; an encoder keeps its own."""

    @property
    def notes(self) -> list[str]:
        """What a user should know about the table and how text is looked up in it, a line each."""

    def id_of(self, word: str) -> int:
        """Token id of exactly this token; 0 where there is none."""

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`."""

    @property
    def separator(self) -> list[int]:
        """Token ids between the texts of a pair, which no text holds; none: the table is not for pairs."""

    def encode_all(self, texts: Sequence[str | None], seconds: Sequence[str | None] | None = None) -> EncodedTexts:
        """Token ids of many texts, of which None has none; or, with their `seconds`, of pairs."""

    def join(self, words: Sequence[str]) -> str:
        """Tokens as a person reads them: words with spaces between them, word pieces put together."""

    def embed(self, ids: Tensor) -> Tensor:
        """Vectors (..., d), float32, of token ids (...); zeros where the id is 0."""

    def nearest(self, queries: Tensor, k: int, metric: Metric = "cosine") -> tuple[Tensor, Tensor]:
        """The k nearest tokens of every query (P, d), best first, and how near they are.

        Returns:
            Rows (P, k), int64, and their cosine similarity or L2 distance (P, k), float32.
        """
