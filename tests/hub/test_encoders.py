"""Encoders from the Hub: at a commit that is kept, and one line for what cannot be had."""

import hashlib
import json
from pathlib import Path

import pytest
from tiny_encoders import LENGTH, films, save_encoder

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.embedding import with_own_files
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.encoder import encoder_tokens
from tdd.embeddings.encoder_model import load_encoder
from tdd.embeddings.load import load_embedding
from tdd.errors import TddError, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.hub.encoders import _from_hub, encoder_files
from tdd.inspection.decode import decode
from tdd.settings.encoder_names import at_commit
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
    distilled = Distiller(recipe, load_corpus(recipe, data=films("good", "bad"))).run()
    assert distilled.source["encoder_revision"] == named.revision
    assert distilled.source["encoder_weights"] == named.checksum()
    with pytest.raises(UsageError, match=f"{repo} has no revision 'nowhere'"):
        encoder_files(f"hf:{repo}@nowhere")


@pytest.mark.hub
@pytest.mark.parametrize("network", ["itself", "lstm"])
def test_a_set_is_tested_with_the_encoder_as_it_was_though_the_hub_has_moved_on(
    hub, repo, folder, network, tmp_path, monkeypatch
):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    hub.store.seed(repo, folder, "model")
    name, data = f"hf:{repo}", films()
    settings = {"network": name} if network == "itself" else {"network": network, "vectors": name}
    recipe = Recipe(dataset="films", n=2, outer_steps=1, max_length=LENGTH - 2, data_from="memory", **settings)
    distilled = Distiller(recipe, load_corpus(recipe, data=data)).run()
    distilled.save_pretrained(tmp_path / "run")
    before = evaluate(distilled, load_corpus(recipe, data=data).test).accuracies
    commit = encoder_files(name).revision
    save_encoder(folder, seed=1)
    hub.store.seed(repo, folder, "model")
    _from_hub.cache_clear()  # as another process
    moved = encoder_files(name)
    assert moved.revision != commit
    loaded = DistilledSet.from_pretrained(tmp_path / "run")
    pinned = f"{name}@{commit}"
    assert (loaded.recipe.network, loaded.recipe.vectors) == (pinned if network == "itself" else network, pinned)
    assert loaded.embedding.about["revision"] == commit and loaded.embedding.about["model"] == repo
    assert evaluate(loaded, load_corpus(loaded.recipe, data=data).test).accuracies == before
    assert decode(loaded, load_embedding(loaded.recipe.vectors))[0].text
    # The recipe's own words stay in the folder, and one that names a revision is left at that.
    assert Recipe.load(tmp_path / "run" / "recipe.yaml").vectors == name
    asked = loaded.recipe.model_copy(update={"vectors": f"{name}@main"})
    assert with_own_files(asked, None, tmp_path, loaded.source, loaded.embedding)[0].vectors == f"{name}@main"


@pytest.mark.parametrize(
    ("name", "commit", "found"),
    [
        ("hf:owner/name", "a" * 40, "hf:owner/name@" + "a" * 40),
        ("hf:owner/name@v1", "a" * 40, "hf:owner/name@v1"),
        ("hf:owner/name", None, "hf:owner/name"),
        ("hf:owner/name", "main\x1b[2J", "hf:owner/name"),
        ("minilm", "a" * 40, "minilm"),
        ("glove-6b-50d", "a" * 40, "glove-6b-50d"),
    ],
)
def test_a_commit_is_added_to_the_names_of_encoders_on_the_hub_alone(name, commit, found):
    assert at_commit(name, commit) == found


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


def test_weights_that_a_file_lacks_are_told_and_not_drawn(tmp_path: Path):
    from safetensors.torch import load_file, save_file

    save_encoder(tmp_path, "bert")
    weights = load_file(tmp_path / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "layer.1." not in name}
    save_file(kept, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        TddError, match=r"^the weights of hf:\S+ lack encoder\.layer\.1\.\S+ and \d+ more; get a fresh copy$"
    ):
        load_encoder(f"hf:{tmp_path}")


def test_a_tokenizer_that_is_another_models_or_not_there_is_told(tmp_path: Path):
    save_encoder(tmp_path / "a", "bert")
    text = json.loads((tmp_path / "a" / "tokenizer.json").read_text())
    text["model"]["vocab"]["##beyond"] = 99
    (tmp_path / "a" / "tokenizer.json").write_text(json.dumps(text))
    with pytest.raises(TddError, match=r"knows 100 pieces and its model 60: they are not of one encoder"):
        encoder_tokens(f"hf:{tmp_path / 'a'}")
    save_encoder(tmp_path / "b", "bert", seed=1)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        (tmp_path / "b" / name).unlink(missing_ok=True)
    with pytest.raises(TddError, match=r"has no tokenizer, tokenizer\.json is missing"):
        encoder_tokens(f"hf:{tmp_path / 'b'}")
