"""Load the corpus of a recipe, or that of a distilled set, and report its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.data.corpus import Corpus, load_corpus
from tdd.data.summary import short_lines
from tdd.distillation.data_of_set import check_made_of
from tdd.distilled_set.set import DistilledSet
from tdd.settings.recipe import Recipe
from tdd.settings.said import Where, read_from
from tdd.system.reporter import Reporter

if TYPE_CHECKING:
    from tdd.data.from_memory import Data


def open_corpus(recipe: Recipe, reporter: Reporter, data: Data | None = None) -> Corpus:
    """Load the recipe's corpus, or `data` given in Python, and report its size and any notes on it."""
    corpus = load_corpus(recipe, data=data)
    for line in short_lines(corpus):
        reporter.note(line)
    for note in corpus.notes:
        reporter.note(f"note: {note}")
    return corpus


def open_corpus_of(distilled: DistilledSet, data: Where, reporter: Reporter) -> tuple[Recipe, Corpus]:
    """A set's recipe and the corpus it was distilled from, read as its recipe says, but for `data`.

    Raises:
        UsageError: the data, or the word vectors, are not those that the set was distilled from.
    """
    recipe = read_from(distilled.recipe, data)
    corpus = open_corpus(recipe, reporter)
    check_made_of(distilled, corpus)
    return recipe, corpus
