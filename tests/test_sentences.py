"""Sentences of words: what they start as, the words they may hold, and the file that keeps nothing but words."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import LENGTH, tiny_corpus, tiny_recipe, tiny_vectors

from tdd.data.images import ImageSplit
from tdd.data.pixel_normalisation import Normalisation
from tdd.data.text import TextSplit
from tdd.distillation.distiller import Distiller
from tdd.distillation.samples.choice import parametrisation
from tdd.distillation.samples.start import first_labels, first_samples, real_sentences
from tdd.distillation.samples.vocabulary import vocabulary
from tdd.distilled_set.sentences import Sentences
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError

# Texts


def test_a_text_says_which_words_a_sentence_has():
    words = ["a", "'s", "...", "naïve", "a\u00a0b", "\u3000", "1,000", '"', "\x85"]
    vectors = WordVectors("odd", words, np.eye(9, 3, dtype=np.float32), "checksum")
    tokens = torch.tensor([[[9, 5, 6, 1], [2, 0, 0, 0]], [[8, 8, 3, 0], [4, 7, 1, 2]]], dtype=torch.int32)
    sentences = Sentences.of(tokens, vectors)
    assert sentences.texts()[1:3] == ["'s", '" " ...']
    again = Sentences.read(sentences.texts(), 2, 4, vectors)
    assert torch.equal(again.tokens, tokens) and again.words == sentences.words
    assert torch.equal(again.embed(vectors), vectors.embed(tokens))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("word1 nonsense", "'nonsense' has no vector in tiny"),
        ("word1  word2", "'' has no vector in tiny"),
        ("word1 word2 word3 word4", "a sentence has 4 words, the set's have at most 3"),
    ],
)
def test_a_text_that_is_no_sentence_of_the_set_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        Sentences.read(["word1", text], 1, 3, tiny_vectors(2))


# The vocabulary


def counts(split: TextSplit) -> list[int]:
    return np.bincount(split.ids, minlength=41)[1:].tolist()


def words_of(settings: dict, train: TextSplit) -> list[str]:
    ids = vocabulary(tiny_recipe(samples="words", **settings), train)
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
        (b"word1 word1", {}, "1 words to make sentences of"),
        (b"word1 word2", {"excluded_words": ["word2"]}, "1 words to make sentences of"),
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
    with pytest.raises(UsageError, match="samples: words needs text, and the data are images: use samples: free"):
        parametrisation(tiny_recipe(samples="words"), replace(tiny_corpus(), train=pictures), torch.device("cpu"))
    with pytest.raises(UsageError, match="samples: words makes sentences, and lenet reads images: use samples: free"):
        tiny_recipe(samples="words", network="lenet")


# The start


def first_tokens(corpus, n: int, **settings) -> torch.Tensor:
    """Token ids (n, L) of the sentences that a run starts from."""
    recipe = tiny_recipe(samples="words", n=n, **settings)
    vectors = corpus.train.vectors
    samples = first_samples(recipe, corpus, *recipe.split(len(corpus.classes))).flatten(0, 1)
    found, distances = vectors.nearest(samples.flatten(0, 1), 1, "l2")
    tokens = (found[:, 0] + 1).view(n, LENGTH) * (samples != 0).any(-1)
    assert torch.equal(vectors.embed(tokens), samples) and not distances.view(n, LENGTH)[tokens > 0].any()
    return tokens


def real(corpus) -> list[tuple[int, list[int]]]:
    """Label and token ids of each training sentence."""
    train = corpus.train
    return [
        (int(train.labels[i]), train.ids[train.offsets[i] : train.offsets[i + 1]].tolist()) for i in range(len(train))
    ]


def test_sentences_start_as_real_ones_and_padding_is_what_these_leave():
    corpus = tiny_corpus(classes=3)
    rows = first_tokens(corpus, 6, padding="end").tolist()
    whole = [(label, tokens[:LENGTH]) for label, tokens in real(corpus)]
    for place, row in enumerate(rows):
        assert (place % 3, [id_ for id_ in row if id_]) in whole
        assert row == sorted(row, key=lambda id_: id_ == 0)
    assert min(row.count(0) for row in rows) == 0 < max(row.count(0) for row in rows)
    assert len({tuple(row) for row in rows}) == 6


def test_without_padding_real_sentences_of_the_class_follow_each_other():
    corpus = tiny_corpus()
    for place, row in enumerate(first_tokens(corpus, 4).tolist()):
        assert 0 not in row
        of_class = [tokens for label, tokens in real(corpus) if label == place % 2]
        ends = {0}
        while LENGTH not in ends:  # after each end another sentence begins
            more = {
                min(end + len(t), LENGTH)
                for end in ends
                for t in of_class
                if row[end : end + len(t)] == t[: LENGTH - end]
            }
            assert not more <= ends
            ends |= more


@pytest.mark.parametrize("padding", ["none", "end"])
@pytest.mark.parametrize(("n", "classes"), [(4, 2), (24, 3), (7, 3), (5, 2), (2, 4), (3, 4)])
def test_labels_are_those_of_the_sentences_that_a_set_starts_from(tmp_path, padding, n, classes):
    corpus, own = tiny_corpus(classes), 20 // classes
    # The words that belong to a class tell it.
    (tmp_path / "own.txt").write_text(" ".join(f"word{20 + i}" for i in range(own * classes)))
    tokens = first_tokens(corpus, n, padding=padding, vocabulary_file=str(tmp_path / "own.txt"))
    steps, per_step = tiny_recipe(n=n).split(classes)
    labels = first_labels(steps, per_step, classes).flatten(0, 1)
    for row, label in zip(tokens, labels, strict=True):
        (found,) = set(((row[row > 0] - 21) // own).tolist())
        assert label[found] == label.max()
    assert len({tuple(row) for row in tokens.tolist()}) == n
    assert (tokens == 0).any().item() == (padding == "end")


def test_a_random_start_draws_the_vocabulary_evenly_with_the_seed():
    corpus, settings = tiny_corpus(), {"samples_init": "noise", "vocabulary": 5, "padding": "end"}
    tokens = first_tokens(corpus, 100, **settings)
    ids, drawn = tokens.unique(return_counts=True)
    assert ids.tolist() == vocabulary(tiny_recipe(samples="words", vocabulary=5), corpus.train).tolist()
    assert (drawn / 1000 - 0.2).abs().max() < 0.05
    assert torch.equal(tokens, first_tokens(corpus, 100, **settings))
    assert not torch.equal(tokens, first_tokens(corpus, 100, **settings, seed=1))


def test_a_sentence_without_words_leaves_its_place_to_the_next_one_or_is_refused():
    train, known = tiny_corpus().train, torch.tensor([3, 4])
    train.ids, train.offsets = np.array([9, 9, 3, 9, 4, 4], dtype=np.int32), np.array([0, 2, 5, 6])
    for fill, expected in ((False, [3, 4]), (True, [3, 4, 4, 3, 4, 4, 3, 4, 4, 3])):
        (found,) = real_sentences(train, torch.tensor([[0, 1, 2] * 4]), known, fill).tolist()
        assert found == expected + [0] * (LENGTH - len(expected))
    for rows, fill in (([0, 0], False), ([0, 1, 2], True)):
        with pytest.raises(UsageError, match="too few words of the vocabulary: set a larger one"):
            real_sentences(train, torch.tensor([rows]), known, fill)
