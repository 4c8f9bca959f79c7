"""What was read of a data set, in a few lines and in figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tdd.data.text import TextSplit

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus


_QUANTILES = (0.05, 0.5, 0.95, 1.0)
_SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
_LISTED = 12  # classes named in a line


def short_lines(corpus: Corpus) -> Iterator[str]:
    """What was read, a line each: sizes, columns and classes, the share of tokens that is not read."""
    yield corpus.describe()
    columns = [corpus.reading[name] for name in ("text_column", "image_column") if name in corpus.reading]
    counts = class_counts(corpus)
    if columns:
        label = corpus.reading["label_column"]
        listed = [f"{name} {count:,}" for name, count in list(counts.items())[:_LISTED]]
        more = f" and {len(counts) - _LISTED} more" if len(counts) > _LISTED else ""
        yield f"columns '{columns[0]}' and '{label}'; training examples: {', '.join(listed)}{more}"
    if isinstance(corpus.train, TextSplit) and (cut := tokens_cut(corpus.train)) > 0:
        yield f"{cut:.1%} of the training tokens lie beyond max_length = {corpus.train.max_length} and are not read"


def how_written(reading: Mapping[str, Any]) -> str:
    """How files of text are written, as far as `reading` says: encoding, separator, quotes and header."""
    parts = [f"encoding {reading['encoding']}"] if "encoding" in reading else []
    if "delimiter" in reading:
        parts.append(f"separator {_SEPARATORS.get(reading['delimiter'], reading['delimiter'])}")
    if "quote" in reading:
        parts.append("no quotes" if reading["quote"] == "none" else f"{reading['quote']} quotes")
    if "header" in reading:
        parts.append("a line of names" if reading["header"] else "no line of names")
    return ", ".join(parts)


def class_counts(corpus: Corpus) -> dict[str, int]:
    """Training examples of each class."""
    counts = np.bincount(corpus.train.labels.numpy(), minlength=len(corpus.classes))
    return dict(zip(corpus.classes, counts.tolist(), strict=True))


def majority(corpus: Corpus) -> float:
    """Share of the test examples that are of the class with the most training examples."""
    counts = list(class_counts(corpus).values())
    return float((corpus.test.labels == counts.index(max(counts))).double().mean())


def tokens_cut(split: TextSplit) -> float:
    """Share of the tokens that lie beyond `max_length`."""
    whole = int(split.offsets[-1] - split.offsets[0])
    return 1 - int(split.lengths.sum()) / max(whole, 1)


def figures(corpus: Corpus) -> dict[str, Any]:
    """What was read, as JSON values.

    "examples" of each split; "reading", see `Corpus.reading`; "majority", see `majority`; of texts "coverage" (share of
    the training tokens that have a vector, by kind), "tokens" (quantiles of the training texts' lengths), "max_length",
    "tokens_cut" and "texts_cut" (shares beyond it); "also_in_train" (test examples); "notes".
    """
    found: dict[str, Any] = {
        "dataset": corpus.name,
        "examples": {name: len(getattr(corpus, name)) for name in ("train", "validation", "test")},
        "reading": corpus.reading,
        "majority": majority(corpus),
    }
    train = corpus.train
    if isinstance(train, TextSplit):
        lengths = np.diff(train.offsets)
        found |= {
            "coverage": train.coverage().shares(),
            "tokens": {f"{q:.0%}": int(np.quantile(lengths, q, method="nearest")) for q in _QUANTILES},
            "max_length": train.max_length,
            "tokens_cut": tokens_cut(train),
            "texts_cut": float((lengths > train.max_length).mean()),
        }
    if corpus.test.in_train is not None:
        found["also_in_train"] = int(corpus.test.in_train.sum())
    return found | {"notes": corpus.notes}
