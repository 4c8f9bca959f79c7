"""Where settings come from, and which of them counts."""

import pytest
import yaml
from command import tdd

from tdd.errors import UsageError
from tdd.settings.assignments import parse_assignments
from tdd.settings.names import named_recipes
from tdd.settings.recipe import Recipe
from tdd.settings.recipes import resolve_recipe


def dry_run(*arguments):
    done = tdd("distill", *arguments, "--dry-run")
    assert done.code == 0, done.err
    return Recipe.build(yaml.safe_load(done.out))


def test_a_flag_outdoes_set_which_outdoes_the_recipe_which_outdoes_the_defaults(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("n: 6\nepochs: 2\noptions: {filters: 7}\nseed: 1\n")
    found = dry_run("data.csv", "--recipe", path, "--set", "n=8", "--set", "epochs=3", "--n", 10)
    assert (found.n, found.epochs, found.options.filters, found.seed) == (10, 3, 7, 1)
    assert found.options.dropout == Recipe().options.dropout
    assert found.dataset == "data.csv"


def test_samples_of_words_have_a_recipe_of_their_own():
    free, words = dry_run("imdb"), dry_run("imdb", "--samples", "words")
    assert (free.samples, free.epochs, free.padding) == ("free", 1, "none")
    assert (words.samples, words.epochs, words.padding) == ("words", 5, "end")
    assert dry_run("imdb", "--set", "samples=words") == words
    assert dry_run("tomatoes", "--samples", "words").max_length == dry_run("tomatoes").max_length


def test_random_initialisation_has_a_recipe_of_its_own_where_it_needs_one():
    assert (dry_run("mnist", "--init", "random").n, dry_run("mnist").n) == (100, 10)
    assert dry_run("mnist", "--set", "init=random", "--n", "50").samples_init == "real"
    assert dry_run("trec6", "--init", "random").outer_steps == dry_run("trec6").outer_steps
    assert dry_run("imdb", "--init", "random", "--samples", "words").epochs == 5


def test_recipes_are_listed_and_each_is_valid_and_named_like_its_data_set():
    done = tdd("distill", "--list-recipes")
    assert done.code == 0
    listed = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert listed.keys() == named_recipes().keys()
    assert "imdb" in listed
    for name, path in named_recipes().items():
        assert listed[name] == str(path)
        Recipe.load(path)


def test_a_recipe_is_found_by_its_name_by_its_file_and_by_the_data_set():
    path = named_recipes()["imdb"]
    expected = Recipe.load(path)
    assert dry_run("imdb") == dry_run("imdb", "--recipe", "imdb") == dry_run("imdb", "--recipe", path) == expected
    assert dry_run("--recipe", "imdb") == expected
    assert dry_run("other.csv", "--recipe", "imdb").dataset == "other.csv"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["mnist"], "mnist"),
        (["mnist", "--n", "20"], "mnist"),
        (["mnist", "--n", "100"], "mnist-100"),
        (["mnist", "--set", "n=100"], "mnist-100"),
        (["mnist", "--n", "100", "--init", "random"], "mnist-random"),
        (["mnist", "--n", "100", "--recipe", "mnist"], "mnist"),
        (["imdb", "--n", "100", "--samples", "words", "--init", "random"], "imdb-words"),
    ],
)
def test_a_recipe_for_words_initialisation_or_size_comes_before_that_of_the_data_set(arguments, name):
    recipe, expected = dry_run(*arguments), Recipe.load(named_recipes()[name])
    for setting in ("steps", "samples_lr", "outer_steps", "padding"):
        assert getattr(recipe, setting) == getattr(expected, setting)


def test_steps_of_a_recipe_that_nobody_named_hold_where_they_split_the_samples_asked_for():
    own = resolve_recipe("imdb", None, [], {"network": "minilm"})
    assert own.steps and own.n % own.steps == 0
    more = resolve_recipe("imdb", None, [], {"network": "minilm", "n": 2 * own.n})
    fewer = resolve_recipe("imdb", None, [], {"network": "minilm", "n": own.steps - 1})
    assert (more.steps, fewer.steps) == (own.steps, None)
    for recipe, assignments in (("imdb-minilm", []), (None, [f"steps={own.steps}"])):
        with pytest.raises(UsageError, match="steps"):
            resolve_recipe("imdb", recipe, assignments, {"network": "minilm", "n": own.steps - 1})


def test_how_a_recipe_starts_gives_way_to_a_set_to_start_from_and_to_hard_labels():
    words = {"inner": "plain", "init": "random", "samples": "words", "n": 20}
    plain = resolve_recipe("imdb", None, [], words)
    assert (plain.samples_init, plain.labels_init) == ("confident", "teacher")
    assert resolve_recipe("imdb", None, ["labels=hard"], words).labels_init == "one_hot"
    from_set = resolve_recipe("imdb", None, [], words | {"start_from": "runs/x"})
    assert (from_set.samples_init, from_set.labels_init) == (None, "one_hot")
    with pytest.raises(UsageError, match="a run that starts from a set has its labels"):
        resolve_recipe("imdb", None, ["labels_init=teacher"], words | {"start_from": "runs/x"})


def test_a_wrong_flag_is_not_blamed_on_the_recipe_file():
    assert tdd("distill", "imdb", "--set", "bogus=1", "--dry-run").one_line().startswith("settings: unknown setting")


def test_a_flag_can_mend_a_recipe(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("steps: 7\n")
    assert dry_run("data.csv", "--recipe", path, "--n", 14).steps == 7


def test_values_are_read_as_yaml():
    found = parse_assignments(["widths=[1, 2]", " n = 3", "data=", "text_column=a=b"])
    assert found == {"widths": [1, 2], "n": 3, "data": None, "text_column": "a=b"}


def test_settings_given_twice_keep_the_last():
    assert resolve_recipe("x", None, ["n=4", "n=8"], {"n": None}).n == 8


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vocabulary", 300),
        ("vocabulary_file", "words.txt"),
        ("excluded_words", ["film"]),
        ("padding", "end"),
        ("neighbours", 16),
        ("temperature", 0.5),
        ("commitment", 0.1),
    ],
)
def test_settings_of_words_are_refused_where_samples_are_free(tmp_path, name, value):
    with pytest.raises(UsageError, match=f"settings: {name} is a setting of sentences of words: leave it out, or set"):
        resolve_recipe("data.csv", None, [f"{name}={value}"], {})
    recipe = Recipe.build({name: value, "samples": "words"})
    assert getattr(recipe, name) == value
    # A saved recipe names every setting; defaults are no fault.
    Recipe.build({name: getattr(Recipe(), name), "samples": "free"}).save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml") == Recipe()


def test_paths_are_kept_absolute_so_that_a_run_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").touch()
    (tmp_path / "owner" / "name").mkdir(parents=True)
    recipe = resolve_recipe("rows.csv", None, ["data=owner/name"], {"vectors": "absent.txt"})
    assert (recipe.dataset, recipe.data) == (str(tmp_path / "rows.csv"), str(tmp_path / "owner" / "name"))
    assert recipe.vectors == "absent.txt"
    assert resolve_recipe("owner/name", None, [], {}).dataset == str(tmp_path / "owner" / "name")
    assert resolve_recipe("imdb", None, [], {}).vectors == "glove-6b-50d"
