"""The script that trains SetFit gives it the sentences that `tdd baselines` chooses, and scores what it says."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from films_words import films_corpus

from tdd.settings.recipe import Recipe

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        return importlib.import_module("measure_setfit")
    finally:
        sys.path.pop(0)


def test_sentences_stand_beside_their_own_classes(script):
    corpus = films_corpus()
    everything = torch.arange(len(corpus.train))
    own = list(zip(script.texts_of(corpus.train, everything), corpus.train.labels.tolist(), strict=True))
    sets = script.chosen(corpus, Recipe(dataset="films", n=4, init="random"), ["random", "herding"], 2)
    assert [len(draws) for draws in sets.values()] == [2, 1]
    for texts, classes in (examples for draws in sets.values() for examples in draws):
        assert len(texts) == 4 and sorted(set(classes)) == [0, 1]
        assert set(zip(texts, classes, strict=True)) <= set(own)


def test_of_soft_labels_the_largest_is_taken(script, tmp_path):
    path = tmp_path / "texts.jsonl"
    lines = [{"text": "good", "soft_label": [0.4, 0.6]}, {"text": "bad", "soft_label": [0.7, 0.3]}]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    assert script.given([path], ["no", "yes"]) == {str(path): [(["good", "bad"], [1, 0])]}


def test_accuracy_is_that_of_what_the_package_says_after_training_on_the_examples(script, monkeypatch):
    seen = {}

    class Model:
        @classmethod
        def from_pretrained(cls, folder, local_files_only):
            seen["encoder"] = (folder, local_files_only)
            return cls()

        def predict(self, texts, **settings):
            return [seen["rows"][text] for text in texts]

    class Trainer:
        def __init__(self, model, args, train_dataset):
            self.rows = train_dataset

        def train(self):
            seen["rows"] = dict(zip(self.rows["text"], self.rows["label"], strict=True))

    package = ModuleType("setfit")
    package.SetFitModel, package.Trainer, package.TrainingArguments = Model, Trainer, SimpleNamespace
    monkeypatch.setitem(sys.modules, "setfit", package)
    test = (["good", "bad", "good", "bad"], torch.tensor([1, 0, 1, 1]))
    assert script.accuracy((["good", "bad"], [1, 0]), test, "folder", 0) == 0.75
    assert seen["encoder"] == ("folder", True)
