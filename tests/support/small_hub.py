"""The known data sets in miniature, laid out as on the Hub."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hub_server import HubServer
from image_files import encoded

CLASS_WORDS = (
    "bad awful poor",
    "good great fine",
    "city country where",
    "year number many",
    "dog cat animal",
    "who he she",
)
OTHERS = ["the", "a", "of", "and", "is", "not", "film", "story", "what", "in", "how", "people"]
TREC6 = ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")


def texts_of(classes: int, rows: int, seed: int = 0) -> tuple[list[str], list[int]]:
    """Sentences of seven words of which three tell the class, and their classes."""
    random, texts, labels = np.random.default_rng(seed), [], []
    for row in range(rows):
        label = row % classes
        telling = CLASS_WORDS[label % len(CLASS_WORDS)].split()
        texts.append(" ".join([*random.choice(OTHERS, 4), *random.choice(telling, 3)]) + f" {row + seed}")
        labels.append(label)
    return texts, labels


def _parquet(path: Path, columns: dict[str, list], names: list[str] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    if names is not None:
        kinds = {name: "image" if isinstance(values[0], dict) else "string" for name, values in columns.items()}
        features = "".join(f"  - name: {name}\n    dtype: {kind}\n" for name, kind in kinds.items() if name != "label")
        named = "".join(f"          '{place}': '{name}'\n" for place, name in enumerate(names))
        (path.parents[1] / "README.md").write_text(
            f"---\ndataset_info:\n  features:\n{features}  - name: label\n    dtype:\n      class_label:\n"
            f"        names:\n{named}---\n"
        )


def _images(count: int, shape: tuple[int, ...]) -> list[dict]:
    random = np.random.default_rng(count)
    return [{"bytes": encoded(random.integers(0, 99, shape) + 15 * (row % 10)), "path": None} for row in range(count)]


def write_data_sets(folder: Path) -> Path:
    """IMDB, TREC-QC, SST-2, MNIST, CIFAR-10 and somebody's own, below `folder` by their names on the Hub."""
    for split, rows, seed in (("train", 120, 0), ("test", 40, 1000)):
        texts, labels = texts_of(2, rows, seed)
        _parquet(folder / f"stanfordnlp/imdb/data/{split}.parquet", {"text": texts, "label": labels}, ["neg", "pos"])
        held = "validation" if split == "test" else split
        _parquet(
            folder / f"stanfordnlp/sst2/data/{held}.parquet", {"sentence": texts, "label": labels}, ["bad", "good"]
        )
        _parquet(folder / f"owner/name/data/{split}.parquet", {"text": texts, "label": labels})
        pictures = {"picture": _images(rows, (8, 8)), "kind": [f"kind {label}" for label in labels]}
        _parquet(folder / f"owner/pictures/data/{split}.parquet", pictures)
        texts, labels = texts_of(6, 2 * rows, seed)
        of_trec = {"text": texts, "label_coarse_original": [TREC6[label] for label in labels]}
        _parquet(folder / f"SetFit/TREC-QC/data/{split}.parquet", of_trec)
        labels = [row % 10 for row in range(rows)]
        digits = [str(label) for label in range(10)]
        grey, colour = _images(rows, (28, 28)), _images(rows, (32, 32, 3))
        _parquet(folder / f"ylecun/mnist/data/{split}.parquet", {"image": grey, "label": labels}, digits)
        _parquet(folder / f"uoft-cs/cifar10/data/{split}.parquet", {"img": colour, "label": labels}, digits)
    return folder


def fill(hub: HubServer, folder: Path) -> None:
    """Put the data sets of `write_data_sets` on a Hub."""
    for repo in folder.glob("*/*"):
        hub.store.seed(str(repo.relative_to(folder)), repo)
