"""The frozen lower part of a network is passed in the arithmetic of the rest."""

from collections.abc import Callable

import pytest
import torch
from tiny_encoders import tiny_text_corpus

from tdd.distillation.unroll import InnerLoop, train, unroll
from tdd.networks.kernels.arithmetic import precision_on
from tdd.networks.learner import Learner, make_learner

CUDA = torch.device("cuda")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, str]]:
    """What the arithmetic was asked for; it is autocast, as on a GPU, wherever it is not float32."""
    asked: list[tuple[str, str]] = []

    def arithmetic(precision: str, device: torch.device) -> Callable[[], torch.autocast]:
        asked.append((precision, device.type))
        return lambda: torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")

    monkeypatch.setattr("tdd.networks.learner.arithmetic", arithmetic)
    return asked


def problem() -> tuple[Learner, InnerLoop, list[tuple[int, bool]]]:
    """A learner behind a front, a set for it, and what passes its front: how many texts, and whether by autocast."""
    corpus, passed = tiny_text_corpus(), []
    learner = make_learner(corpus.train.vectors.name, {"train": "last:1"}, corpus.train.space, 2)
    learner.module.front.register_forward_hook(
        lambda _, inputs, __: passed.append((len(inputs[0]), torch.is_autocast_enabled("cpu")))
    )
    g = torch.Generator().manual_seed(0)
    samples, labels = torch.randn(2, 3, 5, learner.space.shape[1], generator=g), torch.rand(2, 3, 2, generator=g)
    return learner, InnerLoop(samples, labels, torch.full((2,), 0.1)), passed


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_samples_and_real_texts_pass_the_front_in_the_arithmetic_of_the_kernel(asked, precision):
    learner, inner, passed = problem()
    batch, theta = tiny_text_corpus().train.batch(torch.arange(6)), learner.starts(0)
    kernel = learner.kernel(precision=precision)
    assert asked == [(precision, "cpu")]
    for use in (
        lambda: unroll(kernel, theta, inner).reverse(theta),
        lambda: train(kernel, theta, inner),
        lambda: kernel.loss(theta, batch),
    ):
        passed.clear()
        use()
        assert passed and {autocast for _, autocast in passed} == {precision == "bfloat16"}
    assert not torch.is_autocast_enabled("cpu")


def test_the_gradient_to_the_samples_is_that_of_the_front_in_its_arithmetic(asked):
    learner, inner, _ = problem()
    theta = learner.starts(0)
    found = {}
    for precision in ("float32", "bfloat16"):
        kernel = learner.kernel(precision=precision)
        trajectory = unroll(kernel, theta, inner)
        found[precision] = trajectory.reverse(theta).samples
        # The gradient to the hidden states, and then back through the front by hand.
        samples = inner.samples.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            hidden, mask = learner.module.front(samples.flatten(0, 1), torch.ones(6, 5, dtype=torch.bool))
        above = InnerLoop(
            hidden.detach().float().unflatten(0, (2, 3)), inner.labels, inner.learning_rates, None, mask.view(2, 3, -1)
        )
        to_hidden = unroll(kernel.above, theta, above).reverse(theta).samples
        (by_hand,) = torch.autograd.grad(hidden, samples, to_hidden.flatten(0, 1))
        torch.testing.assert_close(found[precision], by_hand, rtol=0, atol=0)
        assert found[precision].dtype == torch.float32
    assert not torch.equal(*found.values())
    torch.testing.assert_close(*found.values(), rtol=0.1, atol=0.1 * float(found["float32"].abs().max()))


def test_states_of_another_precision_are_other_ones():
    learner, _, _ = problem()
    module = learner.module
    assert module.hidden_states("bfloat16").folder != module.hidden_states().folder == module.hidden_states().folder
    assert "by bfloat16" in module.hidden_states("bfloat16").about
    # On a processor it is not used.
    assert learner.kernel(precision="bfloat16").states is module.hidden_states()
    assert precision_on(CUDA, "bfloat16") == "bfloat16" and precision_on(torch.device("cpu"), "tf32") == "float32"
