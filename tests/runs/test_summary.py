"""Results as they are printed."""

import re

from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.baselines import Baselines
from tdd.runs.summary import baselines_table, describe_results


def test_a_ratio_to_nothing_is_not_printed(uninterrupted):
    distilled = DistilledSet.from_pretrained(uninterrupted)
    distilled.results["full_data"] = {"accuracy": 0.0}
    assert "ratio" not in describe_results(distilled, uninterrupted)


CORPUS = tiny_corpus(3)


def test_the_table_says_what_the_deviation_is_over():
    found = Baselines(
        tiny_recipe(n=12, steps=2, validation_networks=2, init="random"), CORPUS, draws=3, networks=7
    ).measure("random")
    shown = re.split(r" {2,}", baselines_table({"random": found}).splitlines()[1].strip())
    assert shown[2] == "networks and draws" and shown[6] == "9"  # three of each draw


def test_the_cost_of_a_set_stands_beside_its_accuracy():
    free, words = (Distiller(tiny_recipe(samples=samples), CORPUS).best() for samples in ("free", "words"))
    for distilled in (free, words):
        distilled.results = {"distillation": {"seconds": 75.0}}
    assert describe_results(free, "run").splitlines()[1] == "  75 s to distil"
    assert describe_results(words, "run").splitlines()[1] == f"  75 s to distil, {words.words} words"
    for seconds, told in ((0.124, "0.12 s"), (64.2, "64 s")):
        free.results["distillation"]["train_seconds"] = seconds
        assert describe_results(free, "run").splitlines()[1] == f"  75 s to distil, {told} to train a network"
    words.results["distillation"]["words_changed"] = 0.3333
    others = f"{words.words} words (33% of them others than at the start)"
    assert describe_results(words, "run").splitlines()[1] == f"  75 s to distil, {others}"
    free.results = {}
    assert len(describe_results(free, "run").splitlines()) == 1


def test_the_strongest_on_held_out_data_comes_first_and_the_set_before_all_others():
    tested = {"test_examples": 60, "test_split": 60}
    steps = {"sd": 0.0, "draws": 1, "networks": 2, "gradient_steps": 4, "train_seconds": 0.5, **tested}
    results = {
        "random": steps | {"mean": 0.9, "accuracies": [0.9, 0.9], "validation_accuracy": 0.4},
        "herding_teacher_plain": steps
        | {"mean": 0.5, "accuracies": [0.5, 0.5], "validation_accuracy": 0.6, "words": 90}
        | {"teacher": {"epoch": 2, "temperature": 0.5}, "learning_rate": 0.01},
        "full": steps | {"mean": 0.95, "accuracies": [0.95], "validation_accuracy": 0.99},
    }
    distilled = Distiller(tiny_recipe(init="random"), CORPUS).best()
    plain = steps | {"mean": 0.6, "accuracies": [0.6, 0.6]}
    evaluation = {"random": {"mean": 0.8, "sd": 0.1, "networks": 2, "accuracies": [0.7, 0.9], **tested}}
    distilled.results = {"evaluation": evaluation, "plain": plain}
    _, *lines = baselines_table(results, distilled).splitlines()
    rows = [re.split(r" {2,}", line.strip()) for line in lines]
    assert [row[0] for row in rows] == [
        "herding, teacher's labels, plain training (strongest held-out)",
        "this distilled set",
        "all the data",
        "random real",
        "this distilled set, plain training",
    ]
    assert rows[0][3:5] == ["+10.0 (+10.0 to +10.0)", "rate 0.01, teacher of 2 epochs at 0.5"]  # both plainly
    assert rows[3][3].startswith("-10.0 (") and rows[2][3] == rows[1][3] == "-"
    assert rows[0][-2:] == ["90", "0.50"]
    evaluation["random"]["test_examples"] = 6
    lines = baselines_table(results, distilled).splitlines()
    rows = {row[0]: row for row in (re.split(r" {2,}", line.strip()) for line in lines)}
    assert "this distilled set (on 6 of 60 test examples)" in rows
    assert rows["random real"][3] == "-"  # a difference of other test examples says nothing
