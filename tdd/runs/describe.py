"""Describe a data set: what was read of it, and what simple learners reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tdd.data.corpus import load_corpus
from tdd.data.coverage import line_of
from tdd.data.summary import figures, how_written
from tdd.data.text import TextSplit
from tdd.evaluation.reference import tfidf_reference
from tdd.settings.recipe import Recipe
from tdd.system.formatting import aligned, percent

if TYPE_CHECKING:
    from tdd.data.from_memory import Data


def describe(recipe: Recipe, data: Data | None = None) -> dict[str, Any]:
    """Figures of the data set of `recipe`, see `tdd.data.summary.figures`, and of texts "tfidf", a reference.

    Raises:
        UsageError, TddError: see `load_corpus`.
    """
    corpus = load_corpus(recipe, data=data)
    found = figures(corpus)
    if isinstance(corpus.train, TextSplit):
        found["tfidf"] = tfidf_reference(corpus)
    return found


def description(found: dict[str, Any]) -> str:
    """The figures of `describe` as lines for a terminal."""
    return "\n".join(_lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    reading, examples = found["reading"], found["examples"]
    yield f"{found['dataset']}: " + ", ".join(f"{count:,} {name}" for name, count in examples.items())
    for split, names in reading.get("files", {}).items():
        yield f"  {split} files: {', '.join(names)}"
    if how := how_written(reading):
        yield f"  written with {how}"
    for name, alone in reading.get("by_file", {}).items():
        yield f"  {name} is written with {how_written(alone)}"
    content = reading.get("text_column") or reading.get("image_column")
    yield f"  columns: {content} (examples), {reading['label_column']} (classes)"
    cells = [["  class", *examples]]
    cells += [
        [f"  {name}", *(f"{counts[split]:,}" for split in examples)] for name, counts in reading["classes"].items()
    ]
    yield aligned(cells, left=(0,))
    yield f"  always the most frequent training class: test accuracy {percent(found['majority'])}"
    if "tokens" in found:
        quantiles = ", ".join(f"{share} {count}" for share, count in found["tokens"].items())
        yield f"  tokens of a training text, quantiles: {quantiles}"
        yield (
            f"  beyond max_length = {found['max_length']}: {found['tokens_cut']:.1%} of the tokens, "
            f"of {found['texts_cut']:.1%} of the texts"
        )
        yield f"  {line_of(found['coverage'])}"
    if tfidf := found.get("tfidf"):
        low, high = (100 * bound for bound in tfidf["interval"])
        drawn = f" of {tfidf['train_examples']:,} drawn texts" if tfidf["train_examples"] < examples["train"] else ""
        yield (
            f"  TF-IDF + logistic regression{drawn}: test accuracy {percent(tfidf['accuracy'])} "
            f"(95 % interval {low:.1f} to {high:.1f} %)"
        )
    for note in found["notes"]:
        yield f"  note: {note}"
