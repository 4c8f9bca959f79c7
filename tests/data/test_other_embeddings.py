"""The texts of a data set are read anew by another table, row for row, with labels and splits as they are."""

import pandas as pd
import pytest
import torch
from tiny import tiny_corpus
from tiny_encoders import films, tiny_encoder

from tdd.data.corpus import load_corpus
from tdd.data.text_encoder import read_by
from tdd.embeddings.load import load_embedding
from tdd.embeddings.separator import SEPARATOR
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe

WORDS = ["good", "film", "bad", *"bcdefghij"]


@pytest.fixture(scope="module")
def corpus():
    table = torch.randn(len(WORDS), 4).numpy()
    recipe = Recipe(dataset="films", max_length=6)
    return load_corpus(recipe, WordVectors("words", WORDS, table, "words"), films())


def test_each_text_is_the_same_in_another_embedding(corpus):
    pieces = load_embedding(tiny_encoder())
    for name in ("train", "validation", "test"):
        split = getattr(corpus, name)
        read = read_by(split, pieces, 20)
        assert torch.equal(read.labels, split.labels) and read.classes == split.classes
        for place in range(len(split)):
            text = " ".join(WORDS[id_ - 1] for id_ in split.row(place))
            assert split.raw.texts(torch.tensor([place])) == [(text,)]
            assert read.row(place).tolist() == pieces.encode(text)
        again = read_by(read, corpus.train.vectors, 6)
        assert [again.row(i).tolist() for i in range(len(split))] == [split.row(i).tolist() for i in range(len(split))]


def test_token_ids_without_texts_are_refused():
    pieces = load_embedding(tiny_encoder())
    with pytest.raises(UsageError, match="hold token ids, not the texts"):
        read_by(tiny_corpus().train, pieces, 20)


def test_pairs_are_read_with_the_separator_of_the_other_embedding(corpus):
    texts, labels = films()
    recipe = Recipe(dataset="pairs", network=tiny_encoder(), max_length=20, text_column="a,b")
    table = pd.DataFrame({"a": texts, "b": texts[::-1], "label": labels})
    train = load_corpus(recipe, data=table).train
    other = with_separator()
    read, pieces = read_by(train, other, 20), train.vectors
    for place in range(len(train)):
        (first, second), *_ = train.raw.texts(torch.tensor([place]))
        assert read.row(place).tolist() == [*other.encode(first), *other.separator, *other.encode(second)]
    again = read_by(read, pieces, 20)
    assert [again.row(i).tolist() for i in range(len(train))] == [train.row(i).tolist() for i in range(len(train))]
    with pytest.raises(UsageError, match="words has no token that stands between two texts of a pair"):
        read_by(train, corpus.train.vectors, 6)


def with_separator():
    words = [*WORDS, SEPARATOR]
    return WordVectors("words", words, torch.randn(len(words), 4).numpy(), "with a separator", pair=True)
