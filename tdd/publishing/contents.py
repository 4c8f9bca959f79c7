"""Every file of a published set but its card."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.distilled_set.vectors import load_vectors_of
from tdd.embeddings.shared_tokenizer import shared_tokenizer
from tdd.embeddings.word_vectors import WordVectors
from tdd.hub.layout import EMBEDDING, FIGURES, NETWORK, SAMPLES, SCRIPT, TABLES, TOKENIZER, is_kept
from tdd.publishing.card_samples import samples_picture
from tdd.publishing.network_file import network_file
from tdd.publishing.tables import configurations, embeddings_table, parquet_bytes, readable_table
from tdd.publishing.training_script import training_script

if TYPE_CHECKING:
    from datasets import Dataset

    from tdd.embeddings.protocol import Embedding


def contents(
    distilled: DistilledSet,
    repo: str,
    vectors: Embedding | None = None,
    figures: Path | None = None,
    table: Dataset | None = None,
) -> dict[str, bytes]:
    """Every file of the repository but the card, by name.

    Args:
        distilled: the set.
        repo: where it is published, which the script loads.
        vectors: those that text was distilled with; None: loaded by their name.
        figures: folder of png and svg files to publish with it.
        table: see `readable_table`; None: made here.

    Beside what a run folder holds there are the tables; the network and a script that trains it, for those who have no
    tdd; and the tokenizer of word vectors, with what it looks up under "looked_up_as" of ``embedding.json``.
    """
    if vectors is None and distilled.space.kind == "text":
        vectors = load_vectors_of(distilled)
    table, shared = readable_table(distilled, vectors) if table is None else table, public(distilled)
    files = {TABLES["default"]: parquet_bytes(table)}
    if distilled.space.kind == "image":
        files[SAMPLES] = samples_picture(distilled, table["image"])
    if "embeddings" in configurations(distilled):
        files[TABLES["embeddings"]] = parquet_bytes(embeddings_table(distilled))
    with tempfile.TemporaryDirectory() as folder:
        shared.save_pretrained(folder)
        files |= {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    if isinstance(vectors, WordVectors):
        tokenizer, looked_up_as = shared_tokenizer(vectors)
        about = json.loads(files[EMBEDDING]) if EMBEDDING in files else vectors.describe()
        written = json.dumps(about | {"looked_up_as": looked_up_as}, indent=2, ensure_ascii=False)
        files |= {TOKENIZER: tokenizer.encode(), EMBEDDING: f"{written}\n".encode()}
    for name, text in ((NETWORK, network_file(shared)), (SCRIPT, training_script(shared, repo))):
        if text is not None:
            files[name] = text.encode()
    for path in sorted(figures.iterdir()) if figures is not None and figures.is_dir() else []:
        if is_kept(name := f"{FIGURES}/{path.name}"):
            files[name] = path.read_bytes()
    return files
