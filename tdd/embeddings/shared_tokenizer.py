"""The tokenizer of word vectors for those who have no tdd: a file of `tokenizers`, and how its tokens are looked up."""

from __future__ import annotations

from tokenizers import Tokenizer

from tdd.embeddings.fast_tokenizer import build_tokenizer
from tdd.embeddings.spelling import usual_forms
from tdd.embeddings.word_vectors import WordVectors

MOST_WORDS = 500_000
"""Words that the file knows at most, the first ones of the vectors: it would be hundreds of megabytes else."""


def shared_tokenizer(vectors: WordVectors) -> tuple[str, dict[str, str]]:
    """The text of a ``tokenizer.json`` for word vectors, and the words of unusual tokens.

    A token is looked up as the second part has it; what that does not hold, in its `usual_forms`, the first of which
    that the vectors know. The file knows nothing of a separator of pairs: it splits each text for itself.
    """
    own = vectors.tokenizer()
    if own is None:
        about = vectors.tokeniser.describe()
        vocabulary = vectors.vocabulary(range(min(len(vectors) - len(vectors.separator), MOST_WORDS)))
        tokenizer = build_tokenizer(list(vocabulary), about["name"], about["case"] != "lower")
        return str(tokenizer.to_str()), _unusual(vectors, vocabulary)
    found = {token: vectors.find(token) - 1 for token in Tokenizer.from_str(own).get_vocab()}
    return own, _unusual(vectors, {token: row for token, row in found.items() if row >= 0})


def _unusual(vectors: WordVectors, rows: dict[str, int]) -> dict[str, str]:
    """The words of those tokens, given with their rows, that are found in no usual form."""
    words = {}
    for token, row in rows.items():
        usual = next((id_ for form in usual_forms(token) if (id_ := vectors.id_of(form))), 0)
        if usual != row + 1:
            words[token] = vectors.words[row]
    return words
