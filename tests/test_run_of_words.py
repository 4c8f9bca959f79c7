"""A run of sentences of words from the command line to the Hub: the published text alone trains as the run did."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
import yaml
from command import distil_command, tdd, write_data, write_vectors
from hub_server import HubServer
from publishing import TOKEN, assert_labels_and_rates, commit, files_of, fresh_process, snippet
from safetensors.torch import save_file

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import load_vectors
from tdd.evaluation.evaluation import evaluate
from tdd.hub.layout import WEIGHTS
from tdd.publishing.card import card
from tdd.publishing.push import push

SETTINGS = {"padding": "end", "samples_lr": 0.5, "epochs": 2, "momentum": 0.3, "excluded_words": "[word3]"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run beside its data, vectors and vocabulary, which lacks some words of the data."""
    folder = tmp_path_factory.mktemp("secret") / "of-mine"
    folder.mkdir()
    data, vectors = write_data(folder / "reviews.csv"), write_vectors(folder / "words.txt")
    (folder / "known.txt").write_text("\n".join(f"word{i}" for i in range(0, 30) if i % 5))
    settings = SETTINGS | {"vocabulary_file": folder / "known.txt"}
    done = tdd(*distil_command(data, vectors, folder / "run", **settings), "--samples", "words")
    assert done.code == 0, done.err
    assert tdd("evaluate", folder / "run", "--networks", 5).code == 0
    return folder / "run"


@pytest.fixture(scope="module")
def made(run: Path) -> DistilledSet:
    return DistilledSet.from_pretrained(run)


@pytest.fixture
def published(hub: HubServer, run: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    repo = f"tester/words-{request.node.name[:40].replace('_', '-')}"
    assert tdd("push", run, repo).code == 0
    return repo


# The run


def test_the_sentences_are_made_of_the_vocabulary_and_no_longer_those_of_the_start(made: DistilledSet):
    known = {f"word{i}" for i in range(30) if i % 5 and i != 3}
    assert set(made.sentences.words.values()) <= known
    assert all(1 <= len(words) <= 6 for words in made.sentences.by_word())  # as many as real ones have
    start = Distiller(made.recipe, load_corpus(made.recipe)).best()
    assert not torch.equal(start.sentences.tokens, made.sentences.tokens)


def test_another_process_reads_the_same_words_samples_and_accuracy(run: Path, made: DistilledSet, tmp_path: Path):
    code = f"""
import json, tdd
made = tdd.DistilledSet.from_pretrained({str(run)!r})
found = tdd.evaluate(made, tdd.load_corpus(made.recipe).test).mean
print(json.dumps([made.sentences.tokens.tolist(), made.samples.tolist(), found]))
"""
    tokens, samples, found = json.loads(fresh_process(code, tmp_path).splitlines()[-1])
    assert torch.equal(torch.tensor(tokens), made.sentences.tokens)
    assert torch.equal(torch.tensor(samples), made.samples)
    assert found == made.results["evaluation"]["fixed"]["mean"]


def test_decode_prints_the_words_exactly(run: Path, made: DistilledSet):
    texts = made.sentences.texts()
    assert tdd("decode", run, "--format", "text").out.splitlines() == texts
    assert tdd("decode", run).out.splitlines()[1::3] == texts
    page = tdd("decode", run, "--format", "html").out
    shown = [re.sub("<[^>]*>", "", line) for line in re.findall(r'<p class="words" dir="auto">(.*?)</p>', page)]
    assert shown == texts
    found = json.loads(tdd("decode", run, "--k", 3, "--format", "json").out)
    assert [[words[0] for words in each["words"]] for each in found] == made.sentences.by_word()
    assert {len(words) for each in found for words in each["words"]} == {3}


def test_decoded_accuracy_is_refused_before_anything_is_measured(run: Path):
    before = (run / "results.json").read_bytes()
    done = tdd("evaluate", run, "--decoded")
    line = "this set is made of words and reads as it trains: its accuracy is that without --decoded"
    assert (done.code, done.err) == (2, f"tdd: {line}\n")
    assert (run / "results.json").read_bytes() == before


def test_figures_and_a_model_are_made_as_of_any_set(run: Path, tmp_path: Path):
    assert "labels.png" in tdd("plot", run, "--output", tmp_path / "figures").out
    assert tdd("compare", run).code == 0
    done = tdd("train", run, "--output", tmp_path / "model")
    assert done.code == 0 and (tmp_path / "model" / "model.safetensors").exists()


def test_other_vectors_under_the_same_name_or_none_are_refused(run: Path, tmp_path: Path):
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    other = tmp_path / "run"
    other.mkdir()
    for name in (WEIGHTS, "results.json"):
        (other / name).write_bytes((run / name).read_bytes())
    (other / "recipe.yaml").write_text(yaml.safe_dump(recipe | {"vectors": str(tmp_path / "words.txt")}))
    assert "made of words of the vectors" in tdd("decode", other).one_line()
    write_vectors(tmp_path / "words.txt", seed=1)
    for verb in ("decode", "evaluate"):
        done = tdd(verb, other)
        assert done.code == 2 and "are not those the set's words were chosen with" in done.one_line()


# What is published


def test_plain_datasets_read_exactly_the_sentences_and_they_train_as_the_run_did(
    published: str, run: Path, made: DistilledSet, tmp_path: Path
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
    vectors = load_vectors(str(run.parent / "words.txt"))
    steps = max(table["step"]) + 1
    sentences = Sentences.read(table["text"], steps, made.recipe.max_length, vectors)
    assert torch.equal(sentences.tokens, made.sentences.tokens)
    rates = torch.tensor(table["learning_rates"]).view(steps, -1, made.recipe.epochs)[:, 0].T.flatten()
    labels = torch.tensor(table["soft_label"]).view(steps, -1, len(table["names"]))
    momentum = torch.tensor(table["momentum"][0])
    rebuilt = DistilledSet(sentences.embed(vectors), labels, rates, table["names"], made.recipe, momentum=momentum)
    found = evaluate(rebuilt, load_corpus(made.recipe).test, 5, "random", made.recipe.seed)
    assert found.as_dict() == made.results["evaluation"]["random"]
    wrong = replace(rebuilt, samples=rebuilt.samples.flip(0))
    assert evaluate(wrong, load_corpus(made.recipe).test, 5, "random", made.recipe.seed).accuracies != found.accuracies


def test_the_lines_in_the_card_train_a_network_to_the_recorded_accuracy(
    hub: HubServer, published: str, run: Path, made: DistilledSet, tmp_path: Path
):
    batch = next(load_corpus(made.recipe).test.batches(1000))
    save_file({"x": batch.dense(), "y": batch.labels}, tmp_path / "test.safetensors")
    code = snippet(files_of(hub, published)["README.md"].decode())
    tested = f'test = load_file("{tmp_path}/test.safetensors")\nright = network(test["x"]).argmax(1) == test["y"]'
    # Where the vectors lie, whose path is not published.
    found = fresh_process(f"{code}\n{tested}\nprint(right.sum().item())", run.parent)
    assert int(found.splitlines()[-1]) == round(made.results["evaluation"]["fixed"]["mean"] * len(batch))


def test_a_push_writes_the_readable_table_alone_and_takes_away_what_an_earlier_one_left(
    hub: HubServer, published: str, made: DistilledSet
):
    names = ["README.md", "default/train.parquet", WEIGHTS, "recipe.yaml", "results.json"]
    assert list(files_of(hub, published)) == names
    commit(hub, published, {"embeddings/train.parquet": b"of free samples", "mine.txt": b"mine"})
    push(made, published)
    assert list(files_of(hub, published)) == sorted([*names, "mine.txt"])


def test_no_folder_is_published(hub: HubServer, published: str, run: Path):
    files = files_of(hub, published)
    table = pq.read_table(io.BytesIO(files["default/train.parquet"]))
    files["read"] = f"{table.schema.metadata} {table.to_pylist()}".encode()
    for name, content in files.items():
        assert not re.search(rb"secret|of-mine|" + re.escape(str(run.parent)).encode(), content), name
    assert "\nvocabulary_file: known.txt\n" in files["recipe.yaml"].decode()


def test_a_pulled_folder_is_the_run_wherever_its_vectors_are(
    published: str, run: Path, made: DistilledSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    done = tdd("pull", published, "--output", tmp_path / "run")
    line = "the set is made of words of the vectors words.txt, which are not there: put that file in its place"
    assert done.code == 2 and done.one_line().startswith(line)
    assert not (tmp_path / "run").exists()
    monkeypatch.chdir(run.parent)
    assert tdd("pull", published, "--output", tmp_path / "run").code == 0
    assert (tmp_path / "run" / WEIGHTS).read_bytes() == (run / WEIGHTS).read_bytes()
    before = made.results["evaluation"]["fixed"]
    assert tdd("evaluate", tmp_path / "run").code == 0
    assert DistilledSet.from_pretrained(tmp_path / "run").results["evaluation"]["fixed"] == before
    loaded = DistilledSet.from_pretrained(published, vectors=load_vectors("words.txt"))
    assert torch.equal(loaded.samples, made.samples)


def test_the_card_says_what_the_sentences_are_and_how_they_started(made: DistilledSet):
    text = card(made, "me/x")
    (config,) = yaml.safe_load(text.split("---\n")[1])["configs"]
    assert config["config_name"] == "default" and "embedding" not in text and "similarity" not in text
    assert "4 sentences of real words with soft labels and learned learning rates and momentum" in text
    assert "| `default` | `text` | the sample: its words, joined by single spaces |" in text
    assert "- samples started from real examples" in text and "they were not chosen to make sense" in text
    drawn = replace(made, recipe=made.recipe.model_copy(update={"samples_init": "noise"}))
    text = card(drawn, "me/x")
    assert "- samples started from random words" in text and "The samples started from random words, but" in text
