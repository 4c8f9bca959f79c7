"""Run folders and recipes are called by one rule, and a run takes the recipe that shares most of its name."""

from itertools import product
from pathlib import Path

import pytest

from tdd.distilled_set.run_folder import default_folder
from tdd.errors import UsageError
from tdd.runs.size import default_size_folder
from tdd.settings import names
from tdd.settings.names import named_recipes, run_name, serving_recipe, short_name, usual_network
from tdd.settings.recipe import Recipe
from tdd.settings.recipes import resolve_recipe

PARTS = ("mean_pool", "words", "random", "7")


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where named recipes are sought."""
    monkeypatch.setattr(names, "recipe_folders", lambda: [tmp_path])
    return tmp_path


def write(folder: Path, *called: str, content: str = "epochs: 1\n") -> None:
    for name in called:
        (folder / f"{name}.yaml").write_text(content)


def settings_of(parts: tuple[str, ...]) -> dict[str, object]:
    """The settings of a run that these parts are not usual about."""
    all_parts: dict[str, tuple[str, object]] = {
        "mean_pool": ("network", "mean_pool"),
        "words": ("samples", "words"),
        "random": ("init", "random"),
        "7": ("n", 7),
    }
    return dict(all_parts[part] for part in parts)


def served_by(*parts: str, dataset: str = "data") -> str | None:
    path = serving_recipe(dataset, settings_of(parts))
    return path.stem if path else None


def subsets() -> list[tuple[str, ...]]:
    return [
        tuple(part for part, taken in zip(PARTS, chosen, strict=True) if taken)
        for chosen in product((True, False), repeat=4)
    ]


# Runs


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "imdb-20"),
        ({"n": 7}, "imdb-7"),
        ({"samples": "words"}, "imdb-20-words"),
        ({"init": "random"}, "imdb-20-random"),
        ({"inner": "plain", "init": "random"}, "imdb-20-plain-random"),
        ({"network": "mean_pool"}, "imdb-20-mean_pool"),
        ({"network": "text_cnn"}, "imdb-20"),
        ({"network": "mean_pool", "samples": "words", "init": "random"}, "imdb-20-mean_pool-words-random"),
        ({"network": "python:my.module:Net"}, "imdb-20-Net"),
        ({"dataset": "mnist", "network": "lenet", "n": 10}, "mnist-10"),
        ({"dataset": "mnist", "network": "convnet", "n": 10}, "mnist-10-convnet"),
        ({"dataset": "digits"}, "digits-20-text_cnn"),
        ({"dataset": "/some/where/films.csv.gz"}, "films-20"),
        ({"dataset": "owner/films"}, "films-20"),
        ({"dataset": "folder/"}, "folder-20"),
        ({"dataset": ".csv"}, "data-20"),
    ],
)
def test_a_run_is_called_after_its_data_its_n_and_what_is_not_usual(settings: dict[str, object], name: str):
    assert default_folder(Recipe.build({"dataset": "imdb", **settings})) == Path("runs") / name


def test_the_runs_of_the_usual_networks_keep_their_names():
    for dataset, n in (("imdb", 20), ("sst5", 50), ("trec6", 60), ("mnist", 10), ("cifar10", 100), ("digits", 10)):
        recipe = resolve_recipe(dataset, None, [], {"n": n})
        assert default_folder(recipe) == Path(f"runs/{dataset}-{n}")


def test_a_search_for_the_size_is_called_alike_without_n():
    recipe = Recipe(dataset="imdb", network="mean_pool", init="random")
    assert run_name(recipe) == "imdb-mean_pool-random"
    assert default_size_folder(recipe) == Path("runs/sizes/imdb-mean_pool-random")


# Recipes


def test_a_recipe_called_like_a_run_serves_it_and_so_does_each_part_of_its_name(recipes: Path):
    for parts in subsets():
        write(recipes, "-".join(["data", *parts]))
    for parts in subsets():
        assert served_by(*parts) == "-".join(["data", *parts])
        assert served_by(*parts, dataset="other") is None


def test_the_order_of_the_parts_in_a_recipe_s_name_is_free(recipes: Path):
    recipe = Recipe.build({"dataset": "data", **settings_of(PARTS)})
    write(recipes, "data", "data-mean_pool-words", run_name(recipe, str(recipe.n)))
    assert served_by(*PARTS) == "data-7-mean_pool-words-random"


def test_the_recipe_that_shares_most_parts_serves_and_none_that_has_another(recipes: Path):
    """By every set of recipes of one or two parts there can be for a run that all parts are unusual about."""
    of_two = [parts for parts in subsets() if len(parts) == 2]
    for parts in (("words",), ("random", "7"), PARTS):
        for there in of_two:
            for path in recipes.glob("*.yaml"):
                path.unlink()
            single = "data-7"
            write(recipes, "data", single, "-".join(["data", *there]))
            shares_all = set(there) <= set(parts)
            expected = "-".join(["data", *there]) if shares_all else single if "7" in parts else "data"
            assert served_by(*parts) == expected, (parts, there)


def test_of_recipes_that_share_as_many_parts_the_network_counts_before_words_random_and_n(recipes: Path):
    write(recipes, "data", *(f"data-{part}" for part in PARTS))
    for parts in subsets():
        assert served_by(*parts) == "-".join(["data", *parts[:1]])
    for place, part in enumerate(PARTS):
        (recipes / f"data-{part}.yaml").unlink()
        assert served_by(*PARTS) == "-".join(["data", *PARTS[place + 1 :][:1]])


def test_pairs_that_share_as_many_parts_are_ranked_alike(recipes: Path):
    pairs = sorted((parts for parts in subsets() if len(parts) == 2), key=lambda parts: [PARTS.index(p) for p in parts])
    assert pairs[0] == ("mean_pool", "words") and pairs[-1] == ("random", "7")
    write(recipes, *("-".join(["data", *parts]) for parts in pairs))
    for parts in pairs:
        assert served_by(*PARTS) == "-".join(["data", *parts])
        (recipes / f"{'-'.join(['data', *parts])}.yaml").unlink()
    assert served_by(*PARTS) is None


def test_the_network_of_the_data_set_s_own_recipe_is_the_usual_one(recipes: Path):
    write(recipes, "data", content="network: mean_pool\n")
    write(recipes, "data-mean_pool", "data-text_cnn", "data-words")
    assert (usual_network("data"), usual_network("other")) == ("mean_pool", "text_cnn")
    assert served_by("mean_pool") == "data"
    assert serving_recipe("data", {"network": "text_cnn"}) == recipes / "data-text_cnn.yaml"
    assert run_name(Recipe(dataset="data", network="mean_pool"), "20") == "data-20"
    assert run_name(Recipe(dataset="data"), "20") == "data-20-text_cnn"


def test_settings_of_any_kind_choose_the_recipe(recipes: Path):
    write(recipes, "data", content="epochs: 1\n")
    write(recipes, "data-mean_pool", content="epochs: 2\nnetwork: mean_pool\noptions: {hidden: 7}\n")
    write(recipes, "data-words", content="epochs: 3\nsamples: words\n")
    for assignments, flags in (([], {"network": "mean_pool"}), (["network=mean_pool"], {})):
        recipe = resolve_recipe("data", None, assignments, flags)
        assert (recipe.epochs, recipe.options.model_dump()["hidden"]) == (2, 7)
    recipe = resolve_recipe("data", None, ["samples=words"], {"network": "mean_pool"})
    assert (recipe.epochs, recipe.samples, recipe.options.model_dump()["hidden"]) == (2, "words", 7)
    assert resolve_recipe("data", None, ["samples=words"], {}).epochs == 3
    assert resolve_recipe("data", "data", ["samples=words"], {}).epochs == 1
    with pytest.raises(UsageError, match="no recipe 'data-word'; did you mean 'data-words'"):
        resolve_recipe("data", "data-word", [], {})


def test_names_that_begin_alike_are_told_apart(recipes: Path):
    write(recipes, "data2", "data-random")
    assert served_by() is None
    assert served_by("random") == "data-random"
    assert served_by(dataset="data2") == "data2"


def test_every_recipe_that_comes_along_serves_the_run_it_is_called_after():
    for name, path in named_recipes().items():
        if "/" not in name:
            recipe = Recipe.load(path)
            assert name.split("-")[0] == recipe.dataset
            given = {"samples": recipe.samples, "init": recipe.init, "network": recipe.network, "n": recipe.n}
            given |= {"inner": recipe.inner, **({"pool": recipe.pool} if recipe.pool else {})}
            parts = set(run_name(recipe, str(recipe.n)).split("-"))
            served = serving_recipe(recipe.dataset, given)
            assert served is not None
            assert set(name.split("-")) <= parts and set(served.stem.split("-")) <= parts
            assert len(served.stem.split("-")) >= len(name.split("-"))


def test_a_short_name_is_what_a_file_can_be_called():
    assert [short_name(name) for name in ("imdb", "a/b", "/x/y.parquet", "~/films/", "a.b.c")] == [
        "imdb",
        "b",
        "y",
        "films",
        "a",
    ]
