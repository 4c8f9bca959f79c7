"""A trained network in transformers' form reads raw text as ours does."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from command import tdd as tdd_command
from safetensors import SafetensorError
from tiny import tiny_corpus, tiny_recipe

import tdd
from tdd.data.corpus import load_corpus
from tdd.data.text import TextSplit
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.publishing.trained_model import build_model, train_model, trained_network
from tdd.publishing.transformers_model import DistilledClassifier, DistilledConfig


@pytest.fixture(scope="module", params=["fixed", "random"])
def run(request, tmp_path_factory):
    """A distilled set of a data set of two classes, with its word vectors, all in files."""
    folder = tmp_path_factory.mktemp("run")
    g = np.random.default_rng(0)
    vocabulary = [*(f"word{letter}" for letter in "abcdefghijklmnop"), "not", "seen", "."]
    vectors = folder / "vectors.txt"
    vectors.write_text("".join(f"{w} {' '.join(f'{x:.4f}' for x in g.standard_normal(6))}\n" for w in vocabulary))
    rows = ["text,label"]
    for i in range(80):
        rows.append(" ".join(g.choice(vocabulary[8 * (i % 2) : 8 * (i % 2) + 8], 5)) + f".,class {'ab'[i % 2]}")
    data = folder / "films.csv"
    data.write_text("\n".join(rows) + "\n")
    recipe = tiny_recipe(
        dataset=str(data), vectors=str(vectors), max_length=8, n=4, outer_steps=15, init=request.param, filters=10
    )
    corpus = load_corpus(recipe)
    return Distiller(recipe, corpus).run(), corpus, folder


def test_a_trained_network_is_as_accurate_as_the_evaluation_says(run):
    distilled, corpus, _ = run
    if distilled.recipe.init == "random":
        assert not torch.equal(*(next(trained_network(distilled, seed).parameters()) for seed in (0, 1)))
        return
    batch = corpus.test.batch(torch.arange(len(corpus.test)))
    logits = []
    for momentum in (None, torch.tensor(0.9)):
        made = replace(distilled, momentum=momentum)
        logits.append(trained_network(made)(batch.inputs()[0]))
        right = (logits[-1].argmax(1) == batch.labels).double().mean().item()
        assert right == evaluate(made, corpus.test, init="fixed").mean
    assert not torch.allclose(*logits)


@pytest.mark.parametrize("vocabulary", ["data", "full"])
def test_a_saved_model_answers_on_raw_text_with_our_logits(run, tmp_path, vocabulary):
    from transformers import AutoModelForSequenceClassification, pipeline

    distilled, corpus, _ = run
    texts = ["worda wordb wordi.", "Wordk, <b>wordl</b> and unknown-wordc!", "wordp " * 30, ""]
    train_model(distilled, tmp_path / "model", vocabulary)
    network, vectors = trained_network(distilled), corpus.train.vectors
    offsets = torch.tensor([0, *np.cumsum([len(vectors.encode(text)) for text in texts])])
    ids = torch.tensor([i for text in texts for i in vectors.encode(text)], dtype=torch.int32)
    split = TextSplit(ids, offsets, torch.zeros(len(texts), dtype=torch.long), vectors, 8)
    ours = torch.cat([network(split.batch(torch.tensor([i])).inputs()[0]) for i in range(len(texts))])

    tdd.register_transformers()
    answer = pipeline("text-classification", str(tmp_path / "model"))
    model, tokenizer = answer.model, answer.tokenizer
    assert isinstance(model, DistilledClassifier) and isinstance(AutoModelForSequenceClassification, type)
    batch = tokenizer(texts, return_tensors="pt", padding=True)
    with torch.no_grad():
        theirs = model(**batch).logits
        loss = model(**batch, labels=torch.zeros(4, dtype=torch.long)).loss
    torch.testing.assert_close(theirs, ours, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(ours, torch.zeros(4, dtype=torch.long)))
    for text, logits in zip(texts[:3], ours, strict=False):
        found = answer(text)[0]
        assert found["label"] == distilled.classes[logits.argmax()]
        assert found["score"] == pytest.approx(logits.softmax(0).max().item(), abs=1e-5)


def test_a_saved_model_holds_no_pickle_no_folder_and_only_the_words_of_the_data(run, tmp_path):
    distilled, _, folder = run
    train_model(distilled, tmp_path / "model")
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    assert (
        "import tdd" not in (code := (tmp_path / "model" / "modeling_distilled.py").read_text()) and "tdd." not in code
    )
    text = "".join((tmp_path / "model" / name).read_text() for name in names if name.endswith(".json"))
    assert str(folder) not in text and "films" in text
    vocabulary = json.loads((tmp_path / "model" / "tokenizer.json").read_text())["model"]["vocab"]
    assert "worda" in vocabulary and "seen" not in vocabulary
    assert json.loads((tmp_path / "model" / "config.json").read_text())["id2label"] == {"0": "class a", "1": "class b"}


def in_a_fresh_process(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("run", ["fixed"], indirect=True)
def test_a_fresh_process_loads_a_model_by_what_the_command_prints_and_not_without_registration(run, tmp_path):
    distilled, _, folder = run
    distilled.save_pretrained(folder / "saved")
    done = tdd_command("train", folder / "saved", "--output", tmp_path / "model", "--vocabulary", "full")
    first, *printed = done.out.splitlines()
    assert (done.code, first) == (0, f"{tmp_path / 'model'}; to use it in Python:")
    code = "\n".join([*printed, "print(classify('worda wordb')[0]['label'])"])
    registered = in_a_fresh_process(code)
    assert registered.stdout.strip() in distilled.classes, registered.stderr
    without = in_a_fresh_process(code.replace("tdd.register_transformers()", ""))
    assert without.returncode != 0 and "trust_remote_code" in without.stderr


def test_registering_twice_changes_nothing():
    from transformers import AutoConfig

    for _ in range(2):
        tdd.register_transformers()
        assert isinstance(AutoConfig.for_model("tdd"), DistilledConfig)


def test_importing_tdd_imports_neither_torch_nor_transformers_and_no_finder_of_modules():
    code = """
import sys
before = list(sys.meta_path)
import tdd
print([name for name in ("torch", "transformers") if name in sys.modules], sys.meta_path == before)
"""
    assert in_a_fresh_process(code).stdout == "[] True\n"


def test_other_data_than_those_of_the_set_are_refused(run, tmp_path):
    distilled, _, folder = run
    other = tmp_path / "other.csv"
    other.write_text((folder / "films.csv").read_text().replace("worda", "unknown"))
    with pytest.raises(UsageError, match="the data are not those that the set was distilled from"):
        train_model(distilled, tmp_path / "model", data=str(other))
    assert not (tmp_path / "model").exists()


def test_a_folder_in_use_is_left_as_it_is(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not an empty folder"):
        train_model(run[0], tmp_path)
    with pytest.raises(UsageError, match="not an empty folder"):
        train_model(run[0], tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_files_of_a_model_are_readable_as_others_are(run, tmp_path):
    train_model(run[0], tmp_path / "model", "full")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()} == {0o644}


@pytest.mark.parametrize("kind", [OSError, lambda number, text: SafetensorError(text)])
def test_a_failure_leaves_nothing_behind(run, tmp_path, monkeypatch, kind):
    def full(*_, **__):
        raise kind(28, "No space left on device")

    monkeypatch.setattr(DistilledClassifier, "save_pretrained", full)
    with pytest.raises(TddError, match="No space left on device"):
        train_model(run[0], tmp_path / "model", "full")
    assert not list(tmp_path.iterdir())


def test_a_set_of_images_and_other_vectors_are_refused(run):
    distilled, corpus, _ = run
    pictures = DistilledSet(
        torch.zeros(1, 2, 1, 4, 4), torch.zeros(1, 2, 2), torch.ones(1, 1), ["a", "b"], tiny_recipe()
    )
    for one, vectors in ((pictures, corpus.train.vectors), (distilled, tiny_corpus().train.vectors)):
        with pytest.raises(UsageError, match=r"pictures|distilled with"):
            build_model(one, vectors)
