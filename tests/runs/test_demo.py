"""The demonstration says whether its set is good, and ends with words."""

import json

import pytest
from command import OPTIONS, SETTINGS, tdd

from tdd.runs.demo import demo
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Reporter


@pytest.fixture
def recipe(given):
    settings = SETTINGS | {"dataset": str(given[0]), "vectors": str(given[1]), "n": 4, "outer_steps": 20}
    return Recipe(**settings, options=OPTIONS)


def test_beside_a_set_stand_chance_real_sentences_words_all_data_and_tfidf(recipe, tmp_path):
    told = demo(recipe, 5, tmp_path / "demo", Reporter(quiet=True))
    lines = told.splitlines()
    assert lines[0] == "Is this good? On 24 sentences that nothing has seen:"
    rows = [line.split("  ")[0] for line in lines[3:9]]
    assert rows == [
        "nothing: always the most frequent class",
        "4 real sentences, drawn at random",
        "4 distilled sentences of real words",
        "4 distilled sentences of any numbers",
        "all 86 sentences, the same network",
        "all 86 sentences, TF-IDF and logistic regression",
    ]
    assert all(" %  " in line for line in lines[3:9])
    results = json.loads((tmp_path / "demo" / "free" / "results.json").read_text())
    assert f"{100 * results['evaluation']['fixed']['mean']:.2f} %" in lines[6]
    assert f"{100 * results['baselines']['random']['mean']:.2f} " in lines[4]
    assert results["full_data"]["seconds"] >= 0 and results["tfidf"]["seconds"] >= 0
    words = told.partition("sentences of words:")[2].partition("Next:")[0]
    assert "word" in words and "step 0, sample 0" in words
    for line in told.partition("Next:\n")[2].splitlines():
        assert line.startswith("  tdd ")


def test_a_second_demonstration_tells_how_long_the_kept_accuracy_with_all_data_took(recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    full = [path / "free" / "results.json" for path in (tmp_path / "first", tmp_path / "second")]
    demo(recipe, 5, tmp_path / "first", Reporter(quiet=True))
    (kept,) = [path for path in (tmp_path / "cache" / "full").iterdir() if "tried" in path.read_text()]
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"seconds": 4000.0}))
    told = demo(recipe, 5, tmp_path / "second", Reporter(quiet=True))
    first, second = (json.loads(path.read_text())["full_data"] for path in full)
    assert second == first | {"seconds": 4000.0}
    assert "all 86 sentences, the same network" in told and "67 min" in told


def test_a_demonstration_that_was_stopped_goes_on(recipe, tmp_path, monkeypatch):
    folder = tmp_path / "demo"
    with monkeypatch.context() as patch:
        patch.setattr("tdd.runs.demo.measure_baselines_of_run", lambda *given, **named: (_ for _ in ()).throw(KeyError))
        with pytest.raises(KeyError):
            demo(recipe, 5, folder, Reporter(quiet=True))
    monkeypatch.setattr("tdd.runs.reuse.distill", lambda *given, **named: pytest.fail("run again"))
    assert "Is this good?" in demo(recipe, 5, folder, Reporter(quiet=True))


def test_the_verb_takes_the_embedded_reviews(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr("tdd.runs.demo.demo", lambda *given: seen.append(given) or "told")
    done = tdd("demo", "--outer-steps", 7, "--word-steps", 3, "--output", tmp_path)
    assert (done.code, done.out) == (0, "told\n")
    ((recipe, word_steps, folder, _),) = seen
    assert (recipe.dataset, recipe.n, recipe.outer_steps, word_steps, folder) == ("tomatoes", 20, 7, 3, tmp_path)
