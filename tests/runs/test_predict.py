"""The class of texts, told by a network that is trained on a set: in Python, on the command line, as an estimator."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from command import tdd
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.errors import UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.evaluation.predictor import Predictor
from tdd.runs.classifier import TextClassifier, _names

GOOD, BAD = ["wonderful", "great", "lovely", "charming", "brilliant"], ["awful", "terrible", "boring", "dull", "bad"]
PLAIN = ["story", "actor", "camera", "scene", "plot", "music"]
FAST = {"settings": {"options": {"filters": 4}, "batch_size": 32, "validate_every": 10, "learning_rate": 0.3}}


def reviews(count: int, seed: int = 0) -> tuple[list[str], list[int]]:
    draw = np.random.default_rng(seed)
    labels = [i % 2 for i in range(count)]
    return [
        " ".join(["the film is", *draw.choice(BAD if label else GOOD, 3), "and its", *draw.choice(PLAIN, 2)])
        for label in labels
    ], labels


def texts_of(split) -> list[str]:
    words = split.vectors.words
    spans = zip(split.offsets[:-1], split.offsets[1:], strict=True)
    return [" ".join(words[i - 1] for i in split.ids[start:stop]) for start, stop in spans]


@pytest.mark.parametrize("network", ["text_cnn", "gru"])
def test_texts_are_told_as_the_test_split_is(network: str):
    corpus = tiny_corpus()
    distilled = Distiller(tiny_recipe(network=network), corpus).run()
    predictor = Predictor(distilled, corpus.test.vectors)
    found = predictor.probabilities(texts_of(corpus.test))
    assert np.allclose(found.sum(1), 1)
    right = float((found.argmax(1) == corpus.test.labels.numpy()).mean())
    assert right == pytest.approx(evaluate(distilled, corpus.test).mean)
    with pytest.raises(UsageError, match=r"^text 2 is int, not a text$"):
        predictor.probabilities(["a", 3])
    assert predictor.probabilities(["", "nothing-known"]).shape == (2, 2)
    assert predictor.probabilities([]).shape == (0, 2)


@pytest.fixture(scope="module")
def fitted() -> TextClassifier:
    return TextClassifier(n=4, outer_steps=40, **FAST).fit(*reviews(160))


def test_a_classifier_learns_from_texts_and_labels(fitted: TextClassifier):
    texts, labels = reviews(60, seed=1)
    assert fitted.score(texts, labels) > 0.9
    assert fitted.classes_.tolist() == [0, 1] and fitted.distilled_.classes in (["0", "1"], ["1", "0"])
    told = fitted.predict_proba(pd.Series(texts))
    assert np.array_equal(told, fitted.predict_proba(pd.DataFrame({"text": texts})))
    assert np.array_equal(fitted.classes_[told.argmax(1)], fitted.predict(np.array(texts)))
    other = TextClassifier.from_set(fitted.distilled_)
    assert other.predict(texts[:8]).tolist() == [str(label) for label in fitted.predict(texts[:8])]


def test_a_classifier_is_an_estimator_of_scikit_learn():
    texts, labels = reviews(120)
    named = ["bad" if label else "good" for label in labels]
    pipeline = make_pipeline(
        FunctionTransformer(lambda texts: [text.upper() for text in texts]), TextClassifier(**FAST)
    )
    search = GridSearchCV(pipeline, {"textclassifier__n": [2, 4], "textclassifier__outer_steps": [20]}, cv=2)
    assert search.fit(texts, named).best_score_ > 0.8
    assert set(search.classes_) == {"bad", "good"} and search.predict(["a dull and boring plot"])[0] in {"bad", "good"}
    once = TextClassifier(n=6, seed=3)
    assert clone(once).get_params() == once.get_params() and once.set_params(n=8).n == 8


# The others pass tables of numbers.
CHECKS = (
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_set_params,
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_valid_tag_types,
)


@pytest.mark.parametrize("check", CHECKS)
def test_what_scikit_learn_checks_of_estimators_of_texts_holds(check):
    check("TextClassifier", TextClassifier())


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0, 1], ["0", "1"]),
        ([-1, 1], ["0 -1", "1 1"]),
        (["Good", "good"], ["0 Good", "1 good"]),
        (["None", "some"], ["0 None", "1 some"]),
    ],
)
def test_labels_are_told_apart_whatever_they_are(labels, names):
    assert _names(labels) == names


@pytest.mark.parametrize(
    ("texts", "labels", "match"),
    [
        ("a text", [1], "^X is a list of texts, not str$"),
        (["a", "b"], [1], "^X holds 2 texts and y 1 label:"),
        (["a", "b"], [1, 1], "^y holds 1 class: there"),
        ([], [], "^y holds 0 classes: there"),
        (["a", "b"], [[1], [2]], r"^y has the shape \(2, 1\): give each text one label"),
        ([["a"], ["b"]], [0, 1], "^text 1 of X is list"),
        (np.zeros((2, 3)), [0, 1], "^X has 3 columns"),
    ],
)
def test_what_is_no_text_is_refused_in_a_line(texts, labels, match: str):
    with pytest.raises(UsageError, match=match):
        TextClassifier().fit(texts, labels)


def test_a_classifier_that_is_not_fitted_says_so():
    for tell in (TextClassifier().predict, TextClassifier().predict_proba):
        with pytest.raises(NotFittedError):
            tell(["a text"])
    with pytest.raises(UsageError, match=r"^distilled is a DistilledSet, not a str: pass tdd.DistilledSet.from_pre"):
        TextClassifier.from_set("runs/imdb-20")
    with pytest.raises(UsageError, match=r"^settings is a Mapping, not a list: pass settings of tdd.Recipe"):
        TextClassifier(settings=["n=2"]).fit(["a", "b"], [0, 1])


def test_an_empty_text_among_others_is_left_out():
    texts, labels = reviews(60)
    classifier = TextClassifier(n=4, outer_steps=2, **FAST).fit(["", *texts[1:]], labels)
    assert classifier.predict_proba(["", texts[1]]).shape == (2, 2)


@pytest.fixture(scope="module")
def run(fitted: TextClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "r"
    fitted.distilled_.save_pretrained(folder)
    return folder


def test_the_command_line_tells_the_class_of_texts_and_files(run: Path, tmp_path: Path):
    done = tdd("predict", str(run), "a dull, boring and awful film", "the film is great and lovely")
    assert done.code == 0 and [line.split()[0] for line in done.out.splitlines()] == ["1", "0"]
    texts, _ = reviews(5, seed=2)
    (tmp_path / "texts.csv").write_text("id,text\n" + "".join(f"{i},{text}\n" for i, text in enumerate(texts)))
    output = tmp_path / "told.csv"
    done = tdd(
        "predict", str(run), "--file", str(tmp_path / "texts.csv"), "--text-column", "text", "--output", str(output)
    )
    assert done.code == 0
    rows = list(csv.DictReader(output.open()))
    assert [row["text"] for row in rows] == texts and {row["label"] for row in rows} <= {"0", "1"}
    assert all(float(row["0"]) + float(row["1"]) == pytest.approx(1, abs=1e-5) for row in rows)
    (tmp_path / "texts.txt").write_text("\n".join(texts))
    done = tdd("predict", str(run), "--file", str(tmp_path / "texts.txt"), "--format", "json")
    assert [json.loads(line)["text"] for line in done.out.splitlines()] == texts


def test_wrong_use_of_predict_is_told_in_a_line(run: Path, tmp_path: Path):
    assert "give texts" in tdd("predict", str(run)).one_line()
    (tmp_path / "t.csv").write_text("id,words\n1,a\n2,b\n")
    line = tdd("predict", str(run), "--file", str(tmp_path / "t.csv")).one_line()
    assert "has the columns id, words: name that of the text with --text-column" in line


def test_a_table_or_fasttext_lines_in_a_txt_file_are_read_as_such(run: Path, tmp_path: Path):
    texts, _ = reviews(4, seed=3)
    for name, lines in (
        ("tabs.txt", ["text\tlabel", *(f"{text}\tgood" for text in texts)]),
        ("fast.txt", [f"__label__good {text}" for text in texts]),
        ("lines.txt", texts),
    ):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        done = tdd("predict", run, "--file", tmp_path / name, "--format", "json")
        assert [json.loads(line)["text"] for line in done.out.splitlines()] == texts, name


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.csv", "text,label\nfine film,good\n,bad\n", "row 2 has no text in column 'text'; leave it out"),
        ("m.csv", 'text,label\n"  ",good\n', "row 1 has no text in column 'text'; leave it out"),
        ("m.jsonl", '{"text": "a film"}\n{"text": null}\n', "row 2 has no text in column 'text'; leave it out"),
        ("m.jsonl", '{"text": {"a": "great"}}\n', "column 'text' holds dicts, not texts; name another one"),
        ("m.txt", "", "is empty: it holds no texts"),
    ],
)
def test_what_holds_no_text_in_a_file_is_refused(name, content, said, run: Path, tmp_path: Path):
    (tmp_path / name).write_text(content)
    done = tdd("predict", run, "--file", tmp_path / name)
    assert done.code == 2 and said in done.one_line()


def test_images_are_refused():
    from tdd.distilled_set.set import DistilledSet
    from tdd.settings.recipe import Recipe

    images = DistilledSet(torch.zeros(1, 2, 1, 8, 8), torch.eye(2)[None], torch.ones(1, 1), ["a", "b"], Recipe())
    with pytest.raises(UsageError, match=r"^this set holds images"):
        Predictor(images)


def test_an_empty_text_has_no_class(run):
    done = tdd("predict", run, "a fine film", " ")
    assert done.code == 2 and done.one_line() == "text 2 is empty: leave it out"
