"""Baselines are trained as the set they stand beside, chosen on held-out data alone, and kept as soon as measured."""

import json
import re
import shutil
from dataclasses import replace

import pytest
import torch
from command import distil_command, tdd, write_data, write_vectors
from tiny import tiny_corpus, tiny_recipe

from tdd import baseline_run
from tdd.baseline_names import NAMES
from tdd.baseline_run import measure_baselines, table
from tdd.baselines import Baselines
from tdd.coresets import class_means
from tdd.distiller import Distiller
from tdd.errors import Interrupted, TddError, UsageError
from tdd.evaluation import accuracy_of_set, evaluate
from tdd.folder import read_run
from tdd.neighbours import neighbours_accuracy
from tdd.networks.kernel import draw
from tdd.seeds import generator
from tdd.text import TextSplit
from tdd.tuning import LEAST_NETWORKS, RATES, choose, with_rate

CORPUS = tiny_corpus(3)
SETTINGS = {"n": 12, "steps": 2, "epochs": 2, "outer_steps": 10, "full_epochs": 1, "validation_networks": 2}
QUICK = [name for name in NAMES if name != "full"]


def baselines(corpus=CORPUS, draws=3, networks=7, **settings):
    return Baselines(tiny_recipe(**(SETTINGS | settings)), corpus, draws, networks)


def places_in(split, samples):
    """Which of the split's examples each sample is."""
    known = {split.batch(torch.tensor([place])).dense().numpy().tobytes(): place for place in range(len(split))}
    return [known[sample.numpy().tobytes()] for sample in samples]


# The sets


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_every_real_sample_bears_the_label_it_has_in_the_data(steps):
    for each in baselines(steps=steps).random:
        assert each.samples.shape[:2] == each.labels.shape[:2] == (steps, 12 // steps)
        places = places_in(CORPUS.train, each.samples.flatten(0, 1))
        assert each.labels.flatten(0, 1).argmax(1).tolist() == CORPUS.train.labels[places].tolist()
        assert each.labels.flatten(0, 1).sort(1).values.tolist() == [[0, 0, 1]] * 12
        assert len(set(places)) == 12


def test_centroids_bear_the_label_of_the_class_they_are_of():
    means = class_means(CORPUS.train, 3, 3)
    for each in baselines(n=6, steps=2).kmeans:
        for sample, label in zip(each.samples.flatten(0, 1), each.labels.flatten(0, 1).argmax(1).tolist(), strict=True):
            assert (sample - means).flatten(1).norm(dim=1).argmin().item() == label


def test_fewer_samples_than_classes_are_of_the_first_classes():
    few = baselines(n=2, steps=1)
    places = places_in(CORPUS.train, few.random[0].samples.flatten(0, 1))
    assert CORPUS.train.labels[places].tolist() == few.random[0].labels[0].argmax(1).tolist() == [0, 1]
    assert all(0 <= few.measure(name)["mean"] <= 1 for name in QUICK)


# How they are trained and chosen


def test_a_fixed_initialisation_is_that_which_the_set_is_distilled_for():
    theirs = Distiller(tiny_recipe(**SETTINGS), CORPUS).best().initialisation
    ours = baselines().initialisation
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)


@pytest.mark.parametrize("init", ["fixed", "random"])
@pytest.mark.parametrize("at_once", [1, 4, 16])
def test_held_out_accuracies_are_those_of_each_set_trained_by_itself(init, at_once):
    made = baselines(init=init, networks_at_once=at_once)
    found = made.trainer.held_out(made.random)
    assert found.shape == (3, len(RATES))
    for row, column in ((0, 2), (2, 5), (1, 7)):
        one = with_rate(made.random[row], RATES[column])
        assert one.learning_rates.tolist() == pytest.approx([RATES[column]] * 4)
        if init == "fixed":
            expected = evaluate(one, CORPUS.validation, init="fixed").mean
            assert found[row, column].item() == pytest.approx(expected, abs=1.01 / len(CORPUS.validation))


@pytest.mark.parametrize("networks, sets, tested", [(7, 1, 7), (7, 3, 7), (1, 3, 3)])
def test_fresh_networks_are_those_of_an_evaluation_shared_out_over_the_sets(networks, sets, tested):
    made = baselines(init="random", networks_at_once=4)
    chosen = [with_rate(one, 0.3) for one in made.random[:sets]]
    found = made.trainer.tested(chosen, networks)
    expected = [
        evaluate(one, CORPUS.test, tested, "random").accuracies[place::sets] for place, one in enumerate(chosen)
    ]
    assert found == pytest.approx([reached for part in expected for reached in part], abs=1.01 / len(CORPUS.test))


def test_a_network_that_diverged_counts_as_wrong_throughout():
    made = baselines()
    assert made.trainer.tested([with_rate(made.random[0], 1e30)], 1) == [0.0]


def test_the_setting_is_best_for_the_sets_that_are_kept():
    held_out = torch.tensor([[0.5, 0.9, 0.1], [0.6, 0.2, 0.1], [0.7, 0.2, 0.1], [0.4, 0.8, 0.1]])
    assert choose(held_out, 4) == (0, [0, 1, 2, 3])
    assert choose(held_out, 2) == (1, [0, 3])
    assert choose(held_out[:, :1], 1) == (0, [2])


def test_choices_do_not_depend_on_the_test_split():
    other = replace(CORPUS, test=tiny_corpus(3, seed=5).test)
    chosen = ("learning_rate", "neighbours", "validation_accuracy", "draws")
    ours, theirs = baselines(draws=5), baselines(other, draws=5)
    moved = 0
    for name in QUICK:
        one, two = ours.measure(name), theirs.measure(name)
        assert {key: one[key] for key in chosen if key in one} == {key: two[key] for key in chosen if key in two}
        moved += one["mean"] != two["mean"]
    assert moved > 4


def test_the_test_split_is_read_once_a_baseline(monkeypatch):
    read = []
    batches = TextSplit.batches
    monkeypatch.setattr(
        TextSplit, "batches", lambda self, *rest: read.append(self is CORPUS.test) or batches(self, *rest)
    )
    made = baselines(networks_at_once=1000)
    for count, name in enumerate(QUICK, 1):
        made.measure(name)
        assert sum(read) == count
        assert read[-1] and len(read) > count


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_results_say_what_was_measured_and_over_what(init):
    made = baselines(init=init, draws=5)
    for name in QUICK:
        found = made.measure(name)
        values = torch.tensor(found["accuracies"], dtype=torch.float64)
        assert found["mean"] == pytest.approx(values.mean().item())
        assert found["sd"] == pytest.approx(values.std().item() if len(values) > 1 else 0)
        draws = {"random": 5, "optimised": 1, "kmeans": 5, "knn_random": 5, "knn_kmeans": 5, "label_only": 3}
        assert found["draws"] == draws.get(name, 1)
        over = ["networks"] * (init == "random" and "knn" not in name) + ["draws"] * (found["draws"] > 1)
        assert found["sd_over"] == " and ".join(over)
        if "knn" in name:
            assert found["networks"] == 0 and "gradient_steps" not in found
        else:
            assert found["networks"] == (max(7, found["draws"]) if init == "random" else found["draws"])
            assert found["gradient_steps"] == 4 and found["init"] == init


def test_nearest_neighbours_are_those_of_a_plain_loop(monkeypatch):
    monkeypatch.setattr("tdd.neighbours._BATCH", 7)
    sets = baselines().random[:2]
    found = neighbours_accuracy(sets, (1, 3), CORPUS.test, len(CORPUS.test))
    for one, row in zip(sets, found, strict=True):
        samples, classes = one.samples.flatten(0, 1).flatten(1), one.labels.flatten(0, 1).argmax(1)
        for k, reached in zip((1, 3), row.tolist(), strict=True):
            right = 0
            for batch in CORPUS.test.batches(1):
                near = classes[(samples - batch.dense().flatten()).norm(dim=1).argsort()[:k]]
                right += int(torch.bincount(near, minlength=3).argmax()) == batch.labels.item()
            assert reached == pytest.approx(right / len(CORPUS.test))


def test_labels_and_rates_are_learned_for_real_samples_that_stay(monkeypatch):
    made = baselines(labels="hard", learning_rate=0.4, labels_lr=0.2)
    tested = []
    monkeypatch.setattr(made.trainer, "tested", lambda sets, networks: tested.extend(sets) or [0.5] * len(sets))
    made.measure("label_only")
    for start, fitted in zip(made.random, tested, strict=True):
        assert torch.equal(fitted.samples, start.samples)
    assert any(not torch.equal(fitted.labels, start.labels) for start, fitted in zip(made.random, tested, strict=True))
    assert any(fitted.learning_rates.sub(0.4).abs().max() > 1e-3 for fitted in tested)


# The whole job


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("given")
    return write_data(folder / "data.csv"), write_vectors(folder / "vectors.txt")


def command(given, *more, **settings):
    _, *arguments = distil_command(*given, **settings)
    return ["baselines", *arguments, "--draws", 3, *more]


def cells(line):
    return re.split(r" {2,}", line.strip())


def test_the_command_measures_every_baseline_and_lists_them_best_first(given, tmp_path):
    done = tdd(*command(given, "--output", tmp_path / "out"))
    assert done.code == 0, done.err
    kept = json.loads((tmp_path / "out" / "baselines.json").read_text())["baselines"]
    assert list(kept) == list(NAMES)
    head, *rows = map(cells, done.out.splitlines())
    assert head == ["trained on", "test accuracy", "± over", "chosen", "draws", "networks", "gradient steps"]
    means = [float(row[1].split()[0]) for row in rows]
    assert means == sorted(means, reverse=True)
    by_name = {row[0]: row for row in rows}
    assert by_name.keys() == set(NAMES.values())
    assert by_name["random real"][3:] == [f"rate {kept['random']['learning_rate']:g}", "3", "3", "2"]
    assert by_name["nearest neighbours, k-means"][3:] == [f"k = {kept['knn_kmeans']['neighbours']}", "3", "-", "-"]
    assert by_name["random real, labels learned"][3] == "learned"
    # What is said on the way is of held-out data.
    assert "evaluation" in done.err and "accuracy" in done.err
    assert [line for line in done.err.splitlines() if "accuracy" in line and "held-out" not in line] == []


def test_a_second_start_measures_only_what_is_missing(given, tmp_path, monkeypatch):
    measured = []
    measure = Baselines.measure
    monkeypatch.setattr(Baselines, "measure", lambda self, name: measured.append(name) or measure(self, name))
    first = tdd(*command(given, "--only", "average", "--output", tmp_path))
    assert first.code == 0, first.err
    both = tdd(*command(given, "--only", "random", "--only", "average", "--output", tmp_path, "--json"))
    assert measured == ["average", "random"]
    assert json.loads(both.out).keys() == {"random", "average"}
    assert tdd(*command(given, "--only", "average", "--output", tmp_path)).out == first.out


def test_baselines_of_other_settings_or_data_are_not_gone_on_with(given, tmp_path):
    only = ["--only", "average", "--output", tmp_path]
    assert tdd(*command(given, *only)).code == 0
    others = [command(given, *only, filters=9), command(given, *only, "--draws", 2)]
    other_data = write_data(tmp_path / "other.csv", rows=90)
    others.append(command((other_data, given[1]), *only))
    for arguments in others:
        done = tdd(*arguments)
        assert done.code == 2
        assert "measured with other settings or data; remove it, or choose another --output" in done.one_line()
    assert tdd(*command(given, *only)).code == 0


def test_an_interrupted_start_keeps_what_is_measured(tmp_path, monkeypatch):
    measure = Baselines.measure

    def interrupted(self, name):
        if name == "herding":
            raise KeyboardInterrupt
        return measure(self, name)

    monkeypatch.setattr(Baselines, "measure", interrupted)
    monkeypatch.setattr(baseline_run, "open_corpus", lambda recipe, reporter: CORPUS)
    folder = tmp_path / "new"
    with pytest.raises(Interrupted, match="the same command goes on with the rest"):
        measure_baselines(tiny_recipe(**SETTINGS), folder, 2, only=["average", "herding"])
    assert json.loads((folder / "baselines.json").read_text())["baselines"].keys() == {"average"}
    with pytest.raises(Interrupted):
        measure_baselines(tiny_recipe(**SETTINGS), tmp_path / "nothing", 2, only=["herding"])
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("content", ["[]", '{"fingerprint": "x"}', '{"fingerprint": "x", "baselines": {"random": 3}}'])
def test_a_file_that_holds_no_baselines_is_not_overwritten(tmp_path, monkeypatch, content):
    monkeypatch.setattr(baseline_run, "open_corpus", lambda recipe, reporter: CORPUS)
    (tmp_path / "baselines.json").write_text(content)
    with pytest.raises(TddError, match="does not hold baselines; remove it"):
        measure_baselines(tiny_recipe(**SETTINGS), tmp_path, only=["average"])
    assert (tmp_path / "baselines.json").read_text() == content


def test_a_run_gets_the_figures_into_its_results_its_table_and_its_card(given, tmp_path):
    run = tmp_path / "run"
    assert tdd(*distil_command(*given, run)).code == 0
    before = json.loads((run / "results.json").read_text())
    done = tdd("baselines", "--run", run, "--draws", 3)
    assert done.code == 0, done.err
    results = json.loads((run / "results.json").read_text())
    assert {key: results[key] for key in before} == before
    assert results["baselines"].keys() == NAMES.keys() - {"full"}
    assert results["full_data"].keys() == {"accuracy", "validation_accuracy", "epoch", "test_examples"}
    assert "this distilled set" in [cells(line)[0] for line in done.out.splitlines()]
    card = (run / "README.md").read_text()
    for name, found in results["baselines"].items():
        init = "" if "knn" in name else ", fixed"
        reached = f"{100 * found['mean']:.2f} %" + (f" ± {100 * found['sd']:.2f}" if found["sd"] else "")
        assert f"| baseline: {NAMES[name]}{init} | {found['networks'] or '–'} | {reached} |" in card
    assert card.count("all the data |") == 1
    assert read_run(run).results == results
    # Gone on with, and put back where results were lost.
    shutil.copy(run / "results.json", tmp_path / "all.json")
    (run / "results.json").write_text(json.dumps(before))
    assert tdd("baselines", "--run", run, "--draws", 3).out == done.out
    assert json.loads((run / "results.json").read_text()) == results


def test_the_table_says_what_the_deviation_is_over():
    found = baselines(init="random").measure("random")
    shown = cells(table({"random": found}).splitlines()[1])
    assert shown[2] == "networks and draws" and shown[5] == "7"


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "name a data set, e.g. tdd baselines trec6 --n 60, or a run with --run"),
        (["tomatoes", "--only", "kmean"], "no baseline 'kmean'; did you mean 'kmeans'?"),
        (["tomatoes", "--networks", 5], "a fixed initialisation is one network for each draw: use --draws"),
        (["tomatoes", "--run", "x"], "--run takes its settings from the run"),
        (["--seed", 0, "--run", "x"], "--run takes its settings from the run"),
        (["--run", "x", "--output", "y"], "--run takes its settings from the run"),
        (["--run", "nowhere"], "no distilled set in 'nowhere'"),
        (["tomatoes", "--n", 1, "--set", "labels=hard"], "hard labels need a sample for each"),
    ],
)
def test_wrong_usage_is_one_line(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(baseline_run, "open_corpus", lambda recipe, reporter: CORPUS)
    done = tdd("baselines", *arguments)
    assert done.code == 2
    assert done.one_line().startswith(said)
    assert list(tmp_path.glob("*/*")) == []


def test_several_processes_are_refused(tmp_path, monkeypatch):
    class Two:
        num_processes = 2

    monkeypatch.setattr(baseline_run, "Accelerator", Two)
    with pytest.raises(UsageError, match="measured by one process"):
        measure_baselines(tiny_recipe(**SETTINGS), tmp_path)


def test_held_out_accuracies_of_fresh_networks_are_means_over_those_of_a_validation():
    made = baselines(init="random")
    found = made.trainer.held_out(made.random)
    indices = range(-(-LEAST_NETWORKS // 3))
    for row, column in ((0, 2), (1, 5), (2, 6)):
        one, theta = with_rate(made.random[row], RATES[column]), [generator(0, "validation", i) for i in indices]
        network = made.trainer.network
        reached = accuracy_of_set(network, draw(network, theta), one, CORPUS.validation, made.trainer.device)
        assert found[row, column].item() == pytest.approx(reached.mean().item(), abs=1.01 / len(CORPUS.validation))


def test_the_figures_of_a_run_do_not_need_the_cache_a_second_time(given, tmp_path, monkeypatch):
    run = tmp_path / "run"
    assert tdd(*distil_command(*given, run)).code == 0
    before = (run / "results.json").read_text()
    assert tdd("baselines", "--run", run, "--only", "full").code == 0
    kept = (run / "results.json").read_text()
    (run / "results.json").write_text(before)
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("tdd.full_data._train_on_all", lambda *_: pytest.fail("trained again"))
    assert tdd("baselines", "--run", run, "--only", "full").code == 0
    assert (run / "results.json").read_text() == kept != before
