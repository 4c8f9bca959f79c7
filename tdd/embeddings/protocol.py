"""What the rest of tdd asks of a table of token vectors, whatever its tokens are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

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

        "name", "kind" ("word vectors" or "word pieces"), "checksum", "dimension" (d) and "size" (V); of word pieces
        also the encoder's "model" on the Hub and its "revision", where they are known, its "weights_sha256", and the
        special tokens around every text, "prefix" and "suffix".
        """

    def tokenizer(self) -> str | None:
        """What splits text into word pieces, as the text of a file of `tokenizers`; None: the tokens are words."""

    def id_of(self, word: str) -> int:
        """Token id of exactly this token; 0 where there is none."""

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`."""

    def join(self, words: Sequence[str]) -> str:
        """Tokens as a person reads them: words with spaces between them, word pieces put together."""

    def embed(self, ids: Tensor) -> Tensor:
        """Vectors (..., d), float32, of token ids (...); zeros where the id is 0."""

    def nearest(self, queries: Tensor, k: int, metric: Metric = "cosine") -> tuple[Tensor, Tensor]:
        """The k nearest tokens of every query (P, d), best first, and how near they are.

        Returns:
            Rows (P, k), int64, and their cosine similarity or L2 distance (P, k), float32.
        """
