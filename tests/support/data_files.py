"""Files of different texts of known words, and the texts that a corpus holds."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tdd.data.corpus import Corpus
from tdd.data.text import TextSplit
from tdd.embeddings.word_vectors import WordVectors

Load = Callable[..., Corpus]


def texts(count: int) -> list[str]:
    """Different texts of known words: the number is spelled in words of the vocabulary."""
    digits = ["cat", "dog", "city", "year", "blue", "green", "red", "river", "story", "film"]
    return [" ".join(digits[int(digit)] for digit in str(number)) + " is good ." for number in range(count)]


# Sorted by class, 80 % of them "no".
TWO_CLASSES = list(zip(texts(100), ["no"] * 80 + ["yes"] * 20, strict=True))


def write_csv(path: Path, rows: Sequence[tuple[Any, Any]], header: str = "text,label") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(f'"{text}",{label}' for text, label in rows)]) + "\n")
    return path


def write_parquet(path: Path, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def write_declared(path: Path, names: list[str], labels: list[int], rows: list[str] | None = None) -> Path:
    """Parquet whose label column is a ClassLabel with `names`."""
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)})
    table = pa.table({"text": rows or texts(len(labels)), "label": pa.array(labels, pa.int64())})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(features.arrow_schema.metadata), path)
    return path


def sentences(split: TextSplit, vectors: WordVectors) -> list[str]:
    ids = np.split(np.asarray(split.ids), np.asarray(split.offsets)[1:-1])
    return [" ".join("?" if i == 0 else vectors.words[i - 1] for i in sentence) for sentence in ids]
