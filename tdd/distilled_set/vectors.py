"""The word vectors that a set was distilled with: loaded by name, checked by their checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError

if TYPE_CHECKING:
    from tdd.embeddings.protocol import Embedding


def load_vectors_of(distilled: DistilledSet) -> Embedding:
    """The table of a set's recipe, with the set's tokenizer, and its separator where its texts are pairs."""
    from tdd.embeddings.load import load_embedding

    return load_embedding(distilled.recipe.vectors, distilled.recipe.tokenizer, distilled.pair is not None)


def check_vectors(distilled: DistilledSet, vectors: Embedding) -> None:
    """Raise UsageError unless the set is made of embedded text and was distilled with `vectors`."""
    if distilled.space.kind != "text":
        raise UsageError("this set holds pictures, not embedded sentences: there are no words to read")
    made_with = distilled.source.get("vectors_checksum", vectors.checksum)
    if vectors.dim != distilled.samples.shape[-1] or vectors.checksum != made_with:
        name = distilled.source.get("vectors", "other vectors")
        if name == vectors.name and not distilled.pair:
            raise UsageError(
                f"{name} has other words or vectors now than when the set was distilled; decode it with those of then"
            )
        hint = f": tdd.load_vectors({name!r}, pair=True)" if distilled.pair else ""
        raise UsageError(f"the set was distilled with {name}, not with {vectors.name}; decode it with those{hint}")
