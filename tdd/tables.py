"""A distilled set as tables that plain `datasets` reads: one to look at, one to train on."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch

from tdd.decoding import DecodedSentence
from tdd.distilled import DistilledSet

if TYPE_CHECKING:
    from datasets import Dataset

TABLES = {"default": "default/train.parquet", "embeddings": "embeddings/train.parquet"}
"""Where the table of each configuration lies in a repository."""


def readable_table(distilled: DistilledSet, sentences: list[DecodedSentence]) -> Dataset:
    """A row for each sample, step by step: what it reads as, its labels, and the rates of its step.

    Columns: `text` (the nearest word of every position), `label` (the class with the largest soft label), `soft_label`
    (C numbers), `step`, `index` (place in the step), `learning_rates` (one an epoch) and `similarity` (mean cosine
    similarity of the words to the positions).
    """
    from datasets import Value

    similarities = [sum(best for best, *_ in sentence.scores) / len(sentence.scores) for sentence in sentences]
    return _table(
        distilled,
        {"text": ([sentence.text for sentence in sentences], Value("string"))},
        {"similarity": (similarities, Value("float32"))},
    )


def embeddings_table(distilled: DistilledSet) -> Dataset:
    """A row for each sample with its vectors as nested lists of float32, exact, and the columns of `readable_table`."""
    from datasets import List, Value

    samples = distilled.samples.flatten(0, 1)
    kind: Any = Value("float32")
    for _ in samples.shape[1:]:
        kind = List(kind)
    return _table(distilled, {"embedding": (samples.numpy(), kind)}, {})


def parquet_bytes(table: Dataset) -> bytes:
    """The table as a parquet file; equal tables give equal bytes."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    # The schema of the features also says what they are, class names included, to whoever loads the file.
    pq.write_table(table.data.table.cast(table.features.arrow_schema), buffer)
    return buffer.getvalue()


def _table(distilled: DistilledSet, first: dict[str, Any], last: dict[str, Any]) -> Dataset:
    """The columns that every table has, with others (values, feature) before and after them."""
    from datasets import ClassLabel, Dataset, Features, List, Value

    steps, per_step = distilled.samples.shape[:2]
    labels = distilled.labels.flatten(0, 1)
    rates = distilled.learning_rates.view(-1, steps).T.repeat_interleave(per_step, dim=0)
    columns = first | {
        "label": (labels.argmax(1).numpy(), ClassLabel(names=distilled.classes)),
        "soft_label": (labels.numpy(), List(Value("float32"))),
        "step": (torch.arange(steps).repeat_interleave(per_step).numpy(), Value("int32")),
        "index": (torch.arange(per_step).repeat(steps).numpy(), Value("int32")),
        "learning_rates": (rates.numpy(), List(Value("float32"))),
    }
    columns |= last
    features = Features({name: kind for name, (_, kind) in columns.items()})
    return Dataset.from_dict({name: values for name, (values, _) in columns.items()}, features=features)
