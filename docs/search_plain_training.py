"""Searches the settings of plain training, `tdd.settings.plain_settings`, on held-out training data of real examples.

python docs/search_plain_training.py text_cnn gru tfidf --data-root copies
python docs/search_plain_training.py frozen_minilm --data trec6 --data sst5 --data-root copies

Prints, for each learner, the mean held-out accuracy over data sets and random draws of real examples with their own
labels. Neither a test split nor a distilled set is read.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path

import torch

from tdd.data.corpus import Corpus, load_corpus
from tdd.data.sources import local_copy
from tdd.evaluation.names import FROZEN, LEARNERS
from tdd.evaluation.plain_training import Lesson
from tdd.evaluation.rate_search import Trainer, by_plain_training
from tdd.evaluation.real_sets import RealSets
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.text_learners import SentenceVectors, TfIdf
from tdd.networks.learner import make_learner
from tdd.settings.encoder_names import MINILM
from tdd.settings.plain_settings import PlainSettings
from tdd.settings.recipe import Recipe

DATA = {"trec6": (60, 40), "sst5": (50, 60), "ag_news": (20, 60)}
"""Data sets, n of each and the length that texts are cut to."""
DRAWS = 2
RATES = (0.001, 0.003, 0.01, 0.03)
INVERSE_PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
MOST_HELD_OUT = 500


def searched(network: str, corpus: Corpus, recipe: Recipe) -> dict[str, float]:
    """Mean held-out accuracy by setting."""
    sets = RealSets(recipe, corpus, DRAWS).real("random")
    read = Spaces(corpus).of(network)
    examples = [real.examples(read.train) for real in sets]
    if network in LEARNERS:
        learner = make_learner(MINILM, {"train": "head"}, read.train.space, 2) if network == FROZEN else None
        makes = {c: SentenceVectors(learner, c) if learner else TfIdf(c) for c in INVERSE_PENALTIES}
        reached = {
            c: [made.fitted(each).accuracy(read.validation, recipe.max_validation) for each in examples]
            for c, made in makes.items()
        }
        return {f"C = {c:g}": sum(of_draws) / DRAWS for c, of_draws in reached.items()}
    learner = make_learner(network, {}, read.train.space, len(corpus.classes))
    tried = [PlainSettings(rate, dropout=dropout) for rate, dropout in product(RATES, (True, False))]
    trainer = Trainer(
        learner,
        recipe,
        read,
        None,
        by_plain_training(learner, recipe.seed),
        lambda lesson, how: replace(lesson, how=how),
        tried,
    )
    found = trainer.held_out([Lesson(each, tried[0]) for each in examples], 1).mean(0)
    names = [f"{how.rate:g}, {'dropout' if how.dropout else 'no dropout'}" for how in tried]
    return dict(zip(names, found.tolist(), strict=True))


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="+")
    parser.add_argument("--data", action="append", choices=DATA, help="this one; may be repeated; else all")
    parser.add_argument("--data-root", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for network in asked.networks:
        every, chosen = [], {name: DATA[name] for name in asked.data or DATA}
        for name, (n, length) in chosen.items():
            local = local_copy(name, asked.data_root) if asked.data_root else None
            recipe = Recipe(
                dataset=name, data=local, n=n, max_length=length, init="random", max_validation=MOST_HELD_OUT
            )
            every.append(searched(network, load_corpus(recipe), recipe))
        print(f"{network}: setting: {', '.join(chosen)}, mean", flush=True)
        for setting in every[0]:
            reached = [100 * each[setting] for each in every]
            cells = ", ".join(f"{value:.1f}" for value in [*reached, sum(reached) / len(reached)])
            print(f"  {setting}: {cells}", flush=True)


if __name__ == "__main__":
    main()
