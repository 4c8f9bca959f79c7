"""``tdd evaluate FILE --network`` tests texts of files, goes on where it was stopped, or says why not in one line."""

import json
import shutil

import pytest
import torch
from command import tdd, write_data
from plain import short_training
from stopped_tests import stop_at

from tdd.data.corpus import load_corpus
from tdd.runs import transfer_of_texts


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


def write_texts(path, rows=4, first=0):
    lines = [
        {"sentence": f"word{first + i} word{10 + 10 * (i % 2)}", "labels": ["bad", "good"][i % 2]} for i in range(rows)
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


@pytest.fixture
def known_vectors(given, monkeypatch):
    """The data set's own vectors in place of the usual ones, which know none of its words."""
    resolve = transfer_of_texts.resolve_recipe

    def resolved(dataset, recipe, assignments, flags):
        return resolve(dataset, recipe, assignments, flags | {"vectors": str(given[1]), "max_length": 8})

    monkeypatch.setattr(transfer_of_texts, "resolve_recipe", resolved)


def test_texts_of_files_are_tested_with_real_examples_beside_them(given, tmp_path, known_vectors):
    files = [write_texts(tmp_path / f"{name}.jsonl", first=first) for name, first in (("a", 0), ("b", 1))]
    on = ["--network", "mean_pool", "--network", "tfidf", "--networks", 2]
    done = tdd("evaluate", *files, "--data", given[0], *on, "--beside", "k_center", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert {name: list(each) for name, each in found.items()} == {"mean_pool": ["plain"], "tfidf": ["plain"]}
    rows = found["mean_pool"]["plain"]
    assert rows["set"]["draws"] == 2 and rows["set"]["words"] == 8 and rows["k_center"]["words"] <= 8
    shown = tdd("evaluate", files[0], "--data", given[0], "--network", "tfidf")
    assert shown.out.startswith("plain training") and "words: this set 8" in shown.out


def test_texts_that_cannot_be_tested_are_a_line(given, tmp_path, known_vectors):
    first, longer = write_texts(tmp_path / "a.jsonl"), write_texts(tmp_path / "b.jsonl", rows=6)
    copy = shutil.copy(first, tmp_path / "copy.jsonl")
    for arguments, said in (
        ([first, "--network", "gru"], "name the data set whose classes the texts tell apart, e.g. --data sst2"),
        ([first, "--data", given[0]], "name what the texts are tested on, e.g. --network minilm"),
        ([first, longer, "--data", given[0], "--network", "gru"], "the files hold 4 to 6 texts"),
        ([first, copy, "--data", given[0], "--network", "gru"], f"'{copy}' holds what '{first}' holds: name each set"),
        (
            [tmp_path / "no.jsonl", "--data", given[0], "--network", "gru"],
            f"there is no file '{tmp_path / 'no.jsonl'}'",
        ),
        (
            [first, "--data", given[0], "--network", "gru", "--full"],
            "--full tests a set's own network: leave it out",
        ),
        ([first, tmp_path, "--data", given[0], "--network", "gru"], f"'{tmp_path}' is no file"),
        ([first, "--data", given[0], "--network", "gru", "--protocol", "learned"], "texts from a file have no learned"),
        ([first, "--data", write_data(tmp_path / "c.csv", ("no", "yes")), "--network", "gru"], f"{first}: row 1 is"),
    ):
        done = tdd("evaluate", *arguments)
        assert done.code == 2, done.err
        assert done.one_line().startswith(said)


def test_test_examples_among_the_texts_of_a_file_are_told_or_refused(given, tmp_path, known_vectors):
    corpus = load_corpus(transfer_of_texts.resolve_recipe(str(given[0]), None, [], {}))
    (texts,) = zip(*corpus.test.raw.texts(torch.arange(len(corpus.test))), strict=True)
    labels = [corpus.classes[label] for label in corpus.test.labels]
    rows = [{"text": f" {text} ", "label": label} for text, label in zip(texts, labels, strict=True)]
    (tmp_path / "some.jsonl").write_text("\n".join(map(json.dumps, rows[:6])))
    (tmp_path / "all.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = tdd("evaluate", tmp_path / "some.jsonl", "--data", given[0], "--network", "tfidf")
    assert done.code == 0
    assert f"note: 6 of the {len(rows)} test examples are also in {tmp_path}/some.jsonl: figures are too" in done.err
    done = tdd("evaluate", tmp_path / "all.jsonl", "--data", given[0], "--network", "tfidf")
    assert done.code == 2 and f"all.jsonl holds all {len(rows)} test examples" in done.one_line()


def test_a_stopped_test_of_texts_goes_on(given, tmp_path, known_vectors, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    first, other = write_texts(tmp_path / "a.jsonl"), write_texts(tmp_path / "b.jsonl", rows=6)
    command = ("--data", given[0], "--network", "mean_pool", "--network", "tfidf", "--networks", 2)
    with monkeypatch.context() as patch:
        stop_at(patch, ("tfidf", "set"))
        assert tdd("evaluate", first, *command).code == 130
    assert [line.split()[0] for line in tdd("cache").out.splitlines() if line.startswith("tests")] == ["tests"]
    tested = stop_at(monkeypatch, None)
    assert tdd("evaluate", other, *command).code == 0
    assert tdd("evaluate", first, *command).code == 0
    assert tested == [("mean_pool", "set"), ("tfidf", "set"), ("tfidf", "set")]
    assert not list((tmp_path / "cache" / "tests").iterdir())
