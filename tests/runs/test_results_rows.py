"""Every row of the published tables is a recipe."""

from pathlib import Path

import yaml
from command import tdd

from tdd.runs.results_rows import read_rows
from tdd.settings.names import named_recipes
from tdd.settings.recipe import Recipe


def test_every_row_of_the_paper_is_a_recipe_with_its_data_n_and_initialisation():
    rows = read_rows()
    assert len(rows) == 18
    for row in rows:
        data, n, init = row.name.rsplit("-", 2)
        assert (row.recipe.dataset, row.recipe.n, row.recipe.init) == (data, int(n), init)
        assert row.published.networks == (200 if init == "random" else 1)
        assert row.published.data.lower().replace("-", "") == data
    by_name = {row.name: row.published for row in rows}
    assert (by_name["imdb-20-random"].accuracy, by_name["imdb-20-random"].sd) == (73.3978, 3.28)
    assert by_name["trec50-1000-fixed"].accuracy == 67.4
    assert {name for name in named_recipes() if name.startswith("paper/")} == {row.recipe_name for row in rows}


def test_rows_of_words_are_a_table_of_their_own():
    rows = read_rows(Path("words"))
    assert {row.recipe_name for row in rows} == {name for name in named_recipes() if name.startswith("words/")}
    for row in rows:
        data, n, words, init = row.name.rsplit("-", 3)
        assert (row.recipe.dataset, row.recipe.n, row.recipe.init) == (data, int(n), init)
        assert words == row.recipe.samples == "words"
        assert row.published.networks == (200 if init == "random" else 1)


def test_rows_of_other_networks_take_the_recipes_that_are_there():
    rows = read_rows(Path("networks"))
    assert {row.recipe.network for row in rows} == {
        *("bag_of_words", "mean_pool", "lstm", "gru", "transformer", "minilm"),
    }
    for row in rows:
        data, n, network, init = row.name.split("-")
        assert (row.recipe.dataset, row.recipe.n, row.recipe.network, row.recipe.init) == (data, int(n), network, init)
        named = named_recipes()
        own = Recipe.load(named.get(f"{data}-{network}-{n}") or named[f"{data}-{network}"]).model_dump()
        changed = {name for name, value in row.recipe.model_dump().items() if value != own[name]}
        said = set(row.published.settings)
        if init == "random":  # any start takes more gradient steps, of more networks
            networks = (
                20 if data == "imdb" else 100 if network == "minilm" else 200
            )  # imdb has 25,000 long texts to test
            least = {"init"} | ({"test_networks"} if networks != 20 else set())  # which is the usual number
            more = {"validation_networks", "epochs", "networks", "outer_steps", "learning_rate", "window", "patience"}
            assert least <= changed <= least | more
            # A single step would leave an encoder as it is.
            assert network != "minilm" or row.recipe.epochs > 1
        else:
            networks = 1
            assert changed == said
            assert not said or {"n", "outer_steps"} <= said <= {"n", "outer_steps", "epochs"}
        assert row.published.networks == networks


def test_rows_of_a_curve_are_the_paper_s_and_others_of_its_settings():
    rows = read_rows(Path("curves"))
    for row in rows:
        labels = "hard" if "-hard-" in row.name else "soft"
        data, n, init = row.name.replace("-hard", "").split("-")
        told = (row.recipe.dataset, row.recipe.n, row.recipe.init, row.recipe.labels)
        assert told == (data, int(n), init, labels)
        assert row.published.networks == (200 if init == "random" else 1)
    assert {(row.recipe.dataset, row.recipe.n) for row in rows} == {
        *(("imdb", n) for n in (2, 4, 10, 20, 50)),
        *(("trec6", n) for n in (6, 12, 30, 60, 120)),
        *(("mnist", n) for n in (5, 10, 20, 50, 100)),
    }


def test_rows_of_the_same_name_are_the_same_so_that_their_results_may_lie_together():
    recipes: dict[str, Recipe] = {}
    for table in (None, Path("words"), Path("networks"), Path("curves")):
        for row in read_rows(table):
            assert recipes.setdefault(row.name, row.recipe) == row.recipe


def test_a_folder_of_one_s_own_comes_before_a_table_that_comes_with_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("words").mkdir()
    Path("words/rows.yaml").write_text("mine: {data: Mine, recipe: trec6, settings: {n: 12, filters: 7}}")
    (row,) = read_rows(Path("words"))
    assert (row.name, row.recipe_name, row.recipe.n, row.recipe.dataset) == ("mine", "trec6", 12, "trec6")
    assert (row.assignments, row.folder(3)) == (("n=12", "filters=7"), Path("runs/words/mine-3"))
    assert (
        Recipe.build(
            yaml.safe_load(tdd("distill", "--recipe", "trec6", "--set", "n=12", "--set", "filters=7", "--dry-run").out)
        )
        == row.recipe
    )


def test_a_row_s_recipe_is_taken_by_its_name():
    row = next(row for row in read_rows() if row.name == "trec50-1000-random")
    done = tdd("distill", "--recipe", "paper/trec50-1000-random", "--dry-run")
    assert Recipe.build(yaml.safe_load(done.out)) == row.recipe
