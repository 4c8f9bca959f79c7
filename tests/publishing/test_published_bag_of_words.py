"""A set for a bag of words is used without the vectors at hand: by transformers, by tdd."""

from pathlib import Path

import pytest
import torch
from command import SETTINGS, tdd, write_data, write_vectors
from publishing import fresh_process

from tdd.data.corpus import load_corpus
from tdd.data.text import TextSplit
from tdd.distilled_set.set import DistilledSet
from tdd.publishing.trained_model import train_model, trained_network

OWN = {"words": 30, "samples_init": "real", "sample_length": 6, "outer_steps": 12}


@pytest.fixture(scope="module", params=["free", "words"])
def bag_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, with its data and vectors beside it."""
    folder = tmp_path_factory.mktemp("secret") / "of-mine"
    folder.mkdir()
    data, vectors = write_data(folder / "reviews.csv"), write_vectors(folder / "words.txt")
    settings = [part for name, value in (SETTINGS | OWN).items() for part in ("--set", f"{name}={value}")]
    flags = ("--network", "bag_of_words", "--vectors", vectors, "--samples", request.param, "--n", 4)
    done = tdd("distill", data, *flags, *settings, "--output", folder / "run")
    assert done.code == 0, done.err
    return folder / "run"


@pytest.mark.slow
def test_a_fresh_process_evaluates_it_equally(bag_run: Path):
    made = DistilledSet.from_pretrained(bag_run)
    code = f"""
import torch
torch.set_num_threads(1)
from tdd.distilled_set.set import DistilledSet
from tdd.publishing.trained_model import trained_network

network = trained_network(DistilledSet.from_pretrained("{bag_run}"))
print(network.upper.classifier.weight.sum().item())
"""
    assert float(fresh_process(code)) == trained_network(made).upper.classifier.weight.sum().item()


def test_a_saved_model_answers_on_raw_text_with_our_logits(bag_run: Path, tmp_path: Path):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    import tdd as package

    made = DistilledSet.from_pretrained(bag_run)
    train_model(made, tmp_path / "model")
    package.register_transformers()
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    texts = ["word1 word12 word25", "word21 nothing word3 word3", "nothing"]
    found = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits
    split = load_corpus(made.recipe).test
    assert isinstance(split, TextSplit)
    ids = [split.vectors.encode(text) for text in texts]
    network = trained_network(made)
    for row, some in zip(found, ids, strict=True):
        x = split.vectors.embed(torch.tensor([some]))
        torch.testing.assert_close(row[None], network(x), rtol=1e-5, atol=1e-6)
