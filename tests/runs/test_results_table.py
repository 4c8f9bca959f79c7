"""A results table: rows are run once a seed, gone on with, told apart from other runs, and written."""

import json
import os
import signal
from pathlib import Path

import pytest
from command import tdd
from easy_table import (
    RESULTS_FILE,
    ROWS,
    STEPS,
    TABLE,
    change,
    kept,
    only_write,
    row_of,
    run_results,
    write_recipe,
)
from patches import spy

from tdd.distilled_set import run_log
from tdd.evaluation.differences import better_than
from tdd.runs import measurements, reference, results_table, reuse
from tdd.settings.recipe import Recipe
from tdd.system.formatting import percent

Calls = dict[str, list[tuple[object, ...]]]


def watch(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The calls of what distils, tests and trains on all the data."""
    places = (
        *((reuse, "distill"), (measurements, "evaluate")),
        *((measurements, "train_on_all"), (reference, "tfidf_reference")),
    )
    return {name: spy(monkeypatch, module, name) for module, name in places}


def count(calls: Calls) -> dict[str, int]:
    return {name: len(made) for name, made in calls.items()}


def stop_after(monkeypatch, step: int) -> None:
    """Ctrl-C after so many outer steps."""
    add = run_log.Log.add

    def add_and_stop(log: run_log.Log, values: dict) -> None:
        add(log, values)
        if values["step"] == step:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(run_log.Log, "add", add_and_stop)


def test_rows_are_run_tested_and_written_beside_the_published_figures(recipes):
    done = tdd(*TABLE)
    assert (done.code, done.out) == (0, "written: RESULTS-easy.md\n")
    published = (("easy-fixed", 1, "75.03 % (table 6)"), ("easy-random", 6, "73.40 ± 3.28 %"))
    for name, networks, figures in published:
        results = run_results(f"{name}-0")
        tested, full = results["evaluation"][name.split("-")[1]], results["full_data"]["accuracy"]
        assert (tested["networks"], tested["test_examples"]) == (networks, tested["test_split"])
        row = row_of(name)
        assert (row["ours"], row["seeds"]) == (percent(tested["mean"]), "0")
        assert row["± over networks"] == ("–" if networks == 1 else percent(tested["sd"]))
        assert (row["data"], row["n"], row["paper"]) == ("Easy", "4", figures)
        assert (row["all data"], row["ratio"]) == (f"{percent(full)} (best of 12)", percent(tested["mean"] / full))
        assert row["TF-IDF + LR"] == percent(results["tfidf"]["accuracy"])
        assert row["paper, all data"] == "87.10 %"
        made = row_of(name, 1)
        assert (made["outer steps"], made["seed"]) == (str(STEPS), "0")
        assert made["hardware"] == results["distillation"]["hardware"]
        assert made["held-out"] == percent(results["distillation"]["validation_accuracy"])
    assert row_of("easy-fixed")["paper, ratio"] == percent(0.75032 / 0.871)


def test_each_seed_is_a_run_of_its_own_and_kept_at_once(recipes, monkeypatch):
    kept_then = []
    complete = results_table._complete

    def watched(row, seed, *given):
        kept_then.append(sorted(path.stem for path in Path("results").glob("*")))
        complete(row, seed, *given)

    monkeypatch.setattr(results_table, "_complete", watched)
    assert tdd(*TABLE, "easy-fixed", "--seeds", 2).code == 0
    assert kept_then == [[], ["easy-fixed-0"]]
    assert tdd(*TABLE, "easy-fixed", "--seed", 7).code == 0
    assert kept_then[2:] == [["easy-fixed-0", "easy-fixed-1"]]
    runs = ["easy-fixed-0", "easy-fixed-1", "easy-fixed-7"]
    assert [kept(run)["recipe"]["seed"] for run in runs] == [0, 1, 7]
    assert sorted(path.name for path in Path("runs/easy").iterdir()) == runs
    assert row_of("easy-fixed")["seeds"] == "0, 1, 7"
    assert [kept(run)["test"]["mean"] for run in runs] == [
        pytest.approx(run_results(run)["evaluation"]["fixed"]["mean"], abs=1e-6) for run in runs
    ]


def test_a_result_holds_what_was_measured_and_nothing_of_the_machine(recipes, tmp_path):
    write_recipe(recipes / "easy-fixed.yaml", vectors=str(tmp_path / "vectors.txt"), threads=1)
    assert tdd(*TABLE, "easy-fixed").code == 0
    text = Path("results/easy-fixed-0.json").read_text()
    assert str(tmp_path) not in text and '"threads"' not in text
    result, run = json.loads(text), run_results("easy-fixed-0")
    assert (result["recipe"]["vectors"], result["recipe"]["text_column"]) == ("vectors.txt", "text")
    assert result["tfidf"].keys() == {"accuracy", "train_examples", "C"}
    assert result["all_data"]["setting"]["learning_rate"] == run["full_data"]["learning_rate"]
    assert (result["all_data"]["settings_tried"], result["classes"]) == (12, 2)
    assert result["examples"]["train"] == result["tfidf"]["train_examples"]
    assert result["measured_with"] == f"tdd {result['versions']['tdd']}"
    before = RESULTS_FILE.read_text()
    only_write()
    assert RESULTS_FILE.read_text() == before  # by the folder's own recipe: it is not taken for another


def test_the_commands_written_are_those_that_make_the_row(recipes):
    write_recipe(recipes / "easy-random.yaml")
    (recipes / "rows.yaml").write_text("easy: {recipe: easy-random, data: Easy, networks: 6, settings: {init: random}}")
    tdd(*TABLE)
    lines = [line.strip().split()[1:] for line in RESULTS_FILE.read_text().splitlines() if line[:7] == "    tdd"]
    expected = run_results("easy-0")
    by_hand = [[word.replace("runs/easy", "by-hand") for word in line] for line in lines]
    assert [tdd(*line).code for line in by_hand] == [0, 0]
    made = json.loads(Path("by-hand/easy-0/results.json").read_text())
    assert made["evaluation"] == expected["evaluation"]
    assert made["full_data"] == expected["full_data"]


def test_what_is_finished_is_not_done_again(recipes, monkeypatch):
    calls = watch(monkeypatch)
    assert tdd(*TABLE).code == 0
    done = count(calls)
    assert all(done.values())
    before = RESULTS_FILE.read_text()
    RESULTS_FILE.unlink()
    Path("results/easy-fixed-0.json").unlink()
    assert tdd(*TABLE).code == 0
    assert count(calls) == done
    assert RESULTS_FILE.read_text() == before


def test_a_complete_result_is_enough_without_its_run_folder(recipes, monkeypatch):
    assert tdd(*TABLE).code == 0
    before = RESULTS_FILE.read_text()
    Path("runs").rename("elsewhere")
    calls = watch(monkeypatch)
    done = tdd(*TABLE)
    assert (done.code, sum(count(calls).values())) == (0, 0)
    assert "easy-fixed-0: done before, results/easy-fixed-0.json" in done.err
    assert RESULTS_FILE.read_text() == before
    change("easy-random-0", tfidf=None)
    assert tdd(*TABLE).code == 0
    # All the data is learned from by the setting that the other row's search chose.
    assert count(calls) == {"distill": 1, "evaluate": 2, "train_on_all": 0, "tfidf_reference": 1}


def test_only_what_is_missing_is_tested(recipes, monkeypatch):
    run = "runs/easy/easy-random-0"
    assert tdd("distill", "--recipe", "easy/easy-random.yaml", "--output", run).code == 0
    only_write()
    assert [row_of(name)["ours"] for name in ("easy-fixed", "easy-random")] == ["not yet run"] * 2
    assert tdd("evaluate", run, "--networks", 6).code == 0
    calls = watch(monkeypatch)
    assert tdd(*TABLE, "easy-random").code == 0
    assert count(calls) == {"distill": 0, "evaluate": 0, "train_on_all": 1, "tfidf_reference": 1}
    assert kept("easy-random-0")["test"]["networks"] == 6
    assert row_of("easy-fixed")["ours"] == "not yet run"


def test_a_run_is_kept_before_what_it_is_compared_with_is_measured(recipes, monkeypatch):
    def fail(*given, **named):
        raise ZeroDivisionError("by nothing")

    with monkeypatch.context() as patch:
        patch.setattr(results_table, "measure_reference", fail)
        assert tdd(*TABLE, "easy-fixed").code == 1
    assert kept("easy-fixed-0")["tfidf"] is None
    assert row_of("easy-fixed")["ours"].endswith("%")
    assert tdd(*TABLE, "easy-fixed").code == 0
    assert kept("easy-fixed-0")["tfidf"] is not None


def test_a_test_on_a_part_is_made_whole(recipes):
    assert tdd(*TABLE, "easy-fixed").code == 0
    whole = row_of("easy-fixed")["ours"]
    assert tdd("evaluate", "runs/easy/easy-fixed-0", "--max-test", 10).code == 0
    assert tdd(*TABLE, "easy-fixed").code == 0
    assert row_of("easy-fixed")["ours"] == whole


def test_ctrl_c_stops_and_the_same_line_goes_on(recipes, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        done = tdd(*TABLE)
    assert done.code == 130
    assert done.one_line() == "stopped in easy-fixed-0; what is done is kept, the same line again goes on"
    assert row_of("easy-fixed")["ours"] == "not yet run"
    done = tdd(*TABLE)
    assert done.code == 0
    assert "going on after outer step 2" in done.err
    log = Path("runs/easy/easy-fixed-0/log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == [1, 2, 3, 4, 5, 6]
    assert kept("easy-random-0")["test"]["networks"] == 6


@pytest.mark.parametrize("failure", ["a setting that the data refuse", "one that nobody thought of"])
def test_a_row_that_fails_says_so_and_the_others_go_on(recipes, monkeypatch, failure):
    if failure == "a setting that the data refuse":
        write_recipe(recipes / "easy-fixed.yaml", label_column="absent")
        reason = "there is no column 'absent': set label_column to one of text, label"
    else:
        reused = results_table.run_or_reuse

        def fail(recipe, *given):
            if recipe.init == "fixed":
                raise ZeroDivisionError("by nothing")
            return reused(recipe, *given)

        monkeypatch.setattr(results_table, "run_or_reuse", fail)
        reason = "unexpected ZeroDivisionError: by nothing"
    done = tdd(*TABLE)
    assert done.code == 1
    assert done.one_line() == "1 of 2 runs failed (easy-fixed-0), each for the reason above"
    assert f"easy-fixed-0 failed: {reason}" in done.err
    assert row_of("easy-fixed")["ours"] == "not yet run"
    assert kept("easy-random-0")["test"]["networks"] == 6


def test_a_run_of_an_edited_recipe_is_told_and_not_used(recipes):
    assert tdd(*TABLE, "easy-fixed").code == 0
    before = run_results("easy-fixed-0")
    write_recipe(recipes / "easy-fixed.yaml", samples_lr=0.5, test_networks=9)
    done = tdd(*TABLE, "easy-fixed")
    line = "'runs/easy/easy-fixed-0' holds a run of another recipe (samples_lr: 0.03 there, 0.5 now): remove it"
    assert done.code == 1
    assert line in done.err
    assert row_of("easy-fixed")["ours"] == "made with other settings"
    told = "* easy-fixed-0.json was made with other settings (samples_lr: 0.03 there, 0.5 now)\n"
    assert told in RESULTS_FILE.read_text()
    assert run_results("easy-fixed-0") == before


def test_settings_without_part_in_the_set_and_n_s_own_split_are_no_other_recipe(recipes):
    assert tdd(*TABLE, "easy-fixed").code == 0
    write_recipe(recipes / "easy-fixed.yaml", test_networks=9, checkpoint_every=1, steps=2)
    assert tdd(*TABLE, "easy-fixed").code == 0
    assert row_of("easy-fixed")["ours"].endswith("%")
    write_recipe(recipes / "easy-fixed.yaml", steps=4)
    assert "(steps: 2 there, 4 now)" in tdd(*TABLE, "easy-fixed").err
    assert row_of("easy-fixed")["ours"] == "made with other settings"


def test_data_sets_are_read_from_local_copies(recipes):
    copy = Path("copies/SetFit/sst5")
    copy.mkdir(parents=True)
    (copy / "train.csv").write_text(Path("data.csv").read_text())
    (copy / "test.csv").write_text(Path("data.csv").read_text())
    write_recipe(recipes / "easy-fixed.yaml", dataset="sst5")
    write_recipe(recipes / "easy-random.yaml", dataset="trec6", init="random")
    done = tdd(*TABLE, "--data-root", "copies")
    assert Recipe.load(Path("runs/easy/easy-fixed-0/recipe.yaml")).data == str(copy.resolve())
    assert row_of("easy-fixed")["ours"].endswith("%")
    assert done.code == 1
    assert (
        "easy-random-0 failed: no folder copies/SetFit/TREC-QC: copies of data sets are laid out as on the Hub"
        in done.err
    )


def test_baselines_measured_for_a_run_are_kept_and_the_best_real_one_is_shown(recipes):
    assert tdd(*TABLE, "easy-fixed").code == 0
    assert row_of("easy-fixed")["strongest baseline"] == "–"
    assert tdd("baselines", "--run", "runs/easy/easy-fixed-0", "--draws", 2, "--only", "random").code == 0
    assert tdd(*TABLE, "easy-fixed").code == 0
    results = run_results("easy-fixed-0")
    measured, better = results["baselines"]["random"], better_than(results, "random", "fixed")
    shown = f"random real {percent(measured['mean'], measured['sd'])}, set better by {better}"
    assert row_of("easy-fixed")["strongest baseline"] == shown and better.interval is not None


def test_baselines_are_measured_where_they_are_asked_for(recipes, monkeypatch):
    assert tdd(*TABLE, "easy-fixed", "--baseline", "knn_random", "--baseline", "average").code == 0
    assert kept("easy-fixed-0")["baselines"].keys() == {"knn_random", "average"}
    Path("runs").rename("elsewhere")
    done = tdd(*TABLE, "easy-fixed", "--baseline", "average")
    assert "done before" in done.err
    measured = spy(monkeypatch, results_table, "measure_baselines_of_run")
    assert tdd(*TABLE, "easy-fixed", "--baseline", "knn_kmeans").code == 0
    assert len(measured) == 1


@pytest.mark.parametrize(
    ("arguments", "rows", "message"),
    [
        (["easy-fixd"], ROWS, "no row 'easy-fixd'; did you mean 'easy-fixed'?"),
        ([], "easy-fixed: {data: Easy, acuracy: 3}", "easy-fixed: acuracy: Extra inputs are not permitted"),
        ([], "easy-fixed: {data: Easy, accuracy: 101}", "easy-fixed: accuracy: Input should be less than or equal"),
        ([], "easy-fixed: 75", "rows.yaml: easy-fixed: Input should be"),
        ([], "easy-fixed: {data: Easy, networks: 2}", "a fixed initialisation is tested with a single network"),
        ([], "other: {data: Easy}", "rows.yaml: other: there is no recipe 'easy/other.yaml'"),
        ([], "other: {data: Easy, recipe: trec6-lstn}", "rows.yaml: other: there is no recipe 'trec6-lstn'"),
        ([], "easy-fixed: {data: Easy, settings: {nn: 3}}", "easy-fixed: settings: unknown setting 'nn'"),
        (["--seeds", "3", "--seed", "1"], ROWS, "leave one of them out"),
        (["--baseline", "herdng"], ROWS, "no baseline 'herdng'; did you mean 'herding'?"),
        ([], "- easy-fixed", "rows.yaml does not hold settings"),
    ],
)
def test_a_wrong_row_is_one_line_and_nothing_is_run(recipes, arguments, rows, message):
    (recipes / "rows.yaml").write_text(rows)
    done = tdd(*TABLE, *arguments)
    assert (done.code, message in done.one_line()) == (2, True), done.err
    assert not Path("runs").exists()
    assert not RESULTS_FILE.exists()
