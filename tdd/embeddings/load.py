"""Any table of token vectors by its name: word vectors, or the word pieces of a pretrained encoder."""

from __future__ import annotations

from tdd.embeddings.protocol import Embedding
from tdd.embeddings.word_vectors import load_vectors
from tdd.settings.encoder_names import is_encoder


def load_embedding(name: str) -> Embedding:
    """The table called `name`: see `load_vectors`, or `encoder_files` for encoders.

    Raises:
        UsageError: there is none of this name.
        TddError: its files are damaged, or cannot be downloaded.
    """
    if is_encoder(name):
        from tdd.embeddings.encoder import encoder_tokens

        return encoder_tokens(name)
    return load_vectors(name)
