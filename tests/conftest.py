"""Every test runs against a Hub that is not there, with caches of its own; the fixture `hub` puts one there."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hub_server import HubServer, client_env

from tdd.vectors import WordVectors

# Set before any test module imports datasets or huggingface_hub, which read them once. The port stays bound, so that no
# other program takes it, but nobody listens: connections are refused at once until `hub` serves there.
_reserved = socket.socket()
_reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
_reserved.bind(("127.0.0.1", 0))
_home = tempfile.TemporaryDirectory(prefix="tdd-tests-", ignore_cleanup_errors=True)
for _name in [name for name in os.environ if name.startswith(("HF_", "HUGGING", "TRANSFORMERS_OFFLINE"))]:
    del os.environ[_name]
os.environ |= client_env(f"http://127.0.0.1:{_reserved.getsockname()[1]}", Path(_home.name, "hf"))
os.environ |= {"HF_DATASETS_CACHE": str(Path(_home.name, "datasets")), "TDD_CACHE": str(Path(_home.name, "tdd"))}

_WORDS = (
    "the a is of and not good great fine bad poor awful film story cat dog "
    "what who where when how many city river year red green blue , ."
)


@pytest.fixture(scope="package")
def vectors() -> WordVectors:
    """Thirty words in four dimensions."""
    words = _WORDS.split()
    table = np.random.default_rng(0).standard_normal((len(words), 4)).astype(np.float32)
    return WordVectors("tiny", words, table, "tiny-checksum")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """An empty Hub where HF_ENDPOINT points; `hub.stop()` takes it away again. Fill it with `hub.store.seed`."""
    server = HubServer(tmp_path / "hub", port=_reserved.getsockname()[1])
    with server:
        yield server
