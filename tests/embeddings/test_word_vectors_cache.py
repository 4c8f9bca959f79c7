"""A file is read, and a name downloaded, once; what is kept of it is whole or made anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from gensim import downloader
from gensim.models import KeyedVectors
from vectors_files import WORDS, save_glove, save_keyed_apart, save_text

from tdd.embeddings import word_vectors
from tdd.embeddings.vector_cache import key_of_file, key_of_installed
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


@pytest.mark.parametrize("place", ["in its first bytes", "in the middle", "in its last bytes"])
def test_a_file_changed_in_place_is_read_anew_whatever_its_time_says(
    tmp_path: Path, reads: list[Path], place: str
) -> None:
    lines = [f"word{row} 0.11 0.22\n" for row in range(10_000)]
    path = tmp_path / "v.txt"
    path.write_text("".join(lines))
    before, times = load_vectors(str(path)), path.stat()
    changed = {"in its first bytes": 0, "in the middle": 4_321, "in its last bytes": -1}[place]
    lines[changed] = lines[changed].replace("0.22", "0.33")
    path.write_text("".join(lines))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (times.st_size, times.st_mtime_ns)
    after = load_vectors(str(path))
    assert after.checksum != before.checksum and len(reads) == 2
    assert after.keyed.vectors[changed].tolist() == pytest.approx([0.11, 0.33])


def test_the_key_of_a_file_is_of_what_stands_in_it_even_where_times_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(bytes(3 * 2**20))
    keys = set()
    monkeypatch.setattr(Path, "stat", lambda self: SimpleNamespace(st_size=3 * 2**20, st_mtime_ns=1, st_ctime_ns=1))
    monkeypatch.setattr(Path, "is_file", lambda self: self == path)
    for place in (0, 2**20, 3 * 2**20 - 1):
        content = bytearray(3 * 2**20)
        content[place - place % 2**16 if place < 2**20 else place] = 1
        path.write_bytes(content)
        keys.add(key_of_file(path))
    assert len(keys) == 3


MEASURED = """
import sys, threading, psutil
from tdd.embeddings.word_vectors import load_vectors
import gensim.utils, pyarrow.csv
def taken():
    return psutil.Process().memory_info().rss
before = most = taken()
def watch():
    global most
    while not done.wait(0.002):
        most = max(most, taken())
done = threading.Event()
watching = threading.Thread(target=watch)
watching.start()
vectors = load_vectors(sys.argv[1])
done.set()
watching.join()
print(len(vectors), vectors.dim, most - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["text", "binary"])
def test_a_large_file_is_read_without_room_for_its_table(tmp_path: Path, kind: str) -> None:
    count, dim = 20_000, 1_500
    with open(tmp_path / "v", "wb") as file:
        file.write(f"{count} {dim}\n".encode())
        for row in range(count):
            number = 0.25 + row % 7
            file.write(f"word{row} ".encode())
            file.write(b" ".join([f"{number:g}".encode()] * dim) + b"\n") if kind == "text" else file.write(
                np.full(dim, number, dtype="<f4").tobytes()
            )
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "v")], capture_output=True, text=True, check=False
    )
    words, found_dim, taken = map(int, done.stdout.split())
    assert (words, found_dim) == (count, dim), done.stderr
    assert taken < 400 * count + 100 * 2**20 < 4 * count * dim


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


def test_the_embedded_vectors_are_kept_once_wherever_they_are_installed(tmp_path: Path) -> None:
    first, second = (tmp_path / venv / "table.npy" for venv in "ab")
    for number, file in enumerate((first, second)):
        file.parent.mkdir()
        np.save(file, np.ones((4, 2), np.float32))
        os.utime(file, (number, number))
    assert key_of_installed(first) == key_of_installed(second)
    assert key_of_installed(first, also=("pair",)) != key_of_installed(first)
    np.save(second, np.full((4, 2), 2, np.float32))
    assert key_of_installed(first) != key_of_installed(second)
