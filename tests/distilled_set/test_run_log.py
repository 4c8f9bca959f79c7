"""The log of a run is read to its last whole line."""

import pytest

from tdd.distilled_set.run_log import read_log
from tdd.errors import TddError


def test_a_log_may_end_in_a_line_that_is_being_written_and_nowhere_else_be_damaged(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "outer_loss": 2.0}\n{"step": 2, "out')
    assert [entry["step"] for entry in read_log(path)] == [1]
    path.write_text('{"step": 1, "outer_loss": 2.0}\nnonsense\n{"step": 3, "outer_loss": 2.0}\n')
    with pytest.raises(TddError, match="damaged in line 2"):
        read_log(path)
