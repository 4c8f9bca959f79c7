"""Searches the share of each class that `tdd.data.real_examples.confident` chooses from, on held-out training data.

python docs/search_confidence.py --data-root copies

Prints, for each data set and what its examples are chosen by, the held-out accuracy of logistic regression on the same
vectors, which learned from the chosen examples with their own labels: mean over draws. No test split is read.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import torch
from sklearn.exceptions import ConvergenceWarning

from tdd.data.corpus import load_corpus
from tdd.data.real_examples import confident
from tdd.data.sources import local_copy
from tdd.data.text import TextSplit
from tdd.evaluation.names import FROZEN
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.text_learners import Fitted, SentenceVectors, soft_logistic_regression
from tdd.networks.learner import make_learner
from tdd.settings.encoder_names import MINILM
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

DATA = {"trec6": (60, 40), "sst5": (50, 60), "sst2": (10, 64)}
"""Data sets, n of each and the length that texts are cut to."""
SHARES = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1)
DRAWS = 5
MOST_HELD_OUT = 1000
INVERSE_PENALTY = {"vectors": 10.0, "minilm": 1.0}


def searched(recipe: Recipe, kind: str) -> dict[float, float]:
    """Mean held-out accuracy by share."""
    corpus = load_corpus(recipe)
    classes = len(corpus.classes)
    read = Spaces(corpus).of(FROZEN) if kind == "minilm" else corpus
    made = (
        SentenceVectors(make_learner(MINILM, {"train": "head"}, read.train.space, classes))
        if kind == "minilm"
        else None
    )

    def vectors(split: TextSplit, places: torch.Tensor) -> torch.Tensor:
        return split.features(places) if made is None else made.of(split, places)

    found = dict.fromkeys(SHARES, 0.0)
    for share in SHARES:
        for draw in range(DRAWS):
            draw_from = generator(draw, "confident")
            places = confident(
                read.train, recipe.n, classes, draw_from, lambda chosen: vectors(read.train, chosen), share=share
            )
            labels = torch.nn.functional.one_hot(read.train.labels[places], classes).float()
            fitted = soft_logistic_regression(vectors(read.train, places).numpy(), labels, INVERSE_PENALTY[kind])
            judged = Fitted(lambda split, chosen: vectors(split, chosen).numpy(), fitted)
            found[share] += judged.accuracy(read.validation, recipe.max_validation) / DRAWS
    return found


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", action="append", choices=DATA, help="this one; may be repeated; else all")
    parser.add_argument("--data-root", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"share: {', '.join(f'{share:g}' for share in SHARES)}")
    for name in asked.data or DATA:
        n, length = DATA[name]
        local = local_copy(name, asked.data_root) if asked.data_root else None
        recipe = Recipe(dataset=name, data=local, n=n, max_length=length, init="random", max_validation=MOST_HELD_OUT)
        for kind in INVERSE_PENALTY:
            found = searched(recipe, kind)
            print(f"{name} by {kind}: {', '.join(f'{100 * value:.1f}' for value in found.values())}", flush=True)


if __name__ == "__main__":
    main()
