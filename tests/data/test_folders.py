"""No file of a folder is left out or merged without being named."""

import json
import os
from pathlib import Path

import pytest
from data_files import Load, texts, write_csv, write_declared, write_parquet

from tdd.data.corpus import load_corpus
from tdd.data.split_words import rank, split_of
from tdd.errors import TddError, UsageError
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
    assert (rank(name) is not None) == (name in ("train", "dev-00000-of-00002"))


def test_split_words_inside_names_leave_out_no_other_file(tmp_path: Path, load: Load):
    for name, word in (("reviews-2020", "red"), ("reviews-2021", "blue"), ("reviews-2022-train", "green")):
        write_csv(tmp_path / "d" / f"{name}.csv", rows(60, word))
    corpus = load(tmp_path / "d")
    assert total(corpus) == 180
    assert corpus.notes[0] == "train: 3 files, reviews-2020.csv, reviews-2021.csv, reviews-2022-train.csv"
    assert corpus.reading["files"] == {"train": ["reviews-2020.csv", "reviews-2021.csv", "reviews-2022-train.csv"]}


def twins(folder: Path, names: tuple[str, str]) -> None:
    write_csv(folder / "train.csv", rows(40, "red"))
    write_csv(folder / names[0], rows(10, "blue"))
    write_csv(folder / names[1], [(text, "a") for text, _ in rows(10, "blue")])


@pytest.mark.parametrize(
    "names",
    [("test.csv", "test_masked.csv"), ("test.csv", "eval.csv"), ("test-0-of-1.csv", "dev/masked.test.csv")],
)
def test_a_file_called_by_a_split_alone_is_that_split(names: tuple[str, str], tmp_path: Path, load: Load):
    twins(tmp_path / "d", names)
    corpus = load(tmp_path / "d")
    why = f"{names[0]} is the test split by its name"
    assert corpus.reading["left_out_files"] == {names[1]: why}
    assert corpus.notes == [f"{names[1]} is left out: {why}"]


def test_several_files_of_a_split_are_named_and_contradictions_told(tmp_path: Path, load: Load):
    twins(tmp_path / "d", ("my_test.csv", "my_test_masked.csv"))
    corpus = load(tmp_path / "d")
    assert "test: 2 files, my_test.csv, my_test_masked.csv" in corpus.notes
    assert (
        "10 of the 20 examples of the test split are copies of others; 5 of those repeated have different labels"
        in corpus.notes
    )


def test_a_file_of_all_rows_is_not_trained_on_beside_splits(tmp_path: Path, load: Load):
    parts = {"imdb_train": rows(60, "red")[:40], "imdb_test": rows(60, "red")[40:], "imdb_all": rows(60, "red")}
    for name, part in parts.items():
        write_csv(tmp_path / "d" / f"{name}.csv", part)
    corpus = load(tmp_path / "d")
    assert [len(corpus.train) + len(corpus.validation), len(corpus.test)] == [40, 20]
    assert corpus.notes == ["imdb_all.csv is left out: its name speaks of no split"]


def test_splits_may_be_files_of_several_kinds(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", rows(40, "red"))
    lines = "".join(f"{text}\t{label}\n" for text, label in rows(10, "blue"))
    (tmp_path / "d" / "test.tsv").write_text("text\tlabel\n" + lines)
    (tmp_path / "d" / "train.jsonl").write_text(json.dumps({"text": "a film", "label": "a"}))
    corpus = load(tmp_path / "d")
    assert (len(corpus.test), total(corpus)) == (10, 50)
    assert corpus.reading["left_out_files"] == {"train.jsonl": "train.csv is read in its place"}


def test_the_kinds_of_all_files_that_are_read_are_named(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", rows(40, "red"))
    (tmp_path / "d" / "test.tsv").write_text("text\tlabel\n" + "".join(f"{t}\t{y}\n" for t, y in rows(10, "blue")))
    (tmp_path / "d" / "notes.json").write_text("{}")
    assert load(tmp_path / "d").reading["left_out_files"] == {"notes.json": "the other files are .csv and .tsv"}


def test_files_of_a_rarer_kind_take_no_file_s_place(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", rows(40, "red"))
    for name in ("about.json", "infos.json"):
        (tmp_path / "d" / name).write_text("{}")
    corpus = load(tmp_path / "d")
    assert set(corpus.reading["left_out_files"].values()) == {"the other files are .csv"} and total(corpus) == 40


def test_columns_that_a_part_lacks_are_missing_values(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train-0.csv", rows(40, "red"))
    write_csv(tmp_path / "d" / "train-1.csv", rows(30, "blue"), "text,class")
    corpus = load(tmp_path / "d")
    assert total(corpus) == 40
    assert "train-1.csv has no column label, which others of its split have" in corpus.notes
    assert "30 of the 70 rows of the train split have no label: left out" in corpus.notes


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("text,klass", r"the test split \(test\.csv\) has no column 'label' as train has: it has text, klass"),
        ("review,label", r"the test split \(test\.csv\) has no column 'text' as train has: it has review, label"),
    ],
)
def test_a_split_without_the_columns_of_train_is_named(header: str, message: str, tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", rows(40, "red"))
    write_csv(tmp_path / "d" / "test.csv", rows(10, "blue"), header)
    with pytest.raises(UsageError, match=message):
        load(tmp_path / "d")


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


def test_a_card_s_own_split_names(tmp_path: Path, load: Load):
    for name in ("train", "validation_matched", "test_matched"):
        write_parquet(
            tmp_path / "d" / f"{name}.parquet", text=[f"{name} {t}" for t in texts(40)], label=["a", "b"] * 20
        )
    corpus = load(tmp_path / "d")
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [40, 40, 40]


def test_the_split_that_is_called_so_comes_before_one_that_speaks_of_it(vectors):
    splits = {name: ([f"{name} {text}" for text in texts(40)], ["a", "b"] * 20) for name in ("test_b", "train", "test")}
    corpus = load_corpus(Recipe(dataset="mine"), vectors, splits)
    assert corpus.notes == ["splits that are not used: test_b"]


@pytest.mark.parametrize("stray", ["labels.csv", "zzz.csv"])
def test_a_file_of_other_columns_is_left_out_wherever_it_sorts(stray: str, tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "reviews.csv", rows(40, "red"))
    (tmp_path / "d" / stray).write_text("id,name\n" + "".join(f"{i},n{i}\n" for i in range(60)))
    corpus = load(tmp_path / "d")
    assert corpus.reading["left_out_files"] == {stray: "it has no column of reviews.csv"} and total(corpus) == 40
    assert f"{stray} is left out: it has no column of reviews.csv" in corpus.notes


def test_the_columns_that_are_asked_for_tell_which_files_are_read(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "a.csv", rows(40, "red"))
    write_csv(tmp_path / "d" / "b.csv", rows(30, "blue"), "plot,kind")
    asked = load(tmp_path / "d", text_column="plot", label_column="kind")
    assert asked.reading["left_out_files"] == {"a.csv": "it has no column of b.csv"} and total(asked) == 30


@pytest.mark.parametrize("form", ["folder", "json"])
def test_a_split_without_the_column_of_labels_is_not_used(form: str, tmp_path: Path, load: Load):
    train, hidden = rows(40, "red"), [text for text, _ in rows(10, "blue")]
    path = tmp_path / "d"
    if form == "folder":
        write_csv(path / "train.csv", train)
        (path / "test.csv").write_text("\n".join(["text", *hidden, ""]))
    else:
        path = tmp_path / "d.json"
        splits = {"train": [{"text": t, "label": y} for t, y in train], "test": [{"text": t} for t in hidden]}
        path.write_text(json.dumps(splits))
    corpus = load(path)
    assert corpus.notes[0] == "the test split has no labels and was not used"
    assert (len(corpus.test), total(corpus)) == (8, 40)


def test_a_split_of_one_json_without_the_columns_of_train_is_to_be_removed_there(tmp_path: Path, load: Load):
    splits = {"train": [{"text": t, "label": y} for t, y in rows(40, "red")], "test": [{"text": "a", "klass": "b"}]}
    (tmp_path / "d.json").write_text(json.dumps(splits))
    with pytest.raises(UsageError, match="name the columns alike, or remove it from the file"):
        load(tmp_path / "d.json")


def test_a_test_split_of_a_single_class_is_told(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", rows(40, "red"))
    write_csv(tmp_path / "d" / "test.csv", [(text, "b") for text, _ in rows(10, "blue")])
    assert "the test split holds the class 'b' alone: its accuracy says nothing" in load(tmp_path / "d").notes


def test_a_drawn_test_split_of_a_single_class_is_told(tmp_path: Path, load: Load):
    """All examples of the other class are copies of one text."""
    same = [("the same film", "b")] * 5
    notes = load(write_csv(tmp_path / "d.csv", [*((text, "a") for text in texts(40)), *same])).notes
    assert "the test split holds the class 'a' alone: its accuracy says nothing" in notes


def test_how_each_file_is_written_is_kept_where_they_are_not_alike(tmp_path: Path, load: Load):
    folder = tmp_path / "d"
    write_csv(folder / "train" / "a.csv", rows(40, "red"))
    write_csv(folder / "test" / "b.csv", rows(10, "blue"))
    alike = load(folder).reading
    assert (alike["delimiter"], alike["encoding"], "by_file" in alike) == (",", "utf-8", False)
    path = folder / "test" / "b.csv"
    path.write_text(path.read_text().replace(",", ";"), encoding="utf-16")
    reading = load(folder).reading
    assert reading["files"] == {"train": ["train/a.csv"], "test": ["test/b.csv"]}
    assert {name: (how["delimiter"], how["encoding"]) for name, how in reading["by_file"].items()} == {
        "train/a.csv": (",", "utf-8"),
        "test/b.csv": (";", "utf-16"),
    }
    assert "delimiter" not in reading


@pytest.mark.parametrize("how", ["jsonl", "class folders"])
def test_the_encoding_of_other_text_is_kept(how: str, tmp_path: Path, load: Load):
    folder = tmp_path / "d"
    folder.mkdir()
    for place, (text, label) in enumerate(rows(40, "red")):
        if how == "jsonl":
            with (folder / "train.jsonl").open("a", encoding="utf-16-le") as file:
                file.write(json.dumps({"text": text, "label": label}) + "\n")
        else:
            (folder / label).mkdir(exist_ok=True)
            (folder / label / f"{place}.txt").write_text(text)
    assert load(folder).reading["encoding"] == ("utf-16-le" if how == "jsonl" else "utf-8")


def test_the_folder_of_a_run_is_not_read_as_data(tmp_path: Path, load: Load):
    run = tmp_path / "run"
    write_csv(run / "figures.csv", [("a text", 0), ("another", 1)])
    for name in ("recipe.yaml", "log.jsonl"):
        (run / name).write_text("\n")
    with pytest.raises(UsageError, match=f"run holds a run, not data: name a data set; .* tdd evaluate {run}"):
        load(run)


def test_files_that_cannot_be_read_are_named_and_a_split_in_one_is_refused(tmp_path: Path, load: Load):
    folder = tmp_path / "d"
    write_csv(folder / "train.csv", rows(40, "a"))
    for name in ("notes.xlsx", "more.xlsx", "clean.py", "test.py", "README.md", "LICENSE", ".hidden", ".git/test.zip"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    write_csv(folder / "_test.csv", rows(10, "b"))
    assert load(folder).reading["left_out_files"] == {
        "_test.csv": "names with _ or . in front are those of hidden files",
        "clean.py and 1 more": "files .py are not read",
        "more.xlsx and 1 more": "files .xlsx are not read",
    }
    (folder / "test.xlsx").write_text("x")
    with pytest.raises(UsageError, match=r"has its test split in test\.xlsx, which cannot be read: save it as csv"):
        load(folder)
    write_csv(folder / "test.csv", rows(10, "b"))
    assert len(load(folder).test) == 10


def test_a_folder_below_that_cannot_be_read_is_named(tmp_path: Path, load: Load, monkeypatch):
    write_csv(tmp_path / "d" / "train.csv", rows(40, "a"))
    (tmp_path / "d" / "sub").mkdir()
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(TddError, match=r"cannot read .*sub: Permission denied"):
        load(tmp_path / "d")
