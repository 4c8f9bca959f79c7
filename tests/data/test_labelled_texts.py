"""Texts from elsewhere are read with their labels, by name, number or soft, or refused in a line."""

import json

import pytest
import torch

from tdd.data.labelled_texts import read_labelled_texts
from tdd.errors import UsageError

CLASSES = ["bad", "good"]


def write(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def test_labels_are_names_or_numbers(tmp_path):
    numbers = write(tmp_path / "a.jsonl", [{"sentence": "a fine film", "labels": 1}, {"sentence": "no", "labels": 0}])
    (tmp_path / "b.csv").write_text("text,label\na fine film,good\nno,bad\n")
    for path in (numbers, tmp_path / "b.csv"):
        found = read_labelled_texts(path, CLASSES)
        assert found.texts == [("a fine film",), ("no",)] and found.labels.tolist() == [[0, 1], [1, 0]]


def test_names_in_another_case_and_whole_decimals_are_read(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\na fine film,Good\nno,0.0\nyes,1.0\n")
    assert read_labelled_texts(tmp_path / "a.csv", CLASSES).labels.argmax(1).tolist() == [1, 0, 1]
    both = write(tmp_path / "b.jsonl", [{"text": "x", "label": "GOOD"}])
    with pytest.raises(UsageError, match="none of the classes good, Good, and no number of theirs, 0 to 1"):
        read_labelled_texts(both, ["good", "Good"])


def test_numbers_that_count_the_classes_in_another_order_are_refused(tmp_path):
    rows = [{"text": "x", "label": number, "kind": name} for number, name in ((0, "good"), (1, "bad"), (1, "good"))]
    path = write(tmp_path / "a.jsonl", rows)
    said = "row 1 is of class 0, bad in the order of the classes, and 'kind' says good: name that column"
    with pytest.raises(UsageError, match=said):
        read_labelled_texts(path, CLASSES)
    assert read_labelled_texts(path, ["good", "bad"]).labels.argmax(1).tolist() == [0, 1, 1]
    assert read_labelled_texts(path, CLASSES, reading={"label_column": "kind"}).labels.argmax(1).tolist() == [1, 0, 1]


def test_how_a_file_is_written_may_be_said(tmp_path):
    (tmp_path / "b.csv").write_bytes("text^label\na fine café^good\nno^bad\n".encode("cp1252"))
    found = read_labelled_texts(tmp_path / "b.csv", CLASSES, reading={"delimiter": "^", "encoding": "cp1252"})
    assert found.texts == [("a fine café",), ("no",)]


def test_a_class_that_is_called_by_a_number_is_that_class(tmp_path):
    path = write(tmp_path / "a.jsonl", [{"text": "x", "label": 1}, {"text": "y", "label": 2}])
    assert read_labelled_texts(path, ["1", "2"]).labels.tolist() == [[1, 0], [0, 1]]


def test_the_order_of_classes_is_told_where_labels_rest_on_it(tmp_path):
    named = write(tmp_path / "a.jsonl", [{"text": "x", "label": "bad"}])
    assert read_labelled_texts(named, CLASSES).notes == []
    assert read_labelled_texts(write(tmp_path / "b.jsonl", [{"text": "x", "label": 1}]), ["0", "1"]).notes == []
    other_case = write(tmp_path / "e.jsonl", [{"text": "x", "label": "2D"}, {"text": "y", "label": "3d"}])
    assert read_labelled_texts(other_case, ["2d", "3D"]).notes == []
    numbers = write(tmp_path / "c.jsonl", [{"text": "x", "label": "1"}])
    assert read_labelled_texts(numbers, CLASSES).notes == [
        f"{numbers}: numbers of classes are counted from 0 in the order bad, good"
    ]
    order = "the numbers of 'soft_label' are those of bad, good, in this order"
    for hard, told in (
        ("bad", []),
        ("good", ["in 2 of 3 rows the largest of them is another class than 'label' names"]),
    ):
        rows = [{"text": "x", "label": label, "soft_label": [0.9, 0.1]} for label in (hard, hard, "bad")]
        path = write(tmp_path / "d.jsonl", rows)
        first, *more = read_labelled_texts(path, CLASSES).notes
        assert first == f"{path}: {order}"
        assert more == [f"{path}: {line}: is that their order?" for line in told]


def test_soft_labels_come_before_classes_and_may_be_written_as_text(tmp_path):
    rows = [{"text": "x", "label": "bad", "soft_label": [0.25, 0.75]}]
    (tmp_path / "b.csv").write_text('text,soft_label\nx,"[0.25, 0.75]"\n')
    for path in (write(tmp_path / "a.jsonl", rows), tmp_path / "b.csv"):
        assert torch.equal(read_labelled_texts(path, CLASSES).labels, torch.tensor([[0.25, 0.75]]))


def test_columns_of_other_names_are_read_by_these(tmp_path):
    rows = [{"said": "x", "kind": "good", "weights": [0.25, 0.75], "text": "y", "label": 1}]
    path = write(tmp_path / "a.jsonl", rows)
    by_kind = read_labelled_texts(path, CLASSES, reading={"text_column": "said", "label_column": "kind"})
    assert by_kind.texts == [("x",)] and by_kind.labels.tolist() == [[0, 1]]
    by_weights = read_labelled_texts(path, CLASSES, reading={"label_column": "weights"})
    assert by_weights.texts == [("y",)] and by_weights.labels.tolist() == [[0.25, 0.75]]
    two = read_labelled_texts(path, CLASSES, ["premise", "hypothesis"], {"text_column": "said, text"})
    assert two.texts == [("x", "y")] and two.labels.tolist() == [[0, 1]]
    for name, pair, said in (
        ("sayd", [], "has no column 'sayd'; did you mean 'said'"),
        ("said", ["premise", "hypothesis"], "text_column: said, and the data are pairs of texts: name two columns"),
        ("said,text", [], "text_column: said,text, and the data are single texts: name one column"),
    ):
        with pytest.raises(UsageError, match=said):
            read_labelled_texts(path, CLASSES, pair, {"text_column": name})


@pytest.mark.parametrize(
    "row, said",
    [
        ({"text": "x", "label": "fine"}, "row 1 is labelled 'fine', which is none of the classes bad, good"),
        ({"text": "x", "label": 2}, "row 1 is labelled '2', which .* bad, good, and no number of theirs, 0 to 1$"),
        ({"text": "x", "label": None}, "row 1 has no label; leave it out, or give it one of bad, good"),
        ({"text": "x", "label": " "}, "row 1 has no label"),
        ({"text": " ", "label": 1}, "row 1 has no text in column 'text'"),
        ({"words": "x", "label": 1}, "has no column of texts: it has words, label; call one 'text'"),
        ({"text": "x", "kind": 1}, "has no column of labels: .*; soft labels are a list in one column"),
        ({"text": "x", "soft_label": [1.0]}, "row 1 has no soft label of 2 numbers, one for each of bad, good"),
        ({"text": "x", "soft_label": "so"}, "row 1 has no soft label"),
        ({"text": "x", "soft_label": [0, 0]}, "row 1 has a soft label without a number above 0; leave it out"),
        ({"text": "x", "soft_label": [-1, -0.5]}, "row 1 has a soft label without a number above 0; leave it out"),
    ],
)
def test_what_cannot_be_read_is_a_line(row, said, tmp_path):
    with pytest.raises(UsageError, match=said):
        read_labelled_texts(write(tmp_path / "a.jsonl", [row]), CLASSES)


def test_pairs_have_the_two_columns_of_the_data(tmp_path):
    row = {"premise": "a film", "hypothesis": "no", "label": 1}
    found = read_labelled_texts(write(tmp_path / "a.jsonl", [row]), CLASSES, ["premise", "hypothesis"])
    assert found.texts == [("a film", "no")] and found.labels.tolist() == [[0, 1]]
    for wrong, said in (
        ({"text": "x", "label": 1}, "the data are pairs of texts, premise and hypothesis, and it has text, label"),
        (row | {"hypothesis": ""}, "row 1 has no text in column 'hypothesis'"),
    ):
        with pytest.raises(UsageError, match=said):
            read_labelled_texts(write(tmp_path / "b.jsonl", [wrong]), CLASSES, ["premise", "hypothesis"])


def test_a_line_names_the_first_of_many_classes(tmp_path):
    path = write(tmp_path / "a.jsonl", [{"text": "x", "label": "fine"}])
    with pytest.raises(
        UsageError, match=r"none of the classes c0, .*c11 and 38 more, and no number of theirs, 0 to 49$"
    ):
        read_labelled_texts(path, [f"c{number}" for number in range(50)])
