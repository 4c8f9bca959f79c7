"""Samples that are real examples stay what they are; their labels are learned."""

import pytest
import torch
from distilled_sets import assert_same_bits
from resumed import resumed_after
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distillation.samples.start import first_places
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.settings.recipe import Recipe

WAYS = [{}, {"inner": "plain", "inner_steps": [2, 6], "window": 2, "inner_rate": 0.02}]


@pytest.mark.parametrize("ways", WAYS)
@pytest.mark.parametrize("start", ["real", "herding", "k_center", "nearest", "confident"])
def test_texts_stay_and_labels_are_learned(tmp_path, ways, start):
    corpus = tiny_corpus()
    recipe = tiny_recipe(samples="real", no_exchange=True, samples_init=start, sample_length=5, n=6, **ways)
    distiller = Distiller(recipe, corpus)
    before = distiller.best()
    distilled = distiller.run()
    assert torch.equal(distilled.samples, before.samples) and not torch.equal(distilled.labels, before.labels)
    rows = [corpus.train.row(place)[:5].tolist() for place in first_places(recipe, corpus).tolist()]
    assert [[token for token in row if token] for row in distilled.sentences.tokens.flatten(0, 1).tolist()] == rows
    distilled.save_pretrained(tmp_path)
    loaded = DistilledSet.from_pretrained(tmp_path, vectors=corpus.train.vectors)
    assert_same_bits(loaded, distilled)
    assert evaluate(loaded, corpus.test).accuracies == evaluate(distilled, corpus.test).accuracies


@pytest.mark.parametrize("ways", WAYS)
def test_a_stopped_run_goes_on_bit_by_bit(tmp_path, ways):
    corpus, recipe = tiny_corpus(), tiny_recipe(samples="real", no_exchange=True, **ways)
    whole = Distiller(recipe, corpus).run()
    assert_same_bits(resumed_after(5, recipe, corpus, tmp_path / "last.safetensors").run(), whole)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"samples_init": "noise"}, "are training texts"),
        ({"start_from": "x"}, "are training texts"),
        ({"padding": "end"}, "padding is a setting of sentences of words"),
        ({"labels": "hard", "inner": "plain", "no_exchange": True}, "leave nothing to learn"),
    ],
)
def test_what_contradicts_real_examples_is_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        Recipe(samples="real", **settings)
