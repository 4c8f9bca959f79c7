"""The real batch of an outer step is a function of seed and step, prepared ahead or not."""

import threading
from copy import copy

import pytest
import torch
from tiny import tiny_corpus

from tdd.data.protocols import Augmentation
from tdd.data.text import TextSplit
from tdd.distillation.batches import OuterBatches

TRAIN = tiny_corpus().train
CPU = torch.device("cpu")
DROPOUT = Augmentation(word_dropout=0.3)


def content(batch) -> tuple[list, list]:
    examples, mask = batch.inputs()
    return [examples.tolist(), mask.tolist(), batch.labels.tolist()]


def test_a_batch_prepared_ahead_is_the_batch():
    plain, ahead = (OuterBatches(TRAIN, 32, 0, DROPOUT, CPU, ahead=ahead) for ahead in (False, True))
    # In turn, over the end of an epoch, once more for another draw of networks, and after a jump.
    for step in (0, 1, 2, 3, 3, 4, 11, 12, 2):
        assert content(ahead.at(step)) == content(plain.at(step)), step


def test_every_example_is_used_once_an_epoch_in_another_order_each():
    batches = OuterBatches(TRAIN, 30, 0, Augmentation(), CPU)
    epochs = [torch.cat([batches.at(4 * epoch + step).labels for step in range(4)]) for epoch in (0, 1)]
    assert [epoch.bincount().tolist() for epoch in epochs] == 2 * [TRAIN.labels.bincount().tolist()]
    assert not torch.equal(*epochs)


def test_the_next_batch_is_prepared_in_one_thread_while_this_one_is_used(monkeypatch: pytest.MonkeyPatch):
    threads, train = [], copy(TRAIN)
    monkeypatch.setattr(
        train, "batch", lambda rows: threads.append(threading.current_thread().name) or TRAIN.batch(rows)
    )
    batches = OuterBatches(train, 32, 0, DROPOUT, CPU, ahead=True)
    batches.at(0)
    assert batches.next is not None and batches.next[0] == 1
    assert len(batches.next[1].result()) == 32
    batches.at(1)
    assert batches.next[1].result() is not None and len(threads) == 3
    assert set(threads) == {"next batch_0"}
    assert OuterBatches(TRAIN, 32, 0, DROPOUT, CPU).thread is None
    assert OuterBatches(TRAIN, 32, 0, DROPOUT, torch.device("cuda")).thread is not None


def test_a_failure_in_the_thread_is_told_where_the_batch_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    def full(*_):
        raise MemoryError("no room")

    train = copy(TRAIN)
    batches = OuterBatches(train, 32, 0, DROPOUT, CPU, ahead=True)
    batches.at(0)
    batches.next[1].result()
    monkeypatch.setattr(train, "batch", full)
    batches.at(1)
    with pytest.raises(MemoryError, match="no room"):
        batches.at(2)


def test_balanced_batches_draw_every_class_as_often():
    few = TextSplit(*_one_class_rare())
    batches = OuterBatches(few, 50, 0, Augmentation(), CPU, balanced=True)
    drawn = torch.cat([batches.at(step).labels for step in range(40)])
    assert 0.45 < drawn.double().mean() < 0.55
    again = OuterBatches(few, 50, 0, Augmentation(), CPU, balanced=True)
    assert torch.equal(again.at(7).labels, batches.at(7).labels)


def _one_class_rare():
    labels = (torch.arange(200) % 20 == 0).long()
    return torch.ones(200, dtype=torch.int32), torch.arange(201), labels, TRAIN.vectors, 5
