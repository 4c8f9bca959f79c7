"""A checkpoint goes on with the recipe and the data it was made from, and with no other."""

import pytest
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.errors import TddError
from tdd.settings.recipe import Recipe


def test_a_checkpoint_of_another_recipe_or_of_other_data_is_refused(tmp_path):
    path = tmp_path / "last.safetensors"
    Distiller(tiny_recipe(), tiny_corpus(), path).run()
    for recipe, corpus in ((tiny_recipe(samples_lr=0.5), tiny_corpus()), (tiny_recipe(), tiny_corpus(seed=1))):
        with pytest.raises(TddError, match="belongs to another recipe or other data"):
            Distiller(recipe, corpus, path)


def test_a_checkpoint_outlives_settings_that_came_up_after_it(tmp_path):
    class Later(Recipe):
        later: int = 3

    corpus, file, recipe = tiny_corpus(), tmp_path / "state", tiny_recipe(outer_steps=2)
    Distiller(recipe, corpus, file).run()
    assert Distiller(Later(**recipe.model_dump()), corpus, file).state.step == 2
    with pytest.raises(TddError, match="belongs to another recipe"):
        Distiller(Later(**recipe.model_dump(), later=4), corpus, file)
