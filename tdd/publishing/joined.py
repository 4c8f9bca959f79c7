"""What the samples of a set of words read: where these are pieces of words, put together by their tokenizer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet

PIECES = "pieces"
"""The column of a published table that has the pieces themselves."""


def are_pieces(distilled: DistilledSet) -> bool:
    """Whether what stands between two spaces of a sample are pieces of words: ``play ##ing``."""
    own = distilled.embedding
    if distilled.sentences is None or own is None or own.tokenizer is None or own.about["kind"] != "word pieces":
        return False
    return json.loads(own.tokenizer).get("decoder") is not None


def joined_texts(distilled: DistilledSet) -> list[str]:
    """The text of each sample of a set of words, as it reads."""
    assert distilled.sentences is not None
    texts = distilled.sentences.texts()
    if not are_pieces(distilled):
        return texts
    from tokenizers import Tokenizer

    assert distilled.embedding is not None and distilled.embedding.tokenizer is not None
    decoder = Tokenizer.from_str(distilled.embedding.tokenizer).decoder
    return [decoder.decode(text.split(" ")).strip() for text in texts]
