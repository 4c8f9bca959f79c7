"""The published text of a set of words alone trains as the run did."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
import yaml
from command import tdd
from hub_server import HubServer
from publishing import TOKEN, assert_labels_and_rates, commit, files_of, fresh_process

from tdd.data.corpus import load_corpus
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import load_vectors
from tdd.evaluation.evaluation import evaluate
from tdd.hub.layout import WEIGHTS
from tdd.publishing.card import card
from tdd.publishing.push import push


@pytest.fixture(scope="module")
def made(words_run: Path) -> DistilledSet:
    return DistilledSet.from_pretrained(words_run)


@pytest.fixture
def published(hub: HubServer, words_run: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    repo = f"tester/words-{request.node.name[:40].replace('_', '-')}"
    assert tdd("push", words_run, repo).code == 0
    return repo


@pytest.mark.slow
def test_plain_datasets_read_exactly_the_sentences_and_they_train_as_the_run_did(
    published: str, words_run: Path, made: DistilledSet, tmp_path: Path
):
    code = f"""
import json, sys
from datasets import get_dataset_config_names, load_dataset
assert get_dataset_config_names({published!r}) == ["default"]
table = load_dataset({published!r})["train"]
assert not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
print(json.dumps(table.to_dict() | {{"names": table.features["label"].names}}))
"""
    table = json.loads(fresh_process(code, tmp_path).splitlines()[-1])
    assert table["text"] == made.sentences.texts()
    assert sorted(table) == ["index", "label", "learning_rates", "momentum", "names", "soft_label", "step", "text"]
    assert_labels_and_rates(table, made)
    # Whoever has the text, the labels, the rates and the vectors has the set.
    vectors = load_vectors(str(words_run.parent / "words.txt"))
    steps = max(table["step"]) + 1
    sentences = Sentences.read(table["text"], steps, made.recipe.max_length, vectors)
    assert torch.equal(sentences.tokens, made.sentences.tokens)
    rates = torch.tensor(table["learning_rates"]).view(steps, -1, made.recipe.epochs)[:, 0].T.reshape(1, -1)
    labels = torch.tensor(table["soft_label"]).view(steps, -1, len(table["names"]))
    momentum = torch.tensor(table["momentum"][0])
    rebuilt = DistilledSet(
        sentences.embed(vectors),
        labels,
        rates,
        table["names"],
        made.recipe,
        {"vectors_checksum": vectors.checksum},
        momentum=momentum,
        mask=sentences.tokens > 0,
    )
    found = evaluate(rebuilt, load_corpus(made.recipe).test, 5, "random", made.recipe.seed)
    assert found.as_dict() == made.results["evaluation"]["random"]
    wrong = replace(rebuilt, samples=rebuilt.samples.flip(0))
    assert evaluate(wrong, load_corpus(made.recipe).test, 5, "random", made.recipe.seed).accuracies != found.accuracies


def test_a_push_writes_the_readable_table_alone_and_takes_away_what_an_earlier_one_left(
    hub: HubServer, published: str, made: DistilledSet
):
    names = ["README.md", "default/train.parquet", WEIGHTS, "embedding.json", "network.py", "recipe.yaml"]
    names += ["results.json", "tokenizer.json", "train.py"]
    figures = [name for name in files_of(hub, published) if name.startswith("figures/")]
    assert "figures/curves.png" in figures and list(files_of(hub, published)) == sorted([*names, *figures])
    commit(hub, published, {"embeddings/train.parquet": b"of free samples", "mine.txt": b"mine"})
    push(made, published)
    assert list(files_of(hub, published)) == sorted([*names, "mine.txt"])


def test_no_folder_is_published(hub: HubServer, published: str, words_run: Path):
    files = files_of(hub, published)
    table = pq.read_table(io.BytesIO(files["default/train.parquet"]))
    files["read"] = f"{table.schema.metadata} {table.to_pylist()}".encode()
    for name, content in files.items():
        assert not re.search(rb"secret|of-mine|" + re.escape(str(words_run.parent)).encode(), content), name
    assert "\nvocabulary_file: known.txt\n" in files["recipe.yaml"].decode()


def test_a_pulled_folder_is_the_run_wherever_its_vectors_are(
    published: str, words_run: Path, made: DistilledSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    done = tdd("pull", published, "--output", tmp_path / "run")
    line = "the set is made of words of the vectors words.txt, which are not there: put that file in its place"
    assert done.code == 2 and done.one_line().startswith(line)
    assert not (tmp_path / "run").exists()
    monkeypatch.chdir(words_run.parent)
    assert tdd("pull", published, "--output", tmp_path / "run").code == 0
    assert (tmp_path / "run" / WEIGHTS).read_bytes() == (words_run / WEIGHTS).read_bytes()
    before = made.results["evaluation"]["fixed"]
    assert tdd("evaluate", tmp_path / "run").code == 0
    assert DistilledSet.from_pretrained(tmp_path / "run").results["evaluation"]["fixed"] == before
    loaded = DistilledSet.from_pretrained(published, vectors=load_vectors("words.txt"))
    assert torch.equal(loaded.samples, made.samples)


def test_the_card_says_what_the_sentences_are_and_how_they_started(made: DistilledSet):
    text = card(made, "me/x")
    (config,) = yaml.safe_load(text.split("---\n")[1])["configs"]
    assert config["config_name"] == "default" and "embeddings" not in text and "similarity" not in text
    assert "4 sentences of real words with soft labels and learned learning rates and momentum" in text
    assert "| `default` | `text` | the sample: its words, joined by single spaces |" in text
    assert "- samples started from real examples" in text and "they were not chosen to make sense" in text
    share = made.results["distillation"]["words_changed"]
    assert 0 < share < 1 and f"; {share:.0%} of the words are others now\n" in text
    drawn = replace(made, recipe=made.recipe.model_copy(update={"samples_init": "noise"}))
    text = card(drawn, "me/x")
    assert "- samples started from random words" in text and "The samples started from random words, but" in text
