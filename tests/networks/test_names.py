"""Networks are known by name, with settings of their own; more can be registered."""

import pytest
from own_networks import Mlp, Outer, Sized

from tdd.data.protocols import InputSpace
from tdd.errors import UsageError
from tdd.networks.learner import make_learner
from tdd.settings import networks as known
from tdd.settings.networks import NETWORKS, MeanPoolOptions, entry_of, networks_for
from tdd.settings.recipe import Recipe
from tdd.settings.register import register_network

TEXT = InputSpace("text", (6, 4))


@pytest.fixture
def registry(monkeypatch):
    """What is registered is forgotten after the test."""
    monkeypatch.setattr(known, "NETWORKS", dict(NETWORKS))


def test_a_registered_network_is_used_by_its_name(registry):
    home = "tdd.networks.architectures.mean_pool:MeanPool"
    register_network("averages", home, "text", "another name", MeanPoolOptions)
    register_network("averages", home, "text", "another name", MeanPoolOptions)  # the same again
    recipe = Recipe(network="averages", options={"hidden": 9})
    learner = make_learner(recipe.network, recipe.options, TEXT, 3)
    assert learner.name == "averages" and learner.module.hidden[0].weight.shape == (9, 4)
    assert networks_for("text") == [*(name for name, entry in NETWORKS.items() if entry.reads == "text"), "averages"]
    for name in ("averages", "text_cnn"):
        with pytest.raises(UsageError, match=f"there is another network called {name}: tdd.networks.architectures"):
            register_network(name, "my.module:Net", "text")
    for name, place in (("two words", home), ("mine", "my.module.Net"), ("mine", 3), (3, home), ("mine", object())):
        with pytest.raises(UsageError, match="a network is registered by a name and its class, as in my_net"):
            register_network(name, place)


@pytest.mark.parametrize(("kind", "typed"), [(Mlp, False), (Sized, True)])
def test_a_registered_class_has_the_options_that_it_declares_or_takes(registry, kind, typed):
    register_network("mine", kind)
    recipe = Recipe(network="mine", options={"hidden": 9})
    for space in (TEXT, InputSpace("image", (1, 3, 4))):  # it reads whatever the data are
        learner = make_learner("mine", recipe.options, space, 3)
        assert type(learner.module) is kind and learner.module.hidden.weight.shape[0] == 9
    assert (Recipe(network="mine").options.model_dump() == {"hidden": 4}) == typed
    if typed:
        with pytest.raises(UsageError, match="mine has no option 'hiden'; did you mean 'hidden'"):
            Recipe.build({"network": "mine", "options": {"hiden": 9}})
    else:
        with pytest.raises(UsageError, match=r"mine cannot be made as Mlp\(space, classes, hiden\): .*hiden"):
            make_learner("mine", {"hiden": 9}, TEXT, 3)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "text_cmm",
            "no network 'text_cmm'; did you mean 'text_cnn'?, an encoder as hf:owner/name or hf:folder, or your ",
        ),
        ("python:module", "python:module: a network of your own is named python:package.module:Class"),
        ("python:a:b:c", "a network of your own is named python:package.module:Class"),
        ("python:a b:C", "a network of your own is named python:package.module:Class"),
        ("python:a.py:C()", "a network of your own is named python:package.module:Class"),
    ],
)
def test_a_name_of_no_network_is_one_line(name, told):
    for ask in (entry_of, lambda name: make_learner(name, {}, TEXT, 2), lambda name: Recipe.build({"network": name})):
        with pytest.raises(UsageError) as caught:
            ask(name)
        assert told in str(caught.value) and "\n" not in str(caught.value)


def test_a_class_is_registered_wherever_it_stands_in_a_module_and_nowhere_else(registry):
    register_network("nested", Outer.Net)
    assert type(make_learner("nested", {}, TEXT, 3).module) is Outer.Net

    class Local(Mlp):
        """Nobody can import it."""

    with pytest.raises(UsageError, match=r"<locals>\.Local is defined inside a function: define it in a module to"):
        register_network("local", Local)


def test_options_are_those_of_the_recipe_s_own_network():
    assert Recipe(network="mean_pool").options == MeanPoolOptions()
    assert Recipe(network="python:mine:Net", options={"width": 3}).options.model_dump() == {"width": 3}
    for options, told in (
        ({"filters": 3}, "mean_pool has no option 'filters'; did you mean 'layers'?"),
        ({"hiden": 3}, "mean_pool has no option 'hiden'; did you mean 'hidden'?"),
        ({"widths": [2]}, "mean_pool has no option 'widths'; choose from dropout, hidden, layers"),
        ({"hidden": 0}, "options.hidden: Input should be greater than or equal to 1 (given: 0)"),
    ):
        with pytest.raises(UsageError) as caught:
            Recipe.build({"network": "mean_pool", "options": options})
        assert told in str(caught.value)
    for recipe in ({"network": "transformer"}, {"pool": "gru,transformer"}):
        options = {"layers": 5} if "network" in recipe else {"transformer": {"layers": 5}}
        with pytest.raises(UsageError, match=r"layers: Input should be less than or equal to 4 \(given: 5\)"):
            Recipe.build(recipe | {"options": options})
    with pytest.raises(UsageError, match=r"lenet has no option 'filters'; it has none$"):
        Recipe.build({"network": "lenet", "options": {"filters": 3}})
