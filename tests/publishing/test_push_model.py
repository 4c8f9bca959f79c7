"""A classifier is published in one commit, with its code, its card and its figure, and loads where there is no tdd."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command import SETTINGS, tdd, write_data, write_vectors
from hub_server import HubServer
from tiny_encoders import films, save_encoder

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError
from tdd.publishing.push_model import push_model
from tdd.publishing.trained_model import train_model


def files_of(hub: HubServer, repo: str) -> dict[str, bytes]:
    files = hub.store.resolve("model", repo, "main")[1]["files"]
    return {name: (hub.store.blobs / file["sha"]).read_bytes() for name, file in sorted(files.items())}


def head(hub: HubServer, repo: str) -> str:
    return hub.store.resolve("model", repo, "main")[0]


def without_tdd(code: str, folder: Path) -> str:
    start = "import sys; sys.modules['tdd'] = None\n"
    command = [sys.executable, "-P", "-W", "ignore", "-c", start + code]
    environment = os.environ | {"HF_MODULES_CACHE": str(folder / "modules")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=["text_cnn", "lstm", "transformer", "mean_pool, random"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run for a network, with its data beside it."""
    folder = tmp_path_factory.mktemp("trained")
    network, _, init = request.param.partition(", ")
    data, vectors = write_data(folder / "reviews.csv"), write_vectors(folder / "words.txt")
    sets = [part for name, value in (SETTINGS | {"outer_steps": 8}).items() for part in ("--set", f"{name}={value}")]
    more = ["--init", init, "--set", "test_networks=3"] if init else []
    command = ["distill", data, "--n", 4, "--vectors", vectors, "--network", network, *sets, *more]
    assert tdd(*command, "--output", folder / "run").code == 0
    return folder / "run"


@pytest.mark.slow
def test_a_published_classifier_reads_raw_text_where_there_is_no_tdd(
    trained: Path, hub: HubServer, repo: str, tmp_path: Path
):
    done = tdd("train", trained, "--push", repo, "--of", "tester/the-set")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].endswith(f"/{repo}") and "trust_remote_code=True" in done.out
    files = files_of(hub, repo)
    assert {"config.json", "model.safetensors", "tokenizer.json", "modeling_distilled.py", "README.md"} <= set(files)
    card = files["README.md"].decode()
    front = yaml.safe_load(card.split("---\n")[1])
    (result,) = front["model-index"][0]["results"]
    claimed = result["metrics"][0]["value"]
    made = DistilledSet.from_pretrained(trained)
    if made.initialisation is not None:
        assert claimed == pytest.approx(made.results["evaluation"]["fixed"]["mean"], abs=1e-6)
    assert front["datasets"] == ["tester/the-set"] and front["pipeline_tag"] == "text-classification"
    assert "[tester/the-set](https://huggingface.co/datasets/tester/the-set)" in card and "pip install tdd" not in card
    assert json.loads(files["config.json"])["id2label"] == {"0": "bad", "1": "good"}
    rows = [line.rsplit(",", 1) for line in (trained.parent / "reviews.csv").read_text().splitlines()[1:]]
    code = f"""
import json
from transformers import AutoModelForSequenceClassification, pipeline
model = AutoModelForSequenceClassification.from_pretrained({repo!r}, trust_remote_code=True)
assert model.config.id2label == {{0: "bad", 1: "good"}} and not any(p.is_meta for p in model.parameters())
classify = pipeline("text-classification", {repo!r}, trust_remote_code=True)
print(json.dumps([found["label"] for found in classify({[text for text, _ in rows]!r}, batch_size=32)]))
"""
    found = json.loads(without_tdd(code, tmp_path).splitlines()[-1])
    told = tdd("predict", trained, *[text for text, _ in rows], "--format", "json")
    by_name = tdd("predict", repo, *[text for text, _ in rows], "--format", "json")
    assert by_name.code == 0 and f"{repo} is a classifier on the Hub" in by_name.err
    labels = [[json.loads(line)["label"] for line in done.out.splitlines()] for done in (told, by_name)]
    assert labels[0] == labels[1]
    assert found == [json.loads(line)["label"] for line in told.out.splitlines()]


@pytest.mark.parametrize("inner", ["learned", "plain"])
def test_an_encoder_is_published_as_transformers_own_model(
    inner: str, hub: HubServer, repo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    texts, labels = films()
    rows = [f"{text},{label}" for text, label in zip(texts, labels, strict=True)]
    (tmp_path / "films.csv").write_text("\n".join(["text,label", *rows, ""]))
    save_encoder(tmp_path / "encoder")
    chosen = ["train=last:1", "pooling=cls", "max_length=9", "outer_steps=4", "batch_size=8"]
    chosen += ["inner=plain", "inner_steps=[3,12]", "inner_rate=0.03", "window=3"] if inner == "plain" else []
    sets = [part for setting in chosen for part in ("--set", setting)]
    command = ["distill", tmp_path / "films.csv", "--n", 4, "--network", f"hf:{tmp_path / 'encoder'}", *sets]
    done = tdd(*command, "--output", tmp_path / "run")
    assert done.code == 0, done.err
    moved = (tmp_path / "films.csv").rename(tmp_path / "moved.csv")
    done = tdd("train", tmp_path / "run", "--push", repo, "--of", "tester/the-set", "--data", moved)
    assert done.code == 0, done.err
    assert f'classify = transformers.pipeline("text-classification", {repo!r}, truncation=True)' in done.out
    assert "tdd" not in done.out and done.out.splitlines()[-1].endswith(f"/{repo}")
    files = files_of(hub, repo)
    names = ["README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert list(files) == names and not any(str(tmp_path).encode() in content for content in files.values())
    card = files["README.md"].decode()
    (result,) = yaml.safe_load(card.split("---\n")[1])["model-index"][0]["results"]
    expected = DistilledSet.from_pretrained(tmp_path / "run").results["evaluation"]["fixed"]["mean"]
    assert result["metrics"][0]["value"] == pytest.approx(expected, abs=1e-6)
    assert ("trained by 12 steps of AdamW on" in card) == (inner == "plain") and "truncation=True)" in card
    assert "trust_remote_code" not in card and "import tdd" not in card
    code = f"""
import json
from transformers import pipeline
classify = pipeline("text-classification", {repo!r}, truncation=True)
print(json.dumps([found["label"] for found in classify({texts!r})]))
"""
    found = json.loads(without_tdd(code, tmp_path).splitlines()[-1])
    told = tdd("predict", tmp_path / "run", *texts, "--format", "json")
    assert found == [json.loads(line)["label"] for line in told.out.splitlines()]
    assert tdd("predict", repo, texts[0]).out == tdd("predict", tmp_path / "run", texts[0]).out
    done = tdd("pull", repo, "--classifier", "--output", tmp_path / "pulled")
    assert done.code == 0 and "import transformers\n" in done.out
    assert tdd("predict", tmp_path / "pulled", texts[0]).out == tdd("predict", tmp_path / "run", texts[0]).out


@pytest.fixture(scope="module")
def classifier(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved classifier."""
    folder = tmp_path_factory.mktemp("saved") / "classifier"
    train_model(DistilledSet.from_pretrained(run), folder, "full")
    return folder


def test_a_push_is_one_commit_and_the_same_again_is_none(
    classifier: Path, made: DistilledSet, hub: HubServer, repo: str
):
    push_model(made, classifier, repo)
    first = head(hub, repo)
    assert [path for method, path in hub.requests if "/commit/" in path] == [f"/api/models/{repo}/commit/main"]
    push_model(made, classifier, repo)
    assert head(hub, repo) == first


@pytest.mark.parametrize("fault", ["500", "cut request", "cut response"])
@pytest.mark.parametrize("step", ["create", "models/[^/]*/[^/]*$", "validate", "preupload", "batch", "_lfs", "commit"])
def test_a_push_that_fails_anywhere_changes_nothing_and_the_next_one_completes_it(
    step: str, fault: str, classifier: Path, made: DistilledSet, hub: HubServer, repo: str
):
    whole = {path.name: path.read_bytes() for path in classifier.iterdir()}
    if fault.startswith("cut"):
        hub.cut(step, fault.removeprefix("cut "), times=99)
    else:
        hub.fail(step, int(fault), times=99)
    with pytest.raises(TddError, match="nothing is published by halves"):
        push_model(made, classifier, repo)
    if step == "commit" and fault == "cut response":
        assert files_of(hub, repo).keys() == whole.keys() | {"README.md"}
    elif step != "create" or fault == "cut response":
        assert files_of(hub, repo) == {}
    hub.faults.clear()
    push_model(made, classifier, repo)
    found = files_of(hub, repo)
    assert "A text classifier" in found.pop("README.md").decode() and found == whole


OWN = {"a card": {"README.md": b"# My model\n"}, "a model": {"config.json": b"{}", "model.safetensors": b"x"}}


@pytest.mark.parametrize("what", OWN)
def test_a_model_of_someone_is_refused_unless_overwrite_is_said(
    what: str, classifier: Path, run: Path, hub: HubServer, repo: str
):
    hub.store.create("model", repo)
    lines = [{"key": "lfsFile", "value": {"path": name, "oid": hub.store.put_blob(x)}} for name, x in OWN[what].items()]
    before = hub.store.commit("model", repo, "main", lines)
    done = tdd("train", run, "--push", repo, "--vocabulary", "full")
    assert done.code == 2 and done.err.splitlines()[-1].endswith("choose another name, or overwrite it (--overwrite)")
    assert head(hub, repo) == before
    assert tdd("train", run, "--push", repo, "--vocabulary", "full", "--overwrite").code == 0
    assert "My model" not in files_of(hub, repo)["README.md"].decode()


def test_what_is_refused_is_refused_before_anything_is_trained(
    run: Path, hub: HubServer, repo: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tdd.runs.train_classifier.train_model", lambda *given: pytest.fail("trained"))
    hub.store.create("model", repo)
    lines = [{"key": "lfsFile", "value": {"path": "README.md", "oid": hub.store.put_blob(b"# Mine")}}]
    hub.store.commit("model", repo, "main", lines)
    assert "has a card that tdd did not write" in tdd("train", run, "--push", repo).one_line()


def test_an_owners_edits_of_the_card_survive(classifier: Path, made: DistilledSet, hub: HubServer, repo: str):
    push_model(made, classifier, repo)
    card = files_of(hub, repo)["README.md"].decode().replace("## Limits", "## Beware")
    lines = [{"key": "lfsFile", "value": {"path": "README.md", "oid": hub.store.put_blob(card.encode())}}]
    hub.store.commit("model", repo, "main", lines)
    push_model(made, classifier, repo)
    assert "## Beware" in files_of(hub, repo)["README.md"].decode()


def test_a_classifier_is_pulled_without_any_code_being_run(
    classifier: Path, made: DistilledSet, hub: HubServer, repo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    push_model(made, classifier, repo)
    monkeypatch.chdir(tmp_path)
    done = tdd("pull", repo, "--classifier")
    folder = tmp_path / "classifiers" / repo.partition("/")[2]
    assert done.code == 0 and "tdd.register_transformers()" in done.out
    for path in classifier.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert tdd("pull", repo, "--classifier").one_line().endswith("another folder (--output)")
    line = tdd("pull", f"{repo}-none", "--classifier").one_line()
    assert line.startswith(f"no model '{repo}-none' on the Hub")
    hub.store.create("model", f"{repo}-bare")
    line = tdd("pull", f"{repo}-bare", "--classifier").one_line()
    assert re.match(rf"{repo}-bare holds no classifier of transformers \(config.json is missing\)", line)


def test_what_is_asked_for_must_go_somewhere(run: Path, hub: HubServer):
    assert tdd("train", run).one_line() == "say where the model goes: --output DIR, or --push owner/name"
    assert (
        "go with --push REPO, which publishes the model" in tdd("train", run, "--output", "x", "--private").one_line()
    )
    assert "name the repository like owner/name" in tdd("train", run, "--push", "bare").one_line()
    assert hub.requests == []


def test_a_set_that_gives_no_classifier_leaves_no_empty_repository(run: Path, hub: HubServer, tmp_path: Path):
    assert tdd("distill", "digits", "--n", 10, "--set", "outer_steps=1", "--output", tmp_path / "digits").code == 0
    hub.requests.clear()
    line = tdd("train", tmp_path / "digits", "--push", "tester/of-digits").one_line()
    assert "holds pictures, and tdd train makes classifiers of texts" in line
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    line = tdd("train", run, "--push", "tester/of-digits", "--output", tmp_path / "full").one_line()
    assert line.endswith("is not an empty folder; choose another folder (--output)")
    assert hub.requests == []


def test_a_classifier_that_is_read_as_a_set_is_told_from_one(
    classifier: Path, made: DistilledSet, hub: HubServer, repo: str, published: str
):
    model = f"{repo}-model"
    push_model(made, classifier, model)
    for command in (["pull", model], ["evaluate", model], ["decode", model]):
        line = tdd(*command).one_line()
        assert line.endswith(f"{model} is a model on the Hub, not a set: get it with tdd pull {model} --classifier")
    line = tdd("pull", published, "--classifier").one_line()
    assert line.endswith(f"{published} is a data set on the Hub, not a model (leave --classifier out)")
