"""The distillation size: the least n is found with few runs, on held-out data, and every run is kept."""

import json
import os
import signal
from pathlib import Path

import pytest
from command import OPTIONS, SETTINGS, Done, tdd, write_data, write_vectors
from patches import spy

from tdd.distillation.distiller import Distiller
from tdd.distilled_set import run_log
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError
from tdd.evaluation import full_data
from tdd.runs import reuse, size
from tdd.runs.size import least
from tdd.settings.recipe import Recipe
from tdd.system.formatting import percent

CLASSES = ("bad", "fair", "good")


@pytest.fixture
def given(tmp_path, monkeypatch) -> Path:
    """Three classes, in the working directory."""
    monkeypatch.chdir(tmp_path)
    write_data(tmp_path / "data.csv", CLASSES)
    write_vectors(tmp_path / "vectors.txt")
    return tmp_path


def search(*arguments: object, **settings: object) -> Done:
    named = SETTINGS | OPTIONS | {"vectors": "vectors.txt", "outer_steps": 4, "validate_every": 4} | settings
    return tdd("size", "data.csv", *arguments, *(x for k, v in named.items() for x in ("--set", f"{k}={v}")))


@pytest.fixture
def enough(monkeypatch):
    """Makes held-out accuracy a matter of n: 0.925 of that with all the data from some n on, half of it below."""
    validated = []

    def from_(least_n: int) -> None:
        monkeypatch.setattr(Distiller, "_validate", lambda self: keep(self, 0.74 if self.recipe.n >= least_n else 0.4))

    def keep(distiller: Distiller, accuracy: float) -> float:
        validated.append(distiller.recipe.n)
        distiller.state.best_accuracy, distiller.state.best_step = accuracy, distiller.state.step
        return accuracy

    result = {"accuracy": 0.75, "validation_accuracy": 0.8, "epoch": 1, "test_examples": 24}
    trained = []
    monkeypatch.setattr(full_data, "_train_on_all", lambda *given: trained.append(given) or result)
    monkeypatch.setenv("TDD_CACHE", str(Path.cwd() / "cache"))
    yield from_
    assert validated and trained  # else the test went by other accuracies than these


def tried(runs: Path = Path("runs/sizes/data")) -> list[int]:
    return sorted(int(path.name.removeprefix("n-")) for path in runs.glob("n-*"))


@pytest.mark.parametrize("classes", [1, 2, 3, 7])
@pytest.mark.parametrize("fewer", [True, False])
def test_the_least_n_is_found_wherever_it_lies(classes, fewer):
    most = 20 * classes + classes // 2
    for edge in range(1, most + 10):
        asked = []

        def reaches(n: int, edge: int = edge, asked: list[int] = asked) -> bool:
            asked.append(n)
            return n >= edge

        allowed = [n for n in range(1, most + 1) if n % classes == 0 or (fewer and n < classes)]
        assert least(reaches, classes, most, fewer) == next((n for n in allowed if n >= edge), None)
        assert set(asked) <= set(allowed)
        assert len(asked) == len(set(asked)) <= 12


def test_fewer_than_classes_may_be_the_most():
    assert least(lambda n: n >= 2, 10, 3, fewer=True) == 2
    assert least(lambda n: n >= 4, 10, 3, fewer=True) is None


@pytest.mark.parametrize(
    ("edge", "expected", "runs"),
    [(1, 1, [1, 3]), (2, 2, [1, 2, 3]), (3, 3, [1, 2, 3]), (4, 6, [3, 6]), (8, 9, [3, 6, 9, 12])],
)
def test_the_size_is_searched_on_held_out_data_and_told_with_test_accuracies(given, enough, edge, expected, runs):
    enough(edge)
    done = search("--ratio", 90)
    assert (done.code, tried()) == (0, runs), done.err
    lines = done.out.splitlines()
    assert lines[0] == f"d_90 = {expected}, fixed initialisation: held-out 92.50 %"
    for n, line in zip(runs, lines[2:], strict=False):
        distilled = DistilledSet.from_pretrained(Path(f"runs/sizes/data/n-{n}"))
        assert distilled.n == n
        mean = distilled.results["evaluation"]["fixed"]["mean"]
        ratio = "92.50 %" if n >= edge else "50.00 %"
        assert [cell.strip() for cell in line.split("  ") if cell] == [
            str(n),
            ratio,
            percent(mean),
            percent(mean / 0.75),
        ]
        assert distilled.results["full_data"]["accuracy"] == 0.75
    assert lines[-1] == "figure: runs/sizes/data/accuracy-against-n.png"
    assert Path("runs/sizes/data/accuracy-against-n.png").stat().st_size > 1000


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_no_test_accuracy_is_told_before_the_end(given, enough, init):
    enough(1)
    done = search("--init", init, test_networks=3)
    assert done.code == 0
    runs = Path("runs/sizes") / ("data" if init == "fixed" else "data-random")
    figures = json.loads((runs / "n-3" / "results.json").read_text())["evaluation"][init]
    assert percent(figures["mean"], figures["sd"]) in done.out
    assert percent(figures["mean"], figures["sd"]) not in done.err
    assert "test accuracy" not in done.err


def test_a_size_that_is_not_found_is_one_line(given, enough):
    enough(10)
    done = search("--most", 8)
    assert (done.code, tried()) == (0, [3, 6])
    assert done.out.splitlines()[0] == (
        "no n up to 8 reaches 90 % of the held-out accuracy with all the data; "
        "the nearest is n = 3 with 50.00 %: raise --most or outer_steps"
    )


def test_runs_are_used_again_and_another_ratio_adds_to_them(given, enough, monkeypatch):
    enough(4)
    distilled = spy(monkeypatch, reuse, "distill")
    first = search()
    assert len(distilled) == 2
    assert search().out == first.out
    assert len(distilled) == 2
    assert search("--ratio", 40).code == 0
    assert tried() == [1, 3, 6]


def test_hard_labels_need_every_class(given, enough):
    enough(1)
    assert search(labels="hard").out.startswith("d_90 = 3,")
    assert tried() == [3]
    done = search("--most", 2, labels="hard")
    assert (done.code, "hard labels need a sample for each of the 3 classes" in done.one_line()) == (2, True)


def test_ctrl_c_stops_and_the_same_line_goes_on(given, enough, monkeypatch):
    enough(4)
    add = run_log.Log.add

    def add_and_stop(log: run_log.Log, values: dict) -> None:
        add(log, values)
        if values["step"] == 2 and tried() == [3, 6]:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(run_log.Log, "add", add_and_stop)
        done = search()
    assert (done.code, done.one_line()) == (130, "stopped; the runs so far are kept, the same line again goes on")
    done = search()
    assert done.out.startswith("d_90 = 6,")
    assert "going on after outer step 2" in done.err


def test_a_search_whose_minutes_are_over_ends_well(given, enough):
    enough(4)
    done = search("--max-minutes", 1e-9)
    assert (done.code, done.one_line()) == (0, "stopped; the runs so far are kept, the same line again goes on")
    assert search().out.startswith("d_90 = 6,")


def test_runs_of_another_recipe_are_not_used(given, enough):
    enough(1)
    assert search().code == 0
    done = search(samples_lr=0.5)
    assert done.code == 2
    assert "'runs/sizes/data/n-3' holds a run of another recipe (samples_lr: 0.03 there, 0.5 now)" in done.one_line()


def test_steps_count_where_they_divide_n(given, enough):
    enough(4)
    assert search(steps=2).code == 0
    steps = {n: Recipe.load(Path(f"runs/sizes/data/n-{n}/recipe.yaml")).steps for n in tried()}
    assert steps == {3: 1, 6: 2}


def test_the_options_of_a_recipe_are_those_of_distill_and_words_have_a_folder_of_their_own(given, enough):
    enough(4)
    done = search("--samples", "words", "--steps", 3, "--seed", 5, "--outer-steps", 2)
    assert done.code == 0, done.err
    recipes = [Recipe.load(Path(f"runs/sizes/data-words/n-{n}/recipe.yaml")) for n in (3, 6)]
    assert {(each.samples, each.steps, each.seed) for each in recipes} == {("words", 3, 5)}
    assert not Path("runs/sizes/data").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a data set, e.g. tdd size imdb --ratio 90"),
        (["data.csv", "--n", 4], "tdd size looks for n: leave --n out, and bound it by --most"),
        (["data.csv", "--set", "n=4"], "tdd size looks for n: leave --n out, and bound it by --most"),
    ],
)
def test_wrong_usage_is_one_line(given, arguments, message):
    done = tdd("size", *arguments)
    assert (done.code, done.one_line()) == (2, message)


@pytest.mark.parametrize("nothing", ["accuracy", "validation_accuracy"])
def test_a_network_that_learns_nothing_from_all_the_data_is_one_line(given, monkeypatch, nothing):
    result = {"accuracy": 0.75, "validation_accuracy": 0.8, "epoch": 1, "test_examples": 24} | {nothing: 0.0}
    monkeypatch.setattr(size, "train_on_all", lambda *given: result)
    done = search()
    assert (done.code, "there is nothing to compare sets with" in done.one_line()) == (1, True)
    assert tried() == []


def test_the_search_does_without_matplotlib(given, enough, monkeypatch):
    enough(1)

    def missing(sets: object) -> None:
        raise TddError("figures are drawn by matplotlib, which is not installed: pip install matplotlib")

    monkeypatch.setattr(size, "draw_accuracy_against_n", missing)
    done = search()
    assert done.out.startswith("d_90 = 1,")
    assert "figure" not in done.out
    assert "note: figures are drawn by matplotlib, which is not installed" in done.err
