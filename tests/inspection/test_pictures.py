"""A set of images is shown in figures, in a terminal and as JSON, with the classes its labels weigh most."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.inspection.picture_figures import save_pictures
from tdd.inspection.pictures import pictures, render
from tdd.inspection.show import show
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


@pytest.fixture
def few() -> DistilledSet:
    """Two steps of ten random images each, of ten classes."""
    recipe = Recipe(dataset="digits", network="lenet", n=20, steps=2)
    samples, labels = torch.randn(2, 10, 1, 8, 8, generator=generator(0)), torch.eye(10).repeat(2, 1, 1)
    source = {"dataset": "digits", "pixel_mean": "0.3", "pixel_sd": "0.4"}
    return DistilledSet(samples, labels, torch.ones(1, 2), list("0123456789"), recipe, source)


def test_a_figure_for_each_step_is_written(tmp_path, few):
    paths = save_pictures(few, tmp_path)
    assert [path.name for path in paths] == ["step-0.png", "step-1.png"]
    with Image.open(paths[0]) as image:
        assert image.width > 1000
    again = save_pictures(few, tmp_path / "again")
    assert again[0].read_bytes() == paths[0].read_bytes()
    odd = replace(few, classes=["costs $1 or $2", "a_very^long name of a class", *few.classes[2:]])
    assert save_pictures(odd, tmp_path, "svg")[0].read_text().startswith("<?xml")


def test_titles_are_the_three_largest_labels(few):
    few.labels[0, 0] = torch.tensor([0.1, -2, 0.5, 1.25, 0, 0, 0, 0, 0, 0])
    assert pictures(few)[0].title() == ["3 +1.25", "2 +0.50", "0 +0.10"]
    assert [(one.step, one.index) for one in pictures(few)[9:11]] == [(0, 9), (1, 0)]


def test_a_terminal_shows_half_blocks_or_shades(few):
    few.samples[0, 0] = 1e3
    few.samples[0, 1] = -1e3
    colored = render(pictures(few, 2), "table", color=True, columns=80)
    assert colored.count("▀") == 2 * 8 * 4
    assert "\x1b[38;2;255;255;255;48;2;255;255;255m▀" in colored
    plain = render(pictures(few), "table", columns=50)
    assert max(map(len, plain.splitlines())) <= 50
    assert "@@@@@@@@" in plain
    assert "\x1b" not in plain


def test_decode_shows_whatever_a_set_holds(few):
    assert show(few, format="text").splitlines()[0].startswith("0\t0\t")
    found = json.loads(show(few, format="json", first=3))
    assert len(found) == 3
    assert np.shape(found[0]["pixels"]) == (8, 8, 1)
    assert len(found[0]["label"]) == 10


def test_a_set_that_does_not_say_how_it_was_normalised_is_refused(few):
    damaged = DistilledSet(few.samples, few.labels, few.learning_rates, few.classes, few.recipe, {"pixel_mean": "x"})
    with pytest.raises(TddError, match="does not say how its pixels were normalised"):
        pictures(damaged)


def test_a_set_of_sentences_has_no_pictures(few):
    sentences = DistilledSet(
        torch.randn(1, 2, 5, 4, generator=generator(0)), few.labels, few.learning_rates, [], few.recipe
    )
    with pytest.raises(UsageError, match="does not hold images"):
        pictures(sentences)
