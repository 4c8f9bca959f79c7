"""Every kind of file gives the same vectors; damaged, foreign and hostile ones are one clear line."""

import gzip
import os
import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec
from vectors_files import (
    WORDS,
    save_binary,
    save_glove,
    save_keyed,
    save_keyed_apart,
    save_keyed_numpy1,
    save_text,
    write,
)

from tdd.embeddings.word_vectors import load_vectors
from tdd.errors import TddError, UsageError

FILES = [
    ("v.txt", save_text),
    ("v.txt.gz", save_text),
    ("glove.txt", save_glove),
    ("glove.txt.gz", save_glove),
    ("v.bin", save_binary),
    ("v.bin.gz", save_binary),
    ("named_otherwise", save_binary),
    ("v.kv", save_keyed),
    ("v.kv", save_keyed_apart),
    ("v.kv", save_keyed_numpy1),
]


@pytest.mark.parametrize(("name", "save"), FILES)
def test_every_kind_of_file_gives_the_same_bits(
    tmp_path: Path, keyed: KeyedVectors, name: str, save: Callable[[KeyedVectors, Path], None]
) -> None:
    save(keyed, tmp_path / name)
    for _ in "first", "from the cache":
        loaded = load_vectors(str(tmp_path / name))
        assert loaded.words == WORDS
        assert loaded.keyed.vectors.tobytes() == keyed.vectors.tobytes()
        assert (loaded.name, loaded.dim, len(loaded)) == (name, 4, len(WORDS))
        assert len(loaded.checksum) == 64


def test_the_checksum_depends_on_words_and_table_only(tmp_path: Path, keyed: KeyedVectors) -> None:
    save_text(keyed, tmp_path / "a.txt")
    save_binary(keyed, tmp_path / "b.bin")
    first = load_vectors(str(tmp_path / "a.txt")).checksum
    assert load_vectors(str(tmp_path / "b.bin")).checksum == first
    keyed.vectors[3, 2] += 1e-3
    save_binary(keyed, tmp_path / "c.bin")
    assert load_vectors(str(tmp_path / "c.bin")).checksum != first
    write(tmp_path / "d.txt", (tmp_path / "a.txt").read_text().replace("spun", "spin"))
    assert load_vectors(str(tmp_path / "d.txt")).checksum != first


# Bad files


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", "", "not a vectors file"),
        ("prose.txt", "once upon a time\n", "not a vectors file"),
        ("v.zip", b"PK\x03\x04" + bytes(100), "archives must be unpacked"),
        ("table.csv", "word,1,2\n", "not a vectors file"),
        ("none.txt", "0 5\n", "holds no word vectors"),
        ("flat.txt", "3 0\na\nb\nc\n", "holds no word vectors"),
        ("short.txt", "3 2\na 1 2\nb 3 4\n", "2 words, its first line says 3"),
        ("long.txt", "1 2\na 1 2\nb 3 4\n", "2 words, its first line says 1"),
        ("cut.txt", "a 1 2\nb 3\n", "line 2: 1 numbers instead of 2"),
        ("wide.txt", "2 2\na 1 2\nb 3 4 5\n", "line 3: 3 numbers instead of 2"),
        ("broken.txt", "a 1 2\nb 3 x7\n", "x7"),
        ("latin1.txt", b"a 1 2\n\xe9 3 4\n", "utf-8"),
        ("nan.txt", "a 1 2\nb nan 4\n", "NaN or infinite values (word 2, 'b')"),
        ("inf.txt", "a 1 2\nb 3 1e99\n", "NaN or infinite values (word 2, 'b')"),
        ("twice.txt", "a 1 2\nb 3 4\na 5 6\n", "1 words more than once"),
        ("cut.bin", b"2 2\na " + bytes(8) + b"b " + bytes(5), "truncated"),
        ("huge.bin", b"999999999999 300\na " + bytes(1200), "truncated"),
        ("twice.bin", b"2 2\na " + bytes(8) + b"a " + bytes(8), "1 words more than once"),
        ("cut.txt.gz", gzip.compress(b"a 1 2\n" * 9, mtime=0)[:-12], "truncated"),
        ("plain.txt.gz", "a 1 2\n", "cannot read"),
        ("cut.kv", b"\x80\x04\x95\x00", "truncated, damaged or not"),
        ("dict.kv", pickle.dumps({"index_to_key": ["a"]}), "truncated, damaged or not"),
    ],
)
def test_a_bad_file_is_one_clear_line(
    tmp_path: Path, cache: Path, capfd: pytest.CaptureFixture[str], name: str, content: str | bytes, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(TddError) as caught:
        load_vectors(path)
    assert message in str(caught.value)
    assert name in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert "\n" not in str(caught.value)
    assert not cache.exists() or not list((cache / "vectors").iterdir())


def test_a_missing_file_and_a_folder_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no vectors file"):
        load_vectors(str(tmp_path / "absent.txt"))
    for name in ("x" * 5000 + ".txt", "nul\0.txt", "~nobody-at-all/v.txt"):
        with pytest.raises(UsageError, match="no vectors file"):
            load_vectors(name)
    with pytest.raises(UsageError, match="is a folder"):
        load_vectors(str(tmp_path))


def test_a_keyed_vectors_file_needs_its_array_file(tmp_path: Path, keyed: KeyedVectors) -> None:
    save_keyed_apart(keyed, tmp_path / "v.kv")
    side = tmp_path / "v.kv.vectors.npy"
    np.save(side, keyed.vectors[:5])
    with pytest.raises(TddError, match="12 words for 5 vectors"):
        load_vectors(str(tmp_path / "v.kv"))
    # A hostile file: an array of objects, which only unpickling could read.
    with side.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (1,)})
        file.write(pickle.dumps(np.array([print], dtype=object)))
    with pytest.raises(TddError, match="not gensim's KeyedVectors"):
        load_vectors(str(tmp_path / "v.kv"))
    side.unlink()
    with pytest.raises(TddError, match=r"needs the file v\.kv\.vectors\.npy beside it"):
        load_vectors(str(tmp_path / "v.kv"))


class Foreign:
    """Unpickling this would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_code_in_a_pickle_is_refused_and_never_run(tmp_path: Path, keyed: KeyedVectors, protocol: int) -> None:
    trace = tmp_path / "trace"
    # Unpickling would call mkdir on the path: looked at, not run.
    operations = [(code.name, argument) for code, argument, _ in pickletools.genops(pickle.dumps(Foreign(trace)))]
    assert {"REDUCE", "STACK_GLOBAL"} <= {name for name, _ in operations}
    assert {"mkdir", str(trace)} <= {argument for _, argument in operations}
    keyed.extra = Foreign(trace)
    keyed.save(str(tmp_path / "inside.kv"), pickle_protocol=protocol)
    (tmp_path / "bare.kv").write_bytes(pickle.dumps(Foreign(trace), protocol=protocol))
    for name in ("inside.kv", "bare.kv"):
        with pytest.raises(TddError, match="it holds "):
            load_vectors(str(tmp_path / name))
    assert not trace.exists()


def test_a_whole_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    Word2Vec([["a", "b"]], vector_size=2, min_count=1).save(str(tmp_path / "model"))
    with pytest.raises(TddError, match=r"gensim\.models\.word2vec\.Word2Vec; save only the vectors: model\.wv\.save"):
        load_vectors(str(tmp_path / "model"))
