"""Any table of token vectors by its name: word vectors, or the word pieces of a pretrained encoder."""

from __future__ import annotations

from tdd.embeddings.protocol import Embedding
from tdd.embeddings.word_vectors import load_vectors
from tdd.settings.encoder_names import is_encoder
from tdd.settings.tokenizer_names import WORDS


def load_embedding(name: str, tokenizer: str | None = None, pair: bool = False) -> Embedding:
    """The table called `name`: see `load_vectors`, or `encoder_files` for encoders.

    Args:
        name: of the table.
        tokenizer: what splits text into the words of vectors; None: ``words``. An encoder has its own.
        pair: whether the texts are pairs, between which word vectors need a separator.

    Raises:
        UsageError: there is none of this name.
        TddError: its files are damaged, or cannot be downloaded.
    """
    if is_encoder(name):
        from tdd.embeddings.encoder import encoder_tokens

        return encoder_tokens(name)
    return load_vectors(name, tokenizer or WORDS, pair)
