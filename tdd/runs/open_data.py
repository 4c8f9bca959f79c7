"""Load the corpus of a recipe, or that of a distilled set, and report its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.data.changes import told_changes
from tdd.data.corpus import Corpus, load_corpus
from tdd.data.summary import short_lines
from tdd.distillation.accuracy import check_classes
from tdd.distilled_set.embedding import SavedEmbedding
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
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


def check_made_of(distilled: DistilledSet, corpus: Corpus) -> None:
    """Raise UsageError unless a set was distilled from these data: its classes, word vectors, and held-out examples."""
    check_classes(distilled, corpus.classes)
    if distilled.source.get("vectors_checksum") != corpus.source.get("vectors_checksum"):
        raise UsageError(
            f"{distilled.recipe.vectors} has other words or vectors now than when the set was distilled; "
            "test it with those of then"
        )
    if distilled.source.get("fingerprint", corpus.fingerprint) != corpus.fingerprint:
        raise UsageError(
            f"the data are not those that the set was distilled from ({_difference(distilled, corpus)}): "
            f"test it on those, since it may have learned from what would be tested on"
        )


def _difference(distilled: DistilledSet, corpus: Corpus) -> str:
    """How the data differ from those that a set was distilled from, in a few words."""
    before, embedding = distilled.embedding, SavedEmbedding.of(corpus.train)
    if before is not None and embedding is not None and before.splitting != embedding.splitting:
        return f"its texts were split into tokens by {before.splitting}, these are by {embedding.splitting}"
    then, now = distilled.source | distilled.results.get("data", {}), corpus.source | corpus.reading
    return told_changes(then, now, corpus.train.space.kind)
