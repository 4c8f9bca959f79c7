"""What a set offers on its own class: a line, samples one by one, a table, HTML for notebooks."""

import pytest
import torch
from finished_run import RESULTS
from tiny import tiny_corpus, tiny_recipe

import tdd as package
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.evaluation.evaluation import Evaluation
from tdd.inspection import notebook as notebooks
from tdd.settings.recipe import Recipe


def made(**settings) -> DistilledSet:
    return Distiller(tiny_recipe(**settings), tiny_corpus()).best()


def test_a_set_tells_what_it_is_in_a_few_lines():
    distilled = made(n=4, epochs=3)
    distilled.results = RESULTS
    steps = distilled.samples.shape[0]
    assert repr(distilled).splitlines() == [
        "DistilledSet of tiny: 4 sentences of 10 x 6",
        f"  {steps} steps x {4 // steps}, 3 epochs, for text_cnn, fixed initialisation",
        "  2 classes: class 0, class 1",
        "  test accuracy 58.00 ± 5.70 % over 5 networks, random initialisation",
        "  test accuracy 70.00 %, fixed initialisation",
    ]


def test_samples_are_counted_step_by_step():
    distilled = made(n=4, steps=2)
    assert len(distilled) == 4
    sample = distilled[3]
    assert (sample["step"], sample["index"], sample["label"]) == (1, 1, "class 1")
    assert torch.equal(sample["sample"], distilled.samples[1, 1])
    assert list(sample["soft_label"].values()) == distilled.labels[1, 1].tolist()
    assert torch.equal(distilled[-1]["sample"], sample["sample"])
    assert [one["step"] for one in distilled] == [0, 0, 1, 1]
    for places in (slice(1, 3), slice(None, None, -2), slice(9)):
        assert [(one["step"], one["index"]) for one in distilled[places]] == [(0, 0), (0, 1), (1, 0), (1, 1)][places]
    with pytest.raises(IndexError, match=r"^there is no sample 4: the set has 4 samples, from 0 on$"):
        distilled[4]
    with pytest.raises(TypeError, match="'text' is no number"):
        distilled["text"]


def test_a_set_of_a_pool_names_its_networks_and_the_rates_of_each():
    distilled = made(n=4, steps=2, pool=["text_cnn", "mean_pool"], options={})
    assert "for text_cnn, mean_pool, fixed" in repr(distilled)
    rates = distilled[2]["learning_rates"]
    assert rates == {name: distilled.alone(name)[2]["learning_rates"] for name in ("text_cnn", "mean_pool")}


def test_sentences_of_words_are_told_as_texts():
    distilled = made(n=4, samples="words")
    assert distilled[2]["text"] == distilled.sentences.texts()[2]
    assert distilled.to_dataset()["text"] == distilled.sentences.texts()


def test_a_notebook_is_shown_words_and_names_escaped(monkeypatch):
    distilled = made(n=4)
    distilled.classes[0] = "<b>class"
    monkeypatch.setattr(notebooks, "load_vectors_of", lambda _: tiny_corpus().train.vectors)
    shown = distilled._repr_html_()
    assert shown.count("<tr>") == 4 and "&lt;b&gt;class" in shown and "<b>class" not in shown


def test_a_notebook_is_told_where_the_vectors_are_not_there(monkeypatch):
    def missing(_):
        raise UsageError("no vectors 'x'")

    monkeypatch.setattr(notebooks, "load_vectors_of", missing)
    assert "no vectors &#x27;x&#x27;" in made(n=4)._repr_html_()


def test_recipes_corpora_evaluations_and_vectors_fit_a_line():
    assert repr(tiny_corpus().train.vectors).startswith("WordVectors('tiny', ")
    assert repr(Recipe(dataset="imdb", n=10, options={"filters": 7})) == (
        "Recipe(dataset='imdb', n=10, options={'filters': 7})"
    )
    assert repr(tiny_corpus()).startswith("Corpus(tiny: 120 train, 60 validation, 60 test; 2 classes; ")
    assert repr(Evaluation("random", [0.5, 0.7], 60, 60)) == (
        "Evaluation(60.00 ± 14.14 %, random initialisation, 2 networks, 60 of 60 test examples)"
    )


def test_python_is_told_what_is_wrong_in_its_own_words(tmp_path, monkeypatch):
    with pytest.raises(TddError, match=r"^unknown setting 'learing_rate'; did you mean 'learning_rate'\?$"):
        Recipe(learing_rate=1)
    with pytest.raises(TddError, match=r"^n: Input should be greater than or equal to 1"):
        Recipe(n=0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    with pytest.raises(TddError, match=r"^there is no folder 'runs/nope', and cannot reach the Hub"):
        DistilledSet.from_pretrained("runs/nope")
    with pytest.raises(UsageError, match=r"^no distilled set in 'nope'"):
        DistilledSet.from_pretrained("nope")
    with pytest.raises(UsageError, match=r"^n is a setting of the recipe: tdd\.Recipe\(n=\.\.\.\)$"):
        package.distill(Recipe(), n=4)


def test_a_data_set_is_distilled_by_its_name_and_settings(capfd):
    settings = {"outer_steps": 2, "batch_size": 8, "max_length": 8, "validate_every": 2, "options": {"filters": 2}}
    distilled = package.distill("tomatoes", n=4, **settings)
    assert (distilled.n, distilled.recipe.outer_steps, distilled.recipe.learning_rate) == (4, 2, 0.1)  # of its recipe
    assert "tomatoes: " in capfd.readouterr().err
    package.disable_progress()
    try:
        package.distill("tomatoes", n=4, **settings)
    finally:
        package.enable_progress()
    assert capfd.readouterr().err == ""


def test_tests_of_many_networks_are_told_until_that_is_disabled(capfd):
    distilled, corpus = made(n=4, init="random"), tiny_corpus()
    for tell, told in (
        (lambda: package.evaluate(distilled, corpus.test, 2), "2/2  networks tested: "),
        (lambda: package.transfer(distilled, corpus, ["mean_pool"], fresh=2), "mean_pool"),
    ):
        tell()
        assert told in capfd.readouterr().err
        package.disable_progress()
        try:
            tell()
        finally:
            package.enable_progress()
        assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["", " ", None, 3])
def test_a_set_is_read_by_a_name_that_is_one(name):
    with pytest.raises(UsageError, match="name a folder, or owner/name on the Hub, not "):
        DistilledSet.from_pretrained(name)
