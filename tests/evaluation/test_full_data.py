"""Accuracy with all the data is measured once for what it depends on."""

from digits import digits_recipe
from own_networks import Mlp
from tiny import tiny_corpus, tiny_recipe

from tdd.data.corpus import load_corpus
from tdd.evaluation import full_data
from tdd.evaluation.full_data import train_on_all
from tdd.settings import networks as known
from tdd.settings.register import register_network


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
        assert train_on_all(recipe, corpus) == {"accuracy": 0.5}
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
