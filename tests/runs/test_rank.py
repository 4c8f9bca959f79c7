"""``tdd rank`` says what the order of architectures on a set is worth on all the data."""

import json
import shutil

import pytest
import yaml
from command import distil_command, tdd
from patches import spy
from plain import short_training

from tdd.evaluation import ranking
from tdd.evaluation.architectures import IMAGE_GRID, TEXT_GRID, architectures_of
from tdd.evaluation.full_data import Setting
from tdd.evaluation.ranking import worth

GRID = "text_cnn: {widths: [[1], [1, 2]], filters: [4]}\nmean_pool: {hidden: [4, 8]}\n"


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


@pytest.fixture(scope="module")
def made(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranked")
    assert tdd(*distil_command(*given, folder / "run", init="random")).code == 0
    (folder / "grid.yaml").write_text(GRID)
    return folder


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made / "run", tmp_path / "run")


def command(run, made, *more):
    return ("rank", run, "--grid", made / "grid.yaml", "--beside", "random", "--learned", "--networks", 2, *more)


def figures_of(folder):
    """All figures but the seconds."""
    told = json.loads((folder / "ranking.json").read_text())
    return [
        (each["name"], each["full"]["mean"], {row: result["mean"] for row, result in each["rows"].items()})
        for each in told["architectures"]
    ]


def test_a_ranking_is_told_drawn_and_kept(run, made):
    done = tdd(*command(run, made))
    assert done.code == 0, done.err
    result = json.loads((run / "ranking.json").read_text())
    names = [each["name"] for each in result["architectures"]]
    assert names == [
        "text_cnn widths=1 filters=4",
        "text_cnn widths=1+2 filters=4",
        "mean_pool hidden=4",
        "mean_pool hidden=8",
    ]
    rows = {"set", "random", "all data, stopped early", "set, learned steps"}
    assert result["rows"].keys() == rows and all(each["rows"].keys() == rows for each in result["architectures"])
    assert result["full_seconds"] > 0 and all(row["seconds"] > 0 for row in result["rows"].values())
    for row, about in (
        ("set", "this set "),
        ("random", "random real"),
        ("set, learned steps", "this set, its own steps"),
    ):
        (line,) = [line for line in done.out.splitlines() if line.startswith(about)]
        assert names[result["rows"][row]["picked"]] in line
    assert (run / "ranking.png").stat().st_size > 10_000
    assert "4/4  architectures ranked, mean_pool hidden=8" in done.err


def test_a_stopped_ranking_goes_on_to_the_same_figures(run, made, tmp_path, monkeypatch):
    whole = shutil.copytree(run, tmp_path / "whole")
    assert tdd(*command(whole, made)).code == 0
    trained, train = [], ranking.train_by

    def stopping(learner, *given):
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(learner.name)
        return train(learner, *given)

    with monkeypatch.context() as patch:
        patch.setattr(ranking, "train_by", stopping)
        assert tdd(*command(run, made)).code == 130
    trained.clear()
    monkeypatch.setattr(
        ranking, "train_by", lambda learner, *given: (trained.append(learner.name), train(learner, *given))[1]
    )
    assert tdd(*command(run, made)).code == 0
    assert trained == ["mean_pool", "mean_pool"]
    assert figures_of(run) == figures_of(whole)
    assert not list((run / "checkpoints").glob("rows-*"))


@pytest.mark.parametrize("settings, rate", [({"full_search": "usual"}, 0.001), ({"full_lr": 0.01}, 0.01)])
def test_all_the_data_are_learned_from_at_the_usual_step_size_or_the_runs_own(run, made, monkeypatch, settings, rate):
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    (run / "recipe.yaml").write_text(yaml.safe_dump(recipe | settings))
    trained = spy(monkeypatch, ranking, "train_by")
    assert tdd(*command(run, made)).code == 0
    assert {given[3] for given in trained} == {Setting(rate)}


def test_an_order_is_compared_with_that_on_all_the_data():
    full = [{"validation_accuracy": value, "mean": value + 0.01, "seconds": 9.0} for value in (0.5, 0.6, 0.7, 0.8)]
    same = worth([{"validation_accuracy": value, "seconds": 1.0} for value in (0.1, 0.2, 0.3, 0.4)], full)
    assert (same["spearman"], same["kendall"], same["picked"], same["regret"], same["seconds"]) == (1, 1, 3, 0, 4)
    other = worth([{"validation_accuracy": value, "seconds": 1.0} for value in (0.4, 0.2, 0.3, 0.1)], full)
    assert other["spearman"] == pytest.approx(-0.8) and other["kendall"] == pytest.approx(-2 / 3)
    assert other["picked"] == 0 and other["regret"] == pytest.approx(0.3)
    equal = worth([{"validation_accuracy": 0.5, "seconds": 1.0}] * 4, full)
    assert (equal["spearman"], equal["kendall"], equal["picked"]) == (None, None, 0)


def test_the_usual_grids():
    assert len(architectures_of(TEXT_GRID)) == len(set(map(str, architectures_of(TEXT_GRID)))) == 37
    assert len(architectures_of(IMAGE_GRID)) == 8


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ("gru: {hidden: [4]}", "a grid of 1 leaves nothing to rank: name 3 architectures or more"),
        ("grue: {hidden: [4]}", "no network 'grue'; did you mean 'gru'?"),
        ("gru: {hiden: [4, 8, 9]}", "gru has no option 'hiden'; did you mean 'hidden'?"),
        ("gru: {hidden: [4, x, 9]}", "gru: hidden: "),
        ("gru: {hidden: 4}", "gru, hidden: write the values to try as a list, e.g. [16, 64]"),
        ("gru: {hidden: [4, 4, 8, 16]}", "the grid holds gru hidden=4 twice: name each value once"),
        ("1: {hidden: [4, 8, 16]}", "no network '1'"),
        ("gru: [4]", "the grid of gru holds no options: write gru: {hidden: [16, 64]}"),
        ("minilm: {pooling: [mean, cls]}", "minilm cannot be ranked: a grid holds networks that tdd draws itself"),
        ("lenet: {}\nconvnet: {filters: [4, 8]}", "lenet reads images and the data are text"),
    ],
)
def test_a_wrong_grid_is_a_line_before_anything_is_trained(run, tmp_path, grid, said):
    (tmp_path / "grid.yaml").write_text(grid)
    done = tdd("rank", run, "--grid", tmp_path / "grid.yaml")
    assert done.code == 2 and done.one_line().startswith(said), done.err


def test_a_grid_that_is_not_there_is_called_a_grid(run, tmp_path):
    done = tdd("rank", run, "--grid", tmp_path / "none.yaml")
    assert done.code == 2 and done.one_line().startswith(f"cannot read the grid {tmp_path / 'none.yaml'}: No such file")


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ("text_cnn: {widths: [[1], [2], [1, 99]]}", "text_cnn widths=1+99 is wider than the 8 words"),
        ("bag_of_words: {words: [3, 4, 5000]}", "bag_of_words knows words = 5000, and the vectors vectors.txt have 50"),
    ],
)
def test_what_cannot_be_given_the_set_is_told_before_anything_is_trained(run, tmp_path, monkeypatch, grid, said):
    monkeypatch.setattr(ranking.Ranking, "measure", None)
    (tmp_path / "grid.yaml").write_text(grid)
    done = tdd("rank", run, "--grid", tmp_path / "grid.yaml", "--beside", "herding_teacher")
    assert done.code == 2 and done.err.splitlines()[-1].startswith(f"tdd: {said}"), done.err


def test_the_usual_grid_leaves_out_what_does_not_suit_the_set(run, monkeypatch):
    asked = []
    monkeypatch.setattr(ranking.Ranking, "measure", lambda self, architectures: asked.append(architectures) or 1 / 0)
    done = tdd("rank", run)
    assert done.err.count("left out: bag_of_words knows words") == 2
    assert [len(architectures) for architectures in asked] == [35]


def test_options_of_a_grid_take_the_place_of_the_usual_ones(run, tmp_path):
    (tmp_path / "grid.yaml").write_text("bag_of_words: {words: [20, 30, 40]}\n")  # the usual 4,096 are not there
    assert tdd("rank", run, "--grid", tmp_path / "grid.yaml").code == 0
