"""A dry run says of every setting that is none what takes its place, and still loads back to the same recipe."""

from pathlib import Path

import pytest
import yaml
from command import tdd

from tdd.settings.recipe import Recipe, all_settings
from tdd.settings.recipes import resolve_recipe

OF_DATA = {
    "steps": "up to 10 that leave a step a sample for each class, or else as near to 10 as divide n",
    "text_column": "found by its usual names once the data are read",
    "label_column": "found by its usual names once the data are read",
    "sample_length": "max_length",
    "samples_init": "noise for free samples, else real examples",
}


def comments_of(text: str) -> dict[str, str]:
    """What is said of each setting behind its value."""
    lines = [line.partition(": ") for line in text.splitlines() if "  # " in line]
    assert all(rest.startswith("null  # ") for _, _, rest in lines)
    return {name: rest.removeprefix("null  # ") for name, _, rest in lines}


def test_what_the_data_decide_is_said_and_what_is_set_is_not():
    said = comments_of(tdd("distill", "data.csv", "--dry-run").out)
    assert {name: said[name] for name in OF_DATA} == OF_DATA
    assert said["threads"].startswith("one, or torch's own number where")
    arguments = ["--steps", 2, "--text-column", "t", "--label-column", "y", "--threads", 1]
    arguments += ["--set", "sample_length=5", "--set", "samples_init=noise"]
    assert not comments_of(tdd("distill", "data.csv", *arguments, "--dry-run").out).keys() & {*OF_DATA, "threads"}


def test_every_comment_comes_from_its_setting():
    text = Recipe(samples="words", inner="plain", inner_clip=None).to_yaml(comments=True)
    told = {known.name: known.none for known in all_settings() if known.none}
    left_out = {"image_column", "learning_rate"}
    assert comments_of(text) == {name: about for name, about in told.items() if name not in left_out}
    free = comments_of(Recipe().to_yaml(comments=True))
    assert told.keys() - free.keys() == {"image_column", "vocabulary_file", "clip_mean", "inner_clip", "inner_rate"}


@pytest.mark.parametrize(
    ("network", "unsaid"),
    [("text_cnn", {"image_column"}), ("lenet", {"text_column", "sample_length"}), ("python:mine:Net", set())],
)
def test_of_columns_only_those_are_spoken_of_that_the_network_reads(network: str, unsaid: set[str]):
    said = comments_of(Recipe(network=network).to_yaml(comments=True)).keys()
    columns = {"text_column", "image_column", "sample_length"}
    assert said & columns == columns - unsaid and "label_column" in said


@pytest.mark.parametrize(
    "dataset", ["data.csv", "a\nsteps: null", "x\n\nwindow: null\n", "#", "steps: null", "window: null  # all", "null"]
)
def test_what_is_printed_loads_back_to_the_same_recipe(tmp_path: Path, dataset: str):
    settings = {"samples": "words", "excluded_words": ["a", "# b"], "n": 6}
    recipe = Recipe.build({"dataset": dataset, "network": "mean_pool", "options": {"hidden": 7}, **settings})
    assigned = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    done = tdd("distill", dataset, "--network", "mean_pool", "--set", "hidden=7", *assigned, "--dry-run")
    assert done.code == 0, done.err
    path = tmp_path / "printed.yaml"
    path.write_text(done.out)
    assert Recipe.load(path) == recipe == resolve_recipe(None, str(path), [], {})
    assert tdd("distill", "--recipe", path, "--dry-run").out == done.out
    assert len(comments_of(done.out.split("config_name")[1])) > 5


def test_a_recipe_that_is_kept_bears_no_comments(tmp_path: Path):
    Recipe().save(tmp_path / "recipe.yaml")
    assert "#" not in (tmp_path / "recipe.yaml").read_text()
    assert yaml.safe_load(Recipe().to_yaml()) == Recipe().model_dump()
