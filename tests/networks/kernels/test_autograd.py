"""The kernel of any module: its steps and their reverse by automatic differentiation."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from image_networks import CLASSES, NETWORKS, problem
from learners import kernel_of, outer_gradient, text_cnn
from patches import spy
from reference import random_batch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tdd.data.image_batch import ImageBatch
from tdd.data.pixel_normalisation import Normalisation
from tdd.data.protocols import InputSpace
from tdd.data.text_batch import TextBatch
from tdd.networks.kernels import autograd
from tdd.networks.kernels.autograd import IN_CACHE, AutogradKernel
from tdd.networks.kernels.parameters import unstack
from tdd.networks.kernels.protocol import Step
from tdd.networks.learner import make_learner
from tdd.system.seeds import generator


@pytest.mark.parametrize("mode", ["auto", "rematerialised"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_from_given_parameters_is_reversed_without_their_gradient(name, mode):
    network, theta, samples, labels, _, _ = problem(name)
    kernel, step = kernel_of(network, mode), Step(samples[0], labels[0])
    with torch.no_grad():
        _, saved = kernel.gradient(theta, step)
    value, theta_bar, x_bar, y_bar, _ = kernel.reverse(theta, step, saved, theta)
    assert theta_bar.keys() == theta.keys()
    found = kernel.reverse(theta, step, saved, theta, first=True)
    torch.testing.assert_close(found[:4], (value, {}, x_bar, y_bar), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_reverse_of_a_step_agrees_with_finite_differences(name):
    network, theta, samples, labels, _, _ = problem(name, networks=1)
    kernel, x, y = AutogradKernel(network), samples[0], labels[0]
    direction = {key: torch.randn(value.shape, generator=generator(1)).double() for key, value in theta.items()}
    x_bar = kernel.reverse(theta, Step(x, y), None, direction).x
    along, step, values = torch.randn(x.shape, generator=generator(2)).double(), 1e-6, []
    for sign in (1, -1):
        with torch.no_grad():
            gradient, _ = kernel.gradient(theta, Step(x + sign * step * along, y))
        values.append(sum((gradient[key] * direction[key]).sum() for key in gradient))
    assert ((values[0] - values[1]) / (2 * step)).item() == pytest.approx((x_bar * along).sum().item(), rel=1e-4)


def test_real_images_in_parts_give_what_they_give_at_once(monkeypatch):
    network, theta, *_, batch = problem("lenet")
    kernel = AutogradKernel(network)
    whole, at_once = kernel.logits(theta, batch), kernel.loss(theta, batch)
    one = kernel._example_bytes(unstack(theta)[0], *batch.inputs(slice(0, 1)))
    for size, parts in ((1, 1), (2, 2 * one)):
        monkeypatch.setattr("tdd.networks.kernels.autograd.IN_CACHE", parts)
        assert kernel._parts(theta, batch)[-1] == slice(len(batch) - size, len(batch))
        assert size < len(batch)
        torch.testing.assert_close(kernel.logits(theta, batch), whole)
        torch.testing.assert_close(kernel.loss(theta, batch), at_once)
    assert whole.shape == (2, 3, CLASSES)


def test_memory_predicted_for_a_step_is_that_of_one_graph_unless_all_are_kept():
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 2))
    samples, labels = torch.empty(4, 1, 3, 4, device="meta"), torch.empty(4, 2, device="meta")
    kernel = AutogradKernel(network)
    assert kernel.step_bytes(Step(samples, labels), 3, graph=False)[0] == 0
    kept, one = kernel.step_bytes(Step(samples, labels), 3, graph=True)
    assert kept == 3 * one > 3 * 4 * samples.numel()


def test_lower_precision_reaches_networks_without_closed_form_alone():
    network, theta, samples, labels, rates, batch = problem("convnet", epochs=1)
    network, theta = network.float(), {name: value.float() for name, value in theta.items()}
    batch = ImageBatch(batch.pixels, batch.labels, Normalisation(torch.full((3,), 0.4), torch.full((3,), 0.3)))
    parts = [part.float() for part in (samples, labels, rates)]

    def bfloat16():
        return torch.autocast("cpu", torch.bfloat16)

    exact = outer_gradient(kernel_of(network, "auto"), theta, *parts, batch, "auto")
    rounded = outer_gradient(kernel_of(network, "auto", bfloat16), theta, *parts, batch, "auto")
    assert rounded.samples.dtype == torch.float32
    assert not torch.equal(rounded.losses, exact.losses)
    torch.testing.assert_close(rounded.losses, exact.losses, rtol=0.02, atol=0.02)
    assert F.cosine_similarity(rounded.labels.flatten(), exact.labels.flatten(), dim=0) > 0.98
    assert not hasattr(kernel_of(text_cnn(4, 2), "auto", bfloat16), "arithmetic")


# Real examples in parts


class Largest(TorchDispatchMode):
    """Bytes of the largest tensor that is made."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self.bytes = max(self.bytes, tensor.untyped_storage().nbytes())
        return made


def test_a_batch_is_never_dense_as_a_whole(monkeypatch):
    learner = make_learner("mean_pool", {"hidden": 8}, InputSpace("text", (400, 50)), 2)
    kernel, theta = learner.kernel(), learner.starts(0)
    batch = random_batch(generator(0), 4096, 400, 50, 2, dtype=torch.float32)
    asked = []
    inputs = TextBatch.inputs

    def seen(self, rows, padded=True):
        asked.append(rows) if rows.stop - rows.start > 1 else None
        return inputs(self, rows, padded)

    monkeypatch.setattr(TextBatch, "inputs", seen)
    for use in (kernel.logits, kernel.loss):
        asked.clear()
        with Largest() as largest:
            use(theta, batch)
        parts = asked
        assert [rows.start for rows in parts] == [0, *(rows.stop for rows in parts[:-1])] and parts[-1].stop == 4096
        assert largest.bytes < 4 * 400 * 50 * 4096 / 4
        # The graph of a part is what the measure of one example says; the shorter the sentences, the more at once.
        sizes = [rows.stop - rows.start for rows in parts]
        x, mask = inputs(batch, slice(0, 1))
        assert sizes[-1] == IN_CACHE // kernel._example_bytes(unstack(theta)[0], x, mask)
        assert sizes[1:] == sorted(sizes[1:], reverse=True) and sizes[1] > 2 * sizes[-1]


def test_an_example_is_measured_once_for_each_shape(monkeypatch):
    learner = make_learner("mean_pool", {"hidden": 8}, InputSpace("text", (12, 5)), 2)
    kernel, theta = learner.kernel(), learner.starts(0)
    measured, kept = [], autograd.kept_bytes
    monkeypatch.setattr(autograd, "kept_bytes", lambda make: measured.append(1) or kept(make))
    for length in (12, 12, 9):
        batch = random_batch(generator(length), 6, length, 5, 2, dtype=torch.float32)
        kernel.logits(theta, batch)
        kernel.loss(theta, batch)
        kernel.loss(theta, batch, generator(0))
    assert len(measured) == 2 * 2  # a graph of one example and one of two


def test_random_numbers_are_touched_for_dropout_alone(monkeypatch):
    learner = make_learner("mean_pool", {"hidden": 50, "dropout": 0.5}, InputSpace("text", (12, 5)), 2)
    kernel, theta = learner.kernel(), learner.starts(0)
    batch = random_batch(generator(1), 6, 12, 5, 2, dtype=torch.float32)
    forked = spy(monkeypatch, torch.random, "fork_rng")
    before = torch.get_rng_state()
    plain, dropped, again = (kernel.loss(theta, batch, drop)[0] for drop in (None, generator(3), generator(3)))
    assert len(forked) == 2
    assert torch.equal(dropped, again) and not torch.equal(dropped, plain)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(kernel.loss(theta, batch)[0], plain)


def test_sentences_are_cut_after_the_longest_one_where_their_mask_is_read(monkeypatch):
    learner = make_learner("mean_pool", {"hidden": 4}, InputSpace("text", (9, 3)), 2)
    kernel, theta, g = learner.kernel(), learner.starts(0), generator(1)
    widths = []
    forward = type(learner.module).forward
    monkeypatch.setattr(
        type(learner.module), "forward", lambda self, x, mask: widths.append(x.shape[1]) or forward(self, x, mask)
    )
    x, y, mask = torch.randn(2, 9, 3, generator=g), torch.eye(2), torch.arange(9) < torch.tensor([[2], [5]])
    with torch.no_grad():
        kernel.gradient(theta, Step(x, y, mask))
    assert widths == [5]
    with torch.no_grad():
        kernel.gradient(theta, Step(x, y))
    assert widths == [5, 9]
    batch = random_batch(g, 3, 9, 3, 2, dtype=torch.float32)
    batch = replace(batch, ids=batch.ids[:, :4], lengths=batch.lengths.clamp(max=4))
    widths.clear()
    kernel._parts(theta, batch)
    widths.clear()
    kernel.logits(theta, batch)
    assert widths == [int(batch.lengths.max())]
