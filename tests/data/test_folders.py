"""No file of a folder is left out or merged without being named."""

import io
from pathlib import Path

import numpy as np
import pytest
from data_files import Load, texts, write_csv, write_declared, write_parquet
from PIL import Image

from tdd.data.corpus import load_corpus
from tdd.data.split_words import is_split, split_of
from tdd.settings.recipe import Recipe


def rows(count: int, word: str) -> list[tuple[str, str]]:
    return [(f"{text} {word}", "ab"[index % 2]) for index, text in enumerate(texts(count))]


def total(corpus) -> int:
    return len(corpus.train) + len(corpus.validation) + len(corpus.test)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("reviews-2022-train", "train"),
        ("test_masked_label", "test"),
        ("validation_matched", "validation"),
        ("dev-00000-of-00002", "validation"),
        ("reviews-2020", None),
        ("contest", None),
    ],
)
def test_names_speak_of_splits_by_whole_words(name: str, split: str | None):
    assert split_of(name) == split
    assert is_split(name) == (name in ("train", "dev-00000-of-00002"))


def test_split_words_inside_names_leave_out_no_other_file(tmp_path: Path, load: Load):
    for name, word in (("reviews-2020", "red"), ("reviews-2021", "blue"), ("reviews-2022-train", "green")):
        write_csv(tmp_path / "d" / f"{name}.csv", rows(60, word))
    corpus = load(tmp_path / "d")
    assert total(corpus) == 180
    assert corpus.notes[0] == "train: 3 files, reviews-2020.csv, reviews-2021.csv, reviews-2022-train.csv"
    assert corpus.reading["files"] == {"train": ["reviews-2020.csv", "reviews-2021.csv", "reviews-2022-train.csv"]}


def test_several_files_of_a_split_are_named_and_contradictions_told(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", rows(40, "red"))
    write_csv(tmp_path / "d" / "test.csv", rows(10, "blue"))
    write_csv(tmp_path / "d" / "test_masked.csv", [(text, "a") for text, _ in rows(10, "blue")])
    corpus = load(tmp_path / "d")
    assert "test: 2 files, test.csv, test_masked.csv" in corpus.notes
    assert (
        "10 of the 20 examples of the test split are copies of others, 10 of them with different labels" in corpus.notes
    )


def test_files_of_another_kind_are_named(tmp_path: Path, load: Load):
    for name in ("train", "test"):
        write_csv(tmp_path / "d" / f"{name}.csv", rows(40, name))
    (tmp_path / "d" / "extra.jsonl").write_text('{"text": "x", "label": "a"}\n')
    corpus = load(tmp_path / "d")
    assert corpus.reading["left_out_files"] == {"extra.jsonl": "the other files are .csv"}
    assert "extra.jsonl is left out: the other files are .csv" in corpus.notes


def test_declared_numbers_are_mapped_by_name_file_by_file(tmp_path: Path, load: Load, vectors):
    marked = [f"{word} {text}" for word, text in zip(["bad", "good"] * 20, texts(40), strict=True)]
    write_declared(tmp_path / "d" / "train-0.parquet", ["neg", "pos"], [0, 1] * 20, marked)
    write_declared(tmp_path / "d" / "train-1.parquet", ["pos", "neg"], [1, 0] * 20, [f"red {text}" for text in marked])
    corpus = load(tmp_path / "d")
    assert corpus.classes == ["neg", "pos"]
    good = vectors.id_of("good")
    for split in (corpus.train, corpus.validation, corpus.test):
        for place, label in enumerate(split.labels.tolist()):
            ids = split.ids[split.offsets[place] : split.offsets[place + 1]]
            assert (good in ids[:2]) == (label == 1)


@pytest.mark.parametrize("by_split", [False, True])
def test_a_folder_a_class_of_texts(by_split: bool, tmp_path: Path, load: Load):
    for split in ("train", "test") if by_split else ("",):
        for number, text in enumerate(texts(40)):
            path = tmp_path / "d" / split / ("pos" if number % 2 else "neg") / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{split} {text}\n")
    corpus = load(tmp_path / "d")
    assert corpus.classes == ["neg", "pos"] and total(corpus) == (80 if by_split else 40)
    if by_split:
        assert len(corpus.test) == 40
    assert "a folder a class: neg, pos" in corpus.notes


def test_a_class_may_be_called_train(tmp_path: Path):
    for number, name in enumerate(["bus", "car", "train"] * 8):
        pixels = np.full((4, 4), number * 10, np.uint8)
        path = tmp_path / "d" / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    corpus = load_corpus(Recipe(dataset="mine", data=str(tmp_path / "d"), network="lenet"))
    assert corpus.classes == ["bus", "car", "train"] and total(corpus) == 24


def test_a_card_s_own_split_names(tmp_path: Path, load: Load):
    for name in ("train", "validation_matched", "test_matched"):
        write_parquet(
            tmp_path / "d" / f"{name}.parquet", text=[f"{name} {t}" for t in texts(40)], label=["a", "b"] * 20
        )
    corpus = load(tmp_path / "d")
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [40, 40, 40]


def test_images_with_an_alpha_channel_are_laid_over_white(tmp_path: Path):
    cells = []
    for number in range(20):
        strokes = np.zeros((6, 6, 4), np.uint8)
        strokes[number % 6, :, 3] = 255  # black strokes on transparent ground
        strokes[(number + 1) % 6, number // 6, 3] = 255
        buffer = io.BytesIO()
        Image.fromarray(strokes).save(buffer, "PNG")
        cells.append({"bytes": buffer.getvalue(), "path": None})
    path = write_parquet(tmp_path / "d.parquet", image=cells, label=["a", "b"] * 10)
    corpus = load_corpus(Recipe(dataset="mine", data=str(path), network="lenet"))
    pixels = corpus.train.pixels[corpus.train.places[0]]
    assert {int(value) for value in np.unique(pixels)} == {0, 255}
    assert (pixels == 0).sum() == 3 * 7
    assert corpus.notes[0] == "transparent images are laid over white"
