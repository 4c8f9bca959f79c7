"""A set for a pretrained encoder becomes transformers' own classifier, which reads raw text as our network does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from command import tdd
from pair_data import pairs, write_pairs
from tiny import tiny_recipe
from tiny_encoders import KINDS, LENGTH, tiny_encoder, tiny_text_corpus
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.errors import TddError, UsageError
from tdd.evaluation.predictor import Predictor
from tdd.hub.layout import MODELING
from tdd.publishing import encoder_heads
from tdd.publishing.saved_model import SavedModel
from tdd.publishing.trained_model import train_model
from tdd.settings.recipe import Recipe

# Of the tiny RoBERTa and MPNet the piece of what is not known is that of padding.
KNOWN = ["a good film", "the bad playing books", "good " * 40, "bad", "films"]
TEXTS = ["a good film", "the bad playing books", "good " * 40, "of [SEP] and [CLS]", "Unknown! words?"]


def made(kind="bert", train="all", pooling="cls", init="fixed", seed=0):
    """A set that has been learned a little, and a classifier that is not zero."""
    corpus = tiny_text_corpus() if kind == "bert" else None
    options = {"train": train, "pooling": pooling}
    recipe = Recipe(
        network=tiny_encoder(kind),
        options=options,
        data_from="memory",
        dataset="films",
        n=4,
        steps=2,
        epochs=2,
        init=init,
        outer_steps=2,
        learning_rate=0.5,
        max_length=LENGTH - 4,
        sample_length=6,
        seed=seed,
    )
    if corpus is None:
        source = tiny_text_corpus().train
        texts = [text for (text,) in source.raw.texts(torch.arange(len(source)))]
        labels = [source.classes[label] for label in source.labels]
        corpus = load_corpus(recipe, data=(texts, labels))
    return Distiller(recipe, corpus).run()


def read(folder):
    how = {"local_files_only": True, "trust_remote_code": False}
    return AutoModelForSequenceClassification.from_pretrained(folder, **how).eval(), AutoTokenizer.from_pretrained(
        folder, **how
    )


def config_of(folder):
    return json.loads((folder / "config.json").read_text())


@torch.no_grad()
def logits_of(folder, texts):
    model, tokenizer = read(folder)
    batch = tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
    return model(**batch).logits


def ours_of(distilled, texts):
    """Our own logits, less their mean: probabilities tell no more."""
    predictor = Predictor(distilled)
    split = predictor._encoded(texts)
    kernel, order = predictor.learner.kernel(), split.order()
    logits = torch.empty(len(texts), len(distilled.classes))
    for place, batch in zip(order.split(1), split.batches(1), strict=True):
        logits[place] = kernel.logits(predictor.theta, batch)[0]
    return logits


# The layers of ALBERT are one: none of them is trained without the others.
PARTS = [
    (kind, part)
    for kind in KINDS
    for part in ("head", "last:1", "lora:2", "all")
    if (kind, part) != ("albert", "last:1")
]


@pytest.mark.parametrize(("kind", "train"), PARTS)
def test_transformers_own_model_gives_our_logits(kind, train, tmp_path):
    distilled = made(kind, train)
    train_model(distilled, tmp_path / "model")
    texts = KNOWN if kind in ("roberta", "mpnet") else TEXTS
    ours, theirs = ours_of(distilled, texts), logits_of(tmp_path / "model", texts)
    assert ours.std(0).min() > 1e-3  # texts are told apart
    torch.testing.assert_close(theirs, ours, rtol=1e-5, atol=1e-5)
    assert [path.suffix for path in (tmp_path / "model").iterdir() if path.suffix not in (".json",)] == [".safetensors"]


def test_a_mean_is_expressed_where_the_configuration_says_so(tmp_path):
    distilled = made("modernbert", "last:1", "mean", "random")
    train_model(distilled, tmp_path / "model", seed=3)
    predictor = Predictor(distilled, seed=3)
    found = logits_of(tmp_path / "model", TEXTS).double().softmax(1).numpy()
    np.testing.assert_allclose(found, predictor.probabilities(TEXTS), rtol=1e-5, atol=1e-6)


WITHOUT_TDD = """
import sys; sys.modules["tdd"] = None
import json
from transformers import pipeline
classify = pipeline("text-classification", "model", trust_remote_code=True, truncation=True)
assert type(classify.model).__module__.endswith("modeling_distilled")
found = classify(json.load(sys.stdin), top_k=2)
print(json.dumps([{each["label"]: each["score"] for each in of_text} for of_text in found]))
"""


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "modernbert"])
def test_a_mean_that_transformers_own_model_cannot_express_goes_with_its_code(kind, tmp_path):
    distilled = made(kind, "head", "mean")
    train_model(distilled, tmp_path / "model")
    assert (tmp_path / "model" / MODELING).is_file() and "_name_or_path" not in config_of(tmp_path / "model")["encoder"]
    texts = KNOWN if kind in ("roberta", "mpnet") else TEXTS
    ours = Predictor(distilled).probabilities(texts)
    assert ours.std(0).min() > 1e-4  # texts are told apart
    np.testing.assert_allclose(SavedModel(tmp_path / "model").probabilities(texts), ours, rtol=1e-5, atol=1e-6)


def test_such_a_model_needs_no_tdd(tmp_path):
    distilled = made("bert", "lora:2", "mean", "random")
    distilled.save_pretrained(tmp_path / "run")
    done = tdd("train", tmp_path / "run", "--output", tmp_path / "model")
    assert done.code == 0, done.err
    assert "trust_remote_code=True" in done.out and "truncation=True, trust" in done.out
    environment = os.environ | {"HF_MODULES_CACHE": str(tmp_path / "modules")}
    command = [sys.executable, "-P", "-W", "ignore", "-c", WITHOUT_TDD]
    how = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
    found = subprocess.run(command, input=json.dumps(TEXTS), check=False, **how)
    assert found.returncode == 0, found.stderr
    rows = [[row[label] for label in distilled.classes] for row in json.loads(found.stdout.splitlines()[-1])]
    np.testing.assert_allclose(rows, Predictor(distilled).probabilities(TEXTS), rtol=1e-5, atol=1e-6)


def test_kinds_whose_head_is_not_known_and_heads_without_room_go_with_their_code(tmp_path, monkeypatch):
    distilled = made()
    monkeypatch.delitem(encoder_heads.HEADS, "bert")
    train_model(distilled, tmp_path / "model")
    assert config_of(tmp_path / "model")["pooling"] == "cls"
    ours = Predictor(distilled).probabilities(TEXTS)
    np.testing.assert_allclose(SavedModel(tmp_path / "model").probabilities(TEXTS), ours, rtol=1e-5, atol=1e-6)
    assert encoder_heads.settings_of_head("modernbert", "cls", 33, 64) is None


def test_models_that_compute_something_else_are_a_line(tmp_path, monkeypatch):
    distilled = made()
    with monkeypatch.context() as patch:
        patch.setitem(encoder_heads.HEADS, "bert", lambda model, weight, bias: None)
        with pytest.raises(TddError, match="does not give the logits of the network"):
            train_model(distilled, tmp_path / "model")
    with pytest.raises(UsageError, match="word pieces of its own: leave the data out"):
        train_model(distilled, tmp_path / "model", data="films.csv")
    assert not list(tmp_path.iterdir())


def test_the_folder_names_the_classes_and_no_place_of_this_machine(tmp_path):
    distilled = made()
    train_model(distilled, tmp_path / "model")
    model, tokenizer = read(tmp_path / "model")
    assert model.config.id2label == {0: "neg", 1: "pos"} and model.config.label2id == {"neg": 0, "pos": 1}
    assert tokenizer.model_max_length == LENGTH - 2 and type(model).__name__ == "BertForSequenceClassification"
    place = str(Path(tiny_encoder().removeprefix("hf:")).parent)
    text = "".join(path.read_text() for path in (tmp_path / "model").glob("*.json"))
    assert place not in text and json.loads((tmp_path / "model/config.json").read_text())["made_from"]["n"] == 4


def test_pairs_are_read_as_ours_are(tmp_path):
    data = write_pairs(tmp_path / "d.csv", pairs())
    settings = {"text_column": "premise,hypothesis", "max_length": 17, "outer_steps": 2, "n": 4}
    recipe = tiny_recipe(dataset=str(data), network=tiny_encoder(), **settings)
    recipe = Recipe.build(recipe.model_dump() | {"options": {"train": "last:1", "pooling": "cls"}})
    distilled = Distiller(recipe, load_corpus(recipe)).run()
    train_model(distilled, tmp_path / "model")
    rows = [("a good film", "so dull"), ("good " * 20, "bad " * 20), ("a", "the story " * 9)]
    model, tokenizer = read(tmp_path / "model")
    batch = tokenizer(*map(list, zip(*rows, strict=True)), return_tensors="pt", padding=True, truncation=True)
    with torch.no_grad():
        found = model(**batch).logits.double().softmax(1).numpy()
    np.testing.assert_allclose(found, Predictor(distilled).probabilities(rows), rtol=1e-5, atol=1e-6)


def test_predict_reads_such_a_folder_as_it_reads_the_run(tmp_path):
    distilled = made()
    distilled.save_pretrained(tmp_path / "run")
    done = tdd("train", tmp_path / "run", "--output", tmp_path / "model")
    assert done.code == 0, done.err
    first, *code = done.out.splitlines()
    assert first == f"{tmp_path / 'model'}; to use it in Python:"
    assert code == [
        "import transformers",
        f"classify = transformers.pipeline(\"text-classification\", '{tmp_path / 'model'}', truncation=True)",
    ]
    by_run, by_model = (tdd("predict", tmp_path / name, *TEXTS, "--format", "json") for name in ("run", "model"))
    assert by_run.code == by_model.code == 0, by_model.err
    for ours, theirs in zip(by_run.out.splitlines(), by_model.out.splitlines(), strict=True):
        one, two = json.loads(ours), json.loads(theirs)
        assert one["label"] == two["label"] and one["text"] == two["text"]
        assert list(one["probabilities"].values()) == pytest.approx(list(two["probabilities"].values()), abs=1e-5)
    (tmp_path / "t.txt").write_text("a good film\nthe bad film\n")
    assert len(tdd("predict", tmp_path / "model", "--file", tmp_path / "t.txt").out.splitlines()) == 2
    line = tdd("predict", tmp_path / "model", "a film", "--network", "python:a:B").one_line()
    assert line.endswith("holds a model that is trained already: leave --network out")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"no")
    done = tdd("predict", tmp_path / "model", "a film")
    assert done.code == 1 and "cannot be read" in done.one_line()
