"""The data of a job, with a line on what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.data.corpus import Corpus, load_corpus
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Reporter

if TYPE_CHECKING:
    from tdd.data.from_memory import Data


def open_corpus(recipe: Recipe, reporter: Reporter, data: Data | None = None) -> Corpus:
    """The recipe's data, or `data` in their place, encoded with its word vectors, with a line on what was read."""
    corpus = load_corpus(recipe, data=data)
    reporter.note(corpus.describe())
    for note in corpus.notes:
        reporter.note(f"note: {note}")
    return corpus


def open_corpus_of(distilled: DistilledSet, data: str | None, reporter: Reporter) -> tuple[Recipe, Corpus]:
    """A set's recipe and the data that it was distilled from, read from `data` where that is given.

    Raises:
        UsageError: the data, or the word vectors, are not those that the set was distilled from.
    """
    recipe = distilled.recipe if data is None else distilled.recipe.model_copy(update={"data": data})
    corpus = open_corpus(recipe, reporter)
    if corpus.classes != distilled.classes:
        raise UsageError(
            f"the set tells {', '.join(distilled.classes)} apart, the data hold {', '.join(corpus.classes)}"
        )
    made_with, read_with = (source.get("vectors_checksum") for source in (distilled.source, corpus.source))
    if made_with != read_with:
        raise UsageError(f"the vectors {recipe.vectors} are not those the set was distilled with; test it with those")
    return recipe, corpus
