"""Figures show the numbers that were logged; tables and reports say what they should and no more."""

import json
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
import torch
from command import distil_command, tdd, write_data, write_vectors
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.run_log import read_log
from tdd.errors import TddError, UsageError
from tdd.inspection.figures import draw_accuracy_against_n, draw_curves, draw_labels, draw_learning_rates, draw_networks
from tdd.runs.compare import compare, table
from tdd.runs.plot import plot_runs
from tdd.system.environment import environment

ACCURACIES = [0.5, 0.55, 0.6, 0.6, 0.65]
TESTED = {"test_examples": 60, "test_split": 60}
RESULTS = {
    "distillation": {"outer_steps": 5, "seconds": 75.0},
    "evaluation": {
        "random": {"mean": 0.58, "sd": 0.057, "networks": 5, "accuracies": ACCURACIES, **TESTED},
        "fixed": {"mean": 0.7, "sd": 0.0, "networks": 1, "accuracies": [0.7], **TESTED},
    },
    "full_data": {"accuracy": 0.875},
    "baselines": {"random": {"mean": 0.4, "sd": 0.02}, "knn_kmeans": {"mean": 0.45, "sd": 0.0}},
}
LOG = [
    {
        "step": step,
        "outer_loss": 1 / step,
        "validation_accuracy": step / 100 if step % 5 == 0 else None,
        "best_accuracy": step / 90,
    }
    for step in range(1, 61)
]


def make_run(folder, n=4, results=RESULTS, log=LOG, **settings):
    distilled = Distiller(tiny_recipe(n=n, **settings), tiny_corpus()).best()
    distilled.results = json.loads(json.dumps(results))
    distilled.save_pretrained(folder)
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in log))
    return distilled


def xy(line):
    return [float(x) for x in line.get_xdata()], [float(y) for y in line.get_ydata()]


def test_curves_are_the_logged_losses_and_accuracies():
    loss, accuracy = draw_curves(LOG).axes
    assert xy(loss.lines[0]) == ([e["step"] for e in LOG], [e["outer_loss"] for e in LOG])
    _, smooth = xy(loss.lines[1])
    assert smooth[10] == pytest.approx((LOG[9]["outer_loss"] + LOG[10]["outer_loss"]) / 2)
    steps = [5 * i for i in range(1, 13)]
    assert xy(accuracy.lines[0]) == (steps, pytest.approx(steps))
    assert xy(accuracy.lines[1])[1] == pytest.approx([step / 0.9 for step in steps])


def test_a_run_without_a_validation_has_curves_too():
    loss, accuracy = draw_curves([LOG[0]]).axes
    assert len(loss.lines) == 1 and xy(accuracy.lines[0]) == ([], [])


def test_learning_rates_are_those_of_the_set(tmp_path):
    distilled = make_run(tmp_path, epochs=3)
    (axes,) = draw_learning_rates(distilled).axes
    assert xy(axes.lines[0]) == (list(range(6)), pytest.approx(distilled.learning_rates.tolist()))
    assert [text.get_text() for text in axes.get_legend().texts] == ["learned", "start", "next epoch"]


def test_the_rate_of_a_single_step_has_a_single_place(tmp_path):
    (axes,) = draw_learning_rates(make_run(tmp_path, steps=1)).axes
    least, most = axes.get_xlim()
    assert [at for at in axes.get_xticks() if least <= at <= most] == [0]


def test_learned_momentum_stands_above_the_rates_and_beside_the_steps(tmp_path):
    plain = make_run(tmp_path / "plain")
    with_it = make_run(tmp_path / "with", momentum=0.5)
    with_it.momentum = torch.tensor(0.875)
    with_it.save_pretrained(tmp_path / "with")
    titles = [draw_learning_rates(each).axes[0].get_title() for each in (plain, with_it)]
    assert titles == ["", "learned momentum 0.88"]
    rows = compare([tmp_path / "plain", tmp_path / "with"])
    assert [row["momentum"] for row in rows] == [None, None, 0.875, 0.875]
    shown = table(rows)
    assert shown.count("2 x 2 x 1, momentum 0.88") == 2 and shown.count("2 x 2 x 1") == 4


def test_the_heat_map_holds_the_labels_with_zero_in_the_middle(tmp_path):
    distilled = make_run(tmp_path)
    distilled.labels = torch.tensor([[[0.5, -2.0], [1.0, 0.0]], [[0.0, 1.0], [0.25, 0.75]]])
    axes = draw_labels(distilled).axes[0]
    (image,) = axes.images
    assert image.get_array().tolist() == distilled.labels.flatten(0, 1).tolist()
    assert image.get_clim() == (-2.0, 2.0)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == distilled.classes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0.0", "0.1", "1.0", "1.1"]
    assert [text.get_text() for text in axes.texts][:2] == ["0.50", "-2.00"]


def test_the_histogram_counts_every_network(tmp_path):
    figure = draw_networks(make_run(tmp_path))
    (axes,) = figure.axes
    assert sum(bar.get_height() for bar in axes.containers[0]) == 5
    at = [line.get_xdata()[0] for line in axes.lines]
    assert at == pytest.approx([58.0, 70.0, 87.5])
    legend = [text.get_text() for text in figure.legends[0].texts]
    assert legend == ["mean 58.00 ± 5.70 %", "fixed initialisation 70.00 %", "all the data 87.50 %"]


def test_accuracy_against_n_has_a_panel_for_each_data_set_and_a_line_for_each_kind(tmp_path):
    sets = [make_run(tmp_path / str(n), n) for n in (8, 4, 2)] + [make_run(tmp_path / "other", dataset="other$")]
    panel, other = draw_accuracy_against_n(sets).axes
    lines = {container.get_label(): container.lines[0] for container in panel.containers}
    assert xy(lines["distilled, random"]) == ([2, 4, 8], pytest.approx([58.0] * 3))
    assert xy(lines["random real"]) == ([2, 4, 8], pytest.approx([40.0] * 3))
    assert xy(lines["nearest neighbours, k-means"])[1] == pytest.approx([45.0] * 3)
    level = [line for line in panel.lines if line.get_label() == "all the data"]
    assert level[0].get_ydata()[0] == pytest.approx(87.5)
    assert (panel.get_title(), other.get_title()) == ("tiny", r"other\$")


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
    assert paths[-1] == tmp_path / "out" / "accuracy-against-n.png"
    assert {path.parent.name for path in paths[:-1]} == {"run-2", "run-4"}
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


def test_a_log_may_end_in_a_line_that_is_being_written_and_nowhere_else_be_damaged(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "outer_loss": 2.0}\n{"step": 2, "out')
    assert [entry["step"] for entry in read_log(path)] == [1]
    path.write_text('{"step": 1, "outer_loss": 2.0}\nnonsense\n{"step": 3, "outer_loss": 2.0}\n')
    with pytest.raises(TddError, match="damaged in line 2"):
        read_log(path)


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


# Runs side by side


def test_compare_has_a_row_for_each_initialisation(tmp_path):
    make_run(tmp_path / "a", init="random")
    make_run(tmp_path / "b", n=2, results={})
    rows = compare([tmp_path / "a", tmp_path / "b"])
    assert [row["init"] for row in rows] == ["random", "fixed", None]
    assert rows[0] | {"run": ""} == {
        **{"run": "", "dataset": "tiny", "network": "text_cnn", "n": 4, "steps": 2, "per_step": 2, "epochs": 1},
        **{"made_for": "random", "init": "random", "accuracy": 0.58, "sd": 0.057, "networks": 5, "full": 0.875},
        **{"momentum": None, "ratio": 0.58 / 0.875, "outer_steps": 5, "seconds": 75.0},
    }
    lines = table(rows).splitlines()
    assert len(lines) == 4
    assert "58.00 ± 5.70 %" in lines[1] and "66.29 %" in lines[1] and "75 s" in lines[1]
    assert "fixed (made for random)" in lines[2]
    assert lines[3].split()[-1] == "-"


def test_compare_of_a_folder_without_a_run_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no distilled set"):
        compare([tmp_path])


# Bug reports and completion


def test_the_environment_tells_versions_and_device_and_nobody(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "someone"))
    monkeypatch.setenv("HOME", "/home/someone")
    found = environment()
    assert found["torch"] == torch.__version__ and found["tdd"] and found["device"] and found["cache"] == "0 MB"
    assert "HF_TOKEN" in found["set variables"]
    text = json.dumps(found)
    import platform

    for secret in ("hf_secret", "someone", platform.node()):
        assert not secret or secret not in text


def test_completion_is_offered_for_every_verb():
    command = [sys.executable, "-m", "tdd", "--show-completion", "bash"]
    assert "tdd" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_verbs_work_on_a_run_from_the_command_line(tmp_path):
    run = tmp_path / "run"
    command = distil_command(write_data(tmp_path / "films.csv"), write_vectors(tmp_path / "vectors.txt"), run)
    assert tdd(*command).code == 0
    done = tdd("evaluate", run, "--decoded", "--networks", "2", "--json")
    assert set(json.loads(done.out)["decoded"]) == {"fixed", "random"}
    page = tmp_path / "out" / "page.html"
    assert tdd("decode", run, "--format", "html", "--output", page).out == f"written: {page}\n"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert tdd("decode", run, "--format", "html").out == page.read_text(encoding="utf-8")
    assert str(run / "figures" / "networks.png") in tdd("plot", run).out.splitlines()
    assert json.loads(tdd("compare", run, "--json").out)[0]["dataset"] == "films.csv"
    assert "films.csv" in tdd("compare", run).out
    assert "text-classification" in tdd("train", run, "--output", tmp_path / "model").out
    assert tdd("train", run, "--output", tmp_path / "model").code == 2
    assert json.loads(tdd("env", "--json").out)["torch"] == torch.__version__
