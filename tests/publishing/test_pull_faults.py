"""Whatever a pull meets, damage on the way or a hostile repository, a run folder is whole or absent."""

import hashlib
import re
from pathlib import Path

import pytest
import torch
from command import tdd
from hub_server import HubServer
from publishing import FILES, LARGE, commit, files_of, head

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError
from tdd.hub.download import fetch
from tdd.publishing.pull import pull


@pytest.mark.parametrize(
    "name", ["distilled.safetensors", "embedding.json", "recipe.yaml", "results.json", "README.md"]
)
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


def test_a_repository_that_changes_between_listing_and_download_is_read_anew(hub: HubServer, published: str):
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
        "README.md", "distilled.safetensors", "embedding.json", "figures", "recipe.yaml", "results.json"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "largest", "largest_other"),
    [
        ("distilled.safetensors", {"distilled.safetensors": 1024}, 2**20),
        ("results.json", dict.fromkeys({*FILES} - {"results.json"}, 2**20), 64),
    ],
)
def test_a_file_that_is_too_large_is_not_downloaded(
    name: str,
    largest: dict[str, int],
    largest_other: int,
    hub: HubServer,
    published: str,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("tdd.hub.download.LARGEST", largest)
    monkeypatch.setattr("tdd.hub.download.LARGEST_OTHER", largest_other)
    with pytest.raises(TddError, match=f"{name} of {published} is .*MiB, the most that is taken is"):
        fetch(published)
    assert len(hub.requests) == 1
