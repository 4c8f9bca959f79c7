"""Accuracy with all the data is measured once for what it depends on, by the setting best on held-out data."""

import pytest
import torch
from digits import digits_recipe
from own_networks import Mlp
from patches import spy
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import LENGTH, tiny_encoder, tiny_text_corpus

from tdd.data.corpus import load_corpus
from tdd.data.text import TextSplit
from tdd.errors import UsageError
from tdd.evaluation import full_data
from tdd.evaluation.full_data import Setting, settings_tried, train_by, train_on_all
from tdd.evaluation.pool_figures import better_tuned
from tdd.networks.learner import make_learner
from tdd.settings import networks as known
from tdd.settings.recipe import Recipe
from tdd.settings.register import register_network

SEARCH = {"full_search": [0.001, 0.03], "full_epochs": 3}


def test_accuracy_with_all_the_data_is_found_again_for_what_it_depends_on_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path))
    trained = []
    monkeypatch.setattr(full_data, "_train_on_all", lambda learner, *_: trained.append(learner) or {"accuracy": 0.5})
    texts, short, images = tiny_corpus(), tiny_corpus(length=8), load_corpus(digits_recipe())
    others = [
        *(
            (texts, tiny_recipe(**one))
            for one in ({}, {"filters": 7}, {"dropout": 0.4}, {"seed": 1}, {"full_epochs": 2})
        ),
        *((texts, tiny_recipe(network="mean_pool", **one)) for one in ({}, {"hidden": 7}, {"layers": 0})),
        (short, tiny_recipe(max_length=8)),
        *((images, digits_recipe(network=network)) for network in ("lenet", "convnet")),
    ]
    same = [
        *((texts, tiny_recipe(**one)) for one in ({"n": 8}, {"outer_steps": 3}, {"learning_rate": 0.1})),
        (images, digits_recipe(max_length=8)),
    ]
    for corpus, recipe in others:
        train_on_all(recipe, corpus)
    assert len(trained) == len(others)
    for corpus, recipe in (*same, *others):
        assert train_on_all(recipe, corpus)["accuracy"] == 0.5
    assert len(trained) == len(others)


def test_accuracy_is_kept_for_a_version_of_tdd_and_not_for_code_that_may_change(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path))
    monkeypatch.setattr(known, "NETWORKS", dict(known.NETWORKS))
    register_network("mine", Mlp)
    trained = []
    monkeypatch.setattr(full_data, "_train_on_all", lambda learner, *_: trained.append(learner.name) or {})
    corpus = tiny_corpus()
    for _ in range(2):
        train_on_all(tiny_recipe(network="mine"), corpus)
        train_on_all(tiny_recipe(), corpus)
        train_on_all(tiny_recipe(), corpus, network=Mlp(corpus.train.space, 2))
    assert trained == ["mine", "text_cnn", "python:own_networks:Mlp", "mine", "python:own_networks:Mlp"]
    monkeypatch.setattr(full_data, "__version__", "another")
    train_on_all(tiny_recipe(), corpus)
    assert trained[-1] == "text_cnn"


# The search


def test_the_setting_best_on_held_out_data_is_tested_once(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path))
    corpus, recipe, read = tiny_corpus(), tiny_recipe(**SEARCH), []
    batches = TextSplit.batches
    monkeypatch.setattr(
        TextSplit, "batches", lambda self, *rest: read.append(self is corpus.test) or batches(self, *rest)
    )
    found = train_on_all(recipe, corpus)
    assert sum(read) == 1 and read[-1]
    expected = []
    learner = make_learner("text_cnn", recipe.options, corpus.train.space, 2)
    for setting in settings_tried(recipe, False):
        best = train_by(learner, recipe, corpus, setting, 3)
        reached = {"validation_accuracy": best.accuracy.item(), "epoch": best.epoch.item()}
        expected.append(vars(setting) | reached)
    assert found["tried"] == expected
    ways = [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1)]
    assert [(one["learning_rate"], one["label_smoothing"], one["weight_decay"]) for one in expected] == [
        (rate, *way) for rate in (0.001, 0.03) for way in ways
    ]
    first = max(expected, key=lambda one: one["validation_accuracy"])
    assert found.items() >= first.items()
    assert first["learning_rate"] == 0.03
    # One setting alone is that same one, found again.
    trained = spy(monkeypatch, full_data, "train_by")
    alone = train_on_all(tiny_recipe(**SEARCH | {"full_search": [], "full_lr": 0.03}), corpus)
    assert alone["tried"] == expected[3:4] and len(trained) == 1


@pytest.mark.parametrize("damaged", ["", "{", "[]"])
def test_a_damaged_file_of_the_cache_is_as_none(tmp_path, monkeypatch, damaged):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path))
    corpus, recipe = tiny_corpus(), tiny_recipe()
    found = train_on_all(recipe, corpus)
    for path in (tmp_path / "full").iterdir():
        path.write_text(damaged)
    again = train_on_all(recipe, corpus)
    assert again | {"seconds": 0} == found | {"seconds": 0}


def test_an_interrupted_search_goes_on_where_it_was(tmp_path, monkeypatch):
    corpus, recipe = tiny_corpus(), tiny_recipe(**SEARCH)
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "whole"))
    whole = train_on_all(recipe, corpus)
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "interrupted"))
    train = full_data.train_by
    settings, done = settings_tried(recipe, False), []

    def interrupted(learner, recipe, corpus, setting, *rest):
        if len(done) == 3 and setting == settings[3]:
            done.append("interrupted")
            raise KeyboardInterrupt
        done.append(setting)
        return train(learner, recipe, corpus, setting, *rest)

    monkeypatch.setattr(full_data, "train_by", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_on_all(recipe, corpus)
    assert train_on_all(recipe, corpus) | {"seconds": 0} == whole | {"seconds": 0}
    # Of what was trained before the interruption only the chosen one is trained again, to be tested.
    chosen = Setting(whole["learning_rate"], whole["label_smoothing"], whole["weight_decay"])
    again = [] if chosen in settings[3:] else [chosen]
    assert done == [*settings[:3], "interrupted", *settings[3:], *again]


def test_step_sizes_are_those_of_drawn_weights_where_a_frozen_encoders_classifier_alone_is_trained():
    space = tiny_text_corpus().train.space
    ways = {"head": False, "last:1": True, "lora:2": True, "all": True}
    for train, fine_tuned in ways.items():
        learner = make_learner(tiny_encoder(), {"train": train}, space, 2)
        assert (learner.pretrained, learner.fine_tuned) == (True, fine_tuned)
    assert not make_learner("gru", {}, tiny_corpus().train.space, 2).fine_tuned


def test_step_sizes_are_smaller_around_pretrained_weights_that_are_trained():
    for pretrained, usual in ((False, 0.001), (True, 0.0001)):
        rates = [0.3 * usual, usual, 3 * usual, 10 * usual]
        for settings, expected in (
            ({}, [usual]),
            ({"full_lr": 0.02}, [0.02]),
            ({"full_search": "usual"}, rates),
            ({"full_lr": 0.02, "full_search": "usual"}, rates),
            ({"full_lr": 0.02, "full_search": [0.5, 0.1]}, [0.5, 0.1]),
        ):
            recipe, ways = Recipe(**settings), 2 if pretrained else 3
            assert recipe.full_rates(pretrained) == pytest.approx(expected)
            assert len(settings_tried(recipe, pretrained)) == (ways * len(expected) if recipe.full_search else 1)


@pytest.mark.parametrize(
    "value, said", [("often", "usual, or a list"), ([0], "usual, or a list"), (["x"], "usual"), ([1, 1], "twice")]
)
def test_what_is_no_list_of_step_sizes_is_refused_in_a_line(value, said):
    with pytest.raises(UsageError, match=f"full_search: .*{said}"):
        Recipe.build({"full_search": value})


def test_a_pretrained_network_starts_from_its_weights_with_a_classifier_as_the_recipe_says(monkeypatch):
    starts = spy(monkeypatch, full_data, "train_until_best")
    network = tiny_encoder()
    corpus = tiny_text_corpus()
    for init in ("fixed", "random"):
        recipe = Recipe.build(
            {
                "network": network,
                "dataset": "tiny",
                "max_length": LENGTH - 2,
                "init": init,
                "options": {"train": "last:1"},
            }
        )
        learner = make_learner(network, recipe.options, corpus.train.space, len(corpus.classes))
        train_by(learner, recipe, corpus, Setting(0.001), 1)
        theta = starts[-1][1]
        for name, value in learner.parameters().items():
            if name.startswith("upper.classifier."):
                assert (theta[name] == 0).all() == (init == "fixed" or name.endswith("bias"))
            else:
                assert torch.equal(theta[name][0], value)


def test_a_figure_chosen_among_more_settings_stays():
    one, four = ({"accuracy": 0.5, "tried": [{}] * count} for count in (1, 4))
    old, other = {"accuracy": 0.4}, {"accuracy": 0.3, "tried": [{}] * 4}
    for before, now, kept in ((None, one, one), (old, one, one), (one, four, four), (four, one, four)):
        assert better_tuned(before, now) is kept
    assert better_tuned(four, other) is other
