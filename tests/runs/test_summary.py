"""Results as they are printed."""

import re

from tiny import tiny_corpus, tiny_recipe

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
    assert shown[2] == "networks and draws" and shown[5] == "7"
