"""Every kind of file gives the same vectors; damaged, foreign and hostile ones are one clear line."""

import gzip
import os
import pickle
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model
from hypothesis import given, settings
from hypothesis import strategies as st
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

from tdd.embeddings.formats.fasttext import MAGIC
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


# Files as people have them

ROWS = [("the", [0.1, 0.2]), ("new york", [0.3, -0.4]), (". . .", [0.5, 1e-5]), ("at me@here.com", [0.7, 0.8])]


def lines(rows: list[tuple[str, list[float]]], end: str = "\n", last: str = "") -> str:
    return "".join(f"{word} {' '.join(map(str, vector))}{last}{end}" for word, vector in rows)


@pytest.mark.parametrize(
    "content",
    [
        lines(ROWS),
        lines(ROWS, end="\r\n"),
        lines(ROWS, last=" "),
        lines(ROWS, last="\t \r"),
        lines(ROWS).replace(" 0.", "\t0."),
        lines(ROWS).replace(" 0.", "  0."),
        lines(ROWS) + "\n",
        "4 2\n" + lines(ROWS),
        " 4  2 \r\n" + lines(ROWS, end=" \r\n"),
        lines(ROWS).rstrip("\n"),
    ],
)
def test_words_may_hold_spaces_and_lines_end_in_any_way(tmp_path: Path, content: str) -> None:
    loaded = load_vectors(write(tmp_path / "v.txt", content))
    assert loaded.words == [word for word, _ in ROWS] and loaded.notes == []
    assert loaded.keyed.vectors.tolist() == np.array([vector for _, vector in ROWS], dtype=np.float32).tolist()


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    words=st.lists(
        st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")) | st.just(" "), min_size=1)
        .map(str.strip)
        .filter(lambda word: word and not re.search(r"\d\.\d{4}|\d[eE][-+]\d", word)),
        min_size=1,
        max_size=8,
        unique=True,
    ),
    dim=st.integers(5, 9),
    seed=st.integers(0, 99),
    kind=st.sampled_from(["text", "glove", "binary", "program"]),
)
def test_whatever_words_gensim_writes_are_read(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], dim: int, seed: int, kind: str
) -> None:
    table = np.random.default_rng(seed).normal(size=(len(words), dim)).astype(np.float32)
    keyed = KeyedVectors(dim)
    keyed.add_vectors(words, table)
    path = tmp_path_factory.mktemp("v") / "vectors"
    if kind == "program":  # as word2vec's own one writes, with an end of the line behind each vector
        rows = [word.encode() + b" " + row.tobytes() + b"\n" for word, row in zip(words, table, strict=True)]
        path.write_bytes(f"{len(words)} {dim}\n".encode() + b"".join(rows))
    else:
        keyed.save_word2vec_format(str(path), binary=kind == "binary", write_header=kind != "glove")
    loaded = load_vectors(str(path))
    assert loaded.words == words
    assert loaded.keyed.vectors.tobytes() == table.tobytes()


def test_phrases_in_a_large_binary_file_are_found_across_what_is_read_at_once(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    words = [f"{'new york city hall'[: 4 * (i % 4)]} word{i}".strip() for i in range(30_000)]
    keyed = KeyedVectors(60)
    keyed.add_vectors(words, random.normal(size=(len(words), 60)).astype(np.float32))
    save_binary(keyed, tmp_path / "v.bin")
    loaded = load_vectors(str(tmp_path / "v.bin"))
    assert loaded.words == words
    assert np.array_equal(loaded.keyed.vectors, keyed.vectors)


def test_what_is_left_out_of_a_file_is_told(tmp_path: Path) -> None:
    content = lines([("the", [1, 2]), ("a", [0, 0]), ("the", [3, 4]), ("the", [5, 6]), ("b", [7, 8]), ("", [1, 1])])
    content = content.encode() + b"\xe9 1 2\n" + lines([(f"w{i}", [i + 1, 2]) for i in range(99)]).encode()
    path = write(tmp_path / "v.txt", content)
    for _ in "first", "from the cache":
        loaded = load_vectors(path)
        assert loaded.words[:2] == ["the", "b"] and len(loaded) == 101
        assert loaded.keyed.vectors[:2].tolist() == [[1, 2], [7, 8]]
        assert loaded.notes == [
            "v.txt has 1 word more than once ('the' first): the first vector of each counts",
            "v.txt has 1 vector of zeros ('a' first), as good as none: left out",
            "v.txt has 2 lines that name no word in UTF-8: left out",
        ]


@pytest.fixture(scope="module")
def fasttext() -> FastText:
    texts = [["good", "film", "बहुत"], ["bad", "film", "x"]] * 9
    return FastText(texts, vector_size=4, min_count=1, bucket=50, min_n=2, max_n=3, epochs=1, seed=1)


@pytest.mark.parametrize("how", ["bin", "keyed", "keyed apart", "keyed without parts"])
def test_fasttexts_own_files_give_the_vectors_that_gensim_gives(tmp_path: Path, fasttext: FastText, how: str) -> None:
    path, keyed = tmp_path / "model", fasttext.wv
    if how == "bin":
        save_facebook_model(fasttext, str(path))
        keyed = load_facebook_vectors(str(path))
    elif how == "keyed":
        keyed.save(str(path))
    elif how == "keyed apart":
        keyed.save(str(path), separately=["vectors_vocab", "vectors_ngrams"])
    else:
        keyed = FastText([["good", "film"]] * 9, vector_size=4, min_count=1, max_n=0, epochs=1).wv
        keyed.save(str(path))
    loaded = load_vectors(str(path))
    assert loaded.words == keyed.index_to_key
    assert loaded.keyed.vectors.tobytes() == keyed.vectors.tobytes()


def test_a_cut_model_of_fasttext_is_refused_wherever_it_ends(tmp_path: Path, fasttext: FastText) -> None:
    save_facebook_model(fasttext, str(tmp_path / "whole"))
    content = (tmp_path / "whole").read_bytes()
    end = content.index(b"x\0") + 30 + 4 * 4 * (4 + 50)  # behind that is what training would go on from
    for cut in [*range(4, 300, 7), end]:
        path = write(tmp_path / "cut", content[:cut])
        with pytest.raises(TddError, match="truncated or damaged; fetch it again"):
            load_vectors(path)


def test_a_whole_model_and_a_compressed_one_of_fasttext_say_what_to_do(tmp_path: Path, fasttext: FastText) -> None:
    fasttext.save(str(tmp_path / "model"))
    with pytest.raises(TddError, match=r"save only the vectors: model\.wv\.save"):
        load_vectors(str(tmp_path / "model"))
    with pytest.raises(TddError, match=r"unpack it first, gunzip cc\.bin\.gz"):
        load_vectors(write(tmp_path / "cc.bin.gz", gzip.compress(MAGIC + bytes(99))))


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
        ("wide.txt", "2 2\na 1 2\nb 0.3141 0.4 0.5\n", "line 3: 3 numbers instead of 2"),
        ("tiny.txt", "2 2\na 1 2\nb 3e-5 0.4 0.5\n", "line 3: 3 numbers instead of 2"),
        ("broken.txt", "a 1 2\nb 3 x7\n", "line 2: 'x7' is no number"),
        ("gap.txt", "a 1 2\nb 3  \n", "line 2: 1 numbers instead of 2"),
        ("latin1.txt", b"a 1 2\n\xe9 3 4\n", "1 of 2 words are not UTF-8; save the file in UTF-8, e.g. iconv"),
        ("nan.txt", "a 1 2\nb nan 4\n", "NaN or infinite values (word 2, 'b')"),
        ("inf.txt", "a 1 2\nb 3 1e99\n", "NaN or infinite values (word 2, 'b')"),
        ("zeros.txt", "a 0 0\nb 0 0\n", "holds no word vectors"),
        ("cut.bin", b"2 2\na " + bytes(8) + b"b " + bytes(5), "truncated"),
        ("huge.bin", b"999999999999 300\na " + bytes(1200), "truncated"),
        ("unending.bin", b"1 2\n" + b"a" * 99, "truncated"),
        ("model.bin", MAGIC + bytes(9), "truncated"),
        ("old.bin", MAGIC + (11).to_bytes(4, "little") + bytes(200), "fastText's version 11, not 12; save its words"),
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
