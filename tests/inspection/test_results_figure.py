"""The figure of a results table shows the measured and the published accuracies."""

import pytest

from tdd.errors import UsageError
from tdd.inspection.results_figure import Point, draw_results

POINTS = [
    Point("IMDB", "fixed", 20, 0.85, 0.01, 0.75, 0.86),
    Point("IMDB", "fixed", 2, 0.83, 0.02, None, 0.84),
    Point("IMDB", "random", 2, 0.74, 0.0, None, None),
    Point("IMDB", "random", 20, None, 0.0, 0.73, None),
    Point("SST-5", "fixed", 50, 0.4, 0.0, 0.37, None),
]


def test_lines_go_through_what_was_measured_and_the_published_stands_beside():
    figure = draw_results(POINTS)
    (axes,) = figure.axes
    assert figure.get_suptitle().startswith("Test accuracy against the number of distilled samples\nwhole test split; ")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("distilled samples n", "test accuracy (%)")
    assert axes.get_title() == "IMDB"
    lines = {str(line.get_label()): line for line in axes.lines}
    measured = {bars.get_label(): bars.lines[0] for bars in axes.containers}
    assert list(measured) == ["fixed", "fixed, published", "random"]
    assert list(measured["fixed"].get_xdata()) == [2, 20]
    assert list(measured["fixed"].get_ydata()) == pytest.approx([83, 85])
    assert list(measured["random"].get_xdata()) == [2]
    assert list(measured["fixed, published"].get_ydata()) == pytest.approx([75])
    assert list(lines["all the data"].get_ydata()) == pytest.approx([86, 86])


def test_nothing_to_draw_is_said():
    with pytest.raises(UsageError, match="no data set has results at several n"):
        draw_results(POINTS[2:])
