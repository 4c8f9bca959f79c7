"""Which columns are read, and what is said of those that cannot be."""

from pathlib import Path
from typing import Any

import pytest
from data_files import Load, texts, write_parquet

from tdd.errors import UsageError


def test_settings_and_short_names_say_which_columns(tmp_path: Path, load: Load):
    rows = {
        "text": texts(40),
        "label": [0, 1] * 20,
        "label_coarse_original": ["LOC", "NUM"] * 20,
        "kind": ["a", "b"] * 20,
    }
    path = write_parquet(tmp_path / "d.parquet", **rows)
    assert load(path).classes == ["0", "1"]
    assert load(path, dataset="trec6").classes == ["LOC", "NUM"]
    assert load(path, dataset="trec6", label_column="kind").classes == ["a", "b"]


def test_usual_column_names_are_found_in_any_case(tmp_path: Path, load: Load):
    path = write_parquet(tmp_path / "d.parquet", ID=list(range(40)), Sentence=texts(40), Sentiment=["a", "b"] * 20)
    assert load(path).classes == ["a", "b"]


def test_rows_without_text_are_dropped_with_a_note(tmp_path: Path, load: Load):
    rows = ["", None, "  ", *texts(37)]
    corpus = load(write_parquet(tmp_path / "d.parquet", text=rows, label=[0, 1] * 20))
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == 37
    assert corpus.notes[0] == "3 of the 40 rows of the train split have no text: left out"


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"text": [""] * 12, "label": [0, 1] * 6}, {}, "column 'text' of the train split holds no text"),
        ({"text": [None] * 12, "label": [0, 1] * 6}, {}, "column 'text' of the train split holds no text"),
        (
            {"text": [1.5] * 12, "label": [0, 1] * 6},
            {},
            "'text' holds .*, not text: set text_column to one of text, label",
        ),
        ({"text": [["a"]] * 12, "label": [0, 1] * 6}, {}, "column 'text' holds lists, not text"),
        ({"a": texts(12), "label": [0, 1] * 6}, {}, "no column has a usual name of a text column: .* one of a, label"),
        ({"text": texts(12), "b": [0, 1] * 6}, {}, "no column has a usual name of a label column: .* one of text, b"),
        (
            {"text": texts(12), "b": [0, 1] * 6},
            {"label_column": "c"},
            "there is no column 'c': set label_column to one of",
        ),
        ({"a": texts(12), "label": [0, 1] * 6}, {"dataset": "imdb"}, "there is no column 'text': set text_column to"),
        (
            {"text": ["le zyx " + "q" * count for count in range(12)], "label": [0, 1] * 6},
            {},
            r"the vectors tiny have 0\.0% of the words of column",
        ),
    ],
)
def test_columns_that_cannot_be_read_are_explained(
    columns: dict[str, Any], settings: dict[str, str], message: str, tmp_path: Path, load: Load
):
    with pytest.raises(UsageError, match=message):
        load(write_parquet(tmp_path / "d.parquet", **columns), **settings)


def test_other_columns_that_could_be_read_are_named(tmp_path: Path, load: Load):
    columns = {"Tweet": texts(40), "Target": ["web", "sport"] * 20, "Stance": ["for", "against", "none", "for"] * 10}
    path = write_parquet(tmp_path / "d.parquet", **columns, id=[str(number) for number in range(40)])
    corpus = load(path)
    assert corpus.classes == ["sport", "web"]
    assert corpus.notes[0] == "label column 'Target'; Stance could be it too: choose with label_column"
    assert (corpus.reading["text_column"], corpus.reading["label_column"]) == ("Tweet", "Target")
    chosen = load(path, label_column="Stance")
    assert chosen.classes == ["against", "for", "none"] and not any("could be" in note for note in chosen.notes)


def test_another_column_of_text_is_named(tmp_path: Path, load: Load):
    path = write_parquet(tmp_path / "d.parquet", question=texts(40), sentence=texts(80)[40:], label=["a", "b"] * 20)
    told = "text column 'sentence'; question holds text too: choose with text_column, or read pairs with text_column "
    assert load(path).notes[0] == f"{told}sentence,question"


def test_two_columns_of_text_without_a_usual_name_are_offered_as_pairs(tmp_path: Path, load: Load):
    hypotheses = ["it is good .", "it is blue ."] * 20
    path = write_parquet(tmp_path / "d.parquet", premise=texts(40), hypothesis=hypotheses, label=["a", "b"] * 20)
    with pytest.raises(UsageError, match="one of premise, hypothesis, label, or to premise,hypothesis to read pairs"):
        load(path)


def test_one_column_cannot_be_both_text_and_label(tmp_path: Path, load: Load):
    path = write_parquet(tmp_path / "d.parquet", text=["good", "bad"] * 20, label=[0, 1] * 20)
    with pytest.raises(
        UsageError, match="column 'text' cannot be both text and label: set text_column or label_column to another"
    ):
        load(path, label_column="text")


def test_several_labels_an_example_are_refused_with_a_way_out(tmp_path: Path, load: Load):
    flags = {"toxic": [0, 1, 0, 1] * 10, "insult": [1, 0, 0, 1] * 10, "threat": [0, 0, 0, 1] * 10}
    path = write_parquet(tmp_path / "d.parquet", text=texts(40), **flags)
    with pytest.raises(UsageError, match=r"several labels an example are not supported, .* toxic, insult, threat: set"):
        load(path)
    assert load(path, label_column="toxic").classes == ["0", "1"]
