"""csv of the Hub and below a card is text, as written, whatever its first rows hold."""

from pathlib import Path

import pytest
from data_files import Load, texts
from hub_server import HubServer

from tdd.data.corpus import load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.settings.recipe import Recipe

LATE = ["True", "False"] * 5500 + ["Mixture"] * 9
NUMBERS = ["007", "010", "7"] * 30


def write(folder: Path, name: str, labels: list[str], end: str, card: str) -> Path:
    folder.mkdir(parents=True)
    separator = "\t" if name.endswith(".tsv") else ","
    lines = [f"{text}{separator}{label}{separator}NA" for text, label in zip(texts(len(labels)), labels, strict=True)]
    (folder / name).write_text(f"text{separator}label{separator}note\n" + end.join(lines) + end)
    (folder / "README.md").write_text(f"---\n{card.format(name=name)}---\n")
    return folder


CONFIGS = "configs:\n- config_name: one\n  data_files: {name}\n"


@pytest.mark.parametrize(("name", "end"), [("rows.csv", "\n"), ("rows.tsv", "\r\n")])
@pytest.mark.parametrize("labels", [LATE, NUMBERS])
def test_labels_below_a_card_are_names_as_written(name: str, end: str, labels: list[str], tmp_path: Path, load: Load):
    folder = write(tmp_path / "d", name, labels, end, CONFIGS)
    assert sorted(load(folder).classes) == sorted(set(labels))


def test_labels_of_the_hub_are_names_as_written_and_kept_for_later(
    tmp_path: Path, hub: HubServer, vectors: WordVectors
):
    hub.store.seed("owner/Numbers", write(tmp_path / "d", "train.csv", NUMBERS, "\n", "license: mit\n"))
    recipe = Recipe(dataset="owner/Numbers")
    corpus = load_corpus(recipe, vectors)
    assert corpus.classes == ["007", "7", "010"]
    hub.stop()
    assert load_corpus(recipe, vectors).fingerprint == corpus.fingerprint


def test_what_datasets_makes_of_the_same_files_is_left_alone(tmp_path: Path, load: Load):
    import datasets

    folder = write(tmp_path / "d", "rows.csv", NUMBERS, "\n", CONFIGS)
    load(folder)
    plain = datasets.load_dataset(str(folder), "one", split="train")
    assert plain.features["label"].dtype == "int64" and set(plain["label"]) == {7, 10}
    assert load(folder).classes == ["007", "7", "010"]


def test_folders_of_one_name_and_files_changed_in_place_are_told_apart(tmp_path: Path, load: Load):
    folder = write(tmp_path / "a" / "d", "rows.csv", ["a", "b"] * 20, "\n", CONFIGS)
    assert load(folder).classes == ["a", "b"]
    assert load(write(tmp_path / "b" / "d", "rows.csv", ["c", "d"] * 20, "\n", CONFIGS)).classes == ["c", "d"]
    (folder / "rows.csv").write_text((folder / "rows.csv").read_text().replace(",a,", ",e,"))
    assert load(folder).classes == ["b", "e"]
