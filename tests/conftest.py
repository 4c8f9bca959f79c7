"""Every test runs without a network, against a Hub that is not there and with caches of its own.

The fixture `hub` puts a Hub there.
"""

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command import distil_command, tdd, write_data, write_vectors
from hub_server import HubServer, client_env
from whole_runs import RANDOM

from tdd.embeddings.word_vectors import WordVectors

# Set before any test module imports datasets or huggingface_hub, which read them once. The port stays bound, so that no
# other program takes it, but nobody listens: connections are refused at once until `hub` serves there.
_reserved = socket.socket()
_reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
_reserved.bind(("127.0.0.1", 0))
_home = tempfile.TemporaryDirectory(prefix="tdd-tests-", ignore_cleanup_errors=True)
for _name in [name for name in os.environ if name.startswith(("HF_", "HUGGING", "TRANSFORMERS_OFFLINE"))]:
    del os.environ[_name]
_nobody = f"http://127.0.0.1:{_reserved.getsockname()[1]}"
os.environ |= client_env(_nobody, Path(_home.name, "hf"))
os.environ |= {"HF_DATASETS_CACHE": str(Path(_home.name, "datasets")), "TDD_CACHE": str(Path(_home.name, "tdd"))}
# gensim's downloader finds nothing either, whether or not this machine has a network.
os.environ |= {"https_proxy": _nobody, "GENSIM_DATA_DIR": str(Path(_home.name, "gensim"))}

# A shell has its background jobs ignore Ctrl-C, which the processes that tests interrupt would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

_WORDS = (
    "the a is of and not good great fine bad poor awful film story cat dog "
    "what who where when how many city river year red green blue , ."
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what speaks to a Hub, which its fixtures tell."""
    for item in items:
        if {"hub", "module_hub"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.hub)


@pytest.fixture(scope="session")
def vectors() -> WordVectors:
    """Thirty words in four dimensions."""
    words = _WORDS.split()
    table = np.random.default_rng(0).standard_normal((len(words), 4)).astype(np.float32)
    return WordVectors("tiny", words, table, "tiny-checksum")


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data set and word vectors, as files for the command line; a test that changes them takes a copy."""
    folder = tmp_path_factory.mktemp("given")
    return write_data(folder / "data.csv"), write_vectors(folder / "vectors.txt")


@pytest.fixture(scope="session")
def uninterrupted(given: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run that nobody interrupted, to compare others with."""
    output = tmp_path_factory.mktemp("uninterrupted") / "run"
    assert tdd(*distil_command(*given, output, **RANDOM)).code == 0
    return output


@pytest.fixture(scope="module")
def module_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """The same as `hub`, for all tests of a module, of a user called "me"."""
    with HubServer(tmp_path_factory.mktemp("hub"), {"hf_test": "me"}, port=_reserved.getsockname()[1]) as server:
        yield server


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """An empty Hub where HF_ENDPOINT points; `hub.stop()` takes it away again. Fill it with `hub.store.seed`."""
    server = HubServer(tmp_path / "hub", port=_reserved.getsockname()[1])
    with server:
        yield server
