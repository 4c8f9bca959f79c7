"""Files of images, and the pixels that a corpus holds."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image

from tdd.data.corpus import load_corpus
from tdd.settings.recipe import Recipe


def encoded(array, mode=None, kind="PNG"):
    buffer = io.BytesIO()
    image = Image.fromarray(np.asarray(array, dtype=np.uint8))
    (image.convert(mode) if mode else image).save(buffer, kind)
    return buffer.getvalue()


def arrays(count, shape=(8, 8), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def write(path, cells, labels=None, column="image"):
    """Parquet as data sets of images lie on the Hub; no declared features unless `declare` adds them."""
    rows = [None if cell is None else {"bytes": cell, "path": None} for cell in cells]
    labels = [i % 2 for i in range(len(cells))] if labels is None else labels
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({column: pa.array(rows, kind), "label": pa.array(labels, pa.int64())}), path)
    return path


def load(path, **settings):
    return load_corpus(Recipe(**{"dataset": "mine", "data": str(path), "network": "lenet", **settings}))


def pixels_of(split):
    return split.batch(torch.arange(len(split))).pixels.numpy()
