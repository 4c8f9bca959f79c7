"""A run that starts from another set: what it takes of it, and what it says of that."""

import json
import shutil
import signal

import pytest
import torch
from command import STEPS, distil_command, tdd, write_data, write_vectors
from patches import spy
from plain import short_training
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import tiny_encoder, tiny_text_corpus

from tdd.distillation.distiller import Distiller
from tdd.distillation.samples.from_set import started_from
from tdd.errors import UsageError
from tdd.evaluation import rate_search, teachers
from tdd.runs import classifier
from tdd.runs.start_from import starting_set
from tdd.settings.plain_settings import HEAD_RATE
from tdd.settings.recipe import Recipe
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.reporter import Reporter


@pytest.fixture(scope="module")
def corpus():
    return tiny_corpus()


@pytest.fixture(scope="module")
def before(corpus):
    return Distiller(tiny_recipe(n=4, steps=2, epochs=2), corpus).run()


def test_a_run_of_the_same_shape_starts_where_the_set_was(before, corpus):
    recipe = tiny_recipe(n=4, steps=2, epochs=2, start_from="x", seed=3)
    start, how = started_from(before, recipe, corpus)
    assert how == "all its samples"
    for name in ("samples", "labels", "learning_rates"):
        assert torch.equal(getattr(start, name), getattr(before, name))
    run = Distiller(recipe, corpus, start=start)
    for name, value in run.best().initialisation.items():  # whatever its seed
        assert torch.equal(value, before.initialisation[name])
    run.run()
    assert run.state.best_accuracy >= Distiller(recipe, corpus, start=start)._validate()


@pytest.mark.parametrize(("n", "told"), [(2, "the first 2 of its samples"), (6, "repeated with a little noise")])
def test_another_n_takes_the_first_samples_or_repeats_them(before, corpus, n, told):
    start, how = started_from(before, tiny_recipe(n=n, steps=n // 2, start_from="x"), corpus)
    assert told in how and start.samples.shape == (n // 2, 2, *before.samples.shape[2:])
    flat, old = start.samples.flatten(0, 1), before.samples.flatten(0, 1)
    assert torch.equal(flat[: min(n, 4)], old[: min(n, 4)])
    assert torch.equal(start.labels.flatten(0, 1), before.labels.flatten(0, 1)[torch.arange(n) % 4])
    for place in range(4, n):
        apart = (flat[place] - old[place - 4]).std()
        assert 0.03 * corpus.train.scale() < apart < 0.3 * corpus.train.scale()
    rates = before.learning_rates[0].view(2, 2)  # epochs x steps
    assert torch.equal(start.learning_rates[0], rates[0][torch.arange(n // 2) % 2])


def test_another_network_takes_samples_labels_and_rates_and_its_own_initialisation(before, corpus):
    recipe = tiny_recipe(n=4, steps=2, epochs=2, start_from="x", network="mean_pool")
    start, _ = started_from(before, recipe, corpus)
    assert start.initialisation is None and torch.equal(start.samples, before.samples)
    assert Distiller(recipe, corpus, start=start).run().initialisation.keys() != before.initialisation.keys()


def test_sentences_are_cut_or_padded_and_labels_made_hard(before, corpus):
    start, _ = started_from(before, tiny_recipe(n=4, steps=2, sample_length=7, labels="hard", start_from="x"), corpus)
    assert torch.equal(start.samples, before.samples[:, :, :7])
    assert torch.equal(start.labels.sum(2), torch.ones(2, 2)) and start.labels.max() == 1
    longer, _ = started_from(start, tiny_recipe(n=4, steps=2, start_from="x"), corpus)
    assert longer.mask.sum().item() == 4 * 7 and not longer.samples[:, :, 7:].any()


def test_sets_of_other_classes_or_vectors_are_refused(before, corpus):
    with pytest.raises(UsageError, match=r"start_from: the set tells .* apart, the data hold"):
        started_from(before, tiny_recipe(start_from="x"), tiny_corpus(classes=4))
    before.source["vectors_checksum"], kept = "other", before.source["vectors_checksum"]
    with pytest.raises(UsageError, match="start_from: the set's samples are text"):
        started_from(before, tiny_recipe(start_from="x"), corpus)
    before.source["vectors_checksum"] = kept


@pytest.fixture(scope="module")
def source(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("source") / "first"
    assert tdd(*distil_command(*given, folder)).code == 0
    return folder


def test_a_run_that_starts_from_another_says_so_and_needs_it_no_more(given, source, tmp_path):
    first, run = shutil.copytree(source, tmp_path / "first"), tmp_path / "run"
    done = tdd(*distil_command(*given, run), "--start-from", first, "--n", 6)
    assert done.code == 0, done.err
    assert f"starts from {first} (n = 4, text_cnn): its samples, repeated with a little noise" in done.err
    assert Recipe.load(run / "recipe.yaml").start_from == str(first)
    start = json.loads((run / "results.json").read_text())["start"]
    assert start == {
        "name": str(first),
        "n": 4,
        "network": "text_cnn",
        "samples": "its samples, repeated with a little noise",
        "same_data": True,
    }
    card = (run / "README.md").read_text()
    assert "samples started from another distilled set, `first` (n = 4, text_cnn): its samples, repeated" in card
    assert str(tmp_path) not in card
    shutil.rmtree(first)
    assert tdd("distill", "--resume", run, "--outer-steps", STEPS + 4).code == 0
    assert json.loads((run / "results.json").read_text())["start"] == start


def test_a_set_of_other_data_is_said_to_be(given, source, tmp_path):
    data = write_data(tmp_path / "other.csv", rows=100)
    done = tdd(*distil_command(data, given[1], tmp_path / "run"), "--start-from", source)
    assert done.code == 0 and "made from other data or other splits" in done.err
    assert "may have learned from these tests" in (tmp_path / "run" / "README.md").read_text()


def test_what_is_no_set_to_start_from_is_refused_in_a_line(given, source, tmp_path):
    for start, told in ((tmp_path / "nothing", "no distilled set in"), ("nobody/knows", "cannot reach the Hub")):
        done = tdd(*distil_command(*given, tmp_path / "run"), "--start-from", start)
        assert told in done.one_line() and not (tmp_path / "run").exists()
        assert done.err.count("\n") == 1  # the data are not read for that
    vectors = write_vectors(tmp_path / "vectors.txt", dim=4)
    done = tdd(*distil_command(given[0], vectors, tmp_path / "run"), "--start-from", source)
    assert "start_from: the set's samples are text (8, 5)" in done.one_line()
    done = tdd(*distil_command(*given, tmp_path / "run", samples_init="real"), "--start-from", source)
    assert "leave start_from or samples_init out" in done.one_line()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_choice_of_a_teacher_at_once(tmp_path, monkeypatch, number):
    write_data(tmp_path / "data.csv")
    write_vectors(tmp_path / "vectors.txt")

    def choose(*given):
        signal.raise_signal(number)
        raise AssertionError("it went on")

    monkeypatch.setattr("tdd.runs.distill.starting_set", choose)
    done = tdd(*distil_command(tmp_path / "data.csv", tmp_path / "vectors.txt", tmp_path / "run"))
    assert (done.code, "Traceback" in done.err) == (130, False)


def test_students_learn_the_classifier_of_a_frozen_encoder_alone_and_what_takes_long_is_told(monkeypatch):
    corpus = tiny_text_corpus()
    settings = {"network": tiny_encoder(), "options": {"train": "head"}, "inner": "plain", "samples": "real"}
    settings |= {"samples_init": "herding", "labels_init": "teacher", "init": "random", "n": 4}
    said, calls = [], spy(monkeypatch, rate_search, "train_plainly")
    reporter = Reporter(quiet=True)
    monkeypatch.setattr(reporter, "count", lambda done, total, text: said.append((done, total, text)))
    monkeypatch.setattr(teachers, "EPOCHS", (1,))
    recipe = tiny_recipe(**settings).settled(2, **corpus.found())
    start = starting_set(None, recipe, corpus, None, default_accelerator(), reporter)
    trained = [(set(theta), lesson.how.rate) for _, theta, lesson, *_ in calls]
    assert trained[0] == ({"upper.classifier.bias", "upper.classifier.weight"}, HEAD_RATE)
    assert trained == trained[:1] * 3  # one for each temperature, with all its students
    batches = [(done, total) for done, total, text in said if text == "batches that teachers learned from"]
    count = -(-len(corpus.train) // recipe.full_batch_size)
    assert batches == [(done, count) for done in range(1, count + 1)]
    torch.testing.assert_close(start.labels.sum(2), torch.ones(start.labels.shape[:2]))


@pytest.mark.parametrize(
    "settings",
    [
        {"start_from": "runs/x"},
        {"labels_init": "teacher", "samples_init": "herding"},
        {"samples_init": "herding_minilm"},
    ],
)
def test_a_distiller_does_not_pass_over_a_start_that_a_run_finds(settings, corpus):
    with pytest.raises(UsageError, match=r"is found by a run, .*: a Distiller is given it as start"):
        Distiller(tiny_recipe(**settings), corpus)


def test_a_classifier_starts_as_its_settings_say(monkeypatch):
    texts = [f"a {word} film number {place}" for place, word in enumerate(["good", "bad"] * 40)]
    settings = {"labels_init": "teacher", "samples_init": "herding", "batch_size": 16, "options": {"filters": 4}}
    starts = []

    class Watched(Distiller):
        def __init__(self, *given, start=None, **named):
            starts.append(start)
            super().__init__(*given, start=start, **named)

    monkeypatch.setattr(classifier, "Distiller", Watched)
    with short_training():
        classifier.TextClassifier(n=4, outer_steps=2, settings=settings).fit(texts, ["good", "bad"] * 40)
    (start,) = starts
    assert start.results["teacher"]["epoch"] >= 1
    assert ((start.labels > 0) & (start.labels < 1)).all()  # a teacher's, before anything is learned
