"""Accuracy with all the data is measured once for what it depends on."""

from tiny import tiny_corpus, tiny_recipe

from tdd.evaluation import full_data
from tdd.evaluation.full_data import train_on_all


def test_accuracy_with_all_the_data_is_found_again_for_what_it_depends_on_alone(tmp_path, monkeypatch):
    corpus = tiny_corpus()
    monkeypatch.setenv("TDD_CACHE", str(tmp_path))
    trained = []
    monkeypatch.setattr(full_data, "_train_on_all", lambda recipe, *_: trained.append(recipe) or {"accuracy": 0.5})
    others = [
        *({"filters": 7}, {"max_length": 8}, {"seed": 1}, {"full_epochs": 2}),
        *({"network": "lenet"}, {"network": "convnet"}),
    ]
    same = [{"n": 8}, {"outer_steps": 3}, {"learning_rate": 0.1}]
    for settings in ({}, *others):
        train_on_all(tiny_recipe(**settings), corpus)
    assert len(trained) == 1 + len(others)
    for settings in (*same, *others, {"network": "lenet", "max_length": 8}):
        assert train_on_all(tiny_recipe(**settings), corpus) == {"accuracy": 0.5}
    assert len(trained) == 1 + len(others)
