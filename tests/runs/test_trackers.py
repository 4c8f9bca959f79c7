"""Trackers get the curves and harm nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import distil_command, files_below, tdd
from whole_runs import lines_of


def test_tensorboard_gets_the_curves_in_the_run_folder(given, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    done = tdd(*distil_command(*given, tmp_path / "run"), "--report-to", "tensorboard")
    assert done.code == 0, done.err
    events = EventAccumulator(str(tmp_path / "run" / "tdd")).Reload()
    log = lines_of(tmp_path / "run")
    for name in ("outer_loss", "learning_rate", "validation_accuracy", "best_accuracy"):
        expected = [(line["step"], pytest.approx(line[name])) for line in log if line[name] is not None]
        assert [(event.step, event.value) for event in events.Scalars(name)] == expected
    assert files_below(tmp_path) == ["run", *(f"run/{name}" for name in files_below(tmp_path / "run"))]


def test_trackio_keeps_the_curves_where_it_is_told_to(given, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "tracked"))
    trackio = pytest.importorskip("trackio")
    assert Path(trackio.TRACKIO_DIR) == tmp_path / "tracked"
    done = tdd(*distil_command(*given, tmp_path / "run"), "--report-to", "trackio")
    assert done.code == 0, done.err
    assert (tmp_path / "tracked" / "tdd.db").exists()


@pytest.mark.slow
def test_what_trackio_says_is_not_on_standard_output_not_even_at_the_end_of_the_process(given, tmp_path):
    pytest.importorskip("trackio")
    arguments = [*distil_command(*given, tmp_path / "run", outer_steps=2), "--report-to", "trackio"]
    environment = os.environ | {"TRACKIO_DIR": str(tmp_path / "tracked")}
    done = subprocess.run(
        [sys.executable, "-m", "tdd", *arguments], env=environment, capture_output=True, text=True, check=True
    )
    assert "Trackio" in done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith(f"{tmp_path / 'run'}: n = 4") and "test accuracy" in second


def test_a_tracker_that_is_not_installed_is_said(given, tmp_path, monkeypatch):
    monkeypatch.setattr("tdd.runs.distill.find_spec", lambda name: None)
    done = tdd(*distil_command(*given, tmp_path / "run"), "--report-to", "trackio")
    assert done.err.startswith("tdd: ") and "trackio is not installed: pip install trackio" in done.one_line()
    assert (done.code, files_below(tmp_path)) == (2, [])
