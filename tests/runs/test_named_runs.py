"""A set on the Hub is tested and looked at by its name, as a folder is; a folder of that name comes first."""

import json
import shutil
from pathlib import Path

import pytest
from command import distil_command, tdd
from hub_server import HubServer

from tdd.distilled_set.set import DistilledSet

REPO = "tester/named"


@pytest.fixture(scope="module")
def run(given: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named") / "run"
    assert tdd(*distil_command(*given, folder)).code == 0
    return folder


@pytest.fixture
def published(
    run: Path, given: tuple[Path, Path], hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    repo = f"{REPO}-{tmp_path.name.replace('_', '-')}"[:60]
    assert tdd("push", run, repo).code == 0
    for file in given:  # their folders are not published
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return repo


def test_a_set_on_the_hub_is_evaluated_and_decoded_by_its_name(published: str, run: Path):
    done = tdd("evaluate", published, "--json")
    assert done.code == 0, done.err
    assert f"{published} is read from the Hub; to keep what is measured: tdd pull {published}" in done.err
    expected = DistilledSet.from_pretrained(run).results["evaluation"]
    assert json.loads(done.out)["evaluation"] == expected
    assert tdd("evaluate", published).out.startswith(f"{published}: n = 4 ")
    assert tdd("decode", published, "--format", "text").out == tdd("decode", run, "--format", "text").out
    assert tdd("decode", published, "--format", "html").code == 0 and Path("decoded.html").exists()
    done = tdd("predict", published, "a good film")
    assert done.out == tdd("predict", run, "a good film").out and "is a set on the Hub" in done.err
    done = tdd("train", published, "--output", "model")
    assert done.code == 0 and Path("model/config.json").exists(), done.err


def test_a_folder_of_the_name_comes_first_and_is_said_to(published: str, run: Path, hub: HubServer):
    shutil.copytree(run, published)
    hub.requests.clear()
    done = tdd("decode", published, "--format", "text")
    assert done.code == 0 and f"{published} is read as a folder, which is here, not from the Hub" in done.err
    assert hub.requests == []
    shutil.copytree(run, "runs/one")
    assert "not from the Hub" not in tdd("decode", "runs/one", "--format", "text").err


def test_a_folder_of_the_owners_name_hides_nothing_on_the_hub(published: str, run: Path):
    owner = Path(published).parent.name
    shutil.copytree(run, Path(owner, "another"))
    done = tdd("decode", published, "--format", "text")
    assert done.code == 0 and f"{published} is read from the Hub" in done.err
    assert DistilledSet.from_pretrained(published).n == 4
    assert tdd("predict", published, "a good film").code == 0
    assert tdd("decode", f"{owner}/another", "--format", "text").code == 0


def test_what_is_neither_here_nor_on_the_hub_is_said(published: str):
    for parent in ("tester", "runs"):
        Path(parent).mkdir(exist_ok=True)
        for command in (["evaluate"], ["decode"], ["predict", "a film"]):
            line = tdd(command[0], f"{parent}/nothing", *command[1:]).one_line()
            start = f"there is no folder '{parent}/nothing', and no data set '{parent}/nothing' on the Hub"
            assert line.startswith(start)
    assert tdd("evaluate", "tester/texts.csv").one_line() == "there is no file 'tester/texts.csv'"
    assert "no distilled set in '../nothing'" in tdd("evaluate", "../nothing").one_line()


def test_without_the_hub_it_is_said_that_there_is_no_folder_either(published: str, hub: HubServer):
    hub.stop()
    for command in (["evaluate"], ["decode"], ["predict", "a film"]):
        done = tdd(command[0], published, *command[1:])
        assert done.code == 1
        assert done.one_line().startswith(f"there is no folder '{published}', and cannot reach the Hub at ")
