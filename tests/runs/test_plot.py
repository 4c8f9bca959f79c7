"""Figures of runs are written into the folders where they belong."""

import re
import struct
import sys
import xml.etree.ElementTree as ET

import pytest
import yaml
from command import distil_command, tdd
from finished_run import RESULTS, make_run

from tdd.errors import TddError, UsageError
from tdd.publishing.card import card, write_card
from tdd.runs.plot import draw_run, plot_runs
from tdd.system.reporter import Reporter


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
    names = ["curves", "labels", "learning-rates", "networks"]
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


def test_accuracy_is_drawn_against_n_only_where_there_are_several(tmp_path):
    for name in ("one", "another"):
        make_run(tmp_path / name, 4)
    paths = plot_runs([tmp_path / "one", tmp_path / "another"], tmp_path / "out")
    assert paths[-1] == tmp_path / "out" / "curves-of-runs.png"


def test_data_sets_of_one_file_name_have_no_figure_in_common(tmp_path):
    for n, digest in ((2, "one"), (4, "another")):
        results = RESULTS | {"data": {"digests": {"test": {"labels": digest}}}}
        make_run(tmp_path / str(n), n, dataset=f"{digest}/reviews.csv", results=results)
    paths = plot_runs([tmp_path / "2", tmp_path / "4"], tmp_path / "out")
    assert "accuracy-against-n.png" not in {path.name for path in paths}


def test_what_is_drawn_of_several_runs_lies_in_the_folder_of_none_and_on_the_card_of_none(tmp_path):
    runs = [tmp_path / "runs" / f"run-{n}" for n in (2, 4)]
    for run, n in zip(runs, (2, 4), strict=True):
        write_card(make_run(run, n), run)
    assert plot_runs(runs)[-1] == tmp_path / "runs" / "figures" / "accuracy-against-n.png"
    for run in runs:
        assert {path.stem for path in (run / "figures").iterdir()} == {"curves", "learning-rates", "labels", "networks"}


def test_a_card_in_a_run_folder_names_files_that_are_there_alone(tmp_path):
    distilled = make_run(tmp_path)
    write_card(distilled, tmp_path)
    front = yaml.safe_load((tmp_path / "README.md").read_text().split("---\n")[1])
    assert "configs" not in front and "configs" in yaml.safe_load(card(distilled, "me/set").split("---\n")[1])
    text = (tmp_path / "README.md").read_text()
    assert "](figures/" not in text
    for name in ("train.py", "network.py", "tokenizer.json"):
        assert f"`{name}`" not in text and f"`{name}`" in card(distilled, "me/set"), name
    draw_run(tmp_path, Reporter(quiet=True))
    write_card(distilled, tmp_path)
    shown = re.findall(r"!\[.*\]\((.*)\)", (tmp_path / "README.md").read_text())
    assert len(shown) == 4 and all((tmp_path / name).is_file() for name in shown)


def test_a_run_draws_its_figures_and_without_matplotlib_says_so_in_a_line(given, tmp_path, monkeypatch):
    assert tdd(*distil_command(*given, tmp_path / "drawn")).code == 0
    assert {"curves.png", "labels.png"} <= {path.name for path in (tmp_path / "drawn" / "figures").iterdir()}
    assert "](figures/curves.png)" in (tmp_path / "drawn" / "README.md").read_text()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = tdd(*distil_command(*given, tmp_path / "plain"))
    assert done.code == 0 and done.err.count("note: no figures: figures are drawn by matplotlib") == 1
    assert not (tmp_path / "plain" / "figures").exists()


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
    assert [path.stem for path in plot_runs([tmp_path])] == ["curves", "labels", "learning-rates"]


def test_hostile_class_names_are_drawn_as_text(tmp_path):
    distilled = make_run(tmp_path)
    distilled.classes = ["$\\frac{", "\x1b[31m" + "long " * 30]
    distilled.save_pretrained(tmp_path)
    assert plot_runs([tmp_path])
