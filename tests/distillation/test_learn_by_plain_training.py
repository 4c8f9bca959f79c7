"""Sets that are learned through plain training: they learn, go on to the bit, and are kept and tested as such."""

import pytest
import torch
from distilled_sets import assert_same_bits
from resumed import resumed_after
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distillation.learned_tensors import first_learned, labels_of, to_learned
from tdd.distillation.loops import plain_loop
from tdd.distillation.samples.free import FreeSamples
from tdd.distillation.trajectory import SetGradient
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.settings.recipe import Recipe
from tdd.settings.recipes import resolve_recipe

PLAIN = {"inner": "plain", "inner_steps": [3, 12], "inner_rate": 0.03, "window": 3, "inner_batch": 3}


def test_a_set_is_learned_and_its_labels_stay_probabilities():
    corpus = tiny_corpus()
    recipe = tiny_recipe(**PLAIN, init="random", networks=2, outer_steps=100, validate_every=25, n=6)
    distiller = Distiller(recipe, corpus)
    before = evaluate(distiller.best(), corpus.test, 8)
    distilled = distiller.run()
    after = evaluate(distilled, corpus.test, 8)
    assert after.mean > 0.85 and after.mean > before.mean + 0.1
    assert distilled.samples.shape[:2] == (1, 6) and (distilled.labels > 0).all()
    torch.testing.assert_close(distilled.labels.sum(-1), torch.ones(1, 6))
    # The step size is the recipe's, and no part of what is learned.
    assert distilled.learning_rates.tolist() == [[pytest.approx(0.03)]]


@pytest.mark.parametrize(
    "settings",
    [
        {"init": "random", "networks": 2, "ema": 0.9},
        {"samples": "words", "padding": "end", "label_pull": 0.5, "window_end": "random"},
        {"pool": ["text_cnn", "mean_pool"], "init": "random"},
        {"labels": "hard", "clip_mean": 1.5},
        {"network": "bag_of_words", "inner_clip": None},
    ],
)
def test_a_stopped_run_goes_on_bit_by_bit(tmp_path, settings):
    if "pool" in settings:
        settings = settings | {"options": {"text_cnn": {"widths": [1, 2], "filters": 5}, "mean_pool": {"hidden": 5}}}
    corpus, recipe = tiny_corpus(), tiny_recipe(**PLAIN, **settings)
    whole = Distiller(recipe, corpus).run()
    assert_same_bits(resumed_after(7, recipe, corpus, tmp_path / "last.safetensors").run(), whole)


def test_a_saved_set_trains_the_same_networks(tmp_path):
    corpus = tiny_corpus()
    distilled = Distiller(tiny_recipe(**PLAIN, outer_steps=5), corpus).run()
    distilled.save_pretrained(tmp_path / "set")
    loaded = DistilledSet.from_pretrained(tmp_path / "set")
    assert evaluate(loaded, corpus.test).accuracies == evaluate(distilled, corpus.test).accuracies


def test_an_outer_step_draws_its_mini_batches_and_how_many_and_a_test_takes_the_most():
    recipe = tiny_recipe(**PLAIN, n=6)
    parts = (torch.zeros(1, 6, 4, 2), torch.full((1, 6, 2), 0.5), None, 0.03)
    drawn = [plain_loop(recipe, *parts, place=(step,)) for step in range(30)]
    assert {len(loop) for loop in drawn} <= set(range(3, 13)) and len({len(loop) for loop in drawn}) > 3
    assert {rate for loop in drawn for rate in loop.rates} == {0.03}
    test = plain_loop(recipe, *parts)
    assert len(test) == 12 and test.rates[0] == 0.03 and list(test.rates) == sorted(test.rates, reverse=True)
    assert len({tuple(torch.cat(loop.batches[:2]).tolist()) for loop in drawn}) > 5


def test_the_gradient_to_labels_is_that_of_their_softmax_and_of_the_pull_to_the_first():
    recipe, g = tiny_recipe(**PLAIN), torch.Generator().manual_seed(0)
    samples, labels = torch.zeros(1, 4, 3, 2), torch.rand(1, 4, 3, generator=g).softmax(-1)
    learned = first_learned(recipe, samples, labels, torch.ones(1, 1), None, None, (), torch.device("cpu"))
    with torch.no_grad():
        learned["raw_labels"] += torch.randn(1, 4, 3, generator=g)
    outward = torch.randn(4, 3, generator=g)
    gradient = SetGradient(torch.zeros(4, 3, 2), outward, torch.zeros(1))
    found = dict(zip(learned, to_learned(gradient, learned, FreeSamples(), pull=0.7), strict=True))
    now = labels_of(learned)
    pull = (learned["first_labels"] * (learned["first_labels"] / now).log()).sum(-1).mean()
    loss = (now * outward).sum() + 0.7 * pull
    torch.testing.assert_close(found["raw_labels"], torch.autograd.grad(loss, learned["raw_labels"])[0])
    assert not learned["raw_rates"].requires_grad and not learned["first_labels"].requires_grad


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"inner": "plain", "steps": 2}, "steps belongs to learned gradient steps"),
        ({"inner": "plain", "momentum": 0.5}, "momentum belongs to learned gradient steps"),
        ({"inner_rate": 0.1}, "inner_rate is a setting of plain training"),
        ({"inner": "plain", "inner_steps": [9, 3]}, "fewest and most inner steps"),
        ({"inner": "plain", "learning_rate": 0.1}, "set inner_rate in its place"),
        ({"inner": "plain", "clip_norm": 0.5}, "set clip_mean in its place"),
        ({"inner": "plain", "rates_lr": 0.5}, "rates_lr is the step size of learned rates"),
        ({"inner": "plain", "labels": "hard", "label_pull": 1.0}, "label_pull holds soft labels"),
    ],
)
def test_settings_that_say_nothing_together_are_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        Recipe(**settings)


def test_a_plain_recipe_is_settled_without_rates_that_are_learned(tmp_path):
    recipe = Recipe(inner="plain").settled(2)
    assert recipe.learning_rate is None and "learning_rate" not in recipe.found and recipe.window == 20
    recipe.save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml") == recipe


def test_plain_training_leaves_the_gradient_steps_of_a_recipe_out():
    plain = resolve_recipe("trec6", None, [], {"inner": "plain", "samples": "words"})
    assert (plain.inner, plain.epochs, plain.steps, plain.momentum) == ("plain", 1, None, 0)
    learned = resolve_recipe("trec6", None, [], {"samples": "words"})
    assert learned.epochs > 1 and (plain.sample_length, plain.n) == (learned.sample_length, learned.n)
    assert (plain.learning_rate, plain.clip_norm, plain.rates_lr) == (None, 1, 0.03) and learned.learning_rate
    with pytest.raises(UsageError, match="set inner_rate in its place"):
        resolve_recipe("trec6", None, ["learning_rate=0.1"], {"inner": "plain"})
    with pytest.raises(UsageError, match="epochs belongs to learned gradient steps"):
        resolve_recipe("trec6", None, ["epochs=2"], {"inner": "plain"})
