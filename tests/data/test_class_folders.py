"""Texts and images that lie in a folder for each class."""

import io
from pathlib import Path

import numpy as np
import pytest
from data_files import Load, texts, write_csv, write_parquet
from PIL import Image

from tdd.data.corpus import Corpus, load_corpus
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe


def write_texts(folder: Path, count: int, word: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts(count)):
        (folder / f"{number}.txt").write_text(f"{word} {text}")


def write_images(folder: Path, count: int, shade: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.fromarray(np.full((4, 4), shade + number, np.uint8)).save(folder / f"{number}.png")


def images(folder: Path) -> Corpus:
    return load_corpus(Recipe(dataset="mine", data=str(folder), network="lenet"))


def total(corpus) -> int:
    return len(corpus.train) + len(corpus.validation) + len(corpus.test)


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


@pytest.mark.parametrize("above", ["", "data", "data/v1"])
def test_one_folder_around_classes_or_splits_is_no_class(above: str, tmp_path: Path, load: Load):
    for name in ("pos", "neg"):
        write_texts(tmp_path / "d" / above / name, 20, name)
    assert load(tmp_path / "d").classes == ["neg", "pos"]
    for split in ("train", "test"):
        for shade, name in enumerate(("cat", "dog")):
            write_images(tmp_path / "e" / above / f"seg_{split}" / f"seg_{split}" / name, 12, 40 * shade)
    corpus = images(tmp_path / "e")
    assert corpus.classes == ["cat", "dog"] and len(corpus.test) == 24


def test_texts_without_labels_and_files_beside_classes_are_left_out_and_named(tmp_path: Path, load: Load):
    for split, names in (("train", ("pos", "neg", "unsup")), ("test", ("pos", "neg"))):
        for name in names:
            write_texts(tmp_path / "d" / split / name, 20, f"{split} {name}")
        (tmp_path / "d" / split / "urls_pos.txt").write_text("http://localhost/1\n")
    corpus = load(tmp_path / "d")
    assert (corpus.classes, total(corpus), len(corpus.test)) == (["neg", "pos"], 80, 40)
    assert corpus.reading["left_out_files"] == {
        "test/urls_pos.txt": "in no folder of a class",
        "train/urls_pos.txt": "in no folder of a class",
        "train/unsup": "by its name it has no labels, and train alone holds it",
    }
    assert "train/unsup is left out: by its name it has no labels, and train alone holds it" in corpus.notes


def test_files_of_another_kind_in_folders_of_classes_are_named(tmp_path: Path, load: Load):
    for name in ("good", "bad"):
        write_texts(tmp_path / "d" / name, 20, name)
    for name in ("neutral/1.md", "neutral/2.md", "bad/1.doc", "bad/2.doc", "good/1.DOC", "good/.DS_Store"):
        (tmp_path / "d" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "d" / name).write_text("x")
    corpus = load(tmp_path / "d")
    assert (corpus.classes, total(corpus)) == (["bad", "good"], 40)
    assert corpus.reading["left_out_files"] == {
        "neutral": "it holds no texts that are read (.txt)",
        "bad/*.doc": "2 files of another kind",
        "good/*.DOC": "1 file of another kind",
    }


def test_a_split_without_folders_of_classes_is_left_out(tmp_path: Path):
    for shade, name in enumerate(("cat", "dog")):
        write_images(tmp_path / "d" / "train" / name, 20, 40 * shade)
    write_images(tmp_path / "d" / "test", 9, 200)
    corpus = images(tmp_path / "d")
    assert corpus.classes == ["cat", "dog"] and total(corpus) == 40
    assert "test is left out: it holds no folders of classes" in corpus.notes


def test_classes_beside_a_split_of_them_are_refused(tmp_path: Path):
    for shade, name in enumerate(("bus", "car", "train/bus", "train/car")):
        write_images(tmp_path / "d" / name, 9, 20 * shade)
    with pytest.raises(UsageError, match="holds a class 'bus' both beside and in train: keep one of them"):
        images(tmp_path / "d")


def test_images_in_folders_of_splits_alone_are_refused(tmp_path: Path):
    write_images(tmp_path / "d" / "train", 9, 0)
    write_images(tmp_path / "d" / "test", 9, 50)
    with pytest.raises(UsageError, match="its images lie in folders of splits, but in none of classes"):
        images(tmp_path / "d")


def test_texts_in_folders_of_splits_are_files_of_data(tmp_path: Path, load: Load):
    for split in ("train", "test"):
        (tmp_path / "d" / split).mkdir(parents=True)
        lines = "".join(f"__label__{'ab'[i % 2]} {split} {text}\n" for i, text in enumerate(texts(40)))
        (tmp_path / "d" / split / "1.txt").write_text(lines)
    corpus = load(tmp_path / "d")
    assert (corpus.classes, len(corpus.test), total(corpus)) == (["a", "b"], 40, 80)


def test_texts_that_are_not_utf_8_are_read_in_one_encoding_and_said(tmp_path: Path, load: Load):
    for name in ("pos", "neg"):
        write_texts(tmp_path / "d" / name, 20, name)
        (tmp_path / "d" / name / "0.txt").write_bytes(f"a good {name} café, très déjà vu".encode("cp1252"))
    corpus = load(tmp_path / "d")
    guessed = "(guessed, it reads 'café': --encoding sets another)"
    assert f"encoding cp1252 {guessed} of texts that are not UTF-8" in corpus.notes
    assert not any("left out" in note for note in corpus.notes)


@pytest.mark.parametrize("kept", [4, -30])
def test_a_damaged_image_of_a_folder_is_named(kept: int, tmp_path: Path):
    for name, place in (("bus", 0), ("car", 10)):
        write_images(tmp_path / "d" / name, 10, place)
    path = sorted((tmp_path / "d" / "car").iterdir())[3]
    path.write_bytes(path.read_bytes()[:kept])
    said = rf"the image car/{path.name} in column 'image' of the train split cannot be read: .*; mend or remove it"
    with pytest.raises(UsageError, match=said):
        images(tmp_path / "d")


def test_metadata_say_what_images_are(tmp_path: Path):
    write_images(tmp_path / "d", 20, 0)
    lines = "".join(f"{number}.png,{'ab'[number % 2]}\n" for number in range(20))
    (tmp_path / "d" / "metadata.csv").write_text("file_name,label\n" + lines)
    corpus = images(tmp_path / "d")
    assert corpus.classes == ["a", "b"] and total(corpus) == 20


def test_the_classes_that_a_card_declares_are_named(tmp_path: Path, load: Load):
    for split in ("train", "test"):
        write_csv(tmp_path / "d" / f"{split}.csv", [(f"{split} {t}", i % 2) for i, t in enumerate(texts(40))])
    (tmp_path / "d" / "README.md").write_text(
        "---\ndataset_info:\n  features:\n  - name: text\n    dtype: string\n  - name: label\n    dtype:\n"
        "      class_label:\n        names:\n          '0': bad\n          '1': fine\n---\n"
    )
    assert load(tmp_path / "d").classes == ["bad", "fine"]


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
