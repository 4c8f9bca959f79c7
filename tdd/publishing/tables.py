"""A distilled set as tables that plain `datasets` reads: one to look at, one to train on."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import load_vectors_of
from tdd.hub.layout import TABLES
from tdd.inspection.decode import decode
from tdd.inspection.pictures import pictures
from tdd.publishing.card_text import rates_column
from tdd.publishing.joined import PIECES, are_pieces, joined_texts

if TYPE_CHECKING:
    from datasets import Dataset

    from tdd.embeddings.protocol import Embedding


def configurations(distilled: DistilledSet) -> list[str]:
    """Names of the tables of a set: sentences of words need no embeddings beside them."""
    return ["default"] if distilled.sentences else list(TABLES)


def readable_table(distilled: DistilledSet, vectors: Embedding | None = None) -> Dataset:
    """A row for each sample, step by step: what it reads or looks like, its labels, and the rates of its step.

    Columns: `text` (the nearest word of every position; of a set of words its words, exactly, joined by spaces) or
    `image` (PNG, what lies beyond black and white cut off), of a set of word pieces `pieces` (exactly, joined by
    spaces; `text` is what they read), `label` (the class with the largest soft label), `soft_label` (C numbers),
    `step`, `index` (place in the step), `learning_rates` (one an epoch; for a pool a column of each network,
    `learning_rates_gru`), `momentum` where the set has one (the same for all), `length` where free sentences are
    padded (positions before the padding), and where words are nearest ones `similarity` (their mean cosine similarity
    to the positions).

    Args:
        distilled: the set.
        vectors: those that sentences were distilled with; None: loaded by the name in the recipe. Images and a set of
            words need none.

    Raises:
        UsageError: see `tdd.inspection.decode.decode`.
        TddError: there are no such vectors, or see `tdd.inspection.pictures.pictures`.
    """
    return _sentences_table(distilled, vectors) if distilled.space.kind == "text" else _pictures_table(distilled)


def _sentences_table(distilled: DistilledSet, vectors: Embedding | None) -> Dataset:
    from datasets import Value

    if distilled.sentences:
        columns = {"text": (joined_texts(distilled), Value("string"))}
        if are_pieces(distilled):
            columns[PIECES] = (distilled.sentences.texts(), Value("string"))
        return _table(distilled, columns, {})
    sentences = decode(distilled, load_vectors_of(distilled) if vectors is None else vectors)
    texts = {"text": ([" ".join(near[0] for near in each.words) for each in sentences], Value("string"))}
    similarities = [sum(best for best, *_ in sentence.scores) / len(sentence.scores) for sentence in sentences]
    return _table(distilled, texts, {"similarity": (similarities, Value("float32"))})


def _pictures_table(distilled: DistilledSet) -> Dataset:
    from datasets import Image
    from PIL.Image import fromarray

    # Pillow takes grey pixels without an axis of channels.
    arrays = [image.squeeze(2) if image.shape[2] == 1 else image for image in (p.pixels for p in pictures(distilled))]
    return _table(distilled, {"image": ([fromarray(array) for array in arrays], Image())}, {})


def embeddings_table(distilled: DistilledSet) -> Dataset:
    """A row for each sample as nested lists of float32, exact, in `embedding`, with its labels and rates."""
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
    columns = first | {
        "label": (labels.argmax(1).numpy(), ClassLabel(names=distilled.classes)),
        "soft_label": (labels.numpy(), List(Value("float32"))),
        "step": (torch.arange(steps).repeat_interleave(per_step).numpy(), Value("int32")),
        "index": (torch.arange(per_step).repeat(steps).numpy(), Value("int32")),
    }
    for row, network in zip(distilled.learning_rates, distilled.recipe.learners, strict=True):
        rates = row.view(-1, steps).T.repeat_interleave(per_step, dim=0)
        columns[rates_column(distilled, network)] = (rates.numpy(), List(Value("float32")))
    if distilled.momentum is not None:
        columns["momentum"] = (distilled.momentum.expand(distilled.n).numpy(), Value("float32"))
    if distilled.mask is not None and distilled.sentences is None:  # the length of a text of words shows
        columns["length"] = (distilled.lengths.flatten().numpy(), Value("int32"))
    columns |= last
    features = Features({name: kind for name, (_, kind) in columns.items()})
    return Dataset.from_dict({name: values for name, (values, _) in columns.items()}, features=features)
