"""What takes the place of settings that are none: the length of texts, steps, rates, regularisers."""

import pytest

from tdd.settings.from_data import LARGEST_RATE, LEAST_RATE, usual_length, usual_rate, usual_steps
from tdd.settings.recipe import Recipe


@pytest.mark.parametrize(
    ("n", "classes", "steps"),
    [
        *((20, 2, 10), (60, 6, 10), (50, 5, 10), (4, 2, 2), (6, 6, 1), (500, 50, 10)),  # a sample for each class
        *((20, 3, 10), (20, 6, 10), (11, 2, 11), (22, 4, 11), (34, 4, 17), (3, 2, 3), (29, 2, 1)),  # as near to 10
    ],
)
def test_samples_are_split_into_about_ten_steps(n: int, classes: int, steps: int):
    assert usual_steps(n, classes) == steps
    assert Recipe(n=n).split(classes) == (steps, n // steps)


def test_rates_start_larger_for_many_classes():
    assert [usual_rate(classes, False) for classes in (2, 5, 10, 50, 150)] == [0.05, 0.05, 0.1, 0.5, LARGEST_RATE]
    assert usual_rate(10, True) == LEAST_RATE


def test_texts_are_as_long_as_most_are_and_the_network_needs():
    assert [usual_length(quantile, 5) for quantile in (3, 8, 9, 17, 2000)] == [8, 8, 16, 24, 400]
    assert usual_length(3, 20) == 20


def test_regularisers_are_those_that_help_the_network_and_its_samples():
    def of(**settings):
        settled = Recipe(**settings).settled(2)
        return settled.label_smoothing, settled.word_dropout, settled.ema

    assert of() == (0.2, 0.3, 0.99)
    assert of(samples="words") == of(network="gru") == of(network="lenet") == (0.0, 0.0, 0.0)
    assert of(ema=0.5, network="gru") == (0.0, 0.0, 0.5)


@pytest.mark.parametrize("word", ["none", "auto"])
def test_a_number_that_may_be_none_takes_the_word(word: str):
    recipe = Recipe(outer_steps=word, max_length=word, learning_rate=word)
    assert (recipe.outer_steps, recipe.max_length, recipe.learning_rate) == (None, None, None)


def test_a_tab_is_a_separator_however_it_is_told(tmp_path):
    for told in ("\t", "\\t", "tab"):
        recipe = Recipe(delimiter=told)
        recipe.save(tmp_path / "recipe.yaml")
        assert Recipe.load(tmp_path / "recipe.yaml").delimiter == recipe.delimiter == "\t"
