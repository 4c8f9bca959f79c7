"""The embedded digits are distilled, resumed and tested by the same path as text."""

import pytest
from digits import digits_recipe
from distilled_sets import assert_same_bits
from resumed import resumed_after
from tiny import tiny_corpus, tiny_recipe

from tdd.data.corpus import load_corpus
from tdd.data.protocols import Augmentation, InputSpace
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.inspection.pictures import pictures
from tdd.runs.distill import distill


@pytest.fixture(scope="module")
def digits():
    return load_corpus(digits_recipe())


def test_a_few_steps_beat_chance_clearly(digits):
    distilled = Distiller(digits_recipe(outer_steps=70, epochs=3, batch_size=64), digits).run()
    assert evaluate(distilled, digits.test).mean > 0.4


def test_a_stopped_run_goes_on_bit_by_bit(tmp_path, digits):
    recipe = digits_recipe(init="random", networks=2)
    whole = Distiller(recipe, digits).run()
    assert_same_bits(resumed_after(4, recipe, digits, tmp_path / "last.safetensors").run(), whole)


def test_fewer_images_than_classes_carry_several_classes_each(digits):
    distilled = Distiller(digits_recipe(n=5, steps=1, outer_steps=3), digits).run()
    assert distilled.samples.shape == (1, 5, 1, 8, 8)
    assert (distilled.labels[0].sort(dim=1).values[:, -2:] > 0.2).all()


def test_a_run_folder_keeps_the_normalisation_and_is_tested_on_the_whole_split(tmp_path):
    distill(digits_recipe(outer_steps=2), tmp_path / "run")
    again = DistilledSet.from_pretrained(tmp_path / "run")
    assert again.results["evaluation"]["fixed"]["test_examples"] == 359
    assert len(pictures(again)) == 10


def test_a_text_network_is_refused(digits):
    with pytest.raises(UsageError, match="text_cnn reads text and the data are images"):
        Distiller(digits_recipe(network="text_cnn"), digits)


def test_a_shift_that_moves_images_out_of_sight_is_refused(digits):
    with pytest.raises(UsageError, match="shift: 8 moves images of 8 x 8 pixels out of sight; lower it"):
        Distiller(digits_recipe(shift=8), digits)
    Distiller(digits_recipe(shift=7), digits)
    with pytest.raises(UsageError, match="shift: 6 moves images of 9 x 6 pixels out of sight; lower it"):
        Augmentation(shift=6).check(InputSpace("image", (1, 6, 9)))
    Augmentation(shift=5).check(InputSpace("image", (1, 6, 9)))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"word_dropout": 0.5}, "word_dropout drops words and python:own_networks:Mlp reads images; leave it at 0"),
        (
            {"sample_length": 4},
            "sample_length is that of sentences, and python:own_networks:Mlp reads images; leave it",
        ),
        ({"samples": "words"}, "samples: words makes sentences, and python:own_networks:Mlp reads images: use samples"),
    ],
)
def test_settings_of_text_are_refused_for_images_though_the_network_reads_both(digits, settings, told):
    name = "python:own_networks:Mlp"
    with pytest.raises(UsageError) as caught:
        Distiller(digits_recipe(network=name, **settings), digits, network=name)
    assert str(caught.value).startswith(told)


def test_settings_of_images_are_refused_for_text_though_the_network_reads_both():
    name = "python:own_networks:Mlp"
    with pytest.raises(UsageError, match=f"^shift moves images and {name} reads text; leave it at 0$"):
        Distiller(tiny_recipe(network=name, shift=2), tiny_corpus(), network=name)
