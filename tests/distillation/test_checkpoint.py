"""A checkpoint goes on with the recipe and the data it was made from, and with no other."""

import json

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation import trainee
from tdd.distillation.checkpoint import OuterState
from tdd.distillation.distiller import Distiller
from tdd.distillation.kept_networks import KeptNetworks
from tdd.distillation.outer_update import adam
from tdd.distillation.schedule import Schedule
from tdd.errors import TddError
from tdd.settings.recipe import Recipe
from tdd.system.tensor_files import load_tensors, save_tensors


def test_a_checkpoint_of_another_recipe_or_of_other_data_is_refused(tmp_path):
    path = tmp_path / "last.safetensors"
    Distiller(tiny_recipe(), tiny_corpus(), path).run()
    for recipe, corpus, told in (
        (tiny_recipe(samples_lr=0.5), tiny_corpus(), r"another recipe \(samples_lr: 0\.1 there, 0\.5 now\)"),
        (tiny_recipe(), tiny_corpus(seed=1), r"other data \(other texts, labels or splits\)"),
    ):
        with pytest.raises(TddError, match=f"belongs to {told}; resume with what it was made with"):
            Distiller(recipe, corpus, path)


def test_a_checkpoint_outlives_settings_that_came_up_after_it(tmp_path):
    class Later(Recipe):
        later: int = 3

    corpus, file, recipe = tiny_corpus(), tmp_path / "state", tiny_recipe(outer_steps=2)
    Distiller(recipe, corpus, file).run()
    assert Distiller(Later(**recipe.model_dump()), corpus, file).state.step == 2
    with pytest.raises(TddError, match="belongs to another recipe"):
        Distiller(Later(**recipe.model_dump(), later=4), corpus, file)


def test_a_checkpoint_of_other_names_is_none_of_this_run(tmp_path):
    corpus, file, recipe = tiny_corpus(), tmp_path / "state", tiny_recipe(outer_steps=2)
    Distiller(recipe, corpus, file).run()
    tensors, metadata = load_tensors(file)
    about = json.loads(metadata["tdd"])
    for changed in (about | {"pace": 3}, {name: value for name, value in about.items() if name != "threads"}):
        save_tensors(file, tensors, {"tdd": json.dumps(changed)})
        with pytest.raises(TddError, match=r"is not a checkpoint of this run .*; start again in a new folder"):
            Distiller(recipe, corpus, file)


def test_all_that_is_loaded_lies_on_the_device_that_it_was_asked_for_on(tmp_path):
    file = tmp_path / "last.safetensors"
    saved = Distiller(tiny_recipe(momentum=0.3), tiny_corpus(), file)
    saved.run()
    assert saved.state.best and saved.state.best["samples"].device.type == "cpu"
    learned = {name: value.detach().to("meta").requires_grad_() for name, value in saved.state.learned.items()}
    state = OuterState.at_start(learned, adam(learned, Recipe(), pretrained=False), Schedule.of(Recipe(outer_steps=12)))
    state.kept = [KeptNetworks()]
    state.load(file, saved.made_from)
    assert state.step == 12 and state.best_accuracy == saved.state.best_accuracy
    assert state.best.keys() == learned.keys()
    for group in (state.learned, state.average, state.best):
        assert {value.device.type for value in group.values()} == {"meta"}
    for value in state.learned.values():
        moments = state.optimiser.state[value]
        assert {moments[name].device.type for name in ("exp_avg", "exp_avg_sq")} == {"meta"}
        assert moments["step"].device.type == "cpu"  # where Adam keeps it


class Found(float):
    """What a validation found."""

    def score(self, metric):
        return torch.tensor(self)


@pytest.mark.parametrize("samples", ["free", "words"])
def test_the_best_set_of_a_resumed_run_is_that_of_the_run(tmp_path, monkeypatch, samples):
    recipe = tiny_recipe(samples=samples, samples_lr=2.0)
    found = iter([0.5, 0.9, 0.7])
    monkeypatch.setattr(trainee, "counts_by_all", lambda *given, **named: Found(next(found)))
    whole = Distiller(recipe, tiny_corpus(), tmp_path / "last")
    best = whole.run()
    assert (whole.state.best_step, whole.state.step) == (10, 12)
    assert not torch.equal(whole.state.best["samples"], whole.state.average["samples"])
    assert torch.equal(Distiller(recipe, tiny_corpus(), tmp_path / "last").best().samples, best.samples)
