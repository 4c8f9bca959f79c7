"""The same rows make the same corpus, whether they lie in a file or in memory; a run of them goes on bit by bit."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from command import files_below
from data_files import TWO_CLASSES, Load, texts, write_csv
from PIL import Image

from tdd.data.corpus import Corpus, load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe

TEXTS, LABELS = map(list, zip(*TWO_CLASSES, strict=True))
COLUMNS = {"text": TEXTS, "label": LABELS}


@pytest.fixture
def given(vectors: WordVectors) -> Load:
    def given(data: Any, **settings: Any) -> Corpus:
        return load_corpus(Recipe(**{"dataset": "mine", **settings}), vectors, data)

    return given


def assert_same(corpus: Corpus, other: Corpus) -> None:
    """Classes, ids, lengths, labels and splits are in the fingerprint; compared too, lest it leave one out."""
    assert corpus.fingerprint == other.fingerprint
    kept = [[note for note in each.notes if "more" not in note] for each in (corpus, other)]
    assert corpus.classes == other.classes and kept[0] == kept[1]
    for name in ("train", "validation", "test"):
        arrays, others = (list(getattr(each, name).arrays()) for each in (corpus, other))
        assert all(map(np.array_equal, arrays, others)), name


CONTAINERS: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "Dataset": datasets.Dataset.from_dict,
    "DataFrame": pd.DataFrame,
    "categories": lambda columns: pd.DataFrame(columns).astype({"label": "category"}),
    "part of a DataFrame": lambda columns: pd.DataFrame({k: ["x", *v] for k, v in columns.items()}).iloc[1:],
    "Dataset with an index": lambda columns: datasets.Dataset.from_pandas(
        pd.DataFrame(columns, index=np.arange(len(columns["text"])) + 5)
    ),
    "chosen rows": lambda columns: datasets.Dataset.from_dict({k: v[::-1] for k, v in columns.items()}).select(
        range(len(columns["text"]))[::-1]
    ),
    "formatted": lambda columns: datasets.Dataset.from_dict(columns).with_format("pandas", columns=["label"]),
    "lists": lambda columns: (columns["text"], columns["label"]),
    "arrays": lambda columns: (np.array(columns["text"], dtype=object), np.array(columns["label"], dtype=object)),
    "columns": lambda columns: tuple(datasets.Dataset.from_dict(columns)[name] for name in ("text", "label")),
    "Series": lambda columns: (pd.Series(columns["text"]), pd.Series(columns["label"])),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_one_split_is_read_as_from_a_file(container: str, load: Load, given: Load, two_classes: Path):
    corpus = given(CONTAINERS[container](COLUMNS))
    assert_same(corpus, load(two_classes))
    assert corpus.source["dataset"] == "mine"
    assert corpus.source["fingerprint"] == given((TEXTS, LABELS)).source["fingerprint"]


@pytest.mark.parametrize("container", CONTAINERS)
def test_named_splits_are_read_as_from_a_folder(container: str, load: Load, given: Load, tmp_path: Path):
    rows = {"train": TWO_CLASSES[60:], "dev": TWO_CLASSES[70:90], "test": TWO_CLASSES[75:85], "more": TWO_CLASSES[:3]}
    tables = {}
    for name, pairs in rows.items():
        write_csv(tmp_path / "d" / f"{name}.csv", pairs)
        tables[name] = CONTAINERS[container](dict(zip(COLUMNS, map(list, zip(*pairs, strict=True)), strict=True)))
    assert_same(given(tables), load(tmp_path / "d"))
    if isinstance(tables["train"], datasets.Dataset):
        assert_same(given(datasets.DatasetDict(tables)), load(tmp_path / "d"))


@pytest.mark.parametrize("container", ["DataFrame", "lists", "Series"])
def test_missing_texts_are_dropped_as_from_a_file(container: str, load: Load, given: Load, tmp_path: Path):
    path = write_csv(tmp_path / "d.csv", [("", "no"), ("", "no"), *TWO_CLASSES])
    columns = {"text": [None, float("nan"), *TEXTS], "label": ["no", "no", *LABELS]}
    corpus = given(CONTAINERS[container](columns))
    assert_same(corpus, load(path))
    assert corpus.notes[0] == "2 of the 102 rows of the train split have no text: left out"


@pytest.mark.parametrize("missing", [None, float("nan")])
@pytest.mark.parametrize("labels", [LABELS, [0] * 80 + [1] * 20])
@pytest.mark.parametrize("container", ["DataFrame", "lists", "Series"])
def test_rows_without_a_label_are_left_out_as_from_a_file(container: str, labels: list[Any], missing: Any, given: Load):
    columns = {"text": TEXTS, "label": [missing, *labels[1:]]}
    corpus = given(CONTAINERS[container](columns))
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == 99
    assert corpus.notes[0] == "1 of the 100 rows of the train split has no label: left out"


@pytest.mark.parametrize("labels", [[0, 1] * 20, np.array([0, 1] * 20), torch.tensor([0, 1] * 20), [False, True] * 20])
def test_labels_may_be_numbers(labels: Any, given: Load):
    corpus = given((texts(40), labels))
    assert corpus.classes == (["False", "True"] if isinstance(labels[0], bool) else ["0", "1"])
    assert corpus.train.labels.bincount().tolist() == [14, 14]


def test_declared_class_names_are_kept_in_every_split(given: Load):
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])})
    rows = datasets.Dataset.from_dict({"text": texts(40), "label": [1, 0] * 20}, features=features)
    assert given({"train": rows, "test": rows.select(range(10))}).classes == ["neg", "pos"]


def test_a_test_split_without_labels_is_not_used_as_on_the_hub(given: Load):
    corpus = given({"train": (texts(40), ["a", "b"] * 20), "test": (texts(3), [None] * 3)})
    assert corpus.notes[0] == "the test split has no labels and was not used"


def test_the_recipe_names_the_columns_and_a_known_name_does_not(given: Load):
    frame = pd.DataFrame({"id": range(40), "title": texts(40), "kind": ["a", "b"] * 20})
    settings = {"text_column": "title", "label_column": "kind"}
    assert given(frame, **settings).classes == ["a", "b"]
    assert given((frame["title"], frame["kind"]), **settings).fingerprint == given(frame, **settings).fingerprint
    # trec6 has its classes in label_coarse_original, tomatoes leaves out the class "plot".
    assert given((TEXTS, LABELS), dataset="trec6").fingerprint == given((TEXTS, LABELS)).fingerprint
    rows = pd.DataFrame({"text": texts(40), "category": ["plot", "fresh"] * 20})
    assert given(rows, dataset="tomatoes").classes == ["fresh", "plot"]


def pixels(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 8, 3)])
def test_images_are_kept_to_the_pixel(shape: tuple[int, ...], given: Load, tmp_path: Path):
    array, labels = pixels(40, *shape), ["a", "b"] * 20
    pictures = [Image.fromarray(image.squeeze()) for image in array]
    for i, picture in enumerate(pictures):
        (tmp_path / labels[i]).mkdir(exist_ok=True)
        picture.save(tmp_path / labels[i] / f"{i:02}.png")
    opened = [Image.open(tmp_path / labels[i] / f"{i:02}.png") for i in range(40)]
    first, *others = (given((images, labels)) for images in (array, list(array), pictures, opened))
    stored = first.test.pixels[first.test.places]
    assert {image.tobytes() for image in stored} <= {image.tobytes() for image in array}
    for other in [*others, given(pd.DataFrame({"image": pictures, "label": labels}))]:
        assert_same(other, first)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((TEXTS, LABELS[1:]), "the split 'train' has 100 texts or images and 99 labels: give each one label"),
        (([], []), "the split 'train' of the data is empty: it holds no rows"),
        (pd.DataFrame({"text": [], "label": []}), "the split 'train' of the data is empty: it holds no rows"),
        (datasets.Dataset.from_dict({"text": [], "label": []}), "the split 'train' of the data is empty"),
        ({"test": (TEXTS, LABELS)}, "data has no split 'train'; it has test"),
        (COLUMNS, "data has no split 'train'; it has text, label"),
        ({}, "data has no split 'train'; it has none"),
        ([TEXTS, LABELS], r"the split 'train' of the data is of type list: give a datasets\.Dataset, a pandas DataF"),
        ((TEXTS,), "of type tuple: give"),
        (("one text", LABELS), "of type tuple: give"),
        (7, "of type int: give"),
        ("d.csv", "of type str: give .*; a file or folder is named by the recipe's data"),
        ({"train": (TEXTS, LABELS), "test": TEXTS}, "the split 'test' of the data is of type list: give"),
        (datasets.Dataset.from_dict(COLUMNS).to_iterable_dataset(), "of type IterableDataset: give"),
        (
            pd.DataFrame({"a": TEXTS, "label": LABELS}),
            "no column has a usual name of a text column: .* one of a, label",
        ),
        (pd.DataFrame({"text": TEXTS, "b": LABELS}), "no column has a usual name of a label column: .* of text, b"),
        (pd.DataFrame(TWO_CLASSES, columns=["text", "text"]), "the split 'train' has several columns 'text'"),
        (([1.5] * 100, LABELS), "column 'text' holds .*, not text"),
        (([*TEXTS[1:], 3], LABELS), "column 'text' of the split 'train' cannot be read: "),
        ((TEXTS, [*LABELS[1:], 3]), "column 'label' of the split 'train' cannot be read: "),
        ((TEXTS, [["no"]] * 100), "column 'label' holds lists, and several labels for an example are not supported"),
        ((TEXTS, ["no"] * 100), "a single class, 'no'"),
        ((pixels(9, 8, 8) / 255, [0, 1, 1] * 3), "column 'image' .* cannot be read: images are .*uint8, not float64"),
        ({"train": (TEXTS, LABELS), "test": (TEXTS, [0, 1] * 50)}, "class '0' is in the test split"),
        (
            {"train": (TEXTS, [0, 1] * 50), "test": (TEXTS, LABELS)},
            r"column 'label' of the split 'test' is Value\('string'\), that of the split 'train' Value\('int64'\)",
        ),
        (
            {"train": pd.DataFrame(COLUMNS), "test": pd.DataFrame({"text": TEXTS})},
            "the split 'test' has no column 'label', which the split 'train' has",
        ),
    ],
)
def test_data_that_cannot_be_read_are_explained(data: Any, message: str, given: Load):
    with pytest.raises(UsageError, match=message) as refused:
        given(data)
    assert "\n" not in str(refused.value)


def test_class_names_in_another_order_in_the_test_split_are_refused(given: Load):
    splits = {}
    for split, names in (("train", ["neg", "pos"]), ("test", ["pos", "neg"])):
        features = {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)}
        splits[split] = datasets.Dataset.from_dict(
            {"text": texts(40), "label": [0, 1] * 20}, features=datasets.Features(features)
        )
    with pytest.raises(UsageError, match=r"column 'label' of the split 'test' is ClassLabel.*: give both the same"):
        given(splits)


def test_data_are_given_once_and_have_a_name(given: Load, vectors: WordVectors):
    with pytest.raises(UsageError, match=r"the data are given twice, by data=\.\.\. and by the recipe's data: d\.csv"):
        load_corpus(Recipe(dataset="mine", data="d.csv"), vectors, (TEXTS, LABELS))
    with pytest.raises(UsageError, match="the data given have no name: set dataset"):
        load_corpus(Recipe(), vectors, (TEXTS, LABELS))


IN_A_PROCESS = """
import sys, datasets, pandas as pd
from tdd.data.from_memory import source_in_memory
from tdd.settings.recipe import Recipe
columns = {"text": [f"text {i}" for i in range(30)] + [None, "\\u00e9\\n"], "label": ["a", "b"] * 16}
kinds = (pd.DataFrame(columns), datasets.Dataset.from_dict(columns).map(lambda row: row), tuple(columns.values()))
recipe = Recipe(dataset="mine")
for data in kinds:
    print(source_in_memory(data, recipe).where["fingerprint"])
"""


def test_the_fingerprint_is_the_same_in_every_process():
    said = [
        subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]
    assert len(said[0]) == 3
    assert {*said[0]} == {*said[1]} == {said[0][0]}


@pytest.mark.parametrize("change", ["text", "label", "order", "name", "split"])
def test_the_fingerprint_tells_data_apart(change: str, given: Load):
    frame = pd.DataFrame(COLUMNS)
    other: Any = frame.copy()
    if change == "order":
        other = other.iloc[::-1]
    elif change == "name":
        other = other.rename(columns={"text": "sentence"})
    elif change == "split":
        other = {"train": frame, "test": frame}
    else:
        other.loc[0, change] = {"text": "what", "label": "yes"}[change]
    assert given(other).source["fingerprint"] != given(frame).source["fingerprint"]


def test_nothing_is_written_anywhere(given: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    saved = tmp_path / "saved"
    datasets.Dataset.from_dict(COLUMNS).save_to_disk(saved)
    cache, temporary = tmp_path / "cache", tmp_path / "temporary"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    temporary.mkdir()
    before = files_below(tmp_path)
    given(datasets.load_from_disk(saved))
    given((TEXTS, LABELS))
    given((pixels(40, 8, 8), [0, 1] * 20))
    assert files_below(tmp_path) == before
