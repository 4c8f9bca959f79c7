"""Figures of runs are written into the folders where they belong."""

import struct
import sys
import xml.etree.ElementTree as ET

import pytest
from finished_run import make_run

from tdd.errors import TddError, UsageError
from tdd.runs.plot import plot_runs


def kind(path):
    content = path.read_bytes()
    if content.startswith(b"\x89PNG"):
        assert struct.unpack(">I", content[16:20])[0] == 1100  # 5.5 inches at 200 dots an inch
        return "png"
    assert ET.fromstring(content).tag.endswith("svg")
    return "svg"


@pytest.mark.parametrize("format", ["png", "svg"])
def test_every_figure_is_written_into_the_run_and_the_same_each_time(tmp_path, format):
    run = tmp_path / "run"
    make_run(run)
    paths = plot_runs([run], format=format)
    names = ["curves", "learning-rates", "labels", "networks"]
    assert paths == [run / "figures" / f"{name}.{format}" for name in names]
    assert {kind(path) for path in paths} == {format}
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in plot_runs([run], format=format)] == before


def test_several_runs_get_folders_of_their_own_and_a_common_figure(tmp_path):
    for n in (2, 4):
        make_run(tmp_path / f"run-{n}", n)
    paths = plot_runs([tmp_path / "run-2", tmp_path / "run-4"], tmp_path / "out")
    assert paths[-2:] == [tmp_path / "out" / f"{name}.png" for name in ("curves-of-runs", "accuracy-against-n")]
    assert {path.parent.name for path in paths[:-2]} == {"run-2", "run-4"}
    assert all(path.stat().st_size > 1000 for path in paths)


def test_runs_of_the_same_name_are_not_drawn_over_each_other(tmp_path):
    with pytest.raises(UsageError, match="same name"):
        plot_runs([tmp_path / "a" / "run", tmp_path / "b" / "run"], tmp_path / "out")


def test_a_run_that_is_not_finished_gets_its_curves(tmp_path):
    make_run(tmp_path)
    (tmp_path / "distilled.safetensors").unlink()
    assert [path.name for path in plot_runs([tmp_path])] == ["curves.png"]
    (tmp_path / "log.jsonl").unlink()
    with pytest.raises(UsageError, match="nothing to draw yet"):
        plot_runs([tmp_path])


def test_a_folder_without_a_run_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no run in"):
        plot_runs([tmp_path])


def test_without_matplotlib_one_line_says_how_to_get_it(tmp_path, monkeypatch):
    make_run(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(TddError, match="pip install matplotlib"):
        plot_runs([tmp_path])


def test_results_without_the_single_networks_have_no_histogram(tmp_path):
    distilled = make_run(tmp_path)
    del distilled.results["evaluation"]["random"]["accuracies"]
    distilled.save_pretrained(tmp_path)
    assert [path.stem for path in plot_runs([tmp_path])] == ["curves", "learning-rates", "labels"]


def test_hostile_class_names_are_drawn_as_text(tmp_path):
    distilled = make_run(tmp_path)
    distilled.classes = ["$\\frac{", "\x1b[31m" + "long " * 30]
    distilled.save_pretrained(tmp_path)
    assert plot_runs([tmp_path])
