"""csv of the Hub and below a card is text, as written, whatever its first rows hold."""

from pathlib import Path

import pytest
from data_files import Load, texts
from hub_server import HubServer

from tdd.data.corpus import load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError
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


def written(folder: Path, encoding: str, lines: list[str], card: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "train.csv").write_bytes("\n".join([*lines, ""]).encode(encoding))
    (folder / "README.md").write_text(f"---\n{card}---\n")
    return folder


def german(count: int) -> list[str]:
    return [f'{text}, 5" groß;{"schön" if i % 2 else "übel"}' for i, text in enumerate(texts(count))]


CARD = CONFIGS.format(name="train.csv")


def test_how_csv_below_a_card_is_written_is_recognised_and_said(tmp_path: Path, load: Load):
    corpus = load(written(tmp_path / "d", "cp1252", ["text;label", *german(40)], CARD))
    assert sorted(corpus.classes) == ["schön", "übel"] and len(corpus.train) + len(corpus.validation) == 32
    assert "train.csv: encoding cp1252 (guessed, it reads 'groß': --encoding sets another), separator a semicolon" in (
        corpus.notes
    )
    assert (corpus.reading["delimiter"], corpus.reading["encoding"]) == (";", "cp1252")


def test_how_csv_of_the_hub_is_written_is_recognised_and_may_be_told(
    tmp_path: Path, hub: HubServer, vectors: WordVectors
):
    hub.store.seed("owner/german", written(tmp_path / "d", "cp1252", german(44), "license: mit\n"))
    with pytest.raises(UsageError, match=r"^train\.csv: the first line looks like data.*--no-header"):
        load_corpus(Recipe(dataset="owner/german"), vectors)
    told = Recipe(dataset="owner/german", no_header=True, text_column="1", label_column="2")
    corpus = load_corpus(told, vectors)
    assert sorted(corpus.classes) == ["schön", "übel"]
    assert sum(map(len, (corpus.train, corpus.validation, corpus.test))) == 44
    hub.stop()
    assert load_corpus(told, vectors).fingerprint == corpus.fingerprint


def test_what_a_card_says_of_its_csv_counts(tmp_path: Path, load: Load):
    lines = ["text^label", *(line.replace(";", "^") for line in german(40))]
    folder = written(tmp_path / "d", "utf-8", lines, CARD.replace("\n  data_files", "\n  sep: ^\n  data_files"))
    assert sorted(load(folder).classes) == ["schön", "übel"]


def beside(folder: Path, encoding: str, lines: list[str]) -> Path:
    """The folder of `written` with a second file, for testing."""
    (folder / "test.csv").write_bytes("\n".join([*lines, ""]).encode(encoding))
    card = "configs:\n- config_name: one\n  data_files:\n  - {split: train, path: train.csv}\n"
    (folder / "README.md").write_text(f"---\n{card}  - {{split: test, path: test.csv}}\n---\n")
    return folder


def test_each_file_below_a_card_is_read_as_it_is_written(tmp_path: Path, load: Load):
    folder = written(tmp_path / "d", "cp1252", ["text;label", *german(40)], CARD)
    other = [line.replace(";", "\t").replace("sentence", "other") for line in german(40)]
    corpus = load(beside(folder, "utf-8", ["text\tlabel", *other]))
    assert sorted(corpus.classes) == ["schön", "übel"] and len(corpus.test) == 40
    assert corpus.reading["files"] == {"train": ["train.csv"], "test": ["test.csv"]}
    lone = [f'"{line}' if place in (3, 9) else line for place, line in enumerate(other)]
    assert len(load(beside(folder, "utf-8", ["text\tlabel", *lone])).test) == 40  # and no row is swallowed


def test_a_row_that_is_too_long_below_a_card_is_refused(tmp_path: Path, load: Load):
    lines = ["text,label", *(f"great film {i},number {i},{'pos' if i % 2 else 'neg'}" for i in range(40))]
    with pytest.raises(UsageError, match=r"train\.csv, line 2: 3 fields instead of 2"):
        load(written(tmp_path / "d", "utf-8", lines, CARD))


def test_classes_of_a_card_are_named_or_numbered_and_others_refused(tmp_path: Path, load: Load):
    classes = "dataset_info:\n  config_name: one\n  features:\n  - {name: text, dtype: string}\n"
    classes += "  - name: label\n    dtype:\n      class_label:\n        names: {'0': bad, '1': good}\n"
    rows = [f"{text},{['0', 'good', '1'][i % 3]}" for i, text in enumerate(texts(60))]
    assert load(written(tmp_path / "a", "utf-8", ["text,label", *rows], CARD + classes)).classes == ["bad", "good"]
    with pytest.raises(UsageError, match="'NEG' in column 'label' is none of the classes of the card: bad, good"):
        load(written(tmp_path / "b", "utf-8", ["text,label", *rows, "one more,NEG"], CARD + classes))


def test_a_separator_that_is_told_comes_before_that_of_the_card(tmp_path: Path, load: Load):
    lines = ["text;label", *german(40)]
    folder = written(tmp_path / "d", "utf-8", lines, CARD.replace("\n  data_files", "\n  sep: ^\n  data_files"))
    assert sorted(load(folder, delimiter=";").classes) == ["schön", "übel"]
