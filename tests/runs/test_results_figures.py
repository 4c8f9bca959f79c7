"""Tables are made of results alone: over seeds, without those of other settings, in Markdown, README and csv."""

import csv
import json
from pathlib import Path
from statistics import mean, stdev

import pytest
from command import tdd
from easy_table import RESULTS_FILE, TABLE, only_write, row_of, write_recipe

from tdd.runs.results_figures import read_figures
from tdd.runs.results_points import mean_points
from tdd.runs.results_readme import markers
from tdd.runs.results_rows import read_rows
from tdd.settings.recipe import RESUMED
from tdd.system.formatting import percent

NOTE = "one run of version 0.1.0, before duplicate texts were kept in the same split"


def write_result(run: str, accuracy: float, recipe: bool = True, **values: object) -> None:
    """A result as a run would have kept it, without the run."""
    name, seed = run.rsplit("-", 1)
    row = next(row for row in read_rows(Path("easy")) if row.name == name)
    networks = row.published.networks
    used = row.seeded(int(seed)).model_copy(update={"steps": row.recipe.split(2)[0]})
    result = {
        "row": name,
        "seed": int(seed),
        "measured_with": "tdd 9",
        "test": {
            "mean": accuracy,
            "sd": 0.02 if networks > 1 else 0.0,
            "networks": networks,
            "test_examples": 24,
            "test_split": 24,
        },
        "held_out": 0.5,
        "all_data": {"accuracy": 0.9, "held_out": 0.9, "setting": {"learning_rate": 0.001}, "settings_tried": 8},
        "tfidf": {"accuracy": 0.8, "train_examples": 80, "C": 1.0},
        "outer_steps": 6,
        "seconds": 100.0 + int(seed),
        "processes": 1,
        "hardware": "CPU",
        "versions": {"tdd": "9", "torch": "9"},
        "classes": 2,
        "recipe": used.model_dump(exclude=set(RESUMED)) if recipe else None,
    }
    Path("results").mkdir(exist_ok=True)
    Path("results", f"{run}.json").write_text(json.dumps(result | values))


def test_figures_are_means_over_seeds_with_their_deviation(recipes):
    ours, full = [0.7, 0.8, 0.84], [0.9, 0.88, 0.92]
    for seed in range(3):
        all_data = {"accuracy": full[seed], "settings_tried": 8}
        write_result(f"easy-random-{seed}", ours[seed], all_data=all_data)
    only_write()
    row = row_of("easy-random")
    ratios = [one / whole for one, whole in zip(ours, full, strict=True)]
    assert row["ours"] == percent(mean(ours), stdev(ours))
    assert row["± over networks"] == "2.00 %"
    assert row["all data"] == f"{percent(mean(full), stdev(full))} (best of 8)"
    assert row["ratio"] == percent(mean(ratios), stdev(ratios))
    assert (row["seeds"], row["TF-IDF + LR"], row["time to distil"]) == ("0, 1, 2", "80.00 %", "101 s")
    assert not Path("runs").exists()


def test_a_result_of_other_settings_is_left_out_with_a_word(recipes):
    write_result("easy-fixed-0", 0.7)
    write_recipe(recipes / "easy-fixed.yaml", samples_lr=0.5)
    write_result("easy-fixed-1", 0.8)
    only_write()
    assert (row_of("easy-fixed")["ours"], row_of("easy-fixed")["seeds"]) == ("80.00 %", "1")
    told = "* easy-fixed-0.json was made with other settings (samples_lr: 0.03 there, 0.5 now)\n"
    assert told in RESULTS_FILE.read_text()


def test_a_result_whose_settings_are_no_longer_known_counts_until_there_is_another(recipes):
    write_result("easy-fixed-0", 0.7, recipe=False, note=NOTE)
    only_write()
    assert row_of("easy-fixed")["ours"] == "70.00 % †"
    assert f"- † {NOTE}\n" in RESULTS_FILE.read_text()
    write_result("easy-fixed-1", 0.8)
    only_write()
    assert (row_of("easy-fixed")["ours"], row_of("easy-fixed")["seeds"]) == ("80.00 %", "1")
    assert "†" not in RESULTS_FILE.read_text()
    assert "* easy-fixed-0.json was made with settings no longer known\n" in RESULTS_FILE.read_text()


def test_a_test_on_a_part_is_said(recipes):
    test = {"mean": 0.7, "sd": 0.0, "networks": 1, "test_examples": 10, "test_split": 24}
    write_result("easy-fixed-0", 0.7, test=test)
    only_write()
    assert row_of("easy-fixed")["ours"] == "70.00 % (on 10 of 24 test examples)"


def test_seeds_of_other_data_are_told(recipes):
    for seed, train in enumerate((70, 72, 1070)):
        write_result(f"easy-fixed-{seed}", 0.7, examples={"train": train, "validation": 100 - seed, "test": 24 - seed})
    only_write()
    assert row_of("easy-fixed")["ours"] == "70.00 % (data of 194 or 1,190 examples)"


@pytest.mark.parametrize(
    ("baselines", "shown"),
    [
        ({"random": 0.5, "herding": 0.55}, "herding 55.00 %"),
        ({"random": 0.5, "knn_kmeans": 0.6}, "random real 50.00 %; nearest neighbours, k-means 60.00 %"),
        ({"random": 0.5, "knn_kmeans": 0.4}, "random real 50.00 %"),
        ({"kmeans": 0.4}, "k-means per class 40.00 %"),
        ({"random": 0.5, "label_only": 0.8, "full": 0.9}, "random real 50.00 %"),  # no opponents of as many examples
    ],
)
def test_the_strongest_baseline_is_one_of_real_examples(recipes, baselines, shown):
    write_result("easy-fixed-0", 0.7, baselines={name: {"mean": at, "sd": 0.0} for name, at in baselines.items()})
    only_write()
    assert row_of("easy-fixed")["strongest baseline"] == shown


def test_the_difference_to_the_strongest_baseline_is_over_seeds(recipes):
    of_seeds = ({"better": 0.1, "within": (0.05, 0.15)}, {"better": 0.14, "within": None}, {})
    for seed, more in enumerate(of_seeds):
        write_result(f"easy-fixed-{seed}", 0.7, baselines={"herding": {"mean": 0.5, "sd": 0.0, **more}})
        only_write()
        shown = row_of("easy-fixed")["strongest baseline"].removeprefix("herding 50.00 %")
        # t of a single degree of freedom: 12.706 times 0.02.
        expected = (", set better by +10.0 (+5.0 to +15.0)", ", set better by +12.0 (-13.4 to +37.4)", "")
        assert shown == expected[seed]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "results/easy-fixed-0.json is damaged: it is not valid JSON"),
        ('{"row": "easy-fixed"}', "easy-fixed-0.json is no result: seed: Field required"),
        (None, "easy-fixed-0.json holds the result of easy-fixed, seed 3: name it after that"),
    ],
)
def test_a_file_that_holds_no_result_is_left_out_with_a_word(recipes, text, told):
    write_result("easy-fixed-0", 0.7, **({"seed": 3} if text is None else {}))
    if text is not None:
        Path("results/easy-fixed-0.json").write_text(text)
    only_write()
    assert f"* {told}" in RESULTS_FILE.read_text()
    assert row_of("easy-fixed")["ours"] == "made with other settings"


def test_a_readme_holds_the_table_between_its_markers(recipes):
    write_result("easy-fixed-0", 0.7, note=NOTE)
    write_result("easy-random-0", 0.8)
    write_result("easy-random-1", 0.6)
    begin, end = markers("easy")
    Path("README.md").write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    only_write()
    table = (
        "| data | n | fixed initialisation | random initialisation | all data | TF-IDF + LR |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| Easy | 4 | **70.00 %** † (75.03), ratio 77.78 % | "
        "**70.00 ± 14.14 %**, networks ± 2.00 (73.40 ± 3.28), ratio 77.78 % | 90.00 % | 80.00 % |\n"
        f"\n- † {NOTE}\n"
    )
    assert Path("README.md").read_text() == f"before\n{begin}\n{table}{end}\nafter\n"


def test_a_readme_without_markers_is_left_alone_and_one_marker_is_refused(recipes):
    begin, end = markers("easy")
    Path("README.md").write_text(f"`{begin}` says where\n")
    only_write()
    assert Path("README.md").read_text() == f"`{begin}` says where\n"
    Path("README.md").write_text(f"{end}\n{begin}\n")
    done = tdd(*TABLE, "--only-write")
    assert (done.code, "once, in this order: mend it" in done.one_line()) == (2, True)


def test_points_are_a_line_for_each_row_and_seed(recipes):
    write_result("easy-fixed-0", 0.7)
    write_result("easy-random-0", 0.8)
    write_result("easy-random-10", 0.6, all_data=None)
    only_write("--csv", "points.csv", "--results", "results", "--output", "here.md")
    with open("points.csv", newline="") as file:
        points = list(csv.DictReader(file))
    assert [(point["row"], point["seed"]) for point in points] == [
        ("easy-fixed", "0"),
        ("easy-random", "0"),
        ("easy-random", "10"),
    ]
    assert points[1] == {
        "row": "easy-random",
        "data": "Easy",
        "n": "4",
        "network": "text_cnn",
        "init": "random",
        "samples": "free",
        "labels": "soft",
        "seed": "0",
        "accuracy": "0.8",
        "sd": "0.02",
        "all data": "0.9",
        "ratio": "0.888889",
        "seconds": "100.0",
        "measured with": "tdd 9",
    }
    assert (points[2]["all data"], points[2]["ratio"]) == ("", "")
    assert row_of("easy-fixed", file=Path("here.md"))["ours"] == "70.00 %"


def test_accuracy_against_n_is_drawn(recipes):
    (recipes / "rows.yaml").write_text("easy-fixed: {data: Easy}\neasy-random: {data: Easy}\n")
    write_recipe(recipes / "easy-random.yaml", n=8, labels="hard")
    write_result("easy-fixed-0", 0.7)
    done = tdd(*TABLE, "--only-write", "--figure", "n.svg")
    assert (done.code, done.one_line()) == (2, "there is nothing to draw: no data set has results at several n")
    write_result("easy-random-0", 0.8)
    assert [(point.line, point.n) for point in mean_points(read_figures(read_rows(recipes), Path("results")))] == [
        ("fixed", 4),
        ("fixed, hard labels", 8),
    ]
    only_write("--figure", "n.svg")
    assert Path("n.svg").read_text().startswith("<?xml")
    done = tdd(*TABLE, "--only-write", "--figure", "n.pdf")
    assert (done.code, done.one_line()) == (2, "a figure is .png or .svg, by the end of its name, and not n.pdf")
