"""The paper's table: rows are run once, gone on with, told apart from other runs, and written beside the figures."""

import json
import os
import signal
from pathlib import Path

import pytest
import yaml
from command import OPTIONS, SETTINGS, tdd, write_data, write_vectors
from patches import spy

from tdd.distilled_set import run_log
from tdd.runs import measurements, results_table, reuse
from tdd.settings.recipe import Recipe
from tdd.system.formatting import percent

ROWS = """
easy-fixed: {data: Easy, accuracy: 75.032, full: 87.1, source: table 6}
easy-random: {data: Easy, accuracy: 73.4, sd: 3.28, full: 87.1, networks: 6}
"""
STEPS = 6
TABLE = ("table", "--recipes", "recipes")


@pytest.fixture
def recipes(tmp_path, monkeypatch) -> Path:
    """A table of two rows, in the working directory."""
    monkeypatch.chdir(tmp_path)
    where = Path("recipes")
    where.mkdir()
    write_data(Path("data.csv"))
    write_vectors(Path("vectors.txt"))
    for init in ("fixed", "random"):
        write_recipe(where / f"easy-{init}.yaml", init=init)
    (where / "rows.yaml").write_text(ROWS)
    return where


def write_recipe(path: Path, **settings: object) -> None:
    given = {"dataset": "data.csv", "vectors": "vectors.txt", "n": 4, "outer_steps": STEPS, "test_networks": 3}
    path.write_text(yaml.safe_dump(SETTINGS | {"options": OPTIONS} | given | settings))


def row_of(name: str, table: int = 0) -> dict[str, str]:
    """The cells of a row of RESULTS.md, by their heads."""
    blocks = [block for block in Path("RESULTS.md").read_text().split("\n\n") if block.lstrip().startswith("| row")]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in blocks[table].strip().splitlines()]
    return dict(zip(lines[0], next(line for line in lines if line[0] == name), strict=True))


def results_of(name: str) -> dict:
    return json.loads(Path("runs/paper", name, "results.json").read_text())


Calls = dict[str, list[tuple[object, ...]]]


def watch(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The calls of what distils, tests and trains on all the data."""
    places = ((reuse, "distill"), (measurements, "evaluate"), (measurements, "train_on_all"))
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
    assert (done.code, done.out) == (0, "written: RESULTS.md\n")
    published = (("easy-fixed", 1, "75.03 % (table 6)"), ("easy-random", 6, "73.40 ± 3.28 %"))
    for name, networks, figures in published:
        results = results_of(name)
        tested, full = results["evaluation"][name.split("-")[1]], results["full_data"]["accuracy"]
        assert (tested["networks"], tested["test_examples"]) == (networks, tested["test_split"])
        row = row_of(name)
        assert row["accuracy"] == percent(tested["mean"], tested["sd"])
        assert (row["data"], row["n"], row["networks"], row["paper"]) == ("Easy", "4", str(networks), figures)
        assert (row["all data"], row["ratio"]) == (percent(full), percent(tested["mean"] / full))
        assert row["paper, all data"] == "87.10 %"
        made = row_of(name, 1)
        assert (made["outer steps"], made["seed"]) == (str(STEPS), "0")
        assert made["hardware"] == results["distillation"]["hardware"]
    assert row_of("easy-fixed")["paper, ratio"] == percent(0.75032 / 0.871)


def test_the_commands_written_are_those_that_make_the_row(recipes):
    tdd(*TABLE, "easy-random")
    lines = [line.strip().split()[1:] for line in Path("RESULTS.md").read_text().splitlines() if line[:7] == "    tdd"]
    expected = results_of("easy-random")
    by_hand = [
        [word.replace("runs/paper", "by-hand") for word in line] for line in lines if "runs/paper/easy-random" in line
    ]
    assert [tdd(*line).code for line in by_hand] == [0, 0]
    made = json.loads(Path("by-hand/easy-random/results.json").read_text())
    assert made["evaluation"] == expected["evaluation"]
    assert made["full_data"] == expected["full_data"]


def test_what_is_finished_is_not_done_again(recipes, monkeypatch):
    calls = watch(monkeypatch)
    assert tdd(*TABLE).code == 0
    done = count(calls)
    assert all(done.values())
    before = Path("RESULTS.md").read_text()
    Path("RESULTS.md").unlink()
    assert tdd(*TABLE).code == 0
    assert count(calls) == done
    assert Path("RESULTS.md").read_text() == before


def test_only_what_is_missing_is_tested(recipes, monkeypatch):
    assert tdd("distill", "--recipe", "recipes/easy-random.yaml", "--output", "runs/paper/easy-random").code == 0
    assert tdd(*TABLE, "--only-write").code == 0
    assert (row_of("easy-random")["networks"], row_of("easy-random")["ratio"]) == ("3", "–")
    assert row_of("easy-fixed")["accuracy"] == "not yet run"
    assert tdd("evaluate", "runs/paper/easy-random", "--networks", 6).code == 0
    calls = watch(monkeypatch)
    assert tdd(*TABLE, "easy-random").code == 0
    assert count(calls) == {"distill": 0, "evaluate": 0, "train_on_all": 1}
    assert row_of("easy-random")["ratio"] != "–"
    assert row_of("easy-fixed")["accuracy"] == "not yet run"


def test_a_test_on_a_part_is_said_and_then_made_whole(recipes):
    assert tdd(*TABLE, "easy-fixed").code == 0
    whole = row_of("easy-fixed")["accuracy"]
    assert tdd("evaluate", "runs/paper/easy-fixed", "--max-test", 10).code == 0
    tdd(*TABLE, "--only-write")
    assert row_of("easy-fixed")["accuracy"].endswith("(on 10 of 24 test examples)")
    assert tdd(*TABLE, "easy-fixed").code == 0
    assert row_of("easy-fixed")["accuracy"] == whole


def test_ctrl_c_stops_and_the_same_line_goes_on(recipes, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        done = tdd(*TABLE)
    assert done.code == 130
    assert done.one_line() == "stopped in row easy-fixed; what is done is kept, the same line again goes on"
    assert tdd(*TABLE, "--only-write").code == 0
    assert row_of("easy-fixed")["accuracy"] == "not finished"
    done = tdd(*TABLE)
    assert done.code == 0
    assert "going on after outer step 2" in done.err
    log = Path("runs/paper/easy-fixed/log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == [1, 2, 3, 4, 5, 6]
    assert row_of("easy-random")["networks"] == "6"


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
    assert done.one_line() == "1 of 2 rows failed (easy-fixed), each for the reason above"
    assert f"easy-fixed failed: {reason}" in done.err
    assert row_of("easy-fixed")["accuracy"] == "not yet run"
    assert row_of("easy-random")["networks"] == "6"


def test_a_run_of_an_edited_recipe_is_told_and_not_used(recipes):
    assert tdd(*TABLE, "easy-fixed").code == 0
    before = results_of("easy-fixed")
    write_recipe(recipes / "easy-fixed.yaml", samples_lr=0.5, test_networks=9)
    done = tdd(*TABLE, "easy-fixed")
    line = "'runs/paper/easy-fixed' holds a run of another recipe (samples_lr: 0.03 there, 0.5 now): remove it"
    assert done.code == 1
    assert line in done.err
    assert row_of("easy-fixed")["accuracy"].startswith(f"not used: {line}")
    assert results_of("easy-fixed") == before


def test_settings_without_part_in_the_set_and_n_s_own_split_are_no_other_recipe(recipes):
    assert tdd(*TABLE, "easy-fixed").code == 0
    write_recipe(recipes / "easy-fixed.yaml", test_networks=9, checkpoint_every=1, steps=2)
    assert tdd(*TABLE, "easy-fixed").code == 0
    write_recipe(recipes / "easy-fixed.yaml", steps=4)
    assert "(steps: 2 there, 4 now)" in tdd(*TABLE, "easy-fixed").err


def test_data_sets_are_read_from_local_copies(recipes):
    copy = Path("copies/SetFit/sst5")
    copy.mkdir(parents=True)
    (copy / "train.csv").write_text(Path("data.csv").read_text())
    (copy / "test.csv").write_text(Path("data.csv").read_text())
    write_recipe(recipes / "easy-fixed.yaml", dataset="sst5")
    write_recipe(recipes / "easy-random.yaml", dataset="trec6", init="random")
    done = tdd(*TABLE, "--data-root", "copies")
    assert Recipe.load(Path("runs/paper/easy-fixed/recipe.yaml")).data == str(copy.resolve())
    assert row_of("easy-fixed")["networks"] == "1"
    assert done.code == 1
    assert (
        "easy-random failed: no folder copies/SetFit/TREC-QC: copies of data sets are laid out as on the Hub"
        in done.err
    )


def test_the_baseline_that_is_best_on_held_out_data_is_shown(recipes):
    assert tdd(*TABLE, "easy-fixed").code == 0
    path = Path("runs/paper/easy-fixed/results.json")
    baselines = {
        "random": {"mean": 0.7, "sd": 0.02, "validation_accuracy": 0.5},
        "knn_kmeans": {"mean": 0.6, "sd": 0.0, "validation_accuracy": 0.6},
        "label_only": {"mean": 0.8, "sd": 0.0, "validation_accuracy": 0.9},
    }
    path.write_text(json.dumps(results_of("easy-fixed") | {"baselines": baselines}))
    assert tdd(*TABLE, "--only-write").code == 0
    assert row_of("easy-fixed")["best baseline at this n"] == "nearest neighbours, k-means: 60.00 %"


@pytest.mark.parametrize(
    ("arguments", "rows", "message"),
    [
        (["easy-fixd"], ROWS, "no row 'easy-fixd'; did you mean 'easy-fixed'?"),
        ([], "easy-fixed: {data: Easy, acuracy: 3}", "easy-fixed: acuracy: Extra inputs are not permitted"),
        ([], "easy-fixed: {data: Easy, accuracy: 101}", "easy-fixed: accuracy: Input should be less than or equal"),
        ([], "easy-fixed: 75", "rows.yaml: easy-fixed: Input should be"),
        ([], "easy-fixed: {data: Easy, networks: 2}", "a fixed initialisation is tested with a single network"),
        ([], "other: {data: Easy}", "cannot read the recipe recipes/other.yaml"),
        ([], "- easy-fixed", "rows.yaml does not hold settings"),
    ],
)
def test_a_wrong_row_is_one_line_and_nothing_is_run(recipes, arguments, rows, message):
    (recipes / "rows.yaml").write_text(rows)
    done = tdd(*TABLE, *arguments)
    assert (done.code, message in done.one_line()) == (2, True), done.err
    assert not Path("runs").exists()
    assert not Path("RESULTS.md").exists()
