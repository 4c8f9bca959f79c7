"""``--set`` finds the setting or the network's option that is meant, or says in one line which there are."""

import pytest
import yaml
from command import tdd

from tdd.cli.options import complete_assignment
from tdd.errors import UsageError
from tdd.settings import networks
from tdd.settings.fields import setting
from tdd.settings.networks import NETWORKS, Entry, NetworkOptions
from tdd.settings.recipe import Recipe, all_settings
from tdd.settings.recipes import resolve_recipe


class Ambiguous(NetworkOptions):
    """Options of which two are called like settings."""

    n: int = setting(3, "not that of the recipe")
    batch_size: int = setting(3, "neither")
    depth: int = setting(2, "of no other network")


@pytest.fixture
def ambiguous(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "ambiguous", Entry("nowhere:Nothing", "text", "", Ambiguous))


def resolved(*assignments: str, **flags: object) -> Recipe:
    return resolve_recipe("data.csv", None, list(assignments), flags)


def line_of(*assignments: str, **flags: object) -> str:
    with pytest.raises(UsageError) as refused:
        resolved(*assignments, **flags)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("name", ["hidden", "options.hidden"])
def test_an_option_is_set_by_its_name_or_by_its_path(name: str):
    recipe = resolved(f"{name}=64", "layers=2", network="mean_pool")
    assert recipe.options == networks.MeanPoolOptions(hidden=64, layers=2)
    assert resolved("network=mean_pool", f"{name}=64").options.hidden == 64
    done = tdd("distill", "data.csv", "--network", "mean_pool", "--set", f"{name}=64", "--dry-run")
    assert yaml.safe_load(done.out)["options"] == {"hidden": 64, "layers": 1, "dropout": 0.5}


def test_several_options_are_set_by_a_mapping_too():
    assert resolved("options={filters: 7}", "widths=[2]").options.model_dump() == {
        "widths": [2],
        "filters": 7,
        "dropout": 0.5,
    }
    assert line_of("options=3") == "settings: options are set by their names, as in options.filters=10"
    assert "text_cnn has no option 'bogus'" in line_of("options={bogus: 7}")


@pytest.mark.parametrize(
    ("assignment", "network", "line"),
    [
        ("hiden=3", "mean_pool", "unknown setting 'hiden'; did you mean 'hidden'?"),
        ("options.hiden=3", "mean_pool", "unknown setting 'options.hiden'; did you mean 'hidden'?"),
        ("outer_step=3", "mean_pool", "unknown setting 'outer_step'; did you mean 'outer_steps'?"),
        ("widths=[2]", "mean_pool", "'widths' is an option of text_cnn, and the network is mean_pool"),
        ("options.widths=[2]", "lenet", "'widths' is an option of text_cnn, and the network is lenet"),
        (
            "dropout=0",
            "lenet",
            "'dropout' is an option of text_cnn, mean_pool, lstm, gru, transformer, and the network is lenet",
        ),
        (
            "outer_step=3",
            "python:mine:Net",
            "unknown setting 'outer_step'; did you mean 'outer_steps'?; an option of python:mine:Net is set as "
            "options.outer_step",
        ),
    ],
)
def test_what_is_neither_setting_nor_option_is_told_with_what_may_be_meant(assignment: str, network: str, line: str):
    assert line_of(assignment, network=network) == f"settings: {line}"
    done = tdd("distill", "data.csv", "--network", network, "--set", assignment, "--dry-run")
    assert (done.code, done.one_line()) == (2, f"settings: {line}")


def test_options_of_a_user_s_own_class_are_set_by_their_path():
    recipe = resolved("options.width=3", "options.kind=small", network="python:mine:Net")
    assert recipe.options.model_dump() == {"width": 3, "kind": "small"}


def test_a_name_of_a_setting_and_of_an_option_is_refused_until_the_path_says_which(ambiguous: None):
    for name in ("n", "batch_size"):
        told = f"'{name}' is a setting and an option of ambiguous: say options.{name} for that"
        assert line_of(f"{name}=4", network="ambiguous") == f"settings: {told}"
    recipe = resolved("options.n=4", "depth=5", network="ambiguous", n=6)  # a flag is a setting
    assert (recipe.n, recipe.options.model_dump()) == (6, {"n": 4, "batch_size": 3, "depth": 5})


def test_another_network_drops_the_recipe_s_options_and_the_same_one_keeps_them(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("network: mean_pool\noptions: {hidden: 7, layers: 3}\nepochs: 4\n")

    def of(*assignments: str, **flags: object) -> Recipe:
        return resolve_recipe("data.csv", str(path), list(assignments), flags)

    assert of().options.model_dump() == {"hidden": 7, "layers": 3, "dropout": 0.5}
    assert of(network="mean_pool").options == of().options
    assert of("hidden=8", "options.dropout=0").options.model_dump() == {"hidden": 8, "layers": 3, "dropout": 0.0}
    for other in (of(network="text_cnn"), of("network=text_cnn")):
        assert (other.options, other.epochs) == (networks.TextCNNOptions(), 4)
    assert of("filters=5", network="text_cnn").options == networks.TextCNNOptions(filters=5)
    with pytest.raises(UsageError, match="option of mean_pool, lstm, gru, transformer, and the network is text_cnn"):
        of("hidden=8", network="text_cnn")


def test_a_recipe_that_names_no_network_has_options_of_the_usual_one(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("options: {filters: 7}\n")
    assert resolve_recipe("data.csv", str(path), ["widths=[2]"], {}).options == networks.TextCNNOptions(
        widths=[2], filters=7
    )
    assert resolve_recipe("data.csv", str(path), [], {"network": "lenet"}).options == NetworkOptions()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("network: mean_pol", "no network 'mean_pol'; did you mean 'mean_pool'?"),
        ("filters: 7", "unknown setting 'filters'; it is an option of text_cnn, convnet: set it under options"),
        ("options: [filters]", "options: Input should be"),
        ("network: mean_pool\noptions: {filters: 7}", "mean_pool has no option 'filters'"),
    ],
)
def test_a_fault_in_a_recipe_s_network_names_the_file(tmp_path, content: str, line: str):
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    for extra in ([], ["--set", "n=3"]):
        done = tdd("distill", "data.csv", "--recipe", path, "--dry-run", *extra)
        assert done.code == 2
        assert done.one_line().startswith(f"{path}: ") and line in done.one_line()


def test_completion_offers_settings_and_options_with_what_they_are():
    offered = dict(complete_assignment(""))
    assert len(offered) == len(complete_assignment(""))
    assert offered.keys() == {f"{known.name}=" for known in all_settings()}
    assert dict(complete_assignment("wid")) == {"widths=": "words that each filter bank spans"}
    assert dict(complete_assignment("outer")).keys() == {"outer_steps="}
    assert complete_assignment("bogus") == []


def test_completion_offers_options_by_their_path_once_that_is_begun():
    options = {known.path for known in all_settings() if known.path != known.name}
    assert dict(complete_assignment("options.")).keys() == {f"{path}=" for path in options}
    assert "options.widths=" in dict(complete_assignment("opt"))
    assert complete_assignment("options.wid") == [("options.widths=", "words that each filter bank spans")]


def test_completion_describes_an_option_for_every_network_that_has_it():
    dropout = "dropout before the classifier, on real data only (--full)"
    abouts = (
        f"text_cnn, lstm, gru: {dropout}",
        "mean_pool: dropout after each hidden layer, on real data only (--full)",
        "transformer: dropout, on real data only (--full)",
    )
    for name in ("dropout", "options.dropout"):
        described = dict(complete_assignment(name))[f"{name}="].split("; ")
        assert set(abouts) <= set(described)
    # The same description is said once.
    (about,) = dict(complete_assignment("bidirectional")).values()
    assert about == "read sentences backwards too"
