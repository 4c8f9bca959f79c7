"""Runs side by side."""

import pytest
from finished_run import make_run

from tdd.errors import UsageError
from tdd.runs.compare import compare, table


def test_compare_has_a_row_for_each_initialisation(tmp_path):
    make_run(tmp_path / "a", init="random")
    make_run(tmp_path / "b", n=2, results={})
    rows = compare([tmp_path / "a", tmp_path / "b"])
    assert [row["init"] for row in rows] == ["random", "fixed", None]
    assert rows[0] | {"run": ""} == {
        **{"run": "", "dataset": "tiny", "network": "text_cnn", "n": 4, "steps": 2, "per_step": 2, "epochs": 1},
        **{"made_for": "random", "init": "random", "accuracy": 0.58, "sd": 0.057, "networks": 5, "full": 0.875},
        **{"momentum": None, "ratio": 0.58 / 0.875, "outer_steps": 5, "seconds": 75.0},
        **{"vectors": "glove-6b-50d", "samples": "free", "seed": 0, "tested_on": ["tiny", None, 60]},
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


def test_compare_of_a_folder_without_a_run_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no distilled set"):
        compare([tmp_path])
