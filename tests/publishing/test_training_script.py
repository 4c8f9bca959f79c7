"""The script of a card, run where there is no tdd, gives the accuracy that the card claims, for every kind of set."""

import re
from pathlib import Path

import pytest
import torch
from command import tdd, write_data, write_vectors
from datasets import ClassLabel, Value
from digits import write_digits
from hub_server import HubServer
from pair_data import pairs, write_pair_vectors, write_pairs
from publishing import files_of, snippet
from scripts import MOST_LINES, assert_claimed, run_without_tdd
from tiny_encoders import films, save_encoder

from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import EMBEDDED
from tdd.publishing.script_parts import labels_of
from tdd.publishing.training_script import training_script

SETTINGS = {"max_length": 8, "batch_size": 16, "learning_rate": 0.5, "validate_every": 4, "outer_steps": 12}
PLAIN = ["--inner", "plain", "inner_steps=[3,40]", "inner_rate=0.03", "window=3"]
KINDS: dict[str, list[str]] = {
    "free, fixed": [],
    "free, random": ["--init", "random", "epochs=2"],
    "words, fixed": ["--samples", "words"],
    "words, random, with momentum": ["--samples", "words", "--init", "random", "momentum=0.5"],
    "free, plain": [*PLAIN, "inner_batch=3"],
    "free, plain, random": [*PLAIN, "--init", "random", "inner_batch=64", "inner_clip=none"],
    "words, plain": [*PLAIN, "--samples", "words", "inner_batch=2", "seed=3"],
    "pool of words, plain": [*PLAIN, "--samples", "words", "--pool", "mean_pool,text_cnn", "inner_batch=2"],
    "real samples, plain": [*PLAIN, "--samples", "real", "inner_batch=3"],
    "lstm, fixed": ["--network", "lstm", "hidden=6"],
    "lstm of words, random": ["--network", "lstm", "--samples", "words", "--init", "random", "hidden=6"],
    "transformer, random": ["--network", "transformer", "--init", "random", "hidden=8", "feedforward=8"],
    "mean_pool of short samples": ["--network", "mean_pool", "sample_length=7", "samples_init=real"],
    "bag_of_words": ["--network", "bag_of_words", "words=30"],
    "pairs": ["--text-column", "premise,hypothesis"],
    "pool": ["--pool", "mean_pool,text_cnn"],
    "images, fixed": ["--network", "lenet", "momentum=0.5"],
    "images, random": ["--network", "convnet", "--init", "random", "filters=6"],
    "encoder, head": ["train=head"],
    "encoder, last layer": ["train=last:1"],
    "encoder, random": ["train=last:1", "--init", "random"],
    "encoder, LoRA, words": ["train=lora:2", "--samples", "words"],
    "encoder, all": ["train=all"],
    "encoder's pieces for an lstm": ["--network", "lstm", "--samples", "words"],
    "encoder, plain": ["train=last:1", *PLAIN, "inner_batch=3"],
    "encoder, attention labels": ["train=last:1", "attention_labels=first"],
}


def seed_data(hub: HubServer, kind: str, folder: Path) -> list[object]:
    """Put the data of a kind of set on the Hub, and return what the command needs to know of it."""
    data = folder / "data"
    data.mkdir()
    if kind.startswith("images"):
        write_digits(data)
        hub.store.seed("tester/data", data)
        return ["tester/data"]
    if kind.startswith("encoder"):
        texts, labels = films()
        rows = [f"{text},{label}" for text, label in zip(texts, labels, strict=True)]
        save_encoder(folder / "encoder")
        hub.store.seed("tester/encoder", folder / "encoder", "model")
        what = "--vectors" if "lstm" in kind else "--network"
        source = ["tester/data", what, "hf:tester/encoder", "--set", "max_length=9"]
    elif kind == "pairs":
        rows = write_pairs(folder / "pairs.csv", pairs(160)).read_text().splitlines()[1:]
        source = ["tester/data", "--vectors", write_pair_vectors(folder / "vectors.txt")]
    else:
        rows = write_data(folder / "all.csv").read_text().splitlines()[1:]
        source = ["tester/data", "--vectors", write_vectors(folder / "vectors.txt")]
    head = "premise,hypothesis,label" if kind == "pairs" else "text,label"
    for split, some in (("train", rows[: 2 * len(rows) // 3]), ("test", rows[2 * len(rows) // 3 :])):
        (data / f"{split}.csv").write_text("\n".join([head, *some]) + "\n")
    hub.store.seed("tester/data", data)
    return source


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_script_of_the_card_gives_the_accuracy_that_the_card_claims(
    kind: str, hub: HubServer, repo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    source = seed_data(hub, kind, tmp_path)
    flags = [part for part in KINDS[kind] if "=" not in part]
    settings = [setting for setting in KINDS[kind] if "=" in setting]
    usual = {
        name: value
        for name, value in SETTINGS.items()
        if not (kind.startswith(("images", "enc")) and name == "max_length")
        and not ("plain" in kind and name == "learning_rate")
    }
    chosen = [f"{name}={value}" for name, value in usual.items()] + settings
    sets = [part for setting in chosen for part in ("--set", setting)]
    size = 20 if kind.startswith("images") else 4
    done = tdd(
        "distill", *source, "--n", size, *flags, *sets, "--set", "test_networks=200", "--output", tmp_path / "run"
    )
    assert done.code == 0, done.err
    assert tdd("push", tmp_path / "run", repo).code == 0
    files = files_of(hub, repo)
    card, plain = files["README.md"].decode(), "plain" in kind
    code = snippet(card)
    assert code == files["train.py"].decode()
    assert len(code.splitlines()) < MOST_LINES
    assert plain == ("plain, 40 steps of AdamW, in mini-batches of at most" in card)
    assert plain not in ("learned learning rates" in card, "steps of gradient descent" in card)
    assert "tdd" not in re.sub("without tdd", "", code)
    made = DistilledSet.from_pretrained(tmp_path / "run")
    assert_claimed(run_without_tdd(code, tmp_path), made)
    # The script is longest with the vectors that most sets are made of, and a test split drawn from a file.
    if made.space.kind == "text" and not kind.startswith("encoder"):
        made.recipe = made.recipe.model_copy(update={"vectors": EMBEDDED})
    made.test_rows, made.source = torch.arange(3), {k: v for k, v in made.source.items() if k != "revision"}
    made.source["dataset"] = "data.csv"
    made.results["data"] |= {"tested_on": None, "files": {"train": ["data.csv"]}, "delimiter": ";"}
    longest = training_script(made, repo)
    assert longest is not None and "sys.argv" in longest and len(longest.splitlines()) < MOST_LINES


@pytest.mark.parametrize(
    ("feature", "values", "classes", "found"),
    [
        (ClassLabel(names=["neg", "pos"]), [1, 0, -1, None], ["neg", "pos"], [1, 0, -1, -1]),
        (Value("float64"), [1.0, 2.0, None, 1.5], ["1", "2", "1.5"], [0, 1, -1, 2]),
        (Value("string"), ["Pos", " pos", "NEG", "p\u200bos", "None", None], ["Pos", "neg"], [0, 0, 1, 0, -1, -1]),
        (Value("string"), ["Pos", "pos", "POS"], ["Pos", "pos"], [0, 1, -1]),  # kept apart
        (Value("string"), ["caf\u0065\u0301"], ["caf\u00e9"], [0]),
        (Value("bool"), [True, False, None], ["False", "True"], [1, 0, -1]),
    ],
)
def test_the_labels_of_a_script_are_told_apart_as_ours(feature, values, classes, found):
    assert labels_of(feature, values, classes) == found
