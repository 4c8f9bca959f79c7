"""Chosen examples belong to the class that their place says, and are those that the definitions ask for."""

import pytest
import torch
from patches import spy
from tiny import tiny_corpus

from tdd.data import real_examples
from tdd.data.images import ImageSplit
from tdd.data.labelled_examples import inputs_at
from tdd.data.pixel_normalisation import Normalisation
from tdd.data.real_examples import class_centroids, class_means, herding, k_center, random_examples
from tdd.system.seeds import generator

TRAIN = tiny_corpus(3).train


def dense(split, place):
    return split.batch(torch.tensor([place])).inputs()[0][0]


class Points:
    """A split of points in a plane, whose features they are."""

    def __init__(self, points, labels):
        self.points, self.labels = torch.tensor(points), torch.tensor(labels)

    def __len__(self):
        return len(self.labels)

    def features(self, indices):
        return self.points[indices]


@pytest.mark.parametrize("choose", [random_examples, herding, k_center], ids=["random", "herding", "k_center"])
@pytest.mark.parametrize("n", [1, 2, 3, 12, 14])
def test_sample_i_is_an_example_of_class_i_mod_classes_and_none_comes_twice(choose, n):
    places = choose(TRAIN.labels, n, 3, generator(1)) if choose is random_examples else choose(TRAIN, n, 3)
    assert TRAIN.labels[places].tolist() == [i % 3 for i in range(n)]
    assert len(set(places.tolist())) == n


def test_random_examples_are_a_function_of_their_generator_and_come_from_the_whole_class():
    drawn = [random_examples(TRAIN.labels, 6, 3, generator(seed)).tolist() for seed in (1, 1, *range(2, 60))]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len({place for places in drawn for place in places}) > 0.8 * len(TRAIN)


def test_a_class_with_fewer_examples_than_samples_has_them_again():
    labels = torch.tensor([0, 0, 0, 0, 1, 0])
    places = random_examples(labels, 8, 2, generator(0))
    assert places[1::2].tolist() == [4] * 4 and len(set(places[0::2].tolist())) == 4
    split = Points([[float(i), 0.0] for i in range(6)], labels.tolist())
    for choose in (herding, k_center):
        assert choose(split, 8, 2)[1::2].tolist() == [4] * 4


def test_inputs_stand_in_the_order_asked_for_which_batches_of_sentences_do_not_keep():
    places = TRAIN.lengths.argsort(descending=True)[::6]
    examples, mask = inputs_at(TRAIN, places)
    assert not torch.equal(TRAIN.batch(places).inputs()[0], examples)
    for place, found, holds_word in zip(places.tolist(), examples, mask, strict=True):
        assert torch.equal(found, dense(TRAIN, place))
        length = int(TRAIN.lengths[place])
        assert holds_word.tolist() == [True] * length + [False] * (TRAIN.max_length - length)


def test_k_center_takes_the_middle_then_always_the_farthest():
    split = Points([[0.0, 0], [1, 0], [2, 0], [3, 0], [10, 0], [10, 0], [50, 50]], [0, 0, 0, 0, 0, 0, 1])
    assert k_center(split, 2, 2).tolist() == [3, 6]  # the mean is at 26 / 6
    # 10 is 7 away from 3, then 0 is 3 away, then 1 is 1 away from the nearest; the second 10 comes last.
    assert k_center(split, 12, 2)[0::2].tolist() == [3, 4, 0, 1, 2, 5]


def test_herding_is_the_greedy_match_of_the_mean():
    members = (TRAIN.labels == 1).nonzero().flatten()
    features = TRAIN.features(members)
    chosen: list[int] = []
    for _ in range(5):
        candidates = [i for i in range(len(members)) if i not in chosen]
        gaps = [(features[[*chosen, i]].mean(0) - features.mean(0)).norm().item() for i in candidates]
        chosen.append(candidates[gaps.index(min(gaps))])
    assert herding(TRAIN, 15, 3)[1::3].tolist() == members[chosen].tolist()


def test_class_means_are_means_of_whole_inputs_shared_by_the_samples_of_a_class(monkeypatch):
    monkeypatch.setattr(real_examples, "_DENSE", 7)
    read = spy(monkeypatch, type(TRAIN), "batch")
    means = class_means(TRAIN, 7, 3)
    assert len(read) == -(-len(TRAIN) // 7)
    for i in range(7):
        members = (TRAIN.labels == i % 3).nonzero().flatten()
        expected = torch.stack([dense(TRAIN, place) for place in members.tolist()]).mean(0)
        torch.testing.assert_close(means[i], expected)


def clustered(centres, size=9):
    """Pictures of one brightness each, near the centres: nine a centre, the centres of two classes in turn."""
    levels = [level + jitter for level in centres for jitter in range(-(size // 2), size // 2 + 1)]
    pixels = torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 4, 4, 1).contiguous()
    labels = torch.tensor([place % 2 for place in range(len(centres)) for _ in range(size)])
    order = torch.randperm(len(labels), generator=generator(3))
    unit = Normalisation(torch.zeros(1), torch.ones(1))
    return ImageSplit(pixels[order].numpy(), torch.arange(len(order)).numpy(), labels[order], unit)


def test_centroids_are_those_of_the_clusters_of_each_class():
    split = clustered([20, 60, 120, 160, 220, 240])
    found = (255 * class_centroids(split, 6, 2, generator(0))).flatten(1)
    assert (found - found[:, :1]).abs().max() < 1e-3
    assert sorted(found[0::2, 0].round().tolist()) == [20, 120, 220]
    assert sorted(found[1::2, 0].round().tolist()) == [60, 160, 240]


def test_one_centroid_a_class_is_its_mean_also_of_sentences():
    torch.testing.assert_close(
        class_centroids(TRAIN, 3, 3, generator(0)), class_means(TRAIN, 3, 3), rtol=1e-4, atol=1e-5
    )
    assert len(class_centroids(TRAIN, 2, 3, generator(0))) == 2


def test_fewer_examples_than_centroids_are_all_centroids_again():
    split = clustered([50, 150], size=3)
    found = (255 * class_centroids(split, 8, 2, generator(0)))[:, 0, 0, 0].round().tolist()
    assert sorted(set(found[0::2])) == [49, 50, 51] and len(found) == 8


def test_no_more_examples_of_a_class_are_clustered_than_the_bound(monkeypatch):
    seen = []
    batch = ImageSplit.batch
    monkeypatch.setattr(ImageSplit, "batch", lambda self, places: seen.append(len(places)) or batch(self, places))
    monkeypatch.setattr(real_examples, "MOST_CLUSTERED", 5)
    class_centroids(clustered([50, 150]), 4, 2, generator(0))
    assert sum(seen) == 10


def test_features_of_images_are_their_normalised_pixels():
    split = clustered([50, 150])
    assert torch.equal(split.features(torch.tensor([3, 1])), torch.stack([dense(split, 3), dense(split, 1)]).flatten(1))
