"""What samples start from: noise or real examples, with the labels that these have."""

import numpy as np
import pytest
import torch
from tiny import LENGTH, tiny_corpus, tiny_recipe

from tdd.data.real_examples import chosen_examples
from tdd.distillation.distiller import Distiller
from tdd.distillation.samples.start import (
    first_labels,
    first_places,
    first_rates,
    first_samples,
    mask_of,
    real_sentences,
)
from tdd.distillation.samples.vocabulary import vocabulary
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.real_sets import RealSets
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


def first_tokens(corpus, n: int, **settings) -> torch.Tensor:
    """Token ids (n, L) of the sentences that a run starts from."""
    recipe = tiny_recipe(samples="words", n=n, **settings)
    vectors = corpus.train.vectors
    samples, mask = first_samples(recipe, corpus, *recipe.split(len(corpus.classes)))
    samples = samples.flatten(0, 1)
    inside = torch.ones(n, LENGTH, dtype=torch.bool) if mask is None else mask.flatten(0, 1)
    assert torch.equal(inside, (samples != 0).any(-1)) and (mask is None) == bool(inside.all())
    found, distances = vectors.nearest(samples.flatten(0, 1), 1, "l2")
    tokens = (found[:, 0] + 1).view(n, LENGTH) * inside
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
@pytest.mark.parametrize("start", ["herding", "k_center", "nearest", "confident"])
def test_sentences_start_as_the_real_ones_that_the_baseline_of_that_name_has(start, padding):
    corpus = tiny_corpus(classes=3)
    places = RealSets(tiny_recipe(n=7), corpus, draws=1).places(start)[0]
    if start in ("nearest", "confident"):  # they draw: the recipe's seed of the start is not the baseline's
        places = chosen_examples(start, corpus.train, 7, 3, generator(0, "samples"))
    chosen = [corpus.train.row(place)[:LENGTH].tolist() for place in places.tolist()]
    for row, real_one in zip(
        first_tokens(corpus, 7, samples_init=start, padding=padding).tolist(), chosen, strict=True
    ):
        assert row[: len(real_one)] == real_one
    assert not torch.equal(places, first_places(tiny_recipe(n=7, samples_init="real"), corpus))


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
    assert ids.tolist() == vocabulary(corpus.train, 5).tolist()
    assert (drawn / 1000 - 0.2).abs().max() < 0.05
    assert torch.equal(tokens, first_tokens(corpus, 100, **settings))
    assert not torch.equal(tokens, first_tokens(corpus, 100, **settings, seed=1))


@pytest.mark.parametrize("separator", [[], [7]])
def test_a_sentence_without_words_leaves_its_place_to_the_next_one_or_is_refused(monkeypatch, separator):
    train, known = tiny_corpus().train, torch.tensor([3, 4])
    monkeypatch.setattr(train.vectors, "separator", separator)
    train.ids, train.offsets = np.array([9, 9, 3, 9, 4, 4], dtype=np.int32), np.array([0, 2, 5, 6])
    for fill, expected in ((False, [3, 4]), (True, [3, 4, 4, 3, 4, 4, 3, 4, 4, 3])):
        (found,) = real_sentences(train, torch.tensor([[0, 1, 2] * 4]), known, LENGTH, fill).tolist()
        assert found == expected + [0] * (LENGTH - len(expected))
    for rows, fill in (([0, 0], False), ([0, 1, 2], True)):
        with pytest.raises(UsageError, match="too few words of the vocabulary: set a larger one"):
            real_sentences(train, torch.tensor([rows]), known, LENGTH, fill)


def test_first_labels_are_one_hot_in_turn_and_shared_when_samples_are_few():
    assert torch.equal(first_labels(2, 3, 3), torch.eye(3).expand(2, 3, 3))
    few = first_labels(1, 5, 10)[0]
    assert torch.equal((few > 0).sum(0), torch.ones(10, dtype=torch.long))
    torch.testing.assert_close(few.sum(1), torch.ones(5))


def test_samples_started_from_real_sentences_bear_the_labels_of_those_sentences():
    corpus = tiny_corpus(classes=3)
    steps, per_step = 4, 6
    samples, mask = first_samples(tiny_recipe(n=24, samples_init="real"), corpus, steps, per_step)
    labels = first_labels(steps, per_step, 3).argmax(2)
    everything = corpus.train.batch(torch.arange(len(corpus.train)))
    dense, inside = everything.inputs()
    found = []
    for step in range(steps):
        for place in range(per_step):
            same = (dense == samples[step, place]).flatten(1).all(1)
            assert everything.labels[same].unique().tolist() == [labels[step, place]]
            assert torch.equal(mask[step, place], inside[same][0])
            found.append(samples[step, place])
    assert len(torch.stack(found).flatten(1).unique(dim=0)) > 20


def test_noise_starts_at_the_scale_of_real_input():
    corpus = tiny_corpus()
    samples, mask = first_samples(tiny_recipe(n=200, samples_scale=2.0), corpus, 10, 20)
    real, _ = corpus.train.batch(torch.arange(120)).inputs()
    assert samples.std().item() == pytest.approx(2 * real[real != 0].std().item(), rel=0.1)
    assert mask is None


@pytest.mark.parametrize("sample_length", [None, 7])
def test_free_samples_of_real_sentences_have_their_lengths(sample_length):
    corpus = tiny_corpus()
    settings = {"n": 12, "samples_init": "real", "sample_length": sample_length}
    samples, mask = first_samples(tiny_recipe(**settings), corpus, 2, 6)
    length = sample_length or LENGTH
    assert samples.shape[:3] == mask.shape == (2, 6, length)
    whole = {tuple(tokens): label for label, tokens in real(corpus)}
    for place, (sample, inside) in enumerate(zip(samples.flatten(0, 1), mask.flatten(0, 1), strict=True)):
        (found,) = [
            tokens
            for tokens, label in whole.items()
            if label == place % 2
            and torch.equal(corpus.train.vectors.embed(torch.tensor(tokens))[:length], sample[: len(tokens)])
        ]
        assert torch.equal(inside, torch.arange(length) < len(found))
        assert (sample[~inside] == 0).all()
    assert 0 < (~mask).sum() < mask.sum()


def test_a_mask_of_nothing_but_words_is_none():
    corpus = tiny_corpus()
    assert first_samples(tiny_recipe(samples_init="real", sample_length=5), corpus, 2, 2)[1] is None
    assert first_samples(tiny_recipe(samples_init="noise"), corpus, 2, 2)[1] is None
    assert mask_of(torch.ones(4, 3, dtype=torch.bool), (2, 2, 3, 6)) is None


@pytest.mark.parametrize("settings", [{}, {"network": "mean_pool"}, {"unroll": "rematerialised"}])
def test_padding_of_free_samples_stays_through_adam_and_averages_and_files(tmp_path, settings):
    recipe = tiny_recipe(samples_init="real", samples_lr=1.0, ema=0.7, momentum=0.3, **settings)
    distiller = Distiller(recipe, tiny_corpus(), tmp_path / "last")
    padding, before = ~distiller.mask, distiller.best().samples
    made = distiller.run()
    assert padding.any() and not torch.equal(made.samples, before)
    state = distiller.state
    for found in (*(group["samples"] for group in (state.learned, state.average, state.best)), made.samples):
        assert torch.equal((found == 0).all(-1), padding)
    made.save_pretrained(tmp_path / "set")
    loaded = DistilledSet.from_pretrained(tmp_path / "set")
    assert torch.equal(loaded.mask, ~padding) and torch.equal(loaded.samples, made.samples)
    assert torch.equal(Distiller(recipe, tiny_corpus(), tmp_path / "last").best().mask, ~padding)


def test_each_network_has_the_step_size_of_what_is_trained_of_it():
    corpus = tiny_corpus()
    options = {"minilm": {"train": "head"}}
    pool = Recipe(pool=["bag_of_words", "text_cnn", "minilm"], vectors="minilm", options=options, inner="plain")
    assert first_rates(pool, corpus).tolist() == [[pytest.approx(0.03)], [pytest.approx(3e-3)], [pytest.approx(3e-3)]]
    for train, rate in (("head", 3e-3), ("last:2", 1e-4), ("all", 1e-4)):
        alone = Recipe(network="minilm", options={"train": train}, inner="plain")
        assert first_rates(alone, corpus).tolist() == [[pytest.approx(rate)]]
    assert first_rates(alone.model_copy(update={"inner_rate": 0.2}), corpus).tolist() == [[pytest.approx(0.2)]]
