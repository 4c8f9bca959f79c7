"""Figures show the numbers that were logged."""

import pytest
import torch
from finished_run import LOG, make_run

from tdd.inspection.curves_figure import draw_curves
from tdd.inspection.figures import draw_accuracy_against_n, draw_labels, draw_learning_rates, draw_networks
from tdd.runs.compare import compare, table


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
    assert xy(axes.lines[0]) == (list(range(6)), pytest.approx(distilled.learning_rates[0].tolist()))
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
