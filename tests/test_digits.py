"""The embedded digits are distilled, resumed and tested by the same path as text."""

import pytest
import torch
from test_distiller import assert_same_bits

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distillation.memory import predicted_peak
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.inspection.pictures import pictures
from tdd.runs.distill import distill
from tdd.settings.recipe import Recipe


def recipe_for(**settings):
    defaults = {
        "dataset": "digits",
        "network": "lenet",
        "n": 10,
        "outer_steps": 6,
        "batch_size": 32,
        "learning_rate": 0.1,
        "samples_lr": 0.1,
        "validate_every": 3,
        "checkpoint_every": 2,
        "max_validation": 50,
        "networks_at_once": 2,
        "validation_networks": 2,
    }
    return Recipe(**(defaults | settings))


@pytest.fixture(scope="module")
def digits():
    return load_corpus(recipe_for())


def test_digits_come_with_a_package_and_a_stratified_test_split(digits):
    assert digits.classes == list("0123456789")
    assert [len(part) for part in (digits.train, digits.validation, digits.test)] == [1295, 143, 359]
    assert digits.test.labels.bincount().min() >= 34
    assert digits.train.sample_shape == (1, 8, 8)
    assert digits.describe().endswith("10 classes; 8 x 8 grey images")
    assert load_corpus(recipe_for()).fingerprint == digits.fingerprint


def test_batches_read_every_image_once_or_some_spread_evenly(digits):
    assert sum(len(batch) for batch in digits.test.batches(100)) == 359
    some = torch.cat([batch.labels for batch in digits.test.batches(7, most=30)])
    assert len(some) == 30


def test_a_few_steps_beat_chance_clearly(digits):
    distilled = Distiller(recipe_for(outer_steps=70, epochs=3, batch_size=64), digits).run()
    assert evaluate(distilled, digits.test).mean > 0.4


@pytest.mark.parametrize("settings", [{}, {"init": "random", "networks": 2}])
def test_a_stopped_run_goes_on_bit_by_bit(tmp_path, digits, settings):
    recipe = recipe_for(**settings)
    whole = Distiller(recipe, digits).run()
    seen = []
    stopped = Distiller(
        recipe, digits, tmp_path / "c", on_progress=lambda p: seen.append(p.step), should_stop=lambda: len(seen) == 4
    )
    with pytest.raises(Interrupted):
        stopped.run()
    assert_same_bits(Distiller(recipe, digits, tmp_path / "c").run(), whole)


def test_fewer_images_than_classes_carry_several_classes_each(digits):
    distilled = Distiller(recipe_for(n=5, outer_steps=3), digits).run()
    assert distilled.samples.shape == (1, 5, 1, 8, 8)
    assert (distilled.labels[0].sort(dim=1).values[:, -2:] > 0.2).all()


def test_a_run_folder_keeps_the_normalisation_and_is_tested_on_the_whole_split(tmp_path):
    distill(recipe_for(outer_steps=2), tmp_path / "run")
    again = DistilledSet.from_pretrained(tmp_path / "run")
    assert again.results["evaluation"]["fixed"]["test_examples"] == 359
    assert len(pictures(again)) == 10


def test_predicted_memory_grows_with_what_is_held(digits):
    plain = predicted_peak(recipe_for(), digits)
    whole = predicted_peak(recipe_for(unroll="autograd", epochs=20), digits)
    step_by_step = predicted_peak(recipe_for(unroll="rematerialised", epochs=20), digits)
    assert plain < step_by_step < whole
    assert predicted_peak(recipe_for(batch_size=1000), digits) > plain
    assert predicted_peak(recipe_for(unroll="autograd", epochs=20, window=5), digits) < whole
    assert predicted_peak(recipe_for(unroll="rematerialised", epochs=20, momentum=0.5), digits) > step_by_step


def test_a_text_network_is_refused(digits):
    with pytest.raises(UsageError, match="text_cnn reads text and the data are images"):
        Distiller(recipe_for(network="text_cnn"), digits)
