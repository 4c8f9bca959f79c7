"""A published set is the set, to the last bit; after any fault the repository is unchanged or complete."""

import getpass
import hashlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from command import distil_command, tdd, write_data, write_vectors
from datasets import Dataset
from hub_server import HubServer
from huggingface_hub import constants
from huggingface_hub.hf_api import RepoSibling
from safetensors.torch import save, save_file

from tdd.data import load_corpus
from tdd.distilled import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.evaluation import evaluate
from tdd.pictures import pictures
from tdd.public import public
from tdd.pull import _verify, fetch, pull
from tdd.push import contents, push
from tdd.recipe import Recipe
from tdd.run import distill
from tdd.vectors import load_vectors

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")  # of huggingface_hub

TOKEN = "hf_test"
FILES = [
    "README.md",
    "default/train.parquet",
    "distilled.safetensors",
    "embeddings/train.parquet",
    "figures/curves.png",
    "figures/curves.svg",
    "recipe.yaml",
    "results.json",
]
WITHOUT_FIGURES = [name for name in FILES if not name.startswith("figures/")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose recipe is full of local paths, with two figures and a private note beside them."""
    folder = tmp_path_factory.mktemp("secret") / "of-mine"
    folder.mkdir()
    data, vectors = write_data(folder / "reviews.csv"), write_vectors(folder / "words.txt")
    command = distil_command(data, vectors, folder / "run", epochs=2, test_networks=5)
    assert tdd(*command, "--data", data).code == 0
    assert tdd("evaluate", folder / "run", "--networks", 5, "--full").code == 0
    (folder / "run/figures").mkdir()
    (folder / "run/figures/curves.png").write_bytes(b"\x89PNG")
    (folder / "run/figures/curves.svg").write_bytes(b"<svg/>")
    (folder / "run/figures/notes on.txt").write_text("not to be published")
    return folder / "run"


@pytest.fixture(scope="module")
def made(run: Path) -> DistilledSet:
    return DistilledSet.from_pretrained(run)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the client would have waited between its tries; it waits for nothing."""
    waits: list[float] = []
    for module in ("utils._http", "file_download"):
        monkeypatch.setattr(f"huggingface_hub.{module}.time", SimpleNamespace(sleep=waits.append))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return waits


@pytest.fixture
def repo(hub: HubServer, request: pytest.FixtureRequest) -> str:
    """A name that no other test has in its cache."""
    return "tester/" + hashlib.sha256(request.node.name.encode()).hexdigest()[:12]


@pytest.fixture
def published(hub: HubServer, run: Path, repo: str) -> str:
    assert tdd("push", run, repo).code == 0
    hub.requests.clear()
    return repo


def files_of(hub: HubServer, repo: str, revision: str = "main") -> dict[str, bytes]:
    files = hub.store.resolve("dataset", repo, revision)[1]["files"]
    return {name: (hub.store.blobs / file["sha"]).read_bytes() for name, file in sorted(files.items())}


def head(hub: HubServer, repo: str) -> str:
    return hub.store.resolve("dataset", repo, "main")[0]


def commit(hub: HubServer, repo: str, files: dict[str, bytes]) -> str:
    """Someone else's commit."""
    lines = [{"key": "lfsFile", "value": {"path": name, "oid": hub.store.put_blob(x)}} for name, x in files.items()]
    return hub.store.commit("dataset", repo, "main", lines)


def commits(hub: HubServer, repo: str) -> int:
    """How many there are on main, the empty first one included."""
    count, at = 0, head(hub, repo)
    while at:
        at = hub.store.resolve("dataset", repo, at)[1]["parent"]
        count += 1
    return count


def fresh_process(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def snippet(card: str) -> str:
    """The first block of Python that is printed in a card."""
    found = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert found is not None
    return found[1]


def assert_labels_and_rates(table: dict, made: DistilledSet) -> None:
    """The rows of a published table hold the labels of the set, bit by bit, and the rates of their steps."""
    labels = made.labels.flatten(0, 1)
    assert table["names"] == made.classes
    assert torch.equal(torch.tensor(table["soft_label"]), labels)
    assert table["label"] == labels.argmax(1).tolist()
    rates = made.learning_rates.view(-1, len(made.samples))
    assert torch.equal(torch.tensor(table["learning_rates"]), rates[:, table["step"]].T)


# What is published


def test_a_push_is_one_commit_of_every_file(hub: HubServer, run: Path, repo: str):
    done = tdd("push", run, repo)
    assert (done.code, done.out) == (0, f"{run} is published: {constants.ENDPOINT}/datasets/{repo}\n")
    assert [request for request in hub.requests if "/commit/" in request[1]] == [
        ("POST", f"/api/datasets/{repo}/commit/main")
    ]
    assert list(files_of(hub, repo)) == FILES


def test_plain_datasets_read_both_configurations_to_the_last_bit(published: str, run: Path, made: DistilledSet):
    code = f"""
import json, sys
from datasets import load_dataset
assert not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
found = {{}}
for name in ("default", "embeddings"):
    table = load_dataset({published!r}, *([] if name == "default" else [name]), split="train")
    found[name] = table.to_dict() | {{"names": table.features["label"].names}}
assert not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
print(json.dumps(found))
"""
    found = json.loads(fresh_process(code).splitlines()[-1])
    for table in found.values():
        assert_labels_and_rates(table, made)
        assert table["step"] == [0, 0, 1, 1] and table["index"] == [0, 1, 0, 1]
    assert torch.equal(torch.tensor(found["embeddings"]["embedding"]), made.samples.flatten(0, 1))
    words = tdd("decode", run, "--format", "text").out.splitlines()
    assert found["default"]["text"] == words
    assert all(0 < similarity < 1 for similarity in found["default"]["similarity"])


def test_the_lines_in_the_card_train_a_network_to_the_recorded_accuracy(
    hub: HubServer, published: str, made: DistilledSet, tmp_path: Path
):
    corpus = load_corpus(made.recipe)
    batch = next(corpus.test.batches(1000))
    save_file({"x": batch.dense(), "y": batch.labels}, tmp_path / "test.safetensors")
    code = snippet(files_of(hub, published)["README.md"].decode())
    tested = (
        f'test = load_file("{tmp_path}/test.safetensors")\nprint((network(test["x"]).argmax(1) == test["y"]).sum())'
    )
    right = fresh_process(f"{code}\n{tested}").split("(")[-1].split(")")[0]
    assert int(right) == round(made.results["evaluation"]["fixed"]["mean"] * len(batch))


def test_a_published_set_evaluates_to_the_last_digit(published: str, made: DistilledSet):
    loaded = DistilledSet.from_pretrained(published)
    assert torch.equal(loaded.samples, made.samples) and torch.equal(loaded.learning_rates, made.learning_rates)
    assert loaded.source == made.source
    corpus = load_corpus(made.recipe)
    for init in ("fixed", "random"):
        figures = evaluate(loaded, corpus.test, 5, init, made.recipe.seed).as_dict()
        assert figures == loaded.results["evaluation"][init] == made.results["evaluation"][init]


def test_nothing_private_is_published(hub: HubServer, published: str, run: Path):
    private = ["of-mine", "secret", str(run.parent), str(Path.home()), TOKEN, socket.gethostname(), "notes"]
    if len(getpass.getuser()) > 4:
        private.append(getpass.getuser())
    published_bytes = files_of(hub, published)
    for name in ("default/train.parquet", "embeddings/train.parquet"):  # its pages are compressed
        table = pq.read_table(io.BytesIO(published_bytes[name]))
        columns = [column for column in table.column_names if column != "embedding"]
        published_bytes[f"{name}, read"] = f"{table.schema.metadata} {table.select(columns).to_pylist()}".encode()
    for name, content in published_bytes.items():
        for word in private:
            assert word.encode() not in content, (word, name)
    recipe = files_of(hub, published)["recipe.yaml"].decode()
    assert "dataset: reviews.csv\n" in recipe and "data: null\n" in recipe and "vectors: words.txt\n" in recipe


# What is published of images


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of digits, whose word vectors do not exist."""
    settings = {"outer_steps": 12, "batch_size": 32, "learning_rate": 0.1, "samples_lr": 0.1, "max_validation": 50}
    recipe = Recipe(dataset="digits", network="lenet", n=20, epochs=2, vectors="none/such.txt", **settings)
    distill(recipe, folder := tmp_path_factory.mktemp("runs") / "digits")
    return folder


def test_plain_datasets_read_images_to_the_last_bit(hub: HubServer, digits: Path, repo: str):
    assert tdd("push", digits, repo).code == 0
    made = DistilledSet.from_pretrained(digits)
    code = f"""
import json, sys
from datasets import Image, load_dataset
from numpy import asarray
found = {{}}
for name in ("default", "embeddings"):
    table = load_dataset({repo!r}, *([] if name == "default" else [name]), split="train")
    found[name] = {{column: table[column][:] for column in table.column_names}}
    found[name]["names"] = table.features["label"].names
    if name == "default":
        assert isinstance(table.features["image"], Image)
        assert all(image.format == "PNG" for image in table["image"])
        found[name]["image"] = [asarray(image).tolist() for image in table["image"]]
assert not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
print(json.dumps(found))
"""
    found = json.loads(fresh_process(code).splitlines()[-1])
    for table in found.values():
        assert_labels_and_rates(table, made)
        assert table["step"] == [0] * 10 + [1] * 10 and table["index"] == [*range(10), *range(10)]
    assert torch.equal(torch.tensor(found["embeddings"]["embedding"]), made.samples.flatten(0, 1))
    assert np.array_equal(found["default"]["image"], [one.pixels[:, :, 0] for one in pictures(made)])


def test_images_in_colour_are_published_as_such(tmp_path: Path):
    source = {"dataset": "pets", "pixel_mean": "0.5 0.4 0.3", "pixel_sd": "0.2 0.3 0.4"}
    recipe = Recipe(dataset="pets", network="convnet", n=2, steps=1)
    made = DistilledSet(torch.randn(1, 2, 3, 5, 7), torch.eye(2)[None], torch.ones(1), ["a", "b"], recipe, source)
    (tmp_path / "train.parquet").write_bytes(contents(made)["default/train.parquet"])
    table = Dataset.from_parquet(str(tmp_path / "train.parquet"))
    assert np.array_equal([np.asarray(image) for image in table["image"]], [one.pixels for one in pictures(made)])


def test_the_lines_in_the_card_train_a_network_for_images_to_the_recorded_accuracy(
    hub: HubServer, digits: Path, repo: str, tmp_path: Path
):
    assert tdd("push", digits, repo).code == 0
    made = DistilledSet.from_pretrained(digits)
    batch = next(load_corpus(made.recipe).test.batches(1000))
    save_file({"x": batch.pixels, "y": batch.labels}, tmp_path / "test.safetensors")
    code = snippet(files_of(hub, repo)["README.md"].decode())
    tested = f"""
test = load_file("{tmp_path}/test.safetensors")
print((network(normalised(test["x"])).argmax(1) == test["y"]).sum().item())
import sys
assert not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
"""
    right = int(fresh_process(f"{code}\n{tested}").splitlines()[-1])
    assert right / len(batch) == made.results["evaluation"]["fixed"]["mean"]


# Other ways to publish


def test_a_set_without_a_run_folder_is_published(hub: HubServer, made: DistilledSet, repo: str):
    assert made.push_to_hub(repo) == f"{constants.ENDPOINT}/datasets/{repo}"
    assert list(files_of(hub, repo)) == WITHOUT_FIGURES


# Pushing to what is there


def test_pushing_the_same_again_commits_nothing(hub: HubServer, published: str, run: Path):
    before = head(hub, published)
    assert tdd("push", run, published).code == 0
    assert head(hub, published) == before


def test_an_earlier_push_is_replaced_and_files_of_others_stay(
    hub: HubServer, published: str, run: Path, made: DistilledSet
):
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
    with pytest.raises(UsageError, match="names the branch to push to, not a commit"):
        push(made, published, revision=before)


def test_a_pull_request_changes_no_branch(hub: HubServer, run: Path, repo: str):
    hub.store.create("dataset", repo)
    before = head(hub, repo)
    done = tdd("push", run, repo, "--create-pr")
    assert done.out.endswith(f"/datasets/{repo}/discussions/1\n")
    assert head(hub, repo) == before
    assert list(files_of(hub, repo, "refs/pr/1")) == FILES
    assert "leave out --revision" in tdd("push", run, repo, "--create-pr", "--revision", "v2").one_line()


# A push that fails

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
LARGE = ["default/train.parquet", "distilled.safetensors", "embeddings/train.parquet"]
# huggingface_hub tries these again by itself.
TRIED_AGAIN = [request for request in REQUESTS if "preupload" in request or "lfs" in request]


@pytest.fixture(scope="module")
def whole(made: DistilledSet) -> dict[str, bytes]:
    """Every file that a push of `made` leaves behind, but for the card."""
    return contents(public(made), load_vectors(made.recipe.vectors))


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
        request_of(template, repo, whole) for template in REQUESTS
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
    hub.before("POST .*/commit/", lambda: commit(hub, repo, {"theirs.txt": b"theirs", "figures/labels.png": b"ours"}))
    push(made, repo)
    assert list(files_of(hub, repo)) == sorted(["README.md", *whole, "theirs.txt"])
    assert commits(hub, repo) == 3


def test_others_who_are_always_faster_are_named(hub: HubServer, made: DistilledSet, repo: str):
    hub.before("POST .*/commit/", lambda: commit(hub, repo, {"theirs.txt": os.urandom(8)}), times=99)
    with pytest.raises(TddError, match=f"others keep changing {repo}: 5 commits came too late"):
        push(made, repo)
    assert list(files_of(hub, repo)) == ["theirs.txt"]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, r"cannot agree with the Hub at http://127.* \(it answers 400\)"),
        (401, "refuses the token: set HF_TOKEN to a token that may write, or log in with: hf auth login"),
        (403, r"lets this token write nothing to {repo} \(injected fault\)"),
        (404, r"cannot agree with the Hub at http://127.* \(it answers 404\)"),
    ],
)
@pytest.mark.parametrize("template", REQUESTS)
def test_an_answer_that_trying_again_does_not_change_is_taken_at_once(
    template: str, status: int, message: str, hub: HubServer, run: Path, repo: str, whole, waits: list[float]
):
    inject(hub, str(status), request_of(template, repo, whole), times=99)
    done = tdd("push", run, repo)
    assert done.code == 1 and re.search(message.format(repo=repo), done.one_line())
    assert TOKEN not in done.err and waits == []


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
    monkeypatch.setattr("tdd.hub.SILENCE", 0.05)
    answer = Event()
    hub.before("/commit/", lambda: answer.wait(10))
    done = tdd("push", run, repo)
    answer.set()
    assert done.code == 1 and "(ReadTimeout); nothing" in done.one_line()


def test_a_hub_that_is_down_or_forbidden_is_said(run: Path, monkeypatch: pytest.MonkeyPatch):
    assert "cannot reach the Hub at http://127.0.0.1" in tdd("push", run, "tester/any").one_line()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert tdd("push", run, "tester/any").one_line() == "HF_HUB_OFFLINE is set: unset it to push"


@pytest.mark.parametrize("name", ["bare", "a/b/c", "a--b/c..d", "/x", ""])
def test_an_impossible_name_is_a_usage_error(name: str, hub: HubServer, run: Path):
    done = tdd("push", run, name)
    assert done.code == 2 and "owner/name" in done.one_line()
    assert hub.requests == []


def test_other_vectors_than_the_sets_own_are_refused_before_any_request(
    hub: HubServer, made: DistilledSet, repo: str, tmp_path: Path
):
    with pytest.raises(UsageError, match=r"was distilled with words\.txt, not with other\.txt"):
        push(made, repo, vectors=load_vectors(str(write_vectors(tmp_path / "other.txt", seed=1))))
    assert hub.requests == []


# What is pulled


def test_a_pulled_folder_is_the_run(published: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    done = tdd("pull", published)
    folder = tmp_path / "runs" / published.partition("/")[2]
    assert done.code == 0 and "test accuracy" in done.out
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == [name for name in FILES if not name.endswith(".parquet")]
    assert (folder / "distilled.safetensors").read_bytes() == (run / "distilled.safetensors").read_bytes()
    before = DistilledSet.from_pretrained(run).results["evaluation"]["fixed"]
    monkeypatch.chdir(run.parent)  # where the data and the vectors lie, whose paths were not published
    assert tdd("evaluate", folder).code == 0
    assert DistilledSet.from_pretrained(folder).results["evaluation"]["fixed"] == before


def test_a_folder_in_use_is_left_alone(hub: HubServer, published: str, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    done = tdd("pull", published, "--output", tmp_path / "mine")
    assert done.code == 2 and done.one_line().endswith("exists already; choose another --output")
    assert hub.requests == []
    (tmp_path / "empty").mkdir()
    assert tdd("pull", published, "--output", tmp_path / "empty").code == 0


def test_a_revision_is_pulled_at_its_commit(hub: HubServer, published: str, made: DistilledSet, whole):
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


# A pull that fails


@pytest.mark.parametrize("name", ["distilled.safetensors", "recipe.yaml", "results.json", "README.md"])
@pytest.mark.parametrize("change", ["altered", "truncated"])
def test_a_damaged_file_is_named_with_its_checksum_and_not_kept(
    name: str, change: str, hub: HubServer, published: str, tmp_path: Path
):
    original = files_of(hub, published)[name]
    damaged = original[:-1] + bytes([original[-1] ^ 1])
    if change == "truncated":
        hub.alter(f"GET .*/resolve/.*/{name}", lambda body: body[:-1], times=99)
        expected = "arrived truncated .*file should be of size"
    else:
        hub.alter(f"GET .*/resolve/.*/{name}", lambda body: damaged, times=99)
        header = b"" if name in LARGE else b"blob %d\0" % len(original)
        digest = hashlib.sha256 if name in LARGE else hashlib.sha1
        sums = [digest(header + content).hexdigest() for content in (damaged, original)]
        expected = f"{name} of {published} arrived damaged: its .* is {sums[0]}, the Hub lists {sums[1]}; pull again"
    done = tdd("pull", published, "--output", tmp_path / "run")
    assert done.code == 1 and re.search(expected, done.one_line())
    assert not (tmp_path / "run").exists()
    hub.faults.clear()
    assert tdd("pull", published, "--output", tmp_path / "run").code == 0
    assert (tmp_path / "run" / name).read_bytes() == original


def test_a_download_that_is_always_cut_is_given_up(hub: HubServer, published: str, tmp_path: Path):
    hub.cut("GET .*/resolve/.*/distilled.safetensors", "response", times=999)
    done = tdd("pull", published, "--output", tmp_path / "run")
    assert done.code == 1 and done.one_line().startswith("cannot reach the Hub")
    assert not (tmp_path / "run").exists()


def test_a_download_that_is_cut_goes_on_where_it_stopped(hub: HubServer, published: str, made: DistilledSet):
    hub.cut("GET .*/resolve/.*/distilled.safetensors", "response", times=2)
    assert torch.equal(DistilledSet.from_pretrained(published).samples, made.samples)


@pytest.mark.parametrize("fault", ["500", "429", "401", "403", "404", "cut request"])
@pytest.mark.parametrize(
    "request_", ["GET /api/datasets/{}?", "HEAD /datasets/{}/resolve/", "GET /datasets/{}/resolve/"]
)
def test_a_pull_that_fails_at_any_request_leaves_no_folder(
    request_: str, fault: str, hub: HubServer, published: str, tmp_path: Path
):
    pattern = f"^{re.escape(request_.format(published))}"
    if fault == "cut request":
        hub.cut(pattern, times=999)
    else:
        hub.fail(pattern, int(fault), times=999)
    done = tdd("pull", published, "--output", tmp_path / "run")
    refused = "refuses access to" if fault in ("401", "403") else "the Hub at http://127"
    assert done.code == 1 and refused in done.one_line()
    assert not (tmp_path / "run").exists()
    hub.faults.clear()
    assert tdd("pull", published, "--output", tmp_path / "run").code == 0


def test_a_repository_that_changes_between_listing_and_download_is_read_anew(
    hub: HubServer, published: str, made: DistilledSet
):
    hub.before("GET .*/tree/|GET /api/datasets/[^?]*$", lambda: commit(hub, published, {"more.txt": b"more"}))
    folder = fetch(published)
    assert folder.name == head(hub, published)


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "figures/../../evil.png", "a\\..\\evil", "..\\evil"])
def test_a_name_that_leaves_the_folder_is_refused(name: str, hub: HubServer, published: str, tmp_path: Path):
    commit(hub, published, {name: b"evil"})
    done = tdd("pull", published, "--output", tmp_path / "a" / "run")
    assert done.code == 1 and "which would leave the folder: nothing was pulled" in done.one_line()
    assert len(hub.requests) == 1 and not (tmp_path / "a").exists()


def test_files_that_are_not_ours_are_not_downloaded(hub: HubServer, published: str, tmp_path: Path):
    commit(hub, published, {"run.py": b"raise SystemExit", "figures/x.html": b"<script>", ".env": b"x", "x.pkl": b"x"})
    pull(published, output=tmp_path / "run")
    assert not any("run.py" in path or ".html" in path or ".pkl" in path for _, path in hub.requests)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "README.md", "distilled.safetensors", "figures", "recipe.yaml", "results.json"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["distilled.safetensors", "results.json"])
def test_a_file_that_is_too_large_is_not_downloaded(
    name: str, hub: HubServer, published: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tdd.pull.LARGEST", {"distilled.safetensors": 1024})
    monkeypatch.setattr("tdd.pull.LARGEST_OTHER", 2**20 if name != "results.json" else 64)
    if name == "results.json":
        monkeypatch.setattr(
            "tdd.pull.LARGEST", {"distilled.safetensors": 2**20, "recipe.yaml": 2**20, "README.md": 2**20}
        )
    with pytest.raises(TddError, match=f"{name} of {published} is .*MiB, the most that is taken is"):
        fetch(published)
    assert len(hub.requests) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x80\x04K\x01.", "truncated or not a safetensors file"),
        (save({"weight": torch.zeros(2)}), "a safetensors file but not a distilled set"),
        ((2**40).to_bytes(8, "little") + b"{}", "truncated or not a safetensors file"),
    ],
)
def test_a_foreign_file_is_refused(content: bytes, message: str, hub: HubServer, published: str, tmp_path: Path):
    commit(hub, published, {"distilled.safetensors": content})
    done = tdd("pull", published, "--output", tmp_path / "run")
    assert done.code == 1 and message in done.one_line()
    assert not (tmp_path / "run").exists()


def test_a_repository_without_a_set_or_none_at_all_is_explained(hub: HubServer, tmp_path: Path):
    hub.store.create("dataset", "tester/bare")
    done = tdd("pull", "tester/bare", "--output", tmp_path / "run")
    assert done.code == 2 and "tester/bare holds no distilled set (distilled.safetensors is missing)" in done.one_line()
    done = tdd("pull", "tester/none", "--output", tmp_path / "run")
    assert done.code == 2 and "no data set 'tester/none' on the Hub" in done.one_line()
    with pytest.raises(UsageError, match=r"there is no folder 'runs/none', and no data set 'runs/none' on the Hub"):
        DistilledSet.from_pretrained("runs/none")
    with pytest.raises(UsageError, match=r"no distilled set in 'runs/none'"):
        DistilledSet.from_pretrained(Path("runs/none"))


def test_every_fault_that_the_documentation_lists_has_its_test():
    listed = re.findall(r"`(test_\w+)`", Path(__file__).parents[1].joinpath("docs/faults.md").read_text())
    assert len(listed) > 20 and set(listed) <= set(globals())


def test_a_hub_that_lists_git_pointers_alone_is_checked_by_the_sha256_in_them(tmp_path):
    path = tmp_path / "distilled.safetensors"
    path.write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 7\n".encode()
    blob = hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()
    listed = RepoSibling(rfilename=path.name, size=7, blob_id=blob)
    _verify("owner/name", path, listed)
    path.write_bytes(b"altered")
    with pytest.raises(TddError, match="arrived damaged: its git sha1"):
        _verify("owner/name", path, listed)
    assert not path.exists()
