"""What is pulled is the run, at the commit that was asked for, and never in the way of what is there."""

import shutil
from pathlib import Path

import pytest
import torch
from command import tdd
from hub_server import HubServer
from huggingface_hub import constants
from publishing import FILES, commit, head

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.hub.download import fetch


def test_a_pulled_folder_is_the_run(published: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    done = tdd("pull", published)
    folder = tmp_path / "runs" / published.partition("/")[2]
    assert done.code == 0 and "test accuracy" in done.out
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == [name for name in FILES if not name.endswith((".parquet", ".py")) and name != "tokenizer.json"]
    assert (folder / "distilled.safetensors").read_bytes() == (run / "distilled.safetensors").read_bytes()
    before = DistilledSet.from_pretrained(run).results["evaluation"]["fixed"]
    monkeypatch.chdir(run.parent)  # where the data and the vectors lie, whose paths were not published
    assert tdd("evaluate", folder).code == 0
    assert DistilledSet.from_pretrained(folder).results["evaluation"]["fixed"] == before


def test_a_folder_in_use_is_left_alone(hub: HubServer, published: str, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    done = tdd("pull", published, "--output", tmp_path / "mine")
    assert done.code == 2 and done.one_line().endswith("exists already; choose another folder (--output)")
    assert hub.requests == []
    (tmp_path / "empty").mkdir()
    assert tdd("pull", published, "--output", tmp_path / "empty").code == 0


def test_a_revision_is_pulled_at_its_commit(hub: HubServer, published: str, made: DistilledSet):
    first = head(hub, published)
    commit(hub, published, {"distilled.safetensors": b"damaged"})
    with pytest.raises(TddError, match="truncated or not a safetensors file"):
        DistilledSet.from_pretrained(published)
    assert torch.equal(DistilledSet.from_pretrained(published, revision=first).samples, made.samples)
    with pytest.raises(UsageError, match=f"{published} has no revision 'v9'"):
        DistilledSet.from_pretrained(published, revision="v9")


def test_a_folder_comes_before_a_repository_of_the_same_name(
    hub: HubServer, published: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(run, tmp_path / published)
    monkeypatch.chdir(tmp_path)
    DistilledSet.from_pretrained(published)
    assert hub.requests == []
    with pytest.raises(UsageError, match="is read as a folder, which has no revision"):
        DistilledSet.from_pretrained(published, revision="main")


def test_without_the_hub_the_cache_is_read_when_it_is_asked_for(
    hub: HubServer, published: str, made: DistilledSet, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        with pytest.raises(TddError, match=f"HF_HUB_OFFLINE is set, and {published} is not in the cache"):
            fetch(published)
    fetch(published)
    hub.stop()
    with pytest.raises(TddError, match=r"cannot reach the Hub .*\(ConnectError\).*HF_HUB_OFFLINE=1"):
        fetch(published)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert torch.equal(DistilledSet.from_pretrained(published).samples, made.samples)


def test_a_repository_without_a_set_or_none_at_all_is_explained(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # a folder of the owner's name would come first
    hub.store.create("dataset", "tester/bare")
    done = tdd("pull", "tester/bare", "--output", tmp_path / "run")
    assert done.code == 2 and "tester/bare holds no distilled set (distilled.safetensors is missing)" in done.one_line()
    done = tdd("pull", "tester/none", "--output", tmp_path / "run")
    assert done.code == 2 and "no data set 'tester/none' on the Hub" in done.one_line()
    with pytest.raises(UsageError, match=r"there is no folder 'runs/none', and no data set 'runs/none' on the Hub"):
        DistilledSet.from_pretrained("runs/none")
    with pytest.raises(UsageError, match=r"no distilled set in 'runs/none'"):
        DistilledSet.from_pretrained(Path("runs/none"))
