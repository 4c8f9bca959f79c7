"""Training on all the data in a results table: one search for all rows and seeds of a network on the same data."""

from dataclasses import asdict

import pytest
from command import OPTIONS, tdd
from easy_table import TABLE, kept, row_of, run_results, write_recipe

from tdd.evaluation import full_data


@pytest.fixture
def tried(tmp_path, monkeypatch):
    """The settings that are trained by from now on, none before."""
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    tried = []
    train = full_data.train_by
    monkeypatch.setattr(full_data, "train_by", lambda *given: (tried.append(given[3]), train(*given))[1])
    return tried


def test_later_seeds_train_on_all_the_data_by_the_setting_that_the_first_one_chose(recipes, tried):
    assert tdd(*TABLE, "easy-fixed", "--seeds", 3).code == 0
    first, *later = (kept(f"easy-fixed-{seed}")["all_data"] for seed in range(3))
    chosen = {name: first["setting"][name] for name in full_data.CHOSEN}
    assert len(tried) >= 14 and [asdict(setting) for setting in tried[-2:]] == [chosen, chosen]
    assert (first["settings_tried"], first["searched_with_seed"]) == (12, None)
    for full in later:
        assert (full["settings_tried"], full["searched_with_seed"]) == (12, 0)
        assert {name: full["setting"][name] for name in full_data.CHOSEN} == chosen
    assert run_results("easy-fixed-1")["full_data"]["searched"] == {"seed": 0, "settings": 12}
    assert "best of 12" in row_of("easy-fixed")["all data"] and "or" not in row_of("easy-fixed")["all data"]
    tried.clear()
    assert tdd(*TABLE, "easy-fixed", "--seeds", 3).code == 0  # nothing is missing
    assert tried == []


def test_rows_of_one_network_on_the_same_data_need_one_search(recipes, tried):
    assert tdd(*TABLE, "easy-fixed").code == 0
    searched = len(tried)
    assert tdd(*TABLE, "easy-random").code == 0
    fixed, random = (kept(f"easy-{init}-0")["all_data"] for init in ("fixed", "random"))
    assert len(tried) == searched + 1
    assert random == fixed | {"searched_with_seed": 0, "setting": random["setting"]}
    assert {name: random["setting"][name] for name in full_data.CHOSEN} == asdict(tried[-1])


@pytest.mark.parametrize("other", [{"options": OPTIONS | {"dropout": 0.25}}, {"max_length": 5}, {"validation": 0.3}])
def test_rows_of_another_network_or_other_data_are_searched_each(recipes, other):
    assert tdd(*TABLE, "easy-fixed").code == 0
    write_recipe(recipes / "easy-random.yaml", init="random", **other)
    assert tdd(*TABLE, "easy-random").code == 0
    assert kept("easy-random-0")["all_data"]["searched_with_seed"] is None
