"""A published set is the set, to the last bit, for whoever reads it; nothing private is in it."""

import getpass
import io
import json
import socket
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from command import tdd
from hub_server import HubServer
from publishing import TOKEN, assert_labels_and_rates, files_of, fresh_process

from tdd.data.corpus import load_corpus
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.evaluation import evaluate


@pytest.mark.slow
def test_plain_datasets_read_both_configurations_to_the_last_bit(published: str, run: Path, made: DistilledSet):
    code = f"""
import json, sys
from datasets import load_dataset
assert not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
found = {{}}
for name in ("default", "embeddings"):
    table = load_dataset({published!r}, *([] if name == "default" else [name]), split="train")
    found[name] = table.to_dict() | {{"names": table.features["label"].names}}
assert not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
print(json.dumps(found))
"""
    found = json.loads(fresh_process(code).splitlines()[-1])
    for table in found.values():
        assert_labels_and_rates(table, made)
        assert table["step"] == [0, 0, 1, 1] and table["index"] == [0, 1, 0, 1]
    assert torch.equal(torch.tensor(found["embeddings"]["embedding"]), made.samples.flatten(0, 1))
    words = tdd("decode", run, "--format", "text").out.splitlines()
    assert found["default"]["text"] == words
    assert all(0 < similarity < 1 for similarity in found["default"]["similarity"])


def test_a_published_set_evaluates_to_the_last_digit(published: str, made: DistilledSet):
    loaded = DistilledSet.from_pretrained(published)
    assert torch.equal(loaded.samples, made.samples) and torch.equal(loaded.learning_rates, made.learning_rates)
    assert loaded.source == made.source
    corpus = load_corpus(made.recipe)
    for init, networks in (("fixed", None), ("random", 5)):
        figures = evaluate(loaded, corpus.test, networks, init, made.recipe.seed).as_dict()
        assert figures == loaded.results["evaluation"][init] == made.results["evaluation"][init]


def test_nothing_private_is_published(hub: HubServer, published: str, run: Path):
    machine = (str(Path.home()), socket.gethostname(), getpass.getuser())
    # A shorter name may stand anywhere by chance.
    private = ["of-mine", "secret", str(run.parent), TOKEN, "notes", *(name for name in machine if len(name) > 4)]
    published_bytes = files_of(hub, published)
    for name in ("default/train.parquet", "embeddings/train.parquet"):  # its pages are compressed
        table = pq.read_table(io.BytesIO(published_bytes[name]))
        columns = [column for column in table.column_names if column != "embedding"]
        published_bytes[f"{name}, read"] = f"{table.schema.metadata} {table.select(columns).to_pylist()}".encode()
    for name, content in published_bytes.items():
        for word in private:
            assert word.encode() not in content, (word, name)
    recipe = files_of(hub, published)["recipe.yaml"].decode()
    assert "dataset: reviews.csv\n" in recipe and "data: null\n" in recipe and "vectors: words.txt\n" in recipe
