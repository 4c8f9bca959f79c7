"""A file is read, and a name downloaded, once; what is kept of it is whole or made anew."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gensim import downloader
from gensim.models import KeyedVectors
from vectors_files import WORDS, save_glove, save_keyed_apart, save_text

from tdd.embeddings import word_vectors
from tdd.embeddings.word_vectors import load_vectors
from tdd.errors import TddError, UsageError
from tdd.system.files import cache_folder


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read by their own format's reader."""
    seen: list[Path] = []
    original = word_vectors.read_file

    def read(path: Path) -> Any:
        seen.append(path)
        return original(path)

    monkeypatch.setattr(word_vectors, "read_file", read)
    return seen


def test_a_file_is_converted_once_and_then_memory_mapped(
    tmp_path: Path, keyed: KeyedVectors, reads: list[Path]
) -> None:
    save_text(keyed, tmp_path / "v.txt")
    for _ in range(3):
        loaded = load_vectors(str(tmp_path / "v.txt"))
    assert len(reads) == 1
    assert isinstance(loaded.keyed.vectors.base, np.memmap)
    assert not loaded.keyed.vectors.flags.writeable


def test_a_changed_file_is_read_anew(tmp_path: Path, keyed: KeyedVectors, reads: list[Path]) -> None:
    for name, save in (("v.txt", save_text), ("v.kv", save_keyed_apart)):
        save(keyed, tmp_path / name)
        load_vectors(str(tmp_path / name))
        keyed.vectors = keyed.vectors + np.float32(1)
        save(keyed, tmp_path / name)
        assert load_vectors(str(tmp_path / name)).keyed.vectors.tobytes() == keyed.vectors.tobytes()
    assert len(reads) == 4


@pytest.mark.parametrize("damage", ["table.npy", "words.json", "meta.json", "cut table", "all but the folder"])
def test_a_half_written_cache_is_ignored_and_replaced(
    tmp_path: Path, cache: Path, keyed: KeyedVectors, reads: list[Path], damage: str
) -> None:
    save_text(keyed, tmp_path / "v.txt")
    load_vectors(str(tmp_path / "v.txt"))
    (folder,) = (cache / "vectors").iterdir()
    if damage == "cut table":
        os.truncate(folder / "table.npy", 150)
    elif damage == "all but the folder":
        shutil.rmtree(folder)
        folder.mkdir()
    else:
        (folder / damage).unlink()
    for _ in range(2):
        assert load_vectors(str(tmp_path / "v.txt")).keyed.vectors.tobytes() == keyed.vectors.tobytes()
    assert len(reads) == 2
    assert [path.name for path in (cache / "vectors").iterdir()] == [folder.name]


def test_without_a_writable_cache_the_vectors_still_load(
    tmp_path: Path, cache: Path, keyed: KeyedVectors, caplog: pytest.LogCaptureFixture
) -> None:
    cache.write_text("a file where the folder should be")
    save_text(keyed, tmp_path / "v.txt")
    assert load_vectors(str(tmp_path / "v.txt")).embed(torch.tensor([1])).tolist() == [keyed["the"].tolist()]
    assert "TDD_CACHE" in caplog.text


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TDD_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/tdd"),
        ({"HOME": "/c"}, "/c/.cache/tdd"),
    ],
)
def test_the_cache_lies_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("TDD_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)


# gensim's downloader


def test_a_downloader_name_is_fetched_once_and_then_needs_no_network(
    tmp_path: Path, keyed: KeyedVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_glove(keyed, tmp_path / "fetched.gz")
    fetched: list[str] = []

    def load(name: str, return_path: bool) -> str:
        assert return_path
        fetched.append(name)
        return str(tmp_path / "fetched.gz")

    monkeypatch.setattr(downloader, "info", lambda name_only: {"models": ["glove-tiny-4"]})
    monkeypatch.setattr(downloader, "load", load)
    for _ in range(2):
        loaded = load_vectors("glove-tiny-4")
        assert (loaded.name, loaded.words) == ("glove-tiny-4", WORDS)
    assert fetched == ["glove-tiny-4"]
    with pytest.raises(UsageError, match="did you mean 'glove-tiny-4'"):
        load_vectors("glove-tiny-5")


def test_without_a_network_a_downloader_name_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def no_network(url: str) -> None:
        asked.append(url)
        raise OSError("unreachable")

    monkeypatch.setattr(downloader, "BASE_DIR", str(tmp_path / "gensim"))
    monkeypatch.setattr(downloader, "urlopen", no_network)
    with pytest.raises(
        TddError, match=r"cannot download the vectors 'glove-wiki-gigaword-100'.*glove-6b-50d"
    ) as caught:
        load_vectors("glove-wiki-gigaword-100")
    assert asked
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
