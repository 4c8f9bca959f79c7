"""A push is one commit that changes what it should and nothing else, or is refused before any of it."""

from pathlib import Path

import pytest
from command import tdd, write_vectors
from hub_server import HubServer
from huggingface_hub import constants
from publishing import FILES, TOKEN, commit, files_of, head

from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import load_vectors
from tdd.errors import UsageError
from tdd.publishing.push import push

WITHOUT_FIGURES = [name for name in FILES if not name.startswith("figures/")]


# A push


def test_a_push_is_one_commit_of_every_file(hub: HubServer, run: Path, repo: str):
    done = tdd("push", run, repo)
    assert (done.code, done.out) == (0, f"{run} is published: {constants.ENDPOINT}/datasets/{repo}\n")
    assert [request for request in hub.requests if "/commit/" in request[1]] == [
        ("POST", f"/api/datasets/{repo}/commit/main")
    ]
    assert list(files_of(hub, repo)) == FILES


def test_a_set_without_a_run_folder_is_published(hub: HubServer, made: DistilledSet, repo: str):
    assert made.push_to_hub(repo) == f"{constants.ENDPOINT}/datasets/{repo}"
    assert list(files_of(hub, repo)) == WITHOUT_FIGURES


# A push to what is there


def test_pushing_the_same_again_commits_nothing(hub: HubServer, published: str, run: Path):
    before = head(hub, published)
    assert tdd("push", run, published).code == 0
    assert head(hub, published) == before


def test_an_earlier_push_is_replaced_and_files_of_others_stay(hub: HubServer, published: str, made: DistilledSet):
    others = {
        "LICENSE": b"mine",
        "figures/notes.txt": b"mine",
        "figures/mine.png": b"mine",
        "data/extra.parquet": b"mine",
    }
    commit(hub, published, others)
    push(made, published)
    assert list(files_of(hub, published)) == sorted([*WITHOUT_FIGURES, *others])


def test_a_licence_that_the_owner_states_is_kept(hub: HubServer, published: str, run: Path):
    card = files_of(hub, published)["README.md"].decode()
    assert "No licence is stated" in card
    commit(hub, published, {"README.md": b"---\nlicense: mit\n---\n"})
    assert tdd("push", run, published).code == 0
    card = files_of(hub, published)["README.md"].decode()
    assert "\nlicense: mit\n" in card and "No licence is stated" not in card


def test_private_creates_a_private_repository_and_never_uses_a_public_one(hub: HubServer, run: Path, repo: str):
    assert tdd("push", run, repo, "--private").code == 0
    assert hub.store.info("dataset", repo) == {"private": True}
    hub.store.create("dataset", f"{repo}-public")
    before = head(hub, f"{repo}-public")
    done = tdd("push", run, f"{repo}-public", "--private")
    assert done.code == 2 and done.one_line().startswith(f"{repo}-public exists and is public: make it private")
    assert head(hub, f"{repo}-public") == before


def test_a_revision_is_a_branch_of_its_own(hub: HubServer, run: Path, published: str, made: DistilledSet):
    before = head(hub, published)
    done = tdd("push", run, published, "--revision", "v2")
    assert done.out.endswith(f"/datasets/{published}/tree/v2\n")
    push(made, published, revision="v2")
    assert head(hub, published) == before
    assert "figures/curves.png" not in files_of(hub, published, "v2")
    with pytest.raises(UsageError, match=r"is pushed to a branch \(--revision\), not to a commit"):
        push(made, published, revision=before)


def test_a_pull_request_changes_no_branch(hub: HubServer, run: Path, repo: str):
    hub.store.create("dataset", repo)
    before = head(hub, repo)
    done = tdd("push", run, repo, "--create-pr")
    assert done.out.startswith("a pull request is open: ") and done.out.endswith(f"/datasets/{repo}/discussions/1\n")
    assert head(hub, repo) == before
    assert list(files_of(hub, repo, "refs/pr/1")) == FILES
    assert "leave the branch out (--revision)" in tdd("push", run, repo, "--create-pr", "--revision", "v2").one_line()


# What is refused


def test_a_missing_and_a_wrong_token_are_told_apart_and_not_printed(
    hub: HubServer, run: Path, repo: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    done = tdd("push", run, repo)
    assert done.code == 1 and "refuses the token: set HF_TOKEN" in done.one_line()
    assert "hf_wrong" not in done.err
    hub.requests.clear()
    monkeypatch.delenv("HF_TOKEN")
    done = tdd("push", run, repo)
    assert done.code == 1 and done.one_line().startswith("no token for the Hub: set HF_TOKEN to a token that may write")
    assert hub.requests == []


@pytest.mark.parametrize("exists", [True, False])
def test_a_repository_of_someone_else_is_refused(exists: bool, hub: HubServer, run: Path):
    if exists:
        hub.store.create("dataset", "someone/else")
    done = tdd("push", run, "someone/else")
    assert done.code == 1 and done.one_line().startswith(
        "the Hub lets this token write nothing to someone/else (You don't have the rights"
    )


@pytest.mark.parametrize("name", ["bare", "a/b/c", "a--b/c..d", "/x", ""])
def test_an_impossible_name_is_a_usage_error(name: str, hub: HubServer, run: Path):
    done = tdd("push", run, name)
    assert done.code == 2 and "owner/name" in done.one_line()
    assert hub.requests == []


@pytest.mark.parametrize("name", ["train", "network"])
def test_a_name_that_would_make_a_loading_script_of_a_file_is_refused(name: str, hub: HubServer, run: Path):
    done = tdd("push", run, f"tester/{name}")
    assert done.code == 2 and "whose name is that of a script in it: choose another" in done.one_line()
    assert hub.requests == []


def test_other_vectors_than_the_sets_own_are_refused_before_any_request(
    hub: HubServer, made: DistilledSet, repo: str, tmp_path: Path
):
    with pytest.raises(UsageError, match=r"was distilled with words\.txt, not with other\.txt"):
        push(made, repo, vectors=load_vectors(str(write_vectors(tmp_path / "other.txt", seed=1))))
    assert hub.requests == []


def test_what_is_refused_is_refused_before_anything_is_drawn_or_made(
    hub: HubServer, run: Path, repo: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tdd.runs.publish.draw_run", lambda *given: pytest.fail("drawn"))
    assert "name the repository like owner/name" in tdd("push", run, "no-owner").one_line()
    monkeypatch.delenv("HF_TOKEN")
    assert tdd("push", run / "nope", repo).one_line().startswith(f"no distilled set in '{run / 'nope'}'")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("tdd.publishing.push.contents", lambda *given: pytest.fail("tables are made"))
    assert "hf_wrong" not in tdd("push", run, "stranger/set").one_line()
    hub.store.create("dataset", repo)
    commit(hub, repo, {"README.md": b"# Mine\n"})
    assert "has a card that tdd did not write" in tdd("push", run, repo).one_line()
