"""Hidden states of real texts: computed once, found again on disk, within a budget."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from command import tdd
from filelock import FileLock
from safetensors.torch import load_file, save_file
from tiny_encoders import save_encoder, tiny_text_corpus
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call

from tdd.data.protocols import InputSpace
from tdd.errors import UsageError
from tdd.networks.hidden_states import HiddenStates
from tdd.networks.kernels.parameters import unstack
from tdd.networks.learner import Learner, make_learner

KEYS = [bytes([number]) * 16 for number in range(9)]
STATES = torch.arange(800.0).view(100, 8)
SIZE, HEADER = 3200 + 24, 512  # these states, their key and their number; what is before all of them


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))


def test_states_are_computed_once_and_found_again_on_disk():
    corpus, passed = tiny_text_corpus(), []
    batch = corpus.train.batch(torch.arange(6))

    def fresh(train: str = "last:1") -> Learner:
        learner = make_learner(corpus.train.vectors.name, {"train": train}, corpus.train.space, 2)
        learner.module.front.register_forward_hook(lambda _, inputs, __: passed.append(len(inputs[0])))
        return learner

    def used(learner: Learner, batch=batch) -> torch.Tensor:
        """Logits; `passed` is then what passed the front for them."""
        passed.clear()
        return learner.kernel().logits(learner.starts(0), batch)

    learner = fresh()
    logits = used(learner)
    distinct = len(set(batch.keys(slice(0, 6))))
    assert distinct <= sum(passed) <= 6
    torch.testing.assert_close(
        logits[0], functional_call(learner.module, unstack(learner.starts(0))[0], batch.inputs())
    )
    torch.testing.assert_close(used(learner), logits, rtol=0, atol=0)
    assert not passed
    learner.module.hidden_states().flush()
    (file,) = learner.module.hidden_states().folder.glob("*.safetensors")
    torch.testing.assert_close(used(fresh()), logits, rtol=0, atol=0)
    assert not passed
    # Other layers have other states; a text without some of its words is another; a damaged file is not there.
    used(fresh("last:2"))
    assert passed
    used(fresh(), replace(batch, tokens=None))
    assert passed
    file.write_bytes(file.read_bytes()[:100])
    torch.testing.assert_close(used(fresh()), logits)
    assert passed and not file.exists()


@pytest.mark.parametrize("format", ["float32", "bfloat16"])
def test_states_are_the_same_when_they_are_computed_and_when_they_were_kept(format):
    corpus = tiny_text_corpus()
    batch = corpus.train.batch(torch.arange(6))

    def fresh() -> Learner:
        options = {"train": "last:1", "hidden_states": format}
        return make_learner(corpus.train.vectors.name, options, corpus.train.space, 2)

    learner = fresh()
    hidden, mask = learner.module.front(*batch.inputs())
    if format == "bfloat16":
        hidden = hidden.bfloat16().float()
    expected = functional_call(learner.module.upper, strip(unstack(learner.starts(0))[0]), (hidden, mask))
    computed = learner.kernel().logits(learner.starts(0), batch)
    torch.testing.assert_close(computed[0], expected)
    assert computed.dtype == torch.float32
    states = learner.module.hidden_states()
    states.flush()
    (file,) = states.folder.glob("*.safetensors")
    assert load_file(file)["states"].dtype == getattr(torch, format)
    again = fresh()
    again.module.front.register_forward_hook(lambda *_: pytest.fail("computed again"))
    torch.testing.assert_close(again.kernel().logits(again.starts(0), batch), computed, rtol=0, atol=0)
    assert f"last:1, {format}" in tdd("cache").out


def strip(theta: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix("upper."): value for name, value in theta.items()}


def test_states_of_bfloat16_take_half_the_space_and_a_folder_of_their_own():
    kept = {}
    for format in ("float32", "bfloat16"):
        states = HiddenStates("a test", "x", format)
        for key in KEYS:
            states.put(key, states.as_kept(torch.randn(50, 64)))
        states.flush()
        kept[states.folder] = sum(file.stat().st_size for file in states.folder.glob("*.safetensors"))
    single, half = kept.values()
    assert half < 0.51 * single and len(kept) == 2


def test_an_encoder_has_the_same_states_under_another_name_and_others_with_another_configuration(tmp_path):
    folders = [tmp_path / name for name in ("one", "two", "three")]
    save_encoder(folders[0])
    for folder in folders[1:]:
        shutil.copytree(folders[0], folder)
    config = json.loads((folders[2] / "config.json").read_text())
    (folders[2] / "config.json").write_text(json.dumps(config | {"num_attention_heads": 1}))
    found = [
        make_learner(f"hf:{folder}", {"train": "last:1"}, InputSpace("text", (6, 8)), 2).module.hidden_states().folder
        for folder in folders
    ]
    assert found[0] == found[1] != found[2]


def test_states_beyond_the_budget_are_not_kept(monkeypatch):
    states = HiddenStates("a test", "x", budget=HEADER + SIZE)
    for key in KEYS[:2]:
        states.put(key, STATES)
    assert states.get(KEYS[0]) is not None and states.get(KEYS[1]) is None
    monkeypatch.setenv("TDD_HIDDEN_GIB", "much")
    with pytest.raises(UsageError, match="TDD_HIDDEN_GIB='much' is not a number of GiB, 0 or more"):
        HiddenStates("a test", "x")


def test_processes_keep_to_the_budget_together_and_find_what_others_have_written():
    budget = 2 * HEADER + 6 * SIZE
    mine, theirs = (HiddenStates("a test", "x", budget=budget) for _ in range(2))
    for key in KEYS[:4]:
        mine.put(key, STATES)
    for key in KEYS[3:8]:
        theirs.put(key, STATES + 1)
    mine.flush()
    theirs.flush()
    # What both have computed is there once; of the rest as much as there is room for.
    files = [load_file(file) for file in theirs.folder.glob("*.safetensors")]
    written = [bytes(key) for file in files for key in file["keys"].tolist()]
    assert sorted(written) == KEYS[:6]
    assert sum(file.stat().st_size for file in theirs.folder.glob("*.safetensors")) <= budget
    assert torch.equal(theirs.get(KEYS[0]), STATES) and torch.equal(theirs.get(KEYS[4]), STATES + 1)
    assert mine.get(KEYS[4]) is None and theirs.get(KEYS[6]) is None
    # There is no room for more, and nothing more is gathered in memory.
    theirs.put(KEYS[8], STATES)
    assert not theirs.pending
    mine.flush()
    mine.put(KEYS[8], STATES)
    mine.flush()
    assert torch.equal(mine.get(KEYS[4]), STATES + 1)


def test_states_that_python_drops_in_the_middle_of_anything_are_written_at_a_better_moment():
    kept = HiddenStates("a test", "x")
    kept.put(KEYS[0], STATES)
    kept.flush()
    states = HiddenStates("a test", "x")
    states.put(KEYS[1], STATES)
    with FakeTensorMode():  # torch makes shapes alone here, of what is read from files too
        del states
    assert torch.equal(HiddenStates("a test", "x").get(KEYS[1]), STATES)


def test_what_is_gathered_is_written_when_the_process_ends():
    code = f"""
import torch
from tdd.networks.hidden_states import HiddenStates
gone, held = HiddenStates("a test", "x"), HiddenStates("a test", "y")
gone.put({KEYS[0]!r}, torch.ones(2, 3))
held.put({KEYS[1]!r}, torch.ones(2, 3))
del gone
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    for identity, key in (("x", KEYS[0]), ("y", KEYS[1])):
        assert torch.equal(HiddenStates("a test", identity).get(key), torch.ones(2, 3))


def test_what_is_gathered_is_written_at_the_end_and_while_nobody_else_writes(monkeypatch):
    states = HiddenStates("a test", "x")
    states.put(KEYS[0], STATES)
    folder = states.folder
    del states
    assert torch.equal(HiddenStates("a test", "x").get(KEYS[0]), STATES)
    states = HiddenStates("a test", "x")
    states.put(KEYS[1], STATES)
    monkeypatch.setattr("tdd.networks.hidden_states._PATIENCE", 0)
    with FileLock(folder / ".lock"):
        states.flush()
    assert len(list(folder.glob("*.safetensors"))) == 1
    assert torch.equal(states.get(KEYS[1]), STATES)
    states.put(KEYS[2], STATES)
    assert states.get(KEYS[2]) is None


@pytest.mark.parametrize(
    "tensors",
    [
        {"weight": torch.ones(2)},
        {"keys": torch.zeros(2, 16, dtype=torch.uint8), "lengths": torch.tensor([1]), "states": torch.ones(1, 8)},
        {"keys": torch.zeros(1, 16, dtype=torch.uint8), "lengths": torch.tensor([2]), "states": torch.ones(1, 8)},
        {"keys": torch.zeros(1, 16, dtype=torch.uint8), "lengths": torch.tensor(1), "states": torch.ones(1, 8)},
        {"keys": torch.zeros(1, 16), "lengths": torch.tensor([1]), "states": torch.ones(1, 8)},
    ],
)
def test_a_foreign_file_is_not_there(tensors):
    folder = HiddenStates("a test", "x").folder
    folder.mkdir(parents=True)
    save_file(tensors, folder / "a.safetensors")
    states = HiddenStates("a test", "x")
    assert not states.places and not list(folder.glob("*.safetensors"))
    states.put(KEYS[0], STATES)
    save_file(tensors, folder / "b.safetensors")  # of someone else, meanwhile
    states.flush()
    assert torch.equal(HiddenStates("a test", "x").get(KEYS[0]), STATES)


@pytest.mark.parametrize(("train", "positions"), [("last:1", lambda length: length + 2), ("head", lambda length: 1)])
def test_a_batch_of_states_knows_how_wide_each_text_is_so_that_parts_are_not_too_large(monkeypatch, train, positions):
    corpus = tiny_text_corpus()
    batch, longest = corpus.train.batch(torch.arange(6)), corpus.train.space.shape[0]
    learner = make_learner(corpus.train.vectors.name, {"train": train}, corpus.train.space, 2)
    kernel, theta = learner.kernel("rematerialised"), learner.starts(0)
    hidden = kernel._hidden(batch)
    for row, length in enumerate(batch.lengths.tolist()):
        x, mask = hidden.inputs(slice(row, row + 1), padded=False)
        assert hidden.width(row) == positions(length) == x.shape[1] == int(mask.sum())
        x, mask = hidden.inputs(slice(row, row + 1))
        assert x.shape[1] == positions(longest) and int(mask.sum()) == positions(length)
    whole = kernel.loss(theta, batch)
    monkeypatch.setattr("tdd.networks.kernels.autograd.IN_CACHE", 1)
    assert len(kernel.above._parts(theta, hidden)) == 6
    torch.testing.assert_close(kernel.loss(theta, batch), whole)


def test_a_text_has_the_same_states_whatever_texts_are_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    corpus = tiny_text_corpus()
    rows = torch.arange(len(corpus.train))
    found = []
    for size in (1, 3, len(rows)):
        monkeypatch.setenv("TDD_CACHE", str(tmp_path / f"{size}"))
        kernel = make_learner(corpus.train.vectors.name, {"train": "last:1"}, corpus.train.space, 2).kernel()
        together = [kernel._hidden(corpus.train.batch(part)).inputs(padded=True) for part in rows.split(size)]
        states = torch.cat([x for x, _ in together])
        order = torch.cat([part[corpus.train.lengths[part].argsort(stable=True)] for part in rows.split(size)])
        found.append(states[order.argsort()])
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])
