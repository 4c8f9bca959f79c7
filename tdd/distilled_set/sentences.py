"""Distilled sentences that are real words: token ids and the words they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.formatting import counted

if TYPE_CHECKING:
    from tdd.embeddings.protocol import Embedding


@dataclass(frozen=True)
class Sentences:
    """n = steps x per_step sentences of words.

    Attributes:
        tokens: (steps, per_step, L) int32 token ids of a table of word vectors; 0, at the end alone, is padding.
        words: the word of every token id that occurs.
    """

    tokens: Tensor
    words: dict[int, str]

    @classmethod
    def of(cls, tokens: Tensor, vectors: Embedding) -> Sentences:
        """The sentences that `tokens` (steps, per_step, L) of the table `vectors` make."""
        present = [id_ for id_ in tokens.unique().tolist() if id_]
        return cls(tokens.int().cpu(), {id_: vectors.words[id_ - 1] for id_ in present})

    @classmethod
    def read(cls, texts: list[str], steps: int, length: int, vectors: Embedding) -> Sentences:
        """The opposite of `texts`, for n texts of at most `length` words each, step by step.

        Raises:
            UsageError: a word without a vector, or a text that is too long.
        """
        tokens = torch.zeros(len(texts), length, dtype=torch.int32)
        for row, text in zip(tokens, texts, strict=True):
            words = text.split(" ") if text else []
            if len(words) > length:
                raise UsageError(f"a sentence has {counted(len(words), 'word')}, the set's have at most {length}")
            ids = [vectors.id_of(word) for word in words]
            if 0 in ids:
                raise UsageError(f"'{words[ids.index(0)]}' has no vector in {vectors.name}")
            row[: len(ids)] = torch.tensor(ids, dtype=torch.int32)
        return cls.of(tokens.view(steps, -1, length), vectors)

    def by_word(self) -> list[list[str]]:
        """The words of each sentence, step by step, without padding."""
        return [[self.words[id_] for id_ in row if id_] for row in self.tokens.flatten(0, 1).tolist()]

    def segments(self, separator: Sequence[int] = ()) -> list[list[list[str]]]:
        """The words of each sentence, step by step, in the parts that tokens of a separator stand between.

        A sentence without one has a single part; separators side by side count as one.
        """
        found = []
        for row in self.tokens.flatten(0, 1).tolist():
            parts: list[list[str]] = [[]]
            for place, id_ in enumerate(token for token in row if token):
                if id_ not in separator:
                    parts[-1].append(self.words[id_])
                elif place == 0 or row[place - 1] not in separator:
                    parts.append([])
            found.append(parts)
        return found

    def share_changed(self, before: Sentences) -> float:
        """Share of the words that are others than those of `before`, which has words at the same positions; 0 to 1."""
        words = before.tokens != 0
        return (self.tokens != before.tokens)[words].float().mean().item()

    def texts(self) -> list[str]:
        """Each sentence as text, words joined by single spaces; splitting at these gives exactly the words again."""
        return [" ".join(words) for words in self.by_word()]

    def embed(self, vectors: Embedding) -> Tensor:
        """The samples (steps, per_step, L, d) that networks train on.

        Raises:
            UsageError: `vectors` are not those that the token ids were made with.
        """
        for id_, word in self.words.items():
            if id_ > len(vectors) or vectors.words[id_ - 1] != word:
                raise UsageError(f"the set's words are not those of {vectors.name}: load it with the vectors it names")
        return vectors.embed(self.tokens)


def vectors_of(recipe: Recipe, source: dict[str, str], given: Embedding | None, pair: bool) -> Embedding:
    """The word vectors that a set of words was made with: those `given`, or loaded by their name.

    Args:
        recipe: of the set.
        source: of the set.
        given: None: not given.
        pair: whether its word vectors have a separator of pairs.
    """
    from tdd.embeddings.load import load_embedding

    try:
        vectors = given or load_embedding(recipe.vectors, recipe.tokenizer, pair)
    except UsageError:
        raise UsageError(
            f"the set is made of words of the vectors {recipe.vectors}, which are not there: "
            f"put that file in its place, or load the set from Python with vectors=..."
        ) from None
    if vectors.checksum != source.get("vectors_checksum", vectors.checksum):
        raise UsageError(
            f"the vectors {vectors.name} are not those the set's words were chosen with; load it with those"
        )
    return vectors
