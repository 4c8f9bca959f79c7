"""What is told beside an accuracy: intervals, the majority class, test texts that are in train too."""

from copy import copy
from dataclasses import replace

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.accuracy import inner_loop
from tdd.distillation.distiller import Distiller
from tdd.distillation.learner_of_set import learner_of
from tdd.distillation.unroll import train
from tdd.evaluation.class_figures import effective_examples, interval, is_at_majority
from tdd.evaluation.evaluation import evaluate
from tdd.evaluation.reference import tfidf_reference

CORPUS, CPU = tiny_corpus(3), torch.device("cpu")


@pytest.fixture(scope="module")
def made():
    return Distiller(tiny_recipe(n=12, steps=2, init="random", outer_steps=12), CORPUS).run()


@pytest.mark.parametrize(
    ("share", "examples", "low", "high"),
    [(0.5, 100, 0.4038, 0.5962), (0.0, 20, 0.0, 0.1611), (1.0, 20, 0.8389, 1.0), (0.9, 500, 0.8706, 0.9233)],
)
def test_intervals_are_those_of_wilson(share: float, examples: int, low: float, high: float):
    assert interval(share, examples) == pytest.approx((low, high), abs=1e-4)


def test_an_evaluation_tells_every_class(made):
    found = evaluate(made, CORPUS.test, networks=3).as_dict()
    assert set(found["classes"]) == set(CORPUS.classes)
    assert sum(one["examples"] for one in found["classes"].values()) == len(CORPUS.test)
    right = sum(one["recall"] * one["examples"] for one in found["classes"].values())
    assert right / len(CORPUS.test) == pytest.approx(found["mean"])
    assert sum(map(sum, found["confusion"])) == 3 * len(CORPUS.test)
    assert found["interval"][0] < found["mean"] < found["interval"][1]
    assert "not_in_train" not in found


def test_accuracy_on_examples_that_are_not_in_train_is_that_of_a_test_on_them_alone(made):
    seen = torch.arange(len(CORPUS.test)) % 3 == 0
    test = copy(CORPUS.test)
    test.in_train = seen
    found = evaluate(made, test, networks=2).as_dict()["not_in_train"]
    assert found["test_examples"] == int((~seen).sum())
    batch = CORPUS.test.batch((~seen).nonzero().flatten())
    learner = learner_of(made, None, CPU)
    theta = train(learner.kernel(), learner.starts(0, "evaluation", indices=range(2)), inner_loop(made, CPU))
    right = learner.kernel().logits(theta, batch).argmax(2) == batch.labels
    assert found["mean"] == pytest.approx(right.double().mean().item())


def repeated(times: list[int]):
    """The test split, its first examples of a content each, the next ones copies of one another."""
    test = copy(CORPUS.test)
    test.copies = torch.repeat_interleave(torch.arange(len(times)), torch.tensor(times))
    return test


def test_copies_are_no_further_evidence():
    assert effective_examples(CORPUS.test) == len(CORPUS.test) == 60
    assert effective_examples(repeated([1] * 60)) == 60
    assert effective_examples(repeated([3] * 20)) == pytest.approx(20)
    assert effective_examples(repeated([1] * 40 + [20])) == pytest.approx(60**2 / (40 + 400))


def test_only_copies_among_the_examples_tested_on_count():
    test = repeated([3] * 20)
    most = 10
    times = torch.bincount(test.copies[test.order(most)])
    assert effective_examples(test, most) == pytest.approx(100 / float((times**2).sum()))


def test_the_interval_of_a_test_split_of_copies_is_that_of_its_different_examples(made):
    alone = evaluate(made, CORPUS.test).as_dict()
    assert "effective_examples" not in alone
    assert alone["interval"] == pytest.approx(interval(alone["mean"], 60))
    found = evaluate(made, repeated([3] * 20)).as_dict()
    assert found["mean"] == alone["mean"] and found["effective_examples"] == 20
    assert found["interval"] == pytest.approx(interval(found["mean"], 20))
    beside = tfidf_reference(replace(CORPUS, test=repeated([3] * 20)))
    assert beside["interval"] == pytest.approx(interval(beside["accuracy"], 20))


def test_a_result_at_the_majority_class_is_called_one():
    at = {"mean": 0.868, "majority": 0.865, "interval": [0.851, 0.884]}
    assert is_at_majority(at)
    assert not is_at_majority(at | {"interval": [0.871, 0.884]})
    assert not is_at_majority({"mean": 0.5})


def test_the_metric_of_a_recipe_is_what_is_best_on_held_out_data():
    recipe = tiny_recipe(n=12, steps=2, outer_steps=12)
    best = {}
    for metric in ("accuracy", "macro_f1"):
        distiller = Distiller(recipe.model_copy(update={"metric": metric}), CORPUS)
        made = distiller.run()
        found = evaluate(made, CORPUS.validation).as_dict()
        reached = {"accuracy": found["mean"], "macro_f1": found["macro_f1"]["mean"]}
        best[metric] = distiller.state.best_accuracy
        assert best[metric] == pytest.approx(reached[metric])
    assert best["accuracy"] != best["macro_f1"]
