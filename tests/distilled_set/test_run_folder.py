"""The folder of a run."""

import pytest

from tdd.distilled_set.run_folder import check_same, default_folder, locked
from tdd.errors import UsageError
from tdd.hub.layout import RECIPE
from tdd.settings.recipe import Recipe


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"dataset": "imdb"}, "imdb-20"),
        ({"dataset": "SetFit/sst5", "n": 5, "init": "random"}, "sst5-5-random"),
        ({"dataset": "imdb", "samples": "words"}, "imdb-20-words"),
        ({"dataset": "imdb", "samples": "words", "init": "random"}, "imdb-20-words-random"),
        ({"dataset": "/some/where/my.data.csv"}, "my-20"),
        ({"dataset": "folder/"}, "folder-20"),
        ({"dataset": ".."}, "data-20"),
    ],
)
def test_a_run_is_kept_in_a_folder_named_after_its_data(settings, expected):
    folder = default_folder(Recipe.build(settings))
    assert (folder.parent.name, folder.name) == ("runs", expected)


def test_folders_made_for_a_run_that_did_not_start_are_taken_away_and_others_stay(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(KeyError), locked(tmp_path / "mine/a/b/run"):
        raise KeyError
    assert list(tmp_path.rglob("*")) == [tmp_path / "mine"]


def test_a_run_stopped_before_its_set_was_written_is_the_one_that_its_recipe_asks_for(tmp_path):
    asked = Recipe(dataset="mine.csv", n=4, outer_steps=5)
    asked.settled(2, text_column="text", label_column="label", max_length=8).save(tmp_path / RECIPE)
    check_same(asked, tmp_path)
    with pytest.raises(UsageError, match="outer_steps: 5 there, 6 now"):
        check_same(asked.model_copy(update={"outer_steps": 6}), tmp_path)
