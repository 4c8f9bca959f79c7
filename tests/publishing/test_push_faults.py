"""Whatever goes wrong while pushing, the repository is unchanged or complete, and the next push completes it."""

import hashlib
import os
import re
from pathlib import Path
from threading import Event

import pytest
from command import tdd
from hub_server import HubServer
from huggingface_hub import constants
from publishing import LARGE, TOKEN, commit, files_of, head

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError
from tdd.publishing.push import push

# The requests of a push in their order; FILE0 ... are the large files.
REQUESTS = [
    "POST /api/repos/create",
    "GET /api/datasets/REPO",
    "POST /api/validate-yaml",
    "POST /api/datasets/REPO/preupload/main",
    "POST /datasets/REPO.git/info/lfs/objects/batch",
    "PUT /_lfs/FILE0",
    "PUT /_lfs/FILE1",
    "PUT /_lfs/FILE2",
    "POST /_lfs/FILE0/verify",
    "POST /_lfs/FILE1/verify",
    "POST /_lfs/FILE2/verify",
    "POST /api/datasets/REPO/commit/main",
]


# huggingface_hub tries these again by itself.
TRIED_AGAIN = [request for request in REQUESTS if "preupload" in request or "lfs" in request]


def commits(hub: HubServer, repo: str) -> int:
    """How many there are on main, the empty first one included."""
    count, at = 0, head(hub, repo)
    while at:
        at = hub.store.resolve("dataset", repo, at)[1]["parent"]
        count += 1
    return count


def request_of(template: str, repo: str, whole: dict[str, bytes]) -> str:
    for place, name in enumerate(LARGE):
        template = template.replace(f"FILE{place}", hashlib.sha256(whole[name]).hexdigest())
    return template.replace("REPO", repo)


def inject(hub: HubServer, fault: str, request: str, times: int) -> None:
    pattern = f"^{re.escape(request)}$"
    if fault.startswith("cut"):
        hub.cut(pattern, fault.removeprefix("cut "), times)
    else:
        hub.fail(pattern, int(fault), times)


def assert_complete(hub: HubServer, repo: str, whole: dict[str, bytes]) -> None:
    """Everything is there, and came in a single commit after the first, empty one."""
    files = files_of(hub, repo)
    assert repo in files.pop("README.md").decode()
    assert files == whole and commits(hub, repo) == 2


def test_the_requests_of_a_push_are_those_that_fail_below(hub: HubServer, made: DistilledSet, repo: str, whole):
    push(made, repo)
    assert sorted(" ".join(request) for request in hub.requests) == sorted(
        # What is there is read before the tables are made, and again before the commit.
        request_of(template, repo, whole)
        for template in [*REQUESTS, "GET /api/datasets/REPO"]
    )


@pytest.mark.parametrize("fault", ["500", "429", "cut request", "cut response"])
@pytest.mark.parametrize("template", REQUESTS)
def test_a_push_that_fails_at_any_request_changes_nothing_and_the_next_one_completes_it(
    template: str, fault: str, hub: HubServer, made: DistilledSet, repo: str, whole, waits: list[float]
):
    inject(hub, fault, request_of(template, repo, whole), times=99)
    with pytest.raises(
        TddError, match=r"^cannot reach the Hub at http://127.*nothing is published by halves.*"
    ) as caught:
        push(made, repo)
    assert "\n" not in str(caught.value) and TOKEN not in str(caught.value)
    assert sum(waits) < 60
    if "commit" in template and fault == "cut response":
        assert_complete(hub, repo, whole)  # the Hub had made the commit, only its answer was lost
    elif template != REQUESTS[0] or fault == "cut response":
        assert files_of(hub, repo) == {}
    hub.faults.clear()
    push(made, repo)
    assert_complete(hub, repo, whole)


@pytest.mark.parametrize("fault", ["503", "cut request"])
@pytest.mark.parametrize("template", TRIED_AGAIN)
def test_a_passing_fault_is_not_noticed(
    template: str, fault: str, hub: HubServer, made: DistilledSet, repo: str, whole, waits: list[float]
):
    inject(hub, fault, request_of(template, repo, whole), times=2)
    push(made, repo)
    assert waits == [1, 2]
    assert_complete(hub, repo, whole)


def test_a_push_over_an_older_one_that_fails_leaves_the_older_one(hub: HubServer, published: str, made: DistilledSet):
    before = head(hub, published)
    hub.cut("/commit/", times=99)
    with pytest.raises(TddError, match="cannot reach the Hub"):
        push(made, published)
    assert head(hub, published) == before


def test_a_commit_that_comes_second_is_made_again_on_top_of_the_first(
    hub: HubServer, made: DistilledSet, repo: str, whole
):
    hub.before("POST .*/commit/", lambda: commit(hub, repo, {"LICENSE": b"theirs", "figures/labels.png": b"ours"}))
    push(made, repo)
    assert list(files_of(hub, repo)) == sorted(["README.md", *whole, "LICENSE"])
    assert commits(hub, repo) == 3


def test_others_who_are_always_faster_are_named(hub: HubServer, made: DistilledSet, repo: str):
    hub.before("POST .*/commit/", lambda: commit(hub, repo, {"LICENSE": os.urandom(8)}), times=99)
    with pytest.raises(TddError, match=f"others keep changing {repo}: 5 commits came too late"):
        push(made, repo)
    assert list(files_of(hub, repo)) == ["LICENSE"]


REFUSALS = {
    400: r"cannot agree with the Hub at http://127.* \(it answers 400\)",
    401: "refuses the token: set HF_TOKEN to a token that may write, or log in with: hf auth login",
    403: r"lets this token write nothing to {repo} \(injected fault\)",
    404: r"cannot agree with the Hub at http://127.* \(it answers 404\)",
}


@pytest.mark.parametrize(
    ("template", "status"), [*((template, 403) for template in REQUESTS), *((REQUESTS[4], s) for s in (400, 401, 404))]
)
def test_an_answer_that_trying_again_does_not_change_is_taken_at_once(
    template: str, status: int, hub: HubServer, run: Path, repo: str, whole, waits: list[float]
):
    inject(hub, str(status), request_of(template, repo, whole), times=99)
    done = tdd("push", run, repo)
    assert done.code == 1 and re.search(REFUSALS[status].format(repo=repo), done.one_line())
    assert TOKEN not in done.err and waits == []


def test_a_hub_that_asks_to_wait_for_long_is_left_alone(hub: HubServer, run: Path, repo: str, waits: list[float]):
    hub.fail("preupload", 429, times=99, headers={"Retry-After": "3600"})
    done = tdd("push", run, repo)
    assert "(it answers 429 and asks to wait 3,600 seconds); nothing" in done.one_line()
    assert waits == []


def test_a_short_wait_that_the_hub_asks_for_is_kept(hub: HubServer, made: DistilledSet, repo: str, waits: list[float]):
    hub.fail("preupload", 429, headers={"Retry-After": "7"})
    push(made, repo)
    assert waits == [8]


def test_a_silent_hub_is_given_up(hub: HubServer, run: Path, repo: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tdd.hub.client.SILENCE", 0.05)
    answer = Event()
    hub.before("/commit/", lambda: answer.wait(10))
    done = tdd("push", run, repo)
    answer.set()
    assert done.code == 1 and "(ReadTimeout); nothing" in done.one_line()


def test_a_hub_that_is_down_or_forbidden_is_said(run: Path, monkeypatch: pytest.MonkeyPatch):
    assert "cannot reach the Hub at http://127.0.0.1" in tdd("push", run, "tester/any").one_line()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert tdd("push", run, "tester/any").one_line() == "HF_HUB_OFFLINE is set: unset it to push"
