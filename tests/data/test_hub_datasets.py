"""Data sets of the Hub are read at a known commit, from the cache where the Hub is away, or refused in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from data_files import texts
from hub_server import HubServer
from huggingface_hub import constants
from patches import spy

from tdd.data.corpus import Corpus, load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError, UsageError
from tdd.settings.recipe import Recipe
from tdd.system.cache import Kept, kept, remove_kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set in the layout of the Hub: 40 training and 10 test examples."""
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    write_rows(folder / "train.csv", 40)
    write_rows(folder / "test.csv", 10)
    return folder


def write_rows(path: Path, count: int) -> None:
    path.write_text(
        "text,label\n"
        + "".join(f"{text} {'a good' if i % 2 else 'the bad'} film,{i % 2}\n" for i, text in enumerate(texts(count)))
    )


@pytest.fixture
def repo(hub: HubServer, folder: Path, request: pytest.FixtureRequest) -> str:
    """A repository that no other test has in its cache."""
    name = f"owner/{request.node.name.partition('[')[0][-60:].strip('_')}"
    hub.store.seed(name, folder)
    return name


def commit_of(hub: HubServer, repo: str) -> str:
    return hub.store.resolve("dataset", repo, "main")[0]


def test_a_repository_is_loaded_at_the_commit_behind_its_name(
    hub: HubServer, repo: str, folder: Path, vectors: WordVectors
):
    first = commit_of(hub, repo)
    corpus = load(vectors, repo)
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [36, 4, 10]
    assert {split: len(names) for split, names in corpus.reading["files"].items()} == {"train": 1, "test": 1}
    assert all("/" not in name for names in corpus.reading["files"].values() for name in names)
    assert corpus.source | {"fingerprint": ""} == {
        "dataset": repo,
        "config": "default",
        "revision": first,
        "fingerprint": "",
        "vectors": vectors.name,
        "vectors_checksum": vectors.checksum,
    }
    write_rows(folder / "train.csv", 60)
    hub.store.seed(repo, folder)
    assert len(load(vectors, repo).train) == 54
    assert load(vectors, repo, revision=first).fingerprint == corpus.fingerprint


def test_what_is_encoded_of_a_repository_is_listed_by_tdd_cache_and_made_again_when_it_is_gone(
    hub: HubServer, tmp_path: Path, vectors: WordVectors
):
    (folder := tmp_path / "rows").mkdir()
    for name, count in (("train", 40), ("test", 10)):
        rows = [{"text": f"{text} film", "label": i % 2} for i, text in enumerate(texts(count))]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    hub.store.seed("owner/rows-of-json", folder)

    def listed() -> list[Kept]:
        return [entry for entry in kept() if entry.about.startswith("rows-of-json, ")]

    before = load(vectors, "owner/rows-of-json")
    assert sorted(entry.about.split(", ")[1] for entry in listed()) == ["test split", "train split"]
    assert all(entry.kind == "data" and entry.bytes > 100 for entry in listed())
    remove_kept(listed())
    assert not listed()
    assert load(vectors, "owner/rows-of-json").fingerprint == before.fingerprint
    assert len(listed()) == 2


def test_a_short_name_stands_for_its_repository(hub: HubServer, folder: Path, vectors: WordVectors):
    hub.store.seed("stanfordnlp/imdb", folder)
    assert load(vectors, "imdb").source["dataset"] == "stanfordnlp/imdb"


def test_a_folder_named_like_a_repository_comes_first_and_is_said_to(
    repo: str, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / repo).mkdir(parents=True)
    write_rows(tmp_path / repo / "train.csv", 20)
    monkeypatch.chdir(tmp_path)
    corpus = load(vectors, repo)
    assert len(corpus.test) == 4
    assert f"'{repo}' is the folder of that name here, not a data set on the Hub" in corpus.notes
    assert len(load(vectors, f"./{repo}").test) == 4
    (tmp_path / "owner/only-here").mkdir()
    with pytest.raises(UsageError, match="owner/only-here holds no data files"):
        load(vectors, "owner/only-here")


# What is wrong with the request


def test_an_unknown_repository_is_explained(hub: HubServer, vectors: WordVectors):
    with pytest.raises(UsageError, match=r"no data set .owner/none. on the Hub at http://127.*, or it is private"):
        load(vectors, "owner/none")
    assert len(hub.requests) == 1


def test_a_private_repository_is_explained_and_a_token_opens_it(
    hub: HubServer, folder: Path, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch
):
    hub.store.create("dataset", "tester/private", private=True)
    hub.store.seed("tester/private", folder)
    with pytest.raises(UsageError, match="or it is private"):
        load(vectors, "tester/private")
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    assert len(load(vectors, "tester/private").test) == 10


def test_a_refused_token_is_not_printed(
    hub: HubServer, repo: str, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(TddError, match=f"refuses access to {repo}: check the token in HF_TOKEN") as caught:
        load(vectors, repo)
    assert "hf_wrong" not in str(caught.value)


@pytest.mark.parametrize("where", ["/api/datasets/", "/resolve/"])
def test_a_gated_repository_says_where_to_ask(where: str, hub: HubServer, folder: Path, vectors: WordVectors):
    name = f"owner/gated-{len(where)}"
    hub.store.seed(name, folder)
    hub.fail(where, 403, code="GatedRepo", times=9)
    with pytest.raises(TddError, match=f"{name} is gated: ask for access on http.*/datasets/{name} and set HF_TOKEN"):
        load(vectors, name)


def test_an_unknown_revision_is_named(repo: str, vectors: WordVectors):
    with pytest.raises(UsageError, match=f"{repo} has no revision 'v9'"):
        load(vectors, repo, revision="v9")


def test_configurations_are_listed(hub: HubServer, folder: Path, vectors: WordVectors):
    configs = "".join(f"- config_name: {name}\n  data_files: {name}.csv\n" for name in ("train", "test"))
    (folder / "README.md").write_text(f"---\nconfigs:\n{configs}---\n")
    hub.store.seed("owner/configs", folder)
    with pytest.raises(
        UsageError, match="owner/configs has several configurations: set config_name to one of train, test"
    ):
        load(vectors, "owner/configs")
    with pytest.raises(UsageError, match="has no configuration 'dev': set config_name to one of train, test"):
        load(vectors, "owner/configs", config_name="dev")
    assert load(vectors, "owner/configs", config_name="train").source["config"] == "train"


def test_a_loading_script_is_not_run(hub: HubServer, tmp_path: Path, vectors: WordVectors):
    (tmp_path / "script").mkdir()
    (tmp_path / "script" / "old.py").write_text("raise SystemExit")
    hub.store.seed("owner/old", tmp_path / "script")
    with pytest.raises(UsageError, match=r"owner/old is a loading script, .*\(--set revision=refs/convert/parquet\)"):
        load(vectors, "owner/old")


def test_a_revision_with_slashes_is_loaded(hub: HubServer, repo: str, vectors: WordVectors):
    hub.store.set_ref("dataset", repo, "refs/convert/parquet", commit_of(hub, repo))
    assert len(load(vectors, repo, revision="refs/convert/parquet").test) == 10


def test_a_repository_without_data_is_explained(hub: HubServer, tmp_path: Path, vectors: WordVectors):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "README.md").write_text("nothing")
    hub.store.seed("owner/bare", tmp_path / "bare")
    with pytest.raises(UsageError, match="owner/bare holds no data files that can be read"):
        load(vectors, "owner/bare")


def test_a_damaged_file_of_a_repository_is_named(hub: HubServer, tmp_path: Path, vectors: WordVectors):
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "train.parquet").write_bytes(b"PAR1 torn")
    hub.store.seed("owner/torn", tmp_path / "torn")
    with pytest.raises(TddError, match=r"cannot read .*train\.parquet as parquet: .*magic bytes"):
        load(vectors, "owner/torn")


def test_an_impossible_name_is_explained(hub: HubServer, vectors: WordVectors):
    with pytest.raises(UsageError, match=r"'a--b/c\.\.d' cannot be a data set on the Hub"):
        load(vectors, "a--b/c..d")
    assert hub.requests == []


# Without the Hub


def test_a_cached_copy_stands_in_for_a_hub_that_is_down(hub: HubServer, repo: str, vectors: WordVectors):
    before, commit = load(vectors, repo), commit_of(hub, repo)
    hub.fail("/", 503)
    hub.requests.clear()
    during = load(vectors, repo)
    assert len(hub.requests) == 1
    hub.stop()
    after = load(vectors, repo, revision="main")
    assert before.fingerprint == during.fingerprint == after.fingerprint
    assert before.source == after.source
    assert after.notes[0].endswith(
        f"read the cached copy of {repo}, commit {commit[:12]}; whether that is revision 'main' could not be checked"
    )
    assert not constants.HF_HUB_OFFLINE
    assert load(vectors, repo, revision=commit).notes[0].endswith(f"commit {commit[:12]}")
    with pytest.raises(TddError, match=f"the cached copy of {repo} is commit {commit[:12]}, not 000000000000"):
        load(vectors, repo, revision="0" * 40)


def test_a_cached_copy_is_not_encoded_again(
    hub: HubServer, repo: str, folder: Path, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch
):
    # Texts of their own: what is encoded is found again by its content.
    rows = (folder / "train.csv").read_text()
    (folder / "train.csv").write_text(rows.replace("film", "film that is encoded once"))
    hub.store.seed(repo, folder)
    encoded = spy(monkeypatch, WordVectors, "encode_all")
    load(vectors, repo)
    first = sum(len(texts) for _, texts, _ in encoded)
    assert first >= 40
    hub.stop()
    load(vectors, repo)
    assert sum(len(texts) for _, texts, _ in encoded) == first


def test_offline_makes_no_request(hub: HubServer, repo: str, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        with pytest.raises(TddError, match=f"HF_HUB_OFFLINE is set, and {repo} is not in the cache .* or unset"):
            load(vectors, repo)
        assert hub.requests == []
    load(vectors, repo)
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load(vectors, repo).notes[0].startswith(f"HF_HUB_OFFLINE is set: read the cached copy of {repo}")
    assert hub.requests == []


def test_local_data_make_no_request(hub: HubServer, folder: Path, vectors: WordVectors):
    load(vectors, "imdb", data=str(folder))
    assert hub.requests == []


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"])
def test_the_environment_forbids_requests(variable: str, hub: HubServer, repo: str):
    imports = "from tdd.data.hub_datasets import load_hub_dataset; from tdd.settings.data_parts import DataSettings"
    code = f"{imports}; load_hub_dataset('{repo}', DataSettings())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {variable: "1"}, capture_output=True, text=True, check=False
    )
    assert "HF_HUB_OFFLINE is set, and" in done.stderr
    assert hub.requests == []


def load(vectors: WordVectors, dataset: str, **settings: Any) -> Corpus:
    return load_corpus(Recipe(dataset=dataset, **settings), vectors)
