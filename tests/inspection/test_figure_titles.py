"""Every figure says what it shows and of which set, and gives a class the colour that it has on the page."""

import pytest
import torch
from finished_run import LOG, make_run
from tiny_images import tiny_images

from tdd.distillation.distiller import Distiller
from tdd.inspection.colors import class_color
from tdd.inspection.confusion_figure import draw_confusion
from tdd.inspection.curves_figure import draw_curves, draw_curves_of_runs
from tdd.inspection.figure_title import about_recipe, about_set
from tdd.inspection.figures import draw_accuracy_against_n, draw_labels, draw_learning_rates, draw_networks
from tdd.inspection.picture_figures import draw_pictures, save_pictures
from tdd.inspection.pictures import pictures


def title(figure) -> list[str]:
    return figure.get_suptitle().split("\n")


def test_titles_tell_data_n_network_and_accuracy(tmp_path):
    distilled = make_run(tmp_path, init="random")
    about = about_set(distilled)
    assert about == (
        "tiny, n = 4 (2 × 2), text_cnn, random initialisation: test accuracy 58.00 ± 5.70 % (all the data 87.50 %)"
    )
    for draw in (draw_learning_rates, draw_labels, draw_networks):
        what, *lines = title(draw(distilled))
        assert what and ": ".join(lines) == about
    assert title(draw_curves(LOG, about))[0] == "Learning curves"
    figure = draw_accuracy_against_n([distilled])
    assert title(figure)[1] == "networks trained on the sets: text_cnn; ± standard deviation over networks"
    assert figure.axes[0].get_title() == "tiny" and figure.axes[0].get_ylabel() == "test accuracy (%)"


def test_a_title_names_no_folder_and_a_run_without_a_set_has_no_accuracy(tmp_path):
    distilled = make_run(tmp_path, dataset="/home/someone/films.csv", samples="words")
    assert about_set(distilled).startswith("films.csv, n = 4 (2 × 2), text_cnn, fixed initialisation, real words: ")
    assert about_recipe(distilled.recipe) == "films.csv, n = 4, text_cnn, fixed initialisation, real words"


def test_a_class_has_its_colour_in_figures_too(tmp_path):
    distilled = make_run(tmp_path)
    expected = [class_color(0), class_color(1)]
    assert [line.get_color() for line in draw_labels(distilled).axes[0].lines if line.get_marker() == "s"] == expected
    figure = draw_confusion({"confusion": [[3, 1], [0, 4]]}, distilled.classes, "about")
    marked = [line.get_color() for line in figure.axes[0].lines]
    assert sorted(marked) == sorted(2 * expected) and title(figure)[1] == "about"


@pytest.fixture
def images():
    """Five steps of two images."""
    from tiny import tiny_recipe

    return Distiller(tiny_recipe(n=10, steps=5, network="lenet", options={}), tiny_images()).best()


def test_pictures_have_the_frame_of_their_class_and_three_of_many_steps_stand_together(tmp_path, images):
    paths = save_pictures(images, tmp_path)
    assert [path.stem for path in paths] == [*(f"step-{step}" for step in range(5)), "samples"]
    chosen = [[each for each in pictures(images) if each.step == step] for step in (0, 2, 4)]
    figure = draw_pictures(chosen, "what", "about")
    assert [axes.get_ylabel() for axes in figure.axes] == ["step 0", "", "step 2", "", "step 4", ""]
    top = images.labels[[0, 2, 4]].flatten(0, 1).argmax(1).tolist()
    from matplotlib.colors import to_hex

    assert [to_hex(axes.spines["top"].get_edgecolor()) for axes in figure.axes] == [class_color(c) for c in top]
    assert title(figure) == ["what", "about"]


def test_curves_of_several_runs_are_told_apart_and_named(tmp_path):
    logs = [(f"run {place}", LOG) for place in range(9)]
    figure = draw_curves_of_runs(logs)
    loss, accuracy = figure.axes
    looks = {(line.get_color(), line.get_linestyle()) for line in loss.lines}
    assert len(looks) == 9 and looks == {(line.get_color(), line.get_linestyle()) for line in accuracy.lines}
    assert [text.get_text() for text in figure.legends[0].texts] == [name for name, _ in logs]
    validated = [100 * entry["validation_accuracy"] for entry in LOG if entry["validation_accuracy"] is not None]
    assert list(accuracy.lines[3].get_ydata()) == pytest.approx(validated)
    assert torch.tensor(loss.lines[0].get_ydata()).isfinite().all()
