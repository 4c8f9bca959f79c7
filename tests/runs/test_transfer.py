"""``tdd evaluate --network`` puts a matrix into results, card, figures and terminal, or says why not in one line."""

import json
import shutil

import pytest
from command import tdd, words_and_free
from patches import spy
from plain import short_training
from stopped_tests import stop_at
from tiny import tiny_corpus

import tdd as package
from tdd.errors import UsageError
from tdd.evaluation.differences import difference_between
from tdd.runs import transfer
from tdd.runs.keep import merged
from tdd.system import processes

ROWS = ["--beside", "random", "--beside", "herding_teacher"]


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


@pytest.fixture(scope="module")
def runs(given, tmp_path_factory):
    return words_and_free(given, tmp_path_factory.mktemp("transfer"))


@pytest.fixture(scope="module")
def measured(runs, tmp_path_factory):
    run = tmp_path_factory.mktemp("measured") / "run"
    shutil.copytree(runs / "words", run)
    done = tdd("evaluate", run, "--network", "text_cnn", "--network", "tfidf", "--networks", 2, *ROWS)
    assert done.code == 0, done.err
    return run, done


def test_the_matrix_is_in_results_terminal_and_card(measured):
    run, done = measured
    found = json.loads((run / "results.json").read_text())["transfer"]
    assert {name: list(protocols) for name, protocols in found.items()} == {
        "text_cnn": ["learned", "plain"],
        "tfidf": ["plain"],
    }
    assert list(found["tfidf"]["plain"]) == ["set", "random", "herding_teacher"]
    card = (run / "README.md").read_text()
    assert "## On other learners" in card and "*Learned steps*" in card and "*Plain training*" in card
    assert "plain training (AdamW" in done.out and "learned steps (the set's own" in done.out
    for network, protocols in found.items():
        ours = protocols["plain"]["set"]
        best = max(("random", "herding_teacher"), key=lambda name: protocols["plain"][name]["validation_accuracy"])
        against = str(difference_between(ours, protocols["plain"][best]))
        (line,) = [line for line in done.out.splitlines() if line.startswith(network) and against in line]
        assert f"{100 * ours['mean']:.1f}" in line
        assert any(against in line for line in card.splitlines() if line.startswith(f"| {network} |"))
    assert "words: this set" in done.out and "time to distil" in done.out and "time to distil" in card
    assert "fresh networks of seed 0" in done.out
    assert "accuracy" not in done.err


def test_what_is_measured_again_takes_the_place_of_the_old_and_leaves_the_rest(measured, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(measured[0], run)
    before = json.loads((run / "results.json").read_text())
    ours = before["transfer"]["text_cnn"]["plain"]["set"]
    right, ours["mean"] = ours["mean"], 9
    (run / "results.json").write_text(json.dumps(before))
    again = tdd("evaluate", run, "--network", "text_cnn", "--networks", 2, "--protocol", "plain", "--json")
    after = json.loads((run / "results.json").read_text())
    assert json.loads(again.out) == after["transfer"]
    assert after["transfer"]["text_cnn"]["plain"]["set"]["mean"] == right
    assert after["transfer"]["text_cnn"]["plain"]["random"] == before["transfer"]["text_cnn"]["plain"]["random"]
    assert after["transfer"]["text_cnn"]["learned"] == before["transfer"]["text_cnn"]["learned"]
    assert after["evaluation"] == before["evaluation"]
    assert tdd("evaluate", run).code == 0
    assert json.loads((run / "results.json").read_text())["transfer"] == after["transfer"]


def test_figures_of_other_test_examples_do_not_stay_beside_new_ones(measured, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(measured[0], run)
    before = json.loads((run / "results.json").read_text())["transfer"]
    command = ("evaluate", run, "--network", "text_cnn", "--networks", 2, "--protocol", "plain", "--max-test", 5)
    done = tdd(*command, "--beside", "random")
    after = json.loads((run / "results.json").read_text())["transfer"]
    assert list(after["text_cnn"]["plain"]) == ["set", "random"]
    assert after["text_cnn"]["learned"] == before["text_cnn"]["learned"] and after["tfidf"] == before["tfidf"]
    left = "text_cnn, plain training: the figure of herding, teacher's labels was measured on other test examples"
    assert f"{left} or other networks" in done.err
    assert "text_cnn on 5 of 24 test examples" in done.out  # and tfidf on all of them
    tables = tdd("compare", run, "--transfer").out.split("\n\n")
    assert ["on 5 of 24 test examples" in table for table in tables] == [False, True, False]  # the last tells the cost


def test_figures_of_another_number_of_networks_do_not_stay_beside_new_ones(measured, tmp_path):
    run = shutil.copytree(measured[0], tmp_path / "run")
    done = tdd("evaluate", run, "--network", "text_cnn", "--networks", 3, "--protocol", "plain")
    assert list(json.loads((run / "results.json").read_text())["transfer"]["text_cnn"]["plain"]) == ["set"]
    assert done.err.count("was measured on other test examples or other networks, and is left out") == 2


def test_figures_are_merged_down_to_single_results():
    before = {"a": {"x": {"mean": 1, "old": 2}}, "b": 3}
    assert merged(before, {"a": {"x": {"mean": 4}, "y": {"mean": 5}}}) == {
        "a": {"x": {"mean": 4}, "y": {"mean": 5}},
        "b": 3,
    }


def test_plot_draws_the_matrix_and_compare_prints_that_of_several_runs(measured, runs, tmp_path):
    run, _ = measured
    done = tdd("plot", run, "--output", tmp_path / "figures")
    assert done.code == 0, done.err
    names = [path.name for path in (tmp_path / "figures").iterdir()]
    assert {"transfer-learned.png", "transfer-plain.png"} <= set(names)
    other = tmp_path / "free"
    shutil.copytree(runs / "free", other)
    assert tdd("evaluate", other, "--network", "mean_pool", "--networks", 1).code == 0
    table = tdd("compare", run, other, "--transfer")
    lines = [line.split() for line in table.out.splitlines()]
    assert table.code == 0 and [line[-2:] for line in lines if line[:1] == ["learned"] and "on" in line] == [
        ["text_cnn", "mean_pool"],
        ["tfidf", "mean_pool"],
    ]
    both = tdd("plot", run, other, "--output", tmp_path / "both")
    assert both.code == 0 and (tmp_path / "both" / "transfer-plain-of-runs.png").exists()
    assert tdd("compare", runs / "free", "--transfer").one_line().startswith("none of these runs was tested on other")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--network", "grue"], "no network 'grue'; did you mean 'gru'?"),
        (["--network", "lenet"], "lenet reads images and the data are text"),
        (["--network", "gru", "--beside", "herdin"], "no real examples 'herdin'; did you mean 'herding'?"),
        (["--network", "gru", "--network", "gru"], "a network is named twice"),
        (["--network", "gru", "--full"], "--full tests a set's own network: ask for it without --network"),
        (["--network", "tfidf"], "tfidf learns from words, and the set is made of numbers"),
        (["--network", "tfidf", "--protocol", "learned"], "TF-IDF and logistic regression takes no learned steps"),
        (["--beside", "random"], "--beside and --protocol go with --network"),
        (["--network", "gru", "--data-root", "x"], "--data-root goes with files of texts"),
        (["--data-root", "x"], "--data-root goes with files of texts"),
        (["--network", "gru", "--label-column", "x"], "--label-column goes with files of texts"),
        (["--text-column", "x"], "--text-column goes with files of texts; a run reads the columns of its recipe"),
    ],
)
def test_wrong_usage_is_a_line_before_anything_is_trained(arguments, said, runs, monkeypatch):
    trained = spy(monkeypatch, transfer.Transfer, "measure")
    done = tdd("evaluate", runs / "free", *arguments)
    assert trained == [] and done.code == 2
    assert done.one_line().startswith(said)


def test_several_runs_without_a_network_and_several_processes_are_refused(runs, monkeypatch):
    done = tdd("evaluate", runs / "free", runs / "words")
    assert done.code == 2 and done.one_line().startswith("tdd evaluate takes one run at a time")

    class Two:
        num_processes = 2
        is_main_process = True

    monkeypatch.setattr(processes, "Accelerator", Two)
    done = tdd("evaluate", runs / "free", "--network", "gru")
    assert done.code == 2 and done.one_line().startswith("other networks are measured by one process")


@pytest.mark.parametrize("broken", [3, {"gru": 3}, {"gru": {"plain": {"set": {"mean": "high"}}}}])
def test_damaged_figures_are_one_line(broken, measured, tmp_path):
    shutil.copytree(measured[0], tmp_path / "run")
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    (tmp_path / "run" / "results.json").write_text(json.dumps(results | {"transfer": broken}))
    done = tdd("evaluate", tmp_path / "run", "--network", "gru")
    assert done.code == 1 and "does not hold the results of a run" in done.one_line()


# In Python


def test_python_gives_what_the_command_does(measured):
    run, _ = measured
    distilled = package.DistilledSet.from_pretrained(run)
    corpus = package.load_corpus(distilled.recipe)
    found = package.transfer(distilled, corpus, ["text_cnn"], "plain", ["random"], fresh=2)
    kept = json.loads((run / "results.json").read_text())["transfer"]["text_cnn"]["plain"]
    for row in ("set", "random"):
        assert found["text_cnn"]["plain"][row]["accuracies"] == kept[row]["accuracies"]
    for wrong, said in (
        (([], corpus, ["gru"]), r"distilled is empty: give at least one, as in \[first, second\]"),
        (([distilled, distilled], [corpus, corpus], ["gru"]), "two of these runs have the same seed"),
        ((distilled, corpus, ["gru"], "all"), "protocol is 'learned' or 'plain' or 'both', not 'all'"),
        ((run, corpus, ["gru"]), "distilled is a DistilledSet"),
        ((distilled, corpus, []), "networks is empty: give at least one, as in \\['gru', 'tfidf'\\]"),
        ((distilled, corpus, "gru"), r"networks is a list of names: \['gru'\]"),
        ((distilled, corpus, ["gru"], "plain", "random"), r"beside is a list of names: \['random'\]"),
        ((distilled, corpus, ["gru"], "plain", [], 0), "fresh is a whole number of at least 1, not 0"),
        ((distilled, corpus.test, ["gru"]), "corpus is a Corpus"),
        ((distilled, tiny_corpus(), ["gru"]), "the set tells bad, good apart|made for|samples are"),
    ):
        with pytest.raises(UsageError, match=said):
            package.transfer(*wrong)


# Stopped and gone on with


def test_a_stopped_matrix_goes_on_to_the_same_figures(measured, tmp_path, monkeypatch):
    whole, _ = measured
    run = shutil.copytree(whole, tmp_path / "run")
    results = json.loads((run / "results.json").read_text())
    expected = results.pop("transfer")
    (run / "results.json").write_text(json.dumps(results))
    command = ("evaluate", run, "--network", "text_cnn", "--network", "tfidf", "--networks", 2, *ROWS)
    with monkeypatch.context() as patch:
        stop_at(patch, ("text_cnn", "herding_teacher"))
        stopped = tdd(*command)
    assert stopped.code == 130
    assert stopped.one_line() == "interrupted; what was tested is kept, and the same command goes on with the rest"
    with monkeypatch.context() as patch:
        tested = stop_at(patch, None)
        assert tdd(*command[:-1], "herding").code == 0  # other rows are another command
    assert ("text_cnn", "set") in tested
    with monkeypatch.context() as patch:
        tested = stop_at(patch, None)
        assert tdd(*command).code == 0
    assert tested == [
        ("text_cnn", "herding_teacher"),
        *(("tfidf", row) for row in ("set", "random", "herding_teacher")),
    ]
    found = json.loads((run / "results.json").read_text())["transfer"]
    for network, protocols in expected.items():
        for protocol, rows in protocols.items():
            for row, result in rows.items():
                assert found[network][protocol][row]["accuracies"] == result["accuracies"]
    assert not list((run / "checkpoints").glob("rows-*"))
