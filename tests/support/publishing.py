"""What the tests of publishing share: the names of published files, and looking into and writing to repositories."""

import os
import re
import subprocess
import sys
from pathlib import Path

import torch
from hub_server import HubServer

from tdd.data.pixel_normalisation import Normalisation
from tdd.data.protocols import InputSpace
from tdd.distilled_set.set import DistilledSet
from tdd.networks.learner import make_learner
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

TOKEN = "hf_test"
FILES = [
    "README.md",
    "default/train.parquet",
    "distilled.safetensors",
    "embedding.json",
    "embeddings/train.parquet",
    "figures/confusion.png",
    "figures/curves.png",
    "figures/curves.svg",
    "figures/labels.png",
    "figures/learning-rates.png",
    "figures/networks.png",
    "network.py",
    "recipe.yaml",
    "results.json",
    "tokenizer.json",
    "train.py",
]
LARGE = ["default/train.parquet", "distilled.safetensors", "embeddings/train.parquet"]


def files_of(hub: HubServer, repo: str, revision: str = "main") -> dict[str, bytes]:
    files = hub.store.resolve("dataset", repo, revision)[1]["files"]
    return {name: (hub.store.blobs / file["sha"]).read_bytes() for name, file in sorted(files.items())}


def head(hub: HubServer, repo: str) -> str:
    return hub.store.resolve("dataset", repo, "main")[0]


def commit(hub: HubServer, repo: str, files: dict[str, bytes]) -> str:
    """Someone else's commit."""
    lines = [{"key": "lfsFile", "value": {"path": name, "oid": hub.store.put_blob(x)}} for name, x in files.items()]
    return hub.store.commit("dataset", repo, "main", lines)


def fresh_process(code: str, folder: Path | None = None) -> str:
    """What `code` prints in a process of its own, run in `folder`."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def snippet(card: str) -> str:
    """The first block of Python that is printed in a card."""
    found = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert found is not None
    return found[1]


def assert_labels_and_rates(table: dict, made: DistilledSet) -> None:
    """The rows of a published table hold the labels of the set, bit by bit, and the rates of their steps."""
    labels = made.labels.flatten(0, 1)
    assert table["names"] == made.classes
    assert torch.equal(torch.tensor(table["soft_label"]), labels)
    assert table["label"] == labels.argmax(1).tolist()
    rates = made.learning_rates[0].view(-1, len(made.samples))
    assert torch.equal(torch.tensor(table["learning_rates"]), rates[:, table["step"]].T)


def set_of_images(network: str, shape: tuple[int, int, int], fixed: bool = True) -> DistilledSet:
    """Two steps of two random images each, for three classes."""
    recipe = Recipe(dataset="mnist", network=network, n=4, steps=2, epochs=2, init="fixed" if fixed else "random")
    g = generator(0)
    theta = make_learner(network, {}, InputSpace("image", shape), 3).starts(0)
    # Factors and biases that are neither one nor zero, so that a swap would be seen.
    start = {
        name: value[0] + (value.dim() == 2) * torch.randn(value[0].shape, generator=g) for name, value in theta.items()
    }
    normalisation = Normalisation(torch.rand(shape[0], generator=g), torch.rand(shape[0], generator=g))
    return DistilledSet(
        torch.randn(2, 2, *shape, generator=g),
        torch.randn(2, 2, 3, generator=g),
        torch.full((1, 4), 0.01),
        ["a", "b", "c"],
        recipe,
        {"dataset": "ylecun/mnist", "revision": "0" * 40} | normalisation.to_source(),
        start if fixed else None,
    )
