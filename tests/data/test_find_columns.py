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
    assert corpus.notes[0] == "3 rows of the train split have no text and were dropped"


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
        ({"text": ["le zyx qqq"] * 12, "label": [0, 1] * 6}, {}, r"the vectors tiny have 0\.0% of the words of column"),
    ],
)
def test_columns_that_cannot_be_read_are_explained(
    columns: dict[str, Any], settings: dict[str, str], message: str, tmp_path: Path, load: Load
):
    with pytest.raises(UsageError, match=message):
        load(write_parquet(tmp_path / "d.parquet", **columns), **settings)


def test_coverage_is_the_share_of_training_tokens_with_a_vector(tmp_path: Path, load: Load):
    rows = [f"good zyx {text}" for text in ["film"] * 40]
    assert load(write_parquet(tmp_path / "d.parquet", text=rows, label=[0, 1] * 20)).train.coverage() == pytest.approx(
        2 / 3
    )
