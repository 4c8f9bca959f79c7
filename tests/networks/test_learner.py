"""A learner is made by name for data of its kind, of any size, or of a module of one's own."""

import copy
import sys

import pytest
import torch
from learners import text_cnn
from own_networks import Frozen
from torch import nn
from torch.func import functional_call

from tdd.data.protocols import InputSpace
from tdd.errors import TddError, UsageError
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.parameters import unstack
from tdd.networks.kernels.text_cnn import TextCNNKernel
from tdd.networks.learner import make_learner
from tdd.settings.networks import NETWORKS, networks_for
from tdd.system.seeds import generator

TEXT, IMAGE = InputSpace("text", (6, 4)), InputSpace("image", (1, 8, 8))


class Own(nn.Module):
    """A network of one's own: a frozen layer, a buffer, and a linear layer that is trained."""

    def __init__(self, classes: int = 3):
        super().__init__()
        self.frozen, self.classifier = nn.Linear(4, 5), nn.Linear(5, classes)
        self.frozen.requires_grad_(False)
        self.register_buffer("scale", torch.full((5,), 0.5))

    def forward(self, x):
        return self.classifier(self.frozen(x.mean(1)) * self.scale)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lenet", (1, 28, 28)),
        ("lenet", (3, 32, 32)),
        ("lenet", (1, 8, 8)),
        ("lenet", (1, 5, 41)),
        ("alexcifarnet", (3, 32, 32)),
        ("alexcifarnet", (1, 7, 9)),
        ("convnet", (3, 32, 32)),
        ("convnet", (1, 28, 28)),
        ("convnet", (1, 9, 16)),
        ("text_cnn", (5, 4)),
        ("text_cnn", (40, 50)),
        ("mean_pool", (1, 3)),
        ("mean_pool", (40, 50)),
    ],
)
def test_every_size_gives_logits(name, shape):
    kind = "text" if len(shape) == 2 else "image"
    learner = make_learner(name, {}, InputSpace(kind, shape), 7)
    (theta,) = unstack(learner.starts(0))
    logits = functional_call(learner.module, theta, torch.randn(2, *shape, generator=generator(1)))
    assert logits.shape == (2, 7)
    assert logits.std() > 0


@pytest.mark.parametrize("name", networks_for("image"))
def test_a_network_for_images_refuses_text(name):
    with pytest.raises(UsageError, match=rf"{name} reads images and the data are text: set network .* to one of text_"):
        make_learner(name, {}, InputSpace("text", (400, 50)), 2)


@pytest.mark.parametrize("name", networks_for("text"))
def test_a_network_for_text_refuses_images(name):
    with pytest.raises(UsageError, match=rf"{name} reads text and the data are images: set network .* to one of lenet"):
        make_learner(name, {}, InputSpace("image", (1, 28, 28)), 10)


def test_every_network_reads_text_or_images():
    assert {*networks_for("text"), *networks_for("image")} == set(NETWORKS)


def test_its_own_settings_shape_a_network():
    learner = make_learner("text_cnn", {"widths": [2], "filters": 5}, TEXT, 3)
    assert learner.module.convs[0].weight.shape == (5, 1, 2, 4)
    same, other = (make_learner("text_cnn", {"widths": [2], "filters": filters}, TEXT, 3) for filters in (5, 6))
    assert learner.signature() == same.signature() != other.signature()


def test_a_closed_form_is_taken_where_there_is_one_unless_another_way_is_asked_for():
    learner = make_learner("text_cnn", {}, TEXT, 2)
    assert all(isinstance(learner.kernel(mode), TextCNNKernel) for mode in ("auto", "closed_form"))
    assert all(isinstance(learner.kernel(mode), AutogradKernel) for mode in ("autograd", "rematerialised"))


@pytest.mark.parametrize("name", ["convnet", "mean_pool"])
def test_networks_without_a_closed_form_say_so(name):
    learner = make_learner(name, {}, IMAGE if NETWORKS[name].reads == "image" else TEXT, 2)
    assert isinstance(learner.kernel(), AutogradKernel)
    with pytest.raises(UsageError, match=f"{name} has no closed form; use unroll: auto, autograd or rematerialised"):
        learner.kernel("closed_form")


def test_a_front_of_a_user_s_own_is_a_layer_like_any_other():
    module = Own()
    module.front = nn.Linear(4, 4)
    assert isinstance(make_learner(module, {}, TEXT, 3).kernel(), AutogradKernel)


# Starts


def test_starts_are_a_function_of_seed_place_and_index():
    learner = make_learner("mean_pool", {"hidden": 7}, TEXT, 3)
    several = learner.starts(3, "validation", indices=[4, 0, 2])
    for place, index in enumerate((4, 0, 2)):
        alone = learner.starts(3, "validation", indices=[index])
        assert all(torch.equal(several[name][place], alone[name][0]) for name in learner.trained)
    for other in (learner.starts(4, "validation"), learner.starts(3, "network"), learner.starts(3, "validation", 1)):
        assert not torch.equal(other["classifier.weight"][0], several["classifier.weight"][1])


def test_a_module_that_draws_its_own_parameters_is_asked():
    class Drawing(Own):
        def initial(self, draw_from):
            return {
                name: torch.rand(value.shape, generator=draw_from) + 7
                for name, value in self.named_parameters()
                if value.requires_grad
            }

    learner = make_learner(Drawing(), {}, TEXT, 3)
    theta = learner.starts(0, indices=[0, 1])
    assert set(theta) == {"classifier.weight", "classifier.bias"}
    assert all((value >= 7).all() and not torch.equal(value[0], value[1]) for value in theta.values())


def test_a_set_s_own_initialisation_is_read_back_or_refused():
    learner = make_learner(Own(), {}, TEXT, 3)
    (theta,) = unstack(learner.starts(0))
    assert all(torch.equal(value[0], theta[name]) for name, value in learner.theta_of(theta).items())
    (other,) = unstack(make_learner(Own(4), {}, TEXT, 4).starts(0))
    for saved in (other, {}, theta | {"more": torch.zeros(1)}):
        with pytest.raises(
            TddError, match=r"the set's initialisation is not one of the network python:.*:Own with the"
        ):
            learner.theta_of(saved)


# Modules of one's own


def test_a_module_is_copied_and_frozen_parameters_and_buffers_stay_in_it():
    module = Own().train()
    learner = make_learner(module, {}, TEXT, 3)
    assert module.training and not learner.module.training
    assert learner.module is not module and learner.trained == ("classifier.weight", "classifier.bias")
    assert torch.equal(learner.module.frozen.weight, module.frozen.weight)
    assert learner.module.frozen.weight is not module.frozen.weight
    assert learner.name == f"python:{Own.__module__}:Own"


def test_parameters_and_buffers_lie_on_the_learner_s_device():
    for network, options, space in ((Own(), {}, TEXT), ("text_cnn", {"filters": 3}, TEXT), ("convnet", {}, IMAGE)):
        learner = make_learner(network, options, space, 3, "meta")
        assert {value.device.type for value in learner.module.state_dict().values()} == {"meta"}
        assert learner.signature() == make_learner(network, options, space, 3).signature()


@pytest.mark.parametrize(
    "layer",
    [
        nn.BatchNorm1d(5),
        nn.BatchNorm1d(5, track_running_stats=False),
        nn.SyncBatchNorm(5),
        nn.InstanceNorm1d(5, track_running_stats=True),
    ],
)
def test_layers_that_keep_statistics_of_their_batches_are_refused_in_a_line(layer):
    module = nn.Sequential(Own(5), layer)
    with pytest.raises(UsageError) as caught:
        make_learner(module, {}, TEXT, 5)
    assert str(caught.value) == (
        f"python:torch.nn.modules.container:Sequential: layer '1' is a {type(layer).__name__}, which keeps statistics "
        f"of its batches and cannot be unrolled; use GroupNorm, LayerNorm or InstanceNorm without running statistics"
    )


@pytest.mark.parametrize("layer", [nn.GroupNorm(1, 5), nn.LayerNorm(5)])
def test_layers_that_treat_each_example_by_itself_are_taken(layer):
    assert make_learner(nn.Sequential(Own(5), layer), {}, TEXT, 5).kernel()


def test_a_module_with_nothing_to_train_is_refused():
    with pytest.raises(UsageError, match=r"python:.*:Own has no parameter that is trained"):
        make_learner(Own().requires_grad_(False), {}, TEXT, 3)


def broken(what):
    class Broken(Own):
        def forward(self, x):
            return what(self, x)

    return Broken()


@pytest.mark.parametrize(
    ("forward", "told"),
    [
        (lambda net, x: net.classifier(x), "it raised RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
        (lambda net, x: x[9], "it raised IndexError: index 9 is out of bounds for dimension 0 with size 2"),
        (lambda net, x: (_ for _ in ()).throw(AssertionError), "it raised AssertionError: "),
        (lambda net, x: (Own.forward(net, x),), "for two examples it returned tuple"),
        (lambda net, x: Own.forward(net, x).sum(0), r"for two examples it returned \(3,\)"),
        (lambda net, x: Own.forward(net, x)[:, :2], r"for two examples it returned \(2, 2\)"),
        (lambda net, x: sys.exit(3), "it raised SystemExit: 3"),
        (lambda net, x: Own.forward(net, x.view(2, 6, 4).mul_(2)), "it raised RuntimeError: a view of a leaf Variable"),
    ],
)
def test_a_forward_that_does_not_give_logits_is_refused_in_a_line(forward, told):
    wanted = r"python:.*:broken\.<locals>\.Broken: forward must take examples \(N, 6, 4\) and return logits \(N, 3\); "
    with pytest.raises(UsageError, match=wanted + told) as caught:
        make_learner(broken(forward), {}, TEXT, 3)
    assert "\n" not in str(caught.value)


class OnceOnly(torch.autograd.Function):
    """Twice the input, differentiable once."""

    @staticmethod
    def forward(context, x):
        return 2 * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context, bar):
        return 2 * bar


def in_place(net, x):
    hidden = x.mean(1).tanh()
    hidden.add_(1)  # tanh needs its result for its gradient
    return net.classifier(net.frozen(hidden))


@pytest.mark.parametrize(
    ("forward", "told"),
    [
        (lambda net, x: Own.forward(net, x.detach()), "forward gives no gradient to its examples, so that nothing can"),
        (lambda net, x: Own.forward(net, x).detach(), "forward gives no gradient to its parameters and examples, so"),
        (
            lambda net, x: x.mean(1)[:, :3],
            "forward gives no gradient to its parameters, so that nothing can be learned",
        ),
        (in_place, "forward must be differentiable twice; that raised RuntimeError: one of the variables needed for"),
        (
            lambda net, x: OnceOnly.apply(Own.forward(net, OnceOnly.apply(x))),
            "forward must be differentiable twice; that raised RuntimeError: trying to differentiate twice a function",
        ),
    ],
)
def test_a_forward_that_cannot_be_unrolled_is_refused_in_a_line(forward, told):
    with pytest.raises(UsageError, match=rf"python:.*\.Broken: {told}") as caught:
        make_learner(broken(forward), {}, TEXT, 3)
    assert "\n" not in str(caught.value)


def test_a_module_that_cannot_be_copied_is_refused_in_a_line():
    module = Own()
    module.kept = module.classifier.weight * 2
    with pytest.raises(UsageError, match=r"python:.*:Own cannot be copied: RuntimeError: Only Tensors created"):
        make_learner(module, {}, TEXT, 3)


# What theta does not hold


def test_a_network_is_made_the_same_whenever_it_is_made_and_random_numbers_of_others_stay_theirs():
    name = "python:own_networks:Frozen"
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = (make_learner(name, {}, TEXT, 3) for _ in range(2))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first.module.frozen.weight, second.module.frozen.weight)
    assert torch.equal(first.module.scale, second.module.scale)
    assert first.frozen_signature() == second.frozen_signature()


@pytest.mark.parametrize("part", ["frozen.weight", "scale"])
def test_other_frozen_values_have_another_signature_and_other_trained_ones_have_not(part):
    one = Frozen(TEXT, 3)
    same, other = copy.deepcopy(one), copy.deepcopy(one)
    same.classifier.weight.data += 1
    {**dict(other.named_parameters()), **dict(other.named_buffers())}[part].data.view(-1)[-1] += 1e-3
    signatures = [make_learner(module, {}, TEXT, 3).frozen_signature() for module in (one, same, other)]
    assert signatures[0] == signatures[1] != signatures[2]


def test_a_mask_is_given_to_a_forward_that_names_one():
    class Masked(Own):
        def forward(self, x, mask):
            assert mask.shape == x.shape[:2] and mask.dtype == torch.bool
            return super().forward((x * mask[..., None]).sum(1, keepdim=True) / mask.sum(1)[:, None, None])

    learner = make_learner(Masked(), {}, TEXT, 3)
    assert learner.takes_mask and not make_learner(Own(), {}, TEXT, 3).takes_mask
    assert not make_learner(text_cnn(4, 3, [2]), {}, TEXT, 3).takes_mask
