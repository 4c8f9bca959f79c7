"""One data set as networks of other embeddings read it: the same texts, labels and splits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tdd.data.text import TextSplit
from tdd.data.text_encoder import read_by
from tdd.embeddings.load import load_embedding
from tdd.evaluation.names import FROZEN, TFIDF
from tdd.settings.data_parts import USUAL_VECTORS
from tdd.settings.encoder_names import MINILM, is_encoder
from tdd.settings.networks import entry_of

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.embeddings.protocol import Embedding

PIECES_A_WORD = 2
"""Pieces of an encoder that are read of a text for every word that other networks may read of it."""


class Spaces:
    """A corpus in the embeddings that it is asked for, each read once.

    Args:
        corpus: the data, in an embedding of their own, or images.
    """

    def __init__(self, corpus: Corpus):
        self.corpus = corpus
        self._read: dict[str, Corpus] = {}

    def of(self, network: str) -> Corpus:
        """The corpus as a learner reads it: an encoder its own pieces, other networks word vectors.

        Raises:
            UsageError: the texts are not known as such, see `read_by`; or there is no such encoder.
        """
        train = self.corpus.train
        if not isinstance(train, TextSplit):
            return self.corpus
        name = MINILM if network == FROZEN else network
        pieces = train.vectors.describe()["kind"] == "word pieces"
        if is_encoder(name):
            vectors = load_embedding(name)
            length = min(PIECES_A_WORD * train.max_length, vectors.longest)
        elif pieces and (name == TFIDF or entry_of(name).comes_with_tdd):
            vectors, length = load_embedding(USUAL_VECTORS, pair=train.are_pairs), train.max_length
        else:
            return self.corpus
        if vectors.checksum == train.vectors.checksum:
            return self.corpus
        if vectors.checksum not in self._read:
            self._read[vectors.checksum] = self._read_by(vectors, length)
        return self._read[vectors.checksum]

    def _read_by(self, vectors: Embedding, length: int) -> Corpus:
        corpus = self.corpus
        splits = (corpus.train, corpus.validation, corpus.test)
        train, validation, test = (read_by(split, vectors, length) for split in splits if isinstance(split, TextSplit))
        source = corpus.source | train.source()
        return replace(corpus, train=train, validation=validation, test=test, source=source)
