"""Sets of several seeds are tested together: figures over sets, gone on with where they were stopped."""

import json
import shutil

import pytest
from command import distil_command, tdd, words_and_free
from patches import spy
from plain import short_training

import tdd as package
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation import several_sets
from tdd.evaluation import transfer as tests_of_sets
from tdd.evaluation.differences import difference_between, mean_interval
from tdd.runs import transfer

ROWS = ["--beside", "random", "--beside", "herding_teacher"]


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


@pytest.fixture(scope="module")
def runs(given, tmp_path_factory):
    return words_and_free(given, tmp_path_factory.mktemp("several"))


def test_runs_of_other_seeds_are_told_together(runs, given, tmp_path):
    other = tmp_path / "other"
    done = tdd(*distil_command(*given, other, samples="words", init="random", seed=1))
    assert done.code == 0, done.err
    asked = ["--network", "text_cnn", "--network", "tfidf", "--networks", 2, *ROWS]
    together = tdd("evaluate", runs / "words", other, *asked)
    assert together.code == 0, together.err
    of_each = [json.loads((run / "results.json").read_text())["transfer"] for run in (runs / "words", other)]
    over = several_sets.over_sets(of_each)
    for network, best in (("text_cnn", "random"), ("tfidf", "herding_teacher")):
        rows = [each[network]["plain"] for each in of_each]
        differences = [row["set"]["mean"] - row[best]["mean"] for row in rows]
        found = difference_between(over[network]["plain"]["set"], over[network]["plain"][best])
        assert found.mean == pytest.approx(sum(differences) / 2)
        assert found.interval == pytest.approx(mean_interval(differences))
    sets = [DistilledSet.from_pretrained(run) for run in (runs / "words", other)]
    corpora = [package.load_corpus(each.recipe) for each in sets]
    in_python = package.transfer(sets, corpora, ["text_cnn", "tfidf"], "plain", [*ROWS[1::2]], fresh=2)
    for network in ("text_cnn", "tfidf"):
        for row in ("set", *ROWS[1::2]):
            found, expected = in_python[network]["plain"][row], over[network]["plain"][row]
            for figure in ("accuracies", "validation_accuracy"):
                assert found[figure] == expected[figure], (network, row, figure)
    ours = over["text_cnn"]["plain"]["set"]
    assert ours["networks"] == 4 and ours["seeds"] == [0, 1] and ours["interval_over"] == "sets"
    assert "fresh networks of seed 0, 1; ±, intervals and differences: over 2 sets" in together.out
    line = next(line for line in together.out.splitlines() if line.startswith("tfidf"))
    assert f"{100 * over['tfidf']['plain']['set']['mean']:.1f}" in line
    as_json = tdd("evaluate", runs / "words", other, "--network", "tfidf", "--protocol", "plain", "--json")
    found = json.loads(as_json.out)
    assert found["tfidf"]["plain"]["set"]["accuracies"] == over["tfidf"]["plain"]["set"]["accuracies"]
    assert list(found) == ["tfidf"] and list(found["tfidf"]["plain"]) == ["set"]  # nothing of the command before


def test_in_python_each_set_has_the_data_that_it_was_made_of(runs, given, tmp_path):
    assert tdd(*distil_command(*given, tmp_path / "other", samples="words", init="random", seed=1)).code == 0
    sets = [DistilledSet.from_pretrained(run) for run in (runs / "words", tmp_path / "other")]
    corpora = [package.load_corpus(each.recipe) for each in sets]
    for distilled, data, said in (
        (sets, corpora[0], "2 sets, and data of 1: give each its own"),
        (sets, [corpora[1], corpora[0]], "the data are not those that the set was distilled from"),
        (sets[0], corpora[1], "the data are not those that the set was distilled from"),
    ):
        with pytest.raises(UsageError, match=said):
            package.transfer(distilled, data, ["tfidf"])


def test_an_interval_over_sets_lies_among_accuracies():
    row = {
        "networks": 1,
        "words": 9,
        "validation_accuracy": 0.5,
        "test_examples": 9,
        "test_split": 9,
        "train_seconds": 1,
    }
    of_each = [{"gru": {"plain": {"set": row | {"mean": mean, "seed": seed}}}} for seed, mean in enumerate((0.9, 1.0))]
    (found,) = several_sets.over_sets(of_each)["gru"]["plain"].values()
    assert found["interval"] == [pytest.approx(0.95 - 12.7062 * 0.05), 1.0]


def test_several_runs_go_on_where_they_were_stopped(given, tmp_path, monkeypatch):
    for name, seed, tested in (("first", 3, 2), ("second", 4, 1)):  # how many networks are tested changes no set
        made = distil_command(*given, tmp_path / name, samples="words", init="random", seed=seed, test_networks=tested)
        assert tdd(*made).code == 0
    command = ["evaluate", tmp_path / "first", tmp_path / "second", "--network", "text_cnn", "--protocol", "plain"]
    trained, plainly = [], tests_of_sets._Tested.plainly

    def stopped_at_the_second(tested, name, row):
        if trained == [0]:
            raise KeyboardInterrupt
        trained.append(len(trained))
        return plainly(tested, name, row)

    monkeypatch.setattr(tests_of_sets._Tested, "plainly", stopped_at_the_second)
    assert tdd(*command, "--networks", 2).code != 0 and trained == [0]
    monkeypatch.setattr(
        tests_of_sets._Tested, "plainly", lambda *given: trained.append(len(trained)) or plainly(*given)
    )
    assert tdd(*command, "--networks", 2).code == 0 and trained == [0, 1]  # the first is not trained on again
    assert not list(tmp_path.glob("*/checkpoints/rows-*.json"))


def test_runs_that_differ_in_more_than_their_seed_are_not_told_together(runs, tmp_path, monkeypatch):
    trained = spy(monkeypatch, transfer.Transfer, "measure")
    shutil.copytree(runs / "free", tmp_path / "copy")
    of_other_data = DistilledSet.from_pretrained(shutil.copytree(runs / "free", tmp_path / "data"))
    of_other_data.recipe = of_other_data.recipe.model_copy(update={"seed": 1})
    of_other_data.results["data"]["digests"]["test"]["labels"] = "other"
    of_other_data.save_pretrained(tmp_path / "data")
    twice = tdd("evaluate", runs / "free", f"{runs / 'free'}/", "--network", "gru")
    assert trained == [] and twice.code == 2 and twice.one_line() == "a run is named twice: name each once"
    for other, said in (
        (tmp_path / "data", f"'{tmp_path / 'data'}' was made of data with other test examples than"),
        (runs / "words", f"'{runs / 'words'}' was made with another init than '{runs / 'free'}'"),
        (tmp_path / "copy", "two of these runs have the same seed"),
    ):
        done = tdd("evaluate", runs / "free", other, "--network", "gru")
        assert trained == [] and done.code == 2 and done.one_line().startswith(said)
        assert done.one_line().endswith("test runs together that differ in their seed alone")
