"""The words that sentences may hold."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import tiny_corpus, tiny_recipe

from tdd.data.images import ImageSplit
from tdd.data.pixel_normalisation import Normalisation
from tdd.data.text import TextSplit
from tdd.distillation.distiller import Distiller
from tdd.distillation.samples.choice import parametrisation
from tdd.distillation.samples.vocabulary import vocabulary
from tdd.errors import UsageError


def counts(split: TextSplit) -> list[int]:
    return np.bincount(split.ids, minlength=41)[1:].tolist()


def words_of(settings: dict, train: TextSplit) -> list[str]:
    recipe = tiny_recipe(samples="words", **settings)
    ids = vocabulary(train, recipe.vocabulary, recipe.vocabulary_file, recipe.excluded_words)
    assert ids.dtype == torch.int64 and ids.tolist() == sorted(ids.tolist())
    return [train.vectors.words[id_ - 1] for id_ in ids.tolist()]


def test_the_vocabulary_are_the_most_frequent_words_of_the_training_split():
    train = tiny_corpus().train
    train.ids = train.ids[train.ids < 38]  # two words do not occur
    in_order = sorted(range(40), key=lambda word: -counts(train)[word])
    for size in (2, 11, 30):
        assert set(words_of({"vocabulary": size}, train)) == {f"word{word}" for word in in_order[:size]}
    assert words_of({}, train) == [f"word{word}" for word in range(37)]


def test_words_are_left_out_that_are_excluded_or_look_like_padding():
    train = tiny_corpus().train
    assert words_of({"excluded_words": ["word3", "word39"]}, train) == [f"word{i}" for i in range(39) if i != 3]
    train.vectors._table[7] = 0
    assert "word7" not in words_of({}, train) and len(words_of({}, train)) == 39


def test_a_vocabulary_of_ones_own_may_hold_words_that_the_data_do_not(tmp_path):
    train = tiny_corpus().train
    train.ids = train.ids[train.ids < 30]
    (tmp_path / "mine.txt").write_text("word35 word2\n\n\tword2 word11\n")
    settings = {"vocabulary_file": str(tmp_path / "mine.txt"), "vocabulary": 2}
    assert words_of(settings, train) == ["word2", "word11", "word35"]
    assert words_of(settings | {"excluded_words": ["word11"]}, train) == ["word2", "word35"]


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (b"word1 word2 nonsense", {}, "vocabulary_file .*mine.txt: 'nonsense' has no vector in tiny; remove it"),
        (b"word1 word2", {"excluded_words": ["nonsense"]}, "excluded_words: 'nonsense' has no vector in tiny"),
        (b"word1 \xff\xfe", {}, "cannot read vocabulary_file .*mine.txt: it is not UTF-8 text"),
        (None, {}, "cannot read vocabulary_file .*mine.txt: No such file or directory"),
        (b"", {}, "0 words to make sentences of: set a larger vocabulary, or exclude fewer words"),
        (b"word1 word1", {}, "1 word to make sentences of"),
        (b"word1 word2", {"excluded_words": ["word2"]}, "1 word to make sentences of"),
        (b"word1 word2", {"samples_init": "noise"}, None),
    ],
)
def test_a_vocabulary_that_cannot_be_used_is_one_line(tmp_path, content, settings, message):
    path = tmp_path / "mine.txt"
    if content is not None:
        path.write_bytes(content)
    recipe = tiny_recipe(samples="words", vocabulary_file=str(path), **settings)
    if message is None:
        Distiller(recipe, tiny_corpus())
        return
    with pytest.raises(UsageError, match=message) as caught:
        Distiller(recipe, tiny_corpus())
    assert "\n" not in str(caught.value)


def test_images_have_no_words():
    grey = Normalisation(torch.zeros(1), torch.ones(1))
    pictures = ImageSplit(np.zeros((4, 8, 8, 1), dtype=np.uint8), np.arange(4), torch.zeros(4), grey)
    with pytest.raises(
        UsageError, match="the samples asked for are made of words, and the data are images: use samples: free"
    ):
        parametrisation(tiny_recipe(samples="words"), replace(tiny_corpus(), train=pictures), None, torch.device("cpu"))
    with pytest.raises(UsageError, match="samples: words makes sentences, and lenet reads images: use samples: free"):
        tiny_recipe(samples="words", network="lenet")
