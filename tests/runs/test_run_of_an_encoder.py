"""A run for an encoder in a folder of one's own, from the command line to its card, without a Hub."""

import pytest
from command import tdd
from tiny_encoders import films, save_encoder

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.publishing.card_training import training_section


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))


def test_a_run_for_an_encoder_of_a_folder_ends_with_its_card_and_is_evaluated(tmp_path):
    data = tmp_path / "films.csv"
    data.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in zip(*films(), strict=True)))
    save_encoder(tmp_path / "my-encoder")
    settings = {"max_length": 12, "batch_size": 16, "outer_steps": 2, "hidden_states": "bfloat16", "train": "last:1"}
    command = ["distill", data, "--network", f"hf:{tmp_path}/my-encoder", "--n", 2, "--output", tmp_path / "run"]
    done = tdd(*command, *(part for name, value in settings.items() for part in ("--set", f"{name}={value}")))
    assert done.code == 0, done.err
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"README.md", "embedding.json", "tokenizer.json", "distilled.safetensors"} <= files
    card = (tmp_path / "run" / "README.md").read_text()
    assert "| the pretrained encoder `hf:my-encoder` (sha256 of the weights " in card
    made = DistilledSet.from_pretrained(tmp_path / "run")
    published = training_section(public(made), "me/films")
    assert 'AutoModel.from_pretrained("my-encoder"' in published and str(tmp_path) not in card + published
    before = made.results["evaluation"]
    assert tdd("evaluate", tmp_path / "run").code == 0
    assert DistilledSet.from_pretrained(tmp_path / "run").results["evaluation"] == before
    assert "last:1, bfloat16" in tdd("cache").out
    assert len(tdd("decode", tmp_path / "run", "--format", "text").out.splitlines()) == 2
