"""Hidden states of real texts: computed once, found again on disk, within a budget."""

from dataclasses import replace

import pytest
import torch
from tiny_encoders import tiny_text_corpus
from torch.func import functional_call

from tdd.errors import UsageError
from tdd.networks.hidden_states import HiddenStates
from tdd.networks.kernels.parameters import unstack
from tdd.networks.learner import Learner, make_learner


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


def test_states_beyond_the_budget_are_not_kept(monkeypatch):
    states = HiddenStates("a test", "x", budget=4 * 8 * 3)
    for key in (b"0" * 16, b"1" * 16):
        states.put(key, torch.ones(2, 8))
    assert states.get(b"0" * 16) is not None and states.get(b"1" * 16) is None
    monkeypatch.setenv("TDD_HIDDEN_GIB", "much")
    with pytest.raises(UsageError, match="TDD_HIDDEN_GIB='much' is not a number of GiB, 0 or more"):
        HiddenStates("a test", "x")


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
