"""Batches of sentences: words dropped, examples drawn, features."""

import numpy as np
import pytest
import torch
from patches import spy
from tiny import tiny_corpus

from tdd.data.protocols import Augmentation
from tdd.data.text import TextSplit
from tdd.settings.fields import LARGEST
from tdd.system.seeds import generator

TRAIN = tiny_corpus(3).train


def test_dropped_words_are_drawn_by_outer_step_and_leave_all_else():
    corpus = tiny_corpus()
    batch = corpus.train.batch(torch.arange(100))
    dropped, again, other = (batch.augmented(Augmentation(word_dropout=0.3), 0, step) for step in (4, 4, 5))
    assert torch.equal(dropped.ids, again.ids) and not torch.equal(dropped.ids, other.ids)
    gone, words = dropped.ids != batch.ids, batch.ids != 0
    assert (dropped.ids[gone] == 0).all() and not dropped.inputs()[0][:, : gone.shape[1]][gone].any()
    assert gone.sum().item() / words.sum().item() == pytest.approx(0.3, abs=0.06)
    assert dropped.words is batch.words and torch.equal(dropped.labels, batch.labels)


def test_a_part_of_the_test_split_is_drawn_from_all_of_it():
    corpus = tiny_corpus()
    # As on the Hub: ordered by class, so that the first half is of one.
    labels = corpus.test.labels
    order = labels.argsort(stable=True)
    starts, ends = corpus.test.offsets[:-1][order], corpus.test.offsets[1:][order]
    ids = torch.cat([torch.from_numpy(corpus.test.ids[a:b].copy()) for a, b in zip(starts, ends, strict=True)])
    offsets = torch.cat([torch.zeros(1, dtype=torch.long), torch.from_numpy(ends - starts).cumsum(0)])
    ordered = type(corpus.test)(ids, offsets, labels[order], corpus.test.vectors, corpus.test.max_length)
    drawn = torch.cat([batch.labels for batch in ordered.batches(1000, most=20)])
    share = labels.double().mean().item()
    assert len(drawn) == 20
    assert drawn.double().mean().item() == pytest.approx(share, abs=0.2)


def test_features_of_sentences_are_means_of_known_words_in_the_order_asked_for(monkeypatch):
    monkeypatch.setattr("tdd.data.text._FEATURES_AT_ONCE", 7)
    unknown = TRAIN.ids.copy()
    unknown[: TRAIN.offsets[1]] = 0
    unknown[TRAIN.offsets[1]] = 0
    split = TextSplit(
        torch.from_numpy(unknown), torch.from_numpy(TRAIN.offsets), TRAIN.labels, TRAIN.vectors, TRAIN.max_length
    )
    places = torch.randperm(len(split), generator=generator(0))
    read = spy(monkeypatch, TextSplit, "batch")
    found = dict(zip(places.tolist(), split.features(places), strict=True))
    assert len(read) == -(-len(split) // 7)
    assert torch.equal(found[0], torch.zeros(split.vectors.dim))
    for place in (1, 2, 50):
        ids = unknown[TRAIN.offsets[place] : TRAIN.offsets[place + 1]][: TRAIN.max_length]
        known = split.vectors.embed(torch.from_numpy(ids[ids > 0].copy()))
        torch.testing.assert_close(found[place], known.mean(0))


def test_sentences_are_read_without_room_for_the_length_that_they_might_have():
    ids, offsets = torch.from_numpy(TRAIN.ids), torch.from_numpy(TRAIN.offsets)
    longest = int(np.diff(TRAIN.offsets).max())
    split, whole = (TextSplit(ids, offsets, TRAIN.labels, TRAIN.vectors, most) for most in (LARGEST, longest))
    assert split.space.shape == (LARGEST, TRAIN.vectors.dim)
    assert split.batch(torch.arange(len(split))).ids.shape == (len(split), longest)
    assert all(batch.ids.shape[1] <= longest for batch in split.batches(20))
    assert torch.equal(split.features(torch.arange(9)), whole.features(torch.arange(9)))
