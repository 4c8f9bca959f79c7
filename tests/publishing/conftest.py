"""A run, the set in it, and a Hub to publish it on."""

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from command import distil_command, tdd, write_data, write_vectors
from hub_server import HubServer
from publishing import TOKEN
from words_run import distil_words

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.embeddings.word_vectors import load_vectors
from tdd.publishing.contents import contents
from tdd.runs.distill import distill
from tdd.settings.recipe import Recipe


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose recipe is full of local paths, with two figures and a private note beside them."""
    folder = tmp_path_factory.mktemp("secret") / "of-mine"
    folder.mkdir()
    data, vectors = write_data(folder / "reviews.csv"), write_vectors(folder / "words.txt")
    command = distil_command(data, vectors, folder / "run", epochs=2, test_networks=5)
    assert tdd(*command, "--data", data).code == 0
    assert tdd("evaluate", folder / "run", "--networks", 5, "--full").code == 0
    shutil.rmtree(folder / "run/figures")
    (folder / "run/figures").mkdir()
    (folder / "run/figures/curves.png").write_bytes(b"\x89PNG")
    (folder / "run/figures/curves.svg").write_bytes(b"<svg/>")
    (folder / "run/figures/notes on.txt").write_text("not to be published")
    return folder / "run"


@pytest.fixture(scope="session")
def words_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of sentences of words, with its vectors beside it."""
    return distil_words(tmp_path_factory.mktemp("secret") / "of-mine")


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of digits, whose word vectors do not exist."""
    settings = {"outer_steps": 12, "batch_size": 32, "learning_rate": 0.1, "samples_lr": 0.1, "max_validation": 50}
    recipe = Recipe(dataset="digits", network="lenet", n=20, epochs=2, vectors="none/such.txt", **settings)
    distill(recipe, folder := tmp_path_factory.mktemp("runs") / "digits")
    return folder


@pytest.fixture(scope="session")
def made(run: Path) -> DistilledSet:
    return DistilledSet.from_pretrained(run)


@pytest.fixture
def whole(made: DistilledSet, repo: str) -> dict[str, bytes]:
    """Every file that a push of `made` to `repo` leaves behind, but for the card."""
    return contents(public(made), repo, load_vectors(made.recipe.vectors))


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the client would have waited between its tries; it waits for nothing."""
    waits: list[float] = []
    for module in ("utils._http", "file_download"):
        monkeypatch.setattr(f"huggingface_hub.{module}.time", SimpleNamespace(sleep=waits.append))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return waits


@pytest.fixture
def repo(hub: HubServer, request: pytest.FixtureRequest) -> str:
    """A name that no other test has in its cache."""
    return "tester/" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


@pytest.fixture
def published(hub: HubServer, run: Path, repo: str) -> str:
    assert tdd("push", run, repo).code == 0
    hub.requests.clear()
    return repo
