"""Accuracy with all the data is measured once for what it depends on."""

from digits import digits_recipe
from tiny import tiny_corpus, tiny_recipe

from tdd.data.corpus import load_corpus
from tdd.evaluation import full_data
from tdd.evaluation.full_data import train_on_all


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
