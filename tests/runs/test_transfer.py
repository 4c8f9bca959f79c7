"""``tdd evaluate --network`` puts a matrix into results, card, figures and terminal, or says why not in one line."""

import json
import shutil

import pytest
from command import tdd, words_and_free, write_data
from patches import spy
from plain import short_training
from tiny import tiny_corpus

import tdd as package
from tdd.errors import UsageError
from tdd.evaluation import transfer as tests_of_sets
from tdd.evaluation.differences import difference_between
from tdd.evaluation.kept_rows import KeptRows
from tdd.evaluation.transfer_cells import transfer_cells, what_it_is
from tdd.runs import transfer, transfer_of_texts
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


def test_a_difference_is_of_the_same_test_examples():
    ours = {"mean": 0.9, "sd": 0.0, "accuracies": [0.9], "interval": [0.8, 1], "train_seconds": 1, "test_examples": 9}
    theirs = ours | {"validation_accuracy": 0.5, "test_examples": 20}
    (_, line) = transfer_cells({"gru": {"plain": {"set": ours, "herding_minilm": theirs}}}, "plain")
    assert line == ["gru", "90.0", "80.0 to 100.0", "herding by MiniLM", "90.0", "–", "90.0", "1.0"]
    (_, line) = transfer_cells({"gru": {"plain": {"set": ours, "herding": theirs | {"test_examples": 9}}}}, "plain")
    assert line[5] == "+0.0"


def test_a_set_of_one_initialisation_says_which_network_starts_there():
    row = {"seed": 0, "test_examples": 9, "test_split": 9}
    found = {"text_cnn": {"learned": {"set": row | {"init": "fixed"}}}, "gru": {"learned": {"set": row}}}
    assert "seed 0, text_cnn from the initialisation that the set was made for;" in what_it_is(found, "learned")
    assert "from the initialisation" not in what_it_is({"gru": found["gru"]}, "learned")


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


# Texts from files


def write_texts(path, rows=4, first=0):
    lines = [
        {"sentence": f"word{first + i} word{10 + 10 * (i % 2)}", "labels": ["bad", "good"][i % 2]} for i in range(rows)
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


@pytest.fixture
def known_vectors(given, monkeypatch):
    """The data set's own vectors in place of the usual ones, which know none of its words."""
    resolve = transfer_of_texts.resolve_recipe

    def resolved(dataset, recipe, assignments, flags):
        return resolve(dataset, recipe, assignments, flags | {"vectors": str(given[1]), "max_length": 8})

    monkeypatch.setattr(transfer_of_texts, "resolve_recipe", resolved)


def test_texts_of_files_are_tested_with_real_examples_beside_them(given, tmp_path, known_vectors):
    files = [write_texts(tmp_path / f"{name}.jsonl", first=first) for name, first in (("a", 0), ("b", 1))]
    on = ["--network", "mean_pool", "--network", "tfidf", "--networks", 2]
    done = tdd("evaluate", *files, "--data", given[0], *on, "--beside", "k_center", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert {name: list(each) for name, each in found.items()} == {"mean_pool": ["plain"], "tfidf": ["plain"]}
    rows = found["mean_pool"]["plain"]
    assert rows["set"]["draws"] == 2 and rows["set"]["words"] == 8 and rows["k_center"]["words"] <= 8
    shown = tdd("evaluate", files[0], "--data", given[0], "--network", "tfidf")
    assert shown.out.startswith("plain training") and "words: this set 8" in shown.out


def test_texts_that_cannot_be_tested_are_a_line(given, tmp_path, known_vectors):
    first, longer = write_texts(tmp_path / "a.jsonl"), write_texts(tmp_path / "b.jsonl", rows=6)
    copy = shutil.copy(first, tmp_path / "copy.jsonl")
    for arguments, said in (
        ([first, "--network", "gru"], "name the data set whose classes the texts tell apart, e.g. --data sst2"),
        ([first, "--data", given[0]], "name what the texts are tested on, e.g. --network minilm"),
        ([first, longer, "--data", given[0], "--network", "gru"], "the files hold 4 to 6 texts"),
        ([first, copy, "--data", given[0], "--network", "gru"], f"'{copy}' holds what '{first}' holds: name each set"),
        (
            [tmp_path / "no.jsonl", "--data", given[0], "--network", "gru"],
            f"there is no file '{tmp_path / 'no.jsonl'}'",
        ),
        (
            [first, "--data", given[0], "--network", "gru", "--full"],
            "--full tests a set's own network: leave it out",
        ),
        ([first, tmp_path, "--data", given[0], "--network", "gru"], f"'{tmp_path}' is no file"),
        ([first, "--data", given[0], "--network", "gru", "--protocol", "learned"], "texts from a file have no learned"),
        ([first, "--data", write_data(tmp_path / "c.csv", ("no", "yes")), "--network", "gru"], f"{first}: row 1 is"),
    ):
        done = tdd("evaluate", *arguments)
        assert done.code == 2, done.err
        assert done.one_line().startswith(said)


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
        (([distilled, distilled], corpus, ["gru"]), "two of these runs have the same seed"),
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


def stop_at(monkeypatch, row):
    """Interrupt the test of this row; list the rows that are tested."""
    tested, plainly = [], tests_of_sets._Tested.plainly

    def counted(self, name, given):
        if (self.network, name) == row:
            raise KeyboardInterrupt
        tested.append((self.network, name))
        return plainly(self, name, given)

    monkeypatch.setattr(tests_of_sets._Tested, "plainly", counted)
    return tested


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


def test_a_stopped_test_of_texts_goes_on(given, tmp_path, known_vectors, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    first, other = write_texts(tmp_path / "a.jsonl"), write_texts(tmp_path / "b.jsonl", rows=6)
    command = ("--data", given[0], "--network", "mean_pool", "--network", "tfidf", "--networks", 2)
    with monkeypatch.context() as patch:
        stop_at(patch, ("tfidf", "set"))
        assert tdd("evaluate", first, *command).code == 130
    assert [line.split()[0] for line in tdd("cache").out.splitlines() if line.startswith("tests")] == ["tests"]
    tested = stop_at(monkeypatch, None)
    assert tdd("evaluate", other, *command).code == 0
    assert tdd("evaluate", first, *command).code == 0
    assert tested == [("mean_pool", "set"), ("tfidf", "set"), ("tfidf", "set")]
    assert not list((tmp_path / "cache" / "tests").iterdir())


def test_damaged_rows_are_as_none(tmp_path):
    kept = KeptRows.of(tmp_path, "a set")
    assert kept.get("gru", lambda: {"mean": 1}) == {"mean": 1}
    assert KeptRows.of(tmp_path, "a set").get("gru", lambda: {"mean": 2}) == {"mean": 1}
    assert KeptRows.of(tmp_path, "another").get("gru", lambda: {"mean": 2}) == {"mean": 2}
    for damaged in ("[1", "[1]"):
        kept.path.write_text(damaged)
        assert KeptRows.of(tmp_path, "a set").results == {}
