"""Whatever reads a file of tensors refuses one that is damaged or foreign, in one line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from command import tdd
from hub_server import HubServer
from publishing import commit
from safetensors.torch import save

SET, CHECKPOINT = "distilled.safetensors", "checkpoints/last.safetensors"
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing is left": lambda content: b"",
    "4 bytes are left": lambda content: content[:4],
    "100 bytes are left": lambda content: content[:100],
    "200 bytes are left": lambda content: content[:200],
    "the end is missing": lambda content: content[:-50],
    "a pickle": lambda content: b"\x80\x04K\x01.",
    "a header of a terabyte": lambda content: (2**40).to_bytes(8, "little") + b"{}",
    "other tensors": lambda content: save({"weight": torch.zeros(2)}),
}
# Reader: the run, its file that is damaged, what is started.
READERS = {
    "a set": ("run", SET, ["decode"]),
    "a set of words": ("words_run", SET, ["decode"]),
    "a checkpoint": ("run", CHECKPOINT, ["distill", "--resume"]),
}


def message(damage: str, reader: str) -> str:
    if damage != "other tensors":
        return "truncated or not a safetensors file"
    return (
        "is not a checkpoint of this run" if reader == "a checkpoint" else "a safetensors file but not a distilled set"
    )


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("reader", READERS)
def test_a_damaged_file_is_refused(reader: str, damage: str, request: pytest.FixtureRequest, tmp_path: Path):
    run, name, command = READERS[reader]
    folder = shutil.copytree(request.getfixturevalue(run), tmp_path / "run")
    (folder / name).write_bytes(DAMAGES[damage]((folder / name).read_bytes()))
    done = tdd(*command, folder)
    assert done.code == 1 and message(damage, reader) in done.one_line()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_foreign_file_is_refused(damage: str, hub: HubServer, published: str, run: Path, tmp_path: Path):
    commit(hub, published, {SET: DAMAGES[damage]((run / SET).read_bytes())})
    done = tdd("pull", published, "--output", tmp_path / "run")
    assert done.code == 1 and message(damage, "a pull") in done.one_line()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "embedding.json is damaged: it is not valid JSON; get a fresh copy"),
        (b"[]", "embedding.json does not say which vectors the set was made with; get a fresh copy"),
        (
            b'{"name": "x", "kind": "word vectors", "checksum": "0", "dimension": 5, "size": 50}',
            "embedding.json: its checksum is not that of the set beside it; get a fresh copy of both",
        ),
    ],
)
def test_what_is_said_of_other_vectors_is_refused(
    content: bytes, told: str, hub: HubServer, published: str, tmp_path: Path
):
    commit(hub, published, {"embedding.json": content})
    done = tdd("pull", published, "--output", tmp_path / "run")
    assert done.code == 1 and done.one_line().endswith(told)
    assert not (tmp_path / "run").exists()
