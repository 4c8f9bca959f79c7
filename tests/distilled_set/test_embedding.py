"""A set says what its vectors are of: enough to find the same table and to split text as it was, checked on load."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import LENGTH, save_encoder, tiny_encoder, tiny_text_corpus
from tokenizers import Tokenizer
from transformers import AutoModel

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.embeddings.encoder import encoder_tokens
from tdd.embeddings.tokenise import TOKENIZER_VERSION
from tdd.errors import TddError
from tdd.hub.encoders import encoder_files
from tdd.hub.layout import LARGEST, is_ours
from tdd.publishing.card import card
from tdd.publishing.contents import contents
from tdd.publishing.pull import pull
from tdd.settings.recipe import Recipe

TEXT = "The playing books, a good film: the good books"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> DistilledSet:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TDD_CACHE", str(tmp_path_factory.mktemp("cache")))
        recipe = Recipe(network=tiny_encoder(), n=2, outer_steps=1, max_length=LENGTH - 2, data_from="memory")
        return Distiller(recipe, tiny_text_corpus()).run()


@pytest.fixture
def saved(made, tmp_path) -> Path:
    made.save_pretrained(tmp_path / "run")
    return tmp_path / "run"


def test_others_split_text_and_find_the_table_by_what_is_saved(made, saved):
    about = json.loads((saved / "embedding.json").read_text())
    tokens, folder = encoder_tokens(tiny_encoder()), Path(tiny_encoder().removeprefix("hf:"))
    tokenizer = Tokenizer.from_file(str(saved / "tokenizer.json"))
    assert Tokenizer.from_file(str(folder / "tokenizer.json")).encode("a").ids[4:] == [0] * 5  # it cuts and pads
    bare = tokenizer.encode(TEXT, add_special_tokens=False).ids
    assert len(bare) > 9 and [row + 1 for row in bare] == tokens.encode(TEXT)
    prefix, suffix = ([tokenizer.token_to_id(token) for token in about[name]] for name in ("prefix", "suffix"))
    assert tokenizer.encode(TEXT).ids == [*prefix, *bare, *suffix] and (prefix, suffix) == ([2], [3])
    table = AutoModel.from_pretrained(folder).get_input_embeddings().weight.detach()
    assert list(table.shape) == [about["size"], about["dimension"]]
    text = (saved / "tokenizer.json").read_bytes()
    assert hashlib.sha256(text + table.numpy().tobytes()).hexdigest() == about["checksum"]
    assert hashlib.sha256(text).hexdigest() == about["tokenizer_sha256"]
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert about["weights_sha256"] == weights == made.source["encoder_weights"]
    assert about["name"] == tiny_encoder() and about["kind"] == "word pieces"
    assert about["model"] is about["revision"] is None  # a folder of one's own


def test_the_encoder_that_comes_along_is_called_by_its_name_on_the_hub():
    assert encoder_files("minilm").model == "sentence-transformers/all-MiniLM-L6-v2"


def test_what_is_saved_comes_back_and_is_saved_and_published_again(saved, tmp_path):
    loaded = DistilledSet.from_pretrained(saved)
    loaded.save_pretrained(tmp_path / "again")
    names = ["distilled.safetensors", "embedding.json", "recipe.yaml", "results.json", "tokenizer.json"]
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == names
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()
    assert "tokenizer='" not in repr(loaded)  # a long text
    files = contents(loaded, "me/x")
    assert files["tokenizer.json"] == (saved / "tokenizer.json").read_bytes()
    folder = tiny_encoder().removeprefix("hf:")
    assert json.loads(files["embedding.json"])["name"] == f"hf:{Path(folder).name}"
    assert folder.encode() not in files["embedding.json"]
    text = card(loaded, "me/x")
    assert "what the vectors are of in `embedding.json`;\n`tokenizer.json` splits text" in text


@pytest.mark.hub
def test_the_files_are_published_and_pulled(made, saved, hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    made.push_to_hub("tester/of-pieces")
    pulled = pull("tester/of-pieces", output=tmp_path / "pulled")
    assert (pulled / "tokenizer.json").read_bytes() == (saved / "tokenizer.json").read_bytes()
    loaded = DistilledSet.from_pretrained(pulled)
    assert loaded.embedding.about["checksum"] == made.embedding.about["checksum"] and is_ours("tokenizer.json")


def test_a_set_of_word_vectors_names_them_and_has_no_tokenizer(tmp_path):
    made = Distiller(tiny_recipe(outer_steps=1), tiny_corpus()).run()
    made.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "embedding.json").read_text()) == {
        "name": "tiny",
        "kind": "word vectors",
        "checksum": "checksum of tiny",
        "dimension": 6,
        "size": 40,
        "tokenizer": {"name": "words", "version": TOKENIZER_VERSION, "case": "lower"},
    }
    assert not (tmp_path / "tokenizer.json").exists()
    text = card(made, "me/x")
    assert "`embedding.json`." in text and "`tokenizer.json` of this repository, which the library" in text
    assert public(made).embedding == made.embedding
    # Without the file, as an older set, it is read, and says nothing then.
    (tmp_path / "embedding.json").unlink()
    loaded = DistilledSet.from_pretrained(tmp_path)
    assert loaded.embedding is None and "`embedding.json`" not in card(loaded, "me/x")
    made.save_pretrained(tmp_path)
    loaded.save_pretrained(tmp_path)
    assert not (tmp_path / "embedding.json").exists()


def change(**values):
    def spoil(folder: Path) -> None:
        about = json.loads((folder / "embedding.json").read_text())
        (folder / "embedding.json").write_text(json.dumps(about | values))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "embedding.json").write_text("{"), "embedding.json is damaged: it is not valid JSON"),
        (lambda folder: (folder / "embedding.json").write_text("[" * 60000), "is damaged: it is not valid JSON"),
        (lambda folder: (folder / "embedding.json").write_text("[]"), "does not say which vectors the set was made"),
        (lambda folder: (folder / "embedding.json").write_text(" " * 2**25), "is larger than any such file of a set"),
        (change(dimension="8"), "does not say which vectors the set was made with; get a fresh copy"),
        (change(tokenizer="words"), "does not say which vectors the set was made with; get a fresh copy"),
        (change(tokenizer={"name": 3}), "does not say which vectors the set was made with; get a fresh copy"),
        (change(revision=3), "does not say which vectors the set was made with; get a fresh copy"),
        (change(checksum="0" * 64), "its checksum is not that of the set beside it; get a fresh copy of both"),
        (change(weights_sha256="0" * 64), "its weights_sha256 is not that of the set beside it"),
        (change(dimension=9), "its dimension is not that of the set beside it"),
        (change(tokenizer_sha256="0" * 64), "tokenizer.json is damaged, or that of another set; get a fresh copy"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "cannot read .*tokenizer.json: No such file"),
        (lambda folder: (folder / "tokenizer.json").write_bytes(b"\xff"), "tokenizer.json is damaged, or that of"),
        (lambda folder: append(folder / "tokenizer.json"), "tokenizer.json is damaged, or that of another set"),
        (lambda folder: shutil.copy(other_tokenizer(folder), folder / "tokenizer.json"), "that of another set"),
    ],
)
def test_damaged_and_foreign_files_are_one_line(saved, spoil, told):
    spoil(saved)
    with pytest.raises(TddError, match=told) as caught:
        DistilledSet.from_pretrained(saved)
    assert "\n" not in str(caught.value)


def append(path: Path) -> None:
    path.write_text(path.read_text() + " ")


def other_tokenizer(folder: Path) -> Path:
    save_encoder(folder.parent / "other")
    return folder.parent / "other" / "tokenizer.json"


def test_files_that_are_too_large_are_not_read(saved, monkeypatch):
    monkeypatch.setitem(LARGEST, "tokenizer.json", 100)
    with pytest.raises(TddError, match=r"tokenizer\.json is larger than any such file of a set"):
        DistilledSet.from_pretrained(saved)


def test_samples_are_of_the_dimension_that_is_named(made):
    assert made.embedding.about["dimension"] == made.samples.shape[-1] == 8
    assert torch.isfinite(made.samples).all()
