"""Runs side by side."""

import json
import re

import pytest
from finished_run import RESULTS, make_run

from tdd.errors import UsageError
from tdd.runs.compare import compare, table
from tdd.runs.transfer_table import matrix_table


def test_compare_has_a_row_for_each_initialisation(tmp_path):
    make_run(tmp_path / "a", init="random")
    make_run(tmp_path / "b", n=2, results={})
    rows = compare([tmp_path / "a", tmp_path / "b"])
    assert [row["init"] for row in rows] == ["random", "fixed", None]
    assert rows[0] | {"run": ""} == {
        **{"run": "", "dataset": "tiny", "network": "text_cnn", "n": 4, "steps": 2, "per_step": 2, "epochs": 1},
        **{
            "made_for": "random",
            "initialisation": "xavier_normal",
            "init": "random",
            "accuracy": 0.58,
            "sd": 0.057,
            "networks": 5,
            "full": 0.875,
        },
        **{"momentum": None, "ratio": 0.58 / 0.875, "outer_steps": 5, "seconds": 75.0},
        **{"vectors": "glove-6b-50d", "samples": "free", "seed": 0, "tested_on": ["tiny", None, None, 60]},
    }
    lines = table(rows).splitlines()
    assert lines[4:] == ["fixed: one network that the set was made for; random: freshly drawn ones, which is harder"]
    assert "58.00 ± 5.70 %" in lines[1] and "66.29 %" in lines[1] and "75 s" in lines[1]
    assert "fixed (made for random)" in lines[2]
    assert lines[3].split()[-1] == "-"


def test_what_cannot_be_compared_is_said_to_be(tmp_path):
    make_run(tmp_path / "a")
    make_run(tmp_path / "b", dataset="other", network="gru", seed=3)
    lines = table([row for row in compare([tmp_path / "a", tmp_path / "b"]) if row["init"] == "fixed"]).splitlines()
    assert " gru " in lines[2] and " text_cnn " in lines[1] and " free " in lines[1]
    assert lines[3] == "these were tested on different data: their accuracies cannot be compared"


def test_data_sets_of_one_file_name_are_told_apart_by_their_test_examples(tmp_path):
    for name in "abc":
        results = RESULTS | {"data": {"digests": {"test": {"labels": "same" if name == "c" else name}}}}
        make_run(tmp_path / name, dataset=f"folder-{name}/reviews.csv", results=results)
    rows = compare([tmp_path / "a", tmp_path / "b"])
    assert {row["dataset"] for row in rows} == {"reviews.csv"}
    different = "these were tested on different data: their accuracies cannot be compared"
    assert different in table(rows).splitlines()
    assert different not in table(compare([tmp_path / "c"])).splitlines()


def test_how_networks_were_drawn_is_told_where_it_is_not_usual(tmp_path):
    for name, settings in (("a", {"initialisation": ["orthogonal", "torch"]}), ("b", {})):
        results = json.loads(json.dumps(RESULTS))
        random = results["evaluation"]["random"]
        results["evaluation"] |= {"random, torch*2": random | {"mean": 0.31, "test_examples": 6}}
        make_run(tmp_path / name, init="random", results=results, **settings)
    made, usual = (table(compare([tmp_path / name])).splitlines() for name in "ab")
    assert (
        "random, orthogonal, torch  " in made[1] and "random, torch*2 (made for random, orthogonal, torch)" in made[3]
    )
    assert "random, torch*2 (made for random)" in usual[3]
    lines = matrix_table([tmp_path / "a", tmp_path / "b"]).splitlines()
    assert lines[0] == "fresh networks of the set's own kind by their initialisation, test accuracy in percent"
    cells = [re.split(r" {2,}", line.strip()) for line in lines[1:4]]
    assert cells[0][1:] == ["orthogonal, torch", "torch*2", "xavier_normal"]
    assert cells[1] == [f"{tmp_path / 'a'} (orthogonal, torch)", "58.0", "31.0", "–"]
    assert cells[2] == [f"{tmp_path / 'b'} (xavier_normal)", "–", "31.0", "58.0"]
    assert lines[4] == f"{tmp_path / 'a'} torch*2 on 6 of 60 test examples" and len(lines) == 9
    assert lines[-2:] == [f"{tmp_path / name}: 75 s to distil" for name in "ab"]


def test_a_matrix_of_different_data_is_said_to_be(tmp_path):
    for name, dataset in (("a", "tiny"), ("b", "other")):
        row = {"mean": 0.5, "sd": 0.0, "networks": 1, "test_examples": 60, "test_split": 60, "interval": [0, 1]}
        row |= {"train_seconds": 1, "validation_accuracy": 0.5, "seed": 0}
        results = RESULTS | {"transfer": {"gru": {"plain": {"set": row}}}}
        make_run(tmp_path / name, dataset=dataset, results=results)
    said = "these were tested on different data: their accuracies cannot be compared"
    assert said in matrix_table([tmp_path / "a", tmp_path / "b"]).splitlines()
    assert said not in matrix_table([tmp_path / "a"])


def test_compare_of_a_folder_without_a_run_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no distilled set"):
        compare([tmp_path])
