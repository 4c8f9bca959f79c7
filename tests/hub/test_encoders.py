"""Encoders from the Hub: at a commit that is kept, and one line for what cannot be had."""

import hashlib
from pathlib import Path

import pytest
from tiny_encoders import LENGTH, save_encoder

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.errors import TddError, UsageError
from tdd.hub.encoders import encoder_files
from tdd.settings.recipe import Recipe


@pytest.fixture
def repo(request) -> str:
    """A name that no other test has in its cache."""
    return "tester/" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


@pytest.fixture
def folder(tmp_path) -> Path:
    save_encoder(tmp_path / "encoder")
    return tmp_path / "encoder"


@pytest.mark.hub
def test_an_encoder_is_read_at_a_commit_that_its_set_names(hub, repo, folder):
    (folder / "pytorch_model.bin").write_bytes(b"never read")
    hub.store.seed(repo, folder, "model")
    named = encoder_files(f"hf:{repo}")
    assert named.revision is not None and len(named.revision) == 40
    assert "pytorch_model.bin" not in {path.name for path in named.folder.iterdir()}
    pinned = f"hf:{repo}@{named.revision}"
    recipe = Recipe(dataset="films", network=pinned, n=2, outer_steps=1, max_length=LENGTH - 2, data_from="memory")
    distilled = Distiller(recipe, load_corpus(recipe, data=(["good", "bad"] * 9, ["a", "b"] * 9))).run()
    assert distilled.source["encoder_revision"] == named.revision
    assert distilled.source["encoder_weights"] == named.checksum()
    with pytest.raises(UsageError, match=f"{repo} has no revision 'nowhere'"):
        encoder_files(f"hf:{repo}@nowhere")


@pytest.mark.hub
def test_what_cannot_be_had_is_one_line(hub, repo, folder, monkeypatch):
    with pytest.raises(UsageError, match=f"no model '{repo}' on the Hub at .*, or it is private"):
        encoder_files(f"hf:{repo}")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    hub.store.seed(repo, folder, "model")
    with pytest.raises(UsageError, match="its weights are pickled, which may run code; name a model or revision"):
        encoder_files(f"hf:{repo}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(TddError, match="HF_HUB_OFFLINE is set, and the model tester/other is not in the Hub's cache"):
        encoder_files("hf:tester/other")
    for name in ("hf:", "hf:a/b/c", "hf:a/b@"):
        with pytest.raises(
            UsageError, match="no such folder; a pretrained encoder is named hf:folder or hf:owner/name"
        ):
            encoder_files(name)
