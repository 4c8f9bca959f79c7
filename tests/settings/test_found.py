"""Values that were found in data bind those alone; what was said binds any."""

from pathlib import Path

import pytest
import yaml
from command import tdd

from tdd.errors import UsageError
from tdd.settings.found import as_said
from tdd.settings.recipe import Recipe
from tdd.settings.recipes import resolve_recipe

ASKED = Recipe(dataset="a.csv", n=6, quote="double")
FOUND = {"encoding": "cp1252", "delimiter": ";", "quote": "none", "text_column": "review", "max_length": 24}
SETTLED = ASKED.settled(3, **FOUND)


def test_what_was_found_is_kept_as_such_and_what_was_said_is_not():
    assert SETTLED.found == {
        **{name: value for name, value in FOUND.items() if name != "quote"},
        **{"steps": 2, "learning_rate": 0.05},
    }
    assert SETTLED.quote == "double" and SETTLED.delimiter == ";"
    again = SETTLED.settled(3, **FOUND | {"delimiter": ","})
    assert again == SETTLED
    assert Recipe.build(yaml.safe_load(SETTLED.to_yaml())) == SETTLED


def test_what_was_said_later_binds():
    assert as_said(SETTLED).delimiter is None and as_said(SETTLED).quote == "double"
    told = SETTLED.model_copy(update={"delimiter": "|"})
    assert as_said(told).delimiter == "|" and as_said(told).encoding is None


def test_a_recipe_of_a_run_on_other_data_is_settled_anew(tmp_path: Path):
    path = tmp_path / "recipe.yaml"
    SETTLED.save(path)
    same = resolve_recipe(None, str(path), [], {})
    assert same == SETTLED == resolve_recipe("a.csv", str(path), [], {})
    for dataset, data in (("b.csv", None), (None, "c.csv")):
        other = resolve_recipe(dataset, str(path), [], {"data": data})
        assert (other.delimiter, other.max_length, other.text_column, other.steps) == (None,) * 4
        assert (other.quote, other.n, other.found) == ("double", 6, {})
    asked = resolve_recipe("b.csv", str(path), ["max_length=30"], {"delimiter": "|"})
    assert (asked.max_length, asked.delimiter, asked.encoding) == (30, "|", None)


def test_nothing_else_is_found():
    with pytest.raises(UsageError, match=r"found: 'n' is not found in data"):
        Recipe(found={"n": 3})
    assert "is not found in data" in tdd("describe", "a.csv", "--set", "found={n: 3}").one_line()
