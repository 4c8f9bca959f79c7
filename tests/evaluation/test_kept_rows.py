"""Results of a command of many tests are kept one by one."""

from tdd.evaluation.kept_rows import KeptRows


def test_damaged_rows_are_as_none(tmp_path):
    kept = KeptRows.of(tmp_path, "a set")
    assert kept.get("gru", lambda: {"mean": 1}) == {"mean": 1}
    assert KeptRows.of(tmp_path, "a set").get("gru", lambda: {"mean": 2}) == {"mean": 1}
    assert KeptRows.of(tmp_path, "another").get("gru", lambda: {"mean": 2}) == {"mean": 2}
    for damaged in ("[1", "[1]"):
        kept.path.write_text(damaged)
        assert KeptRows.of(tmp_path, "a set").results == {}
