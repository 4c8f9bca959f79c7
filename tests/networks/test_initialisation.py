"""Initial parameters."""

import math

import pytest
import torch
from image_networks import network_of
from learners import starts_of
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import save_encoder
from torch import nn

from tdd.data.protocols import InputSpace
from tdd.distillation.distiller import Distiller
from tdd.errors import UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.networks.architectures.convnet import ConvNet
from tdd.networks.initialisation import fresh
from tdd.networks.learner import Learner, make_learner
from tdd.settings.initialisations import INITIALISATIONS, Initialisation
from tdd.settings.networks import ConvNetOptions
from tdd.system.seeds import generator

TEXT = InputSpace("text", (8, 40))
NETWORKS = ("text_cnn", "mean_pool", "lstm", "transformer")
# Spread of the weights (out, in) of a linear layer.
SPREADS = {
    "xavier_normal": lambda o, i: math.sqrt(2 / (o + i)),
    "xavier_uniform": lambda o, i: math.sqrt(2 / (o + i)),
    "kaiming_normal": lambda o, i: math.sqrt(2 / i),
    "kaiming_uniform": lambda o, i: math.sqrt(2 / i),
    "orthogonal": lambda o, i: 1 / math.sqrt(max(o, i)),
    "torch": lambda o, i: 1 / math.sqrt(3 * i),
}


def test_factors_of_a_normalisation_start_at_one():
    theta = starts_of(network_of(ConvNet, (1, 8, 8), 2, ConvNetOptions()), [generator(0), generator(1)])
    assert (theta["norms.0.weight"] == 1).all()
    assert (theta["norms.0.bias"] == 0).all()


def test_other_vectors_than_biases_and_factors_stay_as_the_module_was_made_with():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.slope, self.norm = nn.LSTM(4, 2), nn.PReLU(init=0.3), nn.GroupNorm(1, 4)
            self.scale = nn.Parameter(torch.full((4,), 0.1))

    module = Own()
    found = fresh(module, [name for name, _ in module.named_parameters()], generator(0), "xavier_normal")
    assert (found["slope.weight"] == 0.3).all() and (found["scale"] == 0.1).all()
    assert (found["norm.weight"] == 1).all() and (found["norm.bias"] == 0).all()
    assert (found["lstm.bias_ih_l0"] == 0).all() and found["scale"] is not module.scale


@pytest.mark.parametrize("gain", [1.0, 0.5])
@pytest.mark.parametrize("kind", INITIALISATIONS)
def test_weights_have_the_spread_of_their_initialisation_times_its_gain(kind, gain):
    name = kind if gain == 1 else f"{kind}*{gain}"
    assert Initialisation.of(name) == (kind, gain)
    values = fresh(nn.Linear(300, 200), ["weight", "bias"], generator(0), name)
    assert values["weight"].std().item() == pytest.approx(gain * SPREADS[kind](200, 300), rel=0.02)
    assert abs(values["weight"].mean().item()) < 1e-3
    assert values["bias"].any() == (kind == "torch")  # torch draws biases too
    if kind == "orthogonal":
        torch.testing.assert_close(values["weight"] @ values["weight"].T, gain**2 * torch.eye(200), rtol=0, atol=1e-5)
    if kind.endswith("uniform"):
        assert values["weight"].abs().max() < math.sqrt(3) * gain * SPREADS[kind](200, 300)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("kind", INITIALISATIONS)
def test_starts_are_a_function_of_seed_and_place_whatever_draws_them(network, kind):
    learner = make_learner(network, {}, TEXT, 3, initialisation=[kind])
    state = torch.get_rng_state()
    several = learner.starts(3, "here", indices=[4, 0])
    torch.manual_seed(17)
    again = make_learner(network, {}, TEXT, 3, initialisation=[kind]).starts(3, "here", indices=[0])
    torch.set_rng_state(state)
    assert several.keys() == set(learner.trained)
    for name, value in several.items():
        assert torch.equal(value[1], again[name][0]) and value.isfinite().all()
        if value.dim() > 2:
            assert not torch.equal(value[0], value[1]), name
    other = learner.starts(4, "here", indices=[0])
    assert not torch.equal(other["classifier.weight"], again["classifier.weight"])


def test_what_torch_draws_is_what_its_layers_draw_and_leaves_its_own_generator_alone():
    learner = make_learner("transformer", {}, TEXT, 3, initialisation=["torch"])
    before = torch.get_rng_state()
    theta = learner.starts(0)
    assert torch.equal(torch.get_rng_state(), before)
    seeds = generator(0, 0)
    for path, layer in learner.module.named_modules():
        if isinstance(layer, nn.Linear | nn.LayerNorm):
            torch.manual_seed(int(torch.randint(2**62, (), generator=seeds)))
            layer.reset_parameters()
            assert torch.equal(theta[f"{path}.weight"][0], layer.weight), path
            assert torch.equal(theta[f"{path}.bias"][0], layer.bias), path
    torch.set_rng_state(before)
    # No layer of torch's has positions.
    assert theta["positions"].std().item() == pytest.approx(SPREADS["xavier_normal"](8, 64), rel=0.1)


def test_networks_take_several_ways_in_turn_as_they_are_counted():
    ways = ["xavier_normal", "orthogonal", "kaiming_normal*2"]
    learner = make_learner("mean_pool", {}, TEXT, 3, initialisation=ways)
    alone = {way: make_learner("mean_pool", {}, TEXT, 3, initialisation=[way]) for way in ways}
    for before in (0, 1, 5):
        found = learner.starts(0, "here", indices=[2, 3], before=before)
        for place, index in enumerate((2, 3)):
            expected = alone[ways[(before + index) % 3]].starts(0, "here", indices=[index])
            assert all(torch.equal(value[place], expected[name][0]) for name, value in found.items())


@pytest.mark.parametrize(("networks", "pool"), [(1, []), (2, []), (1, ["mean_pool", "gru"])])
def test_the_networks_of_a_run_take_several_ways_in_turn(monkeypatch, networks, pool):
    drawn, starts = [], Learner.starts

    def told(self, seed, *place, indices=(0,), before=0):
        if place[0] == "network":
            drawn.append((self.name, [(before + index) % 2 for index in indices]))
        return starts(self, seed, *place, indices=indices, before=before)

    monkeypatch.setattr(Learner, "starts", told)
    of = {"pool": pool} if pool else {"network": "mean_pool"}
    ways = ["xavier_normal", "torch"]
    recipe = tiny_recipe(**of, init="random", networks=networks, outer_steps=4, initialisation=ways)
    made = Distiller(recipe, tiny_corpus()).run()
    by_network = {
        name: [which for other, each in drawn if other == name for which in each]
        for name in of.get("pool", ["mean_pool"])
    }
    # Every network of a pool meets every way, also where there are as many of them.
    assert all(which == [0, 1] * (len(which) // 2) and len(which) >= 2 for which in by_network.values())
    assert made.recipe.initialisation == ways


def test_a_fixed_set_keeps_its_own_start_and_is_drawn_as_it_says():
    corpus, settings = tiny_corpus(), {"network": "mean_pool", "outer_steps": 2}
    plain = Distiller(tiny_recipe(**settings), corpus).run()
    made = Distiller(tiny_recipe(**settings, initialisation="orthogonal"), corpus).run()
    weights = made.initialisation["classifier.weight"]
    assert not torch.equal(weights, plain.initialisation["classifier.weight"])
    torch.testing.assert_close(weights @ weights.T, torch.eye(2))
    with pytest.raises(UsageError, match="is the set's own: test others with init random"):
        evaluate(made, corpus.test, initialisation="torch")


def test_a_set_is_tested_with_networks_drawn_in_other_ways():
    corpus = tiny_corpus()
    made = Distiller(tiny_recipe(init="random", outer_steps=2, network="mean_pool"), corpus).run()
    own, named, other = (
        evaluate(made, corpus.test, 4, initialisation=way).accuracies for way in (None, "xavier_normal", "torch*4")
    )
    assert own == named != other


def test_the_head_of_an_encoder_alone_is_drawn_otherwise(tmp_path):
    save_encoder(tmp_path / "encoder")
    name, theta = f"hf:{tmp_path / 'encoder'}", {}
    for way in ("xavier_normal", "orthogonal", "torch"):
        learner = make_learner(name, {"train": "last:1"}, InputSpace("text", (6, 8)), 3, initialisation=[way])
        theta[way] = learner.starts(0)
        assert not any(learner.fixed_start(0)[f"upper.classifier.{part}"].any() for part in ("weight", "bias"))
    for key, value in theta["xavier_normal"].items():
        for way in ("orthogonal", "torch"):
            same = torch.equal(theta[way][key], value)
            assert same == (not key.startswith("upper.classifier.") or (way, key[-4:]) == ("orthogonal", "bias")), key
    head = theta["orthogonal"]["upper.classifier.weight"][0]
    torch.testing.assert_close(head @ head.T, torch.eye(3), rtol=0, atol=1e-5)


def test_a_module_that_draws_its_own_parameters_is_not_told_how():
    class Drawing(nn.Module):
        def __init__(self):
            super().__init__()
            self.classifier = nn.Linear(8 * 40, 3)

        def forward(self, x):
            return self.classifier(x.flatten(1)).square()

        def initial(self, generator):
            return {name: torch.rand(value.shape, generator=generator) for name, value in self.named_parameters()}

    assert make_learner(Drawing(), {}, TEXT, 3).starts(0)
    with pytest.raises(UsageError, match="Drawing draws its own parameters, not by initialisation: torch; leave that"):
        make_learner(Drawing(), {}, TEXT, 3, initialisation=["torch"]).starts(0)
