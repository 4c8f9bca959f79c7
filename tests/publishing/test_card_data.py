"""What a card says of the data and of every class."""

from tdd.publishing.card_data import class_table, data_section

CLASSES = {"neg": {"train": 1200, "validation": 30, "test": 400}, "pos|itive": {"train": 9, "validation": 1, "test": 4}}
DATA = {
    "text_column": "review",
    "label_column": "verdict",
    "left_out": {"train": {"no label": 3, "no text": 1}},
    "classes": CLASSES,
}
EVALUATION = {
    "mean": 0.9,
    "interval": [0.8851, 0.9123],
    "majority": 0.99,
    "macro_f1": {"mean": 0.55, "sd": 0.0},
    "classes": {"neg": {"examples": 400, "precision": 0.99, "recall": 0.9}},
    "not_in_train": {"test_examples": 300, "mean": 0.875, "sd": 0.0},
}


def test_columns_classes_and_rows_left_out_are_told():
    told = data_section({"data": DATA})
    assert "Examples are those of column `review`, classes those of `verdict`." in told
    assert "Rows left out: 3 of train with no label, 1 of train with no text." in told
    assert "| `neg` | 1,200 | 30 | 400 |" in told
    assert told.count("\n|") == 4


def test_files_are_told_by_their_names_and_how_they_are_written():
    files = {"train": [f"{number}.csv" for number in range(8)], "test": ["test.csv"]}
    how = {"encoding": "cp1252", "delimiter": ";", "quote": "double", "header": False}
    told = data_section({"data": DATA | how | {"files": files}})
    assert "Read from `0.csv`, `1.csv`, `2.csv`, `3.csv`, `4.csv` and 3 more (train), `test.csv` (test)." in told
    assert "Written with encoding cp1252, separator semicolon, double quotes, no line of names." in told
    by_file = {"a.csv": {"encoding": "utf-8", "delimiter": "\t"}, "b.json": {"encoding": "utf-16"}}
    told = data_section({"data": DATA | {"by_file": by_file}})
    assert "`a.csv` is written with encoding utf-8, separator tab." in told
    assert "`b.json` is written with encoding utf-16." in told


def test_pairs_are_told_as_such_and_a_column_with_a_comma_is_not():
    one = DATA | {"text_column": "premise,hypothesis"}
    assert "Examples are those of column `premise,hypothesis`, " in data_section({"data": one})
    two = one | {"pair": ["premise", "hypothesis"]}
    assert "Examples are pairs of the columns `premise` and `hypothesis`, " in data_section({"data": two})


def test_many_classes_are_counted():
    classes = {str(number): {"train": 2, "validation": 1, "test": 1} for number in range(100)}
    assert data_section({"data": DATA | {"classes": classes}}).endswith(
        "100 classes; 200 train, 100 validation, 100 test examples."
    )


def test_a_set_that_says_nothing_of_its_data_has_no_section():
    assert data_section({}) == "" and class_table({}) == ""


def test_every_class_has_its_figures():
    told = class_table(EVALUATION)
    assert "88.5 to 91.2 %" in told and "Macro-F1: 55.0 %" in told and "alone: 99.0 %" in told
    assert "On the 300 test examples that are not in the training split too: 87.50 %." in told
    assert "| `neg` | 400 | 99.0 % | 90.0 % |" in told


def test_an_interval_that_rests_on_fewer_examples_than_were_tested_says_so():
    told = class_table(EVALUATION | {"effective_examples": 1234.4})
    assert "88.5 to 91.2 % (some are copies: as of 1,234 different ones)." in told
