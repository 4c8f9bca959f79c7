"""The web page of a distilled set: whole in itself, safe with foreign words, and with the set's own numbers."""

import base64
import hashlib
import io
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from pages import Page, words_of
from PIL import Image
from tiny import tiny_recipe

from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import WordVectors
from tdd.inspection.colors import class_color
from tdd.inspection.decode import decode
from tdd.inspection.importance import Importance
from tdd.inspection.nearest_examples import RealExample
from tdd.inspection.page import page
from tdd.inspection.page_extras import Extras
from tdd.inspection.page_head import accuracies
from tdd.inspection.page_samples import OPEN_BARS
from tdd.inspection.page_shades import LEVELS
from tdd.inspection.pictures import pictures

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><b>",
    "' onfocus='alert(1)",
    "&lt;",
    "\u202etfel\x1b[31m",
    "http://elsewhere.example/x.png",
]


def made(classes, words, steps=2, per_step=2, length=5):
    torch.manual_seed(0)
    vectors = WordVectors("foreign", words, torch.randn(len(words), 4).numpy(), "foreign")
    samples = torch.randn(steps, per_step, length, 4)
    labels = torch.randn(steps, per_step, len(classes))
    distilled = DistilledSet(samples, labels, torch.tensor([[0.25, 0.5] * (steps // 2)]), classes, tiny_recipe())
    return distilled, vectors


@pytest.fixture
def plain():
    return made(["good", "bad"], [f"word{i}" for i in range(9)])


def test_a_page_has_a_group_for_each_step_and_a_cell_for_each_sample(plain):
    distilled, vectors = plain
    found = Page(page(distilled, decode(distilled, vectors, 3)))
    assert [a["id"] for a in found.having("section", "id") if a["id"].startswith("step-")] == ["step-0", "step-1"]
    articles = [a["id"] for a in found.having("article", "id")]
    assert articles == ["s0-0", "s0-1", "s1-0", "s1-1"]
    cells = [a for a in found.having("a", "data-place")]
    assert [a["href"] for a in cells] == [f"#{name}" for name in articles]
    largest = distilled.labels.flatten(0, 1).max(1)
    for cell, article, place, value in zip(
        cells, found.having("article", "id"), largest.indices.tolist(), largest.values.tolist(), strict=True
    ):
        assert cell["aria-label"].endswith(f"{distilled.classes[place]} {value:+.2f}")
        assert cell["class"] == f"cell k{place}" and article["data-class"] == str(place)
    assert "learned learning rate 0.25" in found.shown and "learned learning rate 0.5" in found.shown


def test_words_neighbours_importance_and_use_are_those_of_the_set(plain):
    distilled, vectors = plain
    sentences = decode(distilled, vectors, 3)
    weights = torch.randn(4, 5)
    use = {f"word{i}": [0.1 * i, 0.02] for i in range(8)}
    text = page(distilled, sentences, extras=Extras(Importance(weights, 0.1), 0.5, use))
    assert words_of(text) == [[near[0] for near in sentence.words] for sentence in sentences]
    data = Page(text).data
    vocabulary = data["vocabulary"]
    for place, (sample, sentence) in enumerate(zip(data["samples"], sentences, strict=True)):
        assert [[vocabulary[at] for at in near] for near in sample["near"]] == sentence.words
        shown = [[score / 100 for score in scores] for scores in sample["scores"]]
        assert np.allclose(shown, sentence.scores, atol=0.005)
        assert np.allclose(np.array(sample["importance"]) / 1000, weights[place], atol=0.0005)
    told = dict(zip(vocabulary, data["use"], strict=True))
    assert told["word3"] == [[0, 3000], [1, 200]] and told["word0"] == [[1, 200]]
    assert "word8" not in told or told["word8"] == []
    assert data["classes"] == distilled.classes
    assert np.allclose(data["labels"], distilled.labels.flatten(0, 1), atol=1e-4)


def test_shades_begin_at_chance_and_a_word_that_speaks_against_its_class_is_marked(plain):
    distilled, vectors = plain
    weights = torch.full((4, 5), 0.05)
    weights[0] = torch.tensor([1.0, 0.5, 0.05, 0.0, -0.5])
    weights[1, 0] = 2.0
    text = page(distilled, decode(distilled, vectors), extras=Extras(Importance(weights, 0.1)))
    levels = re.findall(r"<i(?: class=\"([^\"]*)\")?>word", text)
    assert levels[2:5] == ["", "", "against"] and levels[5] == f"i{LEVELS}"
    first, second = (int(level.removeprefix("i")) for level in levels[:2])
    assert LEVELS >= first > second >= 1
    assert 'data-shade="importance"' in text and "no more than chance, 0.100" in Page(text).shown


def test_bars_begin_at_zero_are_as_long_as_the_label_is_large_and_keep_their_row(plain):
    distilled, vectors = plain
    text = page(distilled, decode(distilled, vectors))
    found = Page(text)
    values = [float(a["value"]) for a in found.having("data", "value")]
    assert values == pytest.approx(distilled.labels.flatten().tolist(), abs=1e-4)
    names = re.findall(r'<span class="name (k\d)">(\w+)</span>', text)
    assert names == [("k0", "good"), ("k1", "bad")] * 4
    assert f".k0{{--c:{class_color(0)}" in text and f".k1{{--c:{class_color(1)}" in text
    bars = [re.findall(r"[\d.]+", a["style"]) for a in found.having("i", "style") if "bar" in a["class"]]
    zero = {a["style"] for a in found.having("i", "style") if a["class"] == "zero"}
    assert len(zero) == 1
    (start,) = map(float, re.findall(r"[\d.]+", zero.pop()))
    scale = 100 / (max(*values, 0) - min(*values, 0))
    for (left, width), value in zip(bars, values, strict=True):
        assert float(width) == pytest.approx(abs(value) * scale, abs=0.2)
        assert (float(left) if value > 0 else float(left) + float(width)) == pytest.approx(start, abs=0.2)


def test_foreign_words_and_classes_stay_text():
    distilled, vectors = made(HOSTILE, [f"{word}{i}" for i, word in enumerate(HOSTILE)])
    distilled.source["vectors"] = HOSTILE[0]
    real = [[RealExample(0, 0.5, word)] for word in HOSTILE[:4]]
    text = page(distilled, decode(distilled, vectors, 7), extras=Extras(real=real, notes=[HOSTILE[1]]))
    found = Page(text)
    names = {name for _, attributes in found.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} and not names & {"srcset", "action"}
    assert [tag for tag, _ in found.tags if tag in ("img", "script", "b")].count("script") == 2
    assert {a["src"] for a in found.having("img", "src")} == set()
    assert [a["href"] for a in found.having("a", "href") if not a["href"].startswith("#")] == [
        "https://arxiv.org/abs/1910.02551"
    ]
    for word in HOSTILE[:5]:
        assert word in found.shown
    assert {word for near in found.data["samples"] for row in near["near"] for word in row} == set(range(7))
    assert all(c.isprintable() or c == "\n" for c in text)


def test_nothing_is_loaded_and_no_other_script_runs(plain):
    distilled, vectors = plain
    text = page(distilled, decode(distilled, vectors))
    assert not re.search(r"url\(|@import|<link|<script src|fetch\(|XMLHttp|localStorage", text)
    script = text[text.rindex("<script>") + len("<script>") : text.rindex("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (a["content"] for a in Page(text).having("meta", "http-equiv"))
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"


OWN = {
    **{"mean": 0.8125, "sd": 0.011, "networks": 20, "majority": 0.25},
    **{"interval": [0.79, 0.83], "macro_f1": {"mean": 0.7, "sd": 0.0}},
}


def test_the_head_tells_data_size_accuracies_and_no_folder(plain):
    distilled, vectors = plain
    distilled.recipe = tiny_recipe(dataset="/home/someone/films.csv", init="random")
    distilled.results = {
        "evaluation": {"random": OWN},
        "full_data": {"accuracy": 0.9},
        "baselines": {
            "random": {"mean": 0.7, "sd": 0.02, "validation_accuracy": 0.6},
            "herding": {"mean": 0.65, "sd": 0.0, "validation_accuracy": 0.7},
            "label_only": {"mean": 0.95, "sd": 0.0, "validation_accuracy": 0.99},
        },
        "distillation": {"outer_steps": 1200, "seconds": 75.0, "versions": {"tdd": "0.2.0"}},
    }
    text = page(
        distilled, decode(distilled, vectors, first=3), extras=Extras(distilled_on="1 May 2026", made_on="2 May 2026")
    )
    found = Page(text)
    assert "films.csv distilled to 4 samples" in found.shown and "someone" not in text
    assert (
        "The first 3 are shown" in found.shown
        and "1 May 2026" in found.shown
        and "Page made on 2 May 2026" in found.shown
    )
    assert "81.25 ± 1.10 %" in found.shown and "20 networks" in found.shown and "90.00 %" in found.shown
    assert "65.00 %" in found.shown and "herding; as many gradient steps" in found.shown  # the best on held-out data
    assert "90.28 % of what all the data reach" in found.shown and "95.00 %" not in found.shown
    assert "95 % interval over test examples 79.0 to 83.0 %, macro-F1 70.00 %, most frequent class 25" in found.shown
    assert "1,200 outer steps in 75 s" in found.shown and "tdd distill --recipe recipe.yaml" in found.shown
    assert "dataset: films.csv" in text


def test_the_difference_to_the_strongest_baseline_stands_on_the_page(plain):
    distilled, _ = plain
    tested = {"test_examples": 60, "test_split": 60}
    own = {"mean": 0.8, "sd": 0.1, "networks": 2, "accuracies": [0.7, 0.9], **tested}
    herding = {"mean": 0.65, "sd": 0.0, "validation_accuracy": 0.7, "accuracies": [0.6, 0.7], **tested}
    distilled.results = {
        "evaluation": {distilled.recipe.init: own},
        "plain": own | {"accuracies": [0.75, 0.8]},
        "baselines": {"herding_minilm": herding},
    }
    # Student's t of a single degree of freedom, 12.706, times half of the distance of the two differences.
    within = "the set, trained so, differs by +15.0 (-48.5 to +78.5) points, 95 % interval"
    assert accuracies(distilled)[1].about == f"herding by MiniLM; as many gradient steps; {within}"
    distilled.results["baselines"] = {"herding_plain": herding}
    within = "the set, trained so, differs by +12.5 (-19.3 to +44.3) points, 95 % interval"
    assert accuracies(distilled)[1].about == f"herding; plain training; {within}"
    distilled.results["baselines"] = {"knn_random": herding | {"test_examples": 6}}
    assert accuracies(distilled)[1].about == "nearest neighbours, random real"


def test_what_is_not_measured_is_said_with_the_command_that_does(plain):
    distilled, vectors = plain
    distilled.results = {"evaluation": {"fixed": {"mean": 0.8, "sd": 0.0, "networks": 1}}}
    shown = Page(page(distilled, decode(distilled, vectors))).shown
    assert "tdd evaluate RUN --full" in shown and "tdd baselines --run RUN" in shown
    assert "the data are not at hand" in shown


def test_charts_show_rates_of_each_epoch_and_step_and_the_log(plain):
    distilled, vectors = plain
    distilled.learning_rates = torch.tensor([[0.25, 0.5, 0.125, 0.75]])
    log = [{"step": i, "outer_loss": 1 / i, "validation_accuracy": None, "best_accuracy": -1.0} for i in (1, 2, 3, 4)]
    log[3] |= {"validation_accuracy": 0.6, "best_accuracy": 0.625}
    after = {0: 0.5, 1: 0.55, 4: 0.6}
    text = page(distilled, decode(distilled, vectors), extras=Extras(after_steps=after, log=log))
    shown = Page(text).shown
    for words in ("epoch 0, step 1: 0.5", "epoch 1, step 0: 0.125", "epoch 1, step 1: 0.75", "epoch 1 begins"):
        assert words in shown
    assert "after 1 gradient step: 55.00 %" in shown and "learned learning rate 0.25, 0.125" in shown
    cells = re.findall(r"<td>([\d.]+)</td>", text)
    assert {"0.3333", "60", "62.5", "55"} <= set(cells)
    bare = Page(page(distilled, decode(distilled, vectors))).shown
    assert "Outer loss" not in bare and "Accuracy after each step" not in bare and "Learned learning rates" in bare


@pytest.mark.parametrize(
    ("settings", "labels", "loop"),
    [
        ({}, "may be any real number", "inner steps 2 of 2 samples"),
        ({"labels": "hard"}, "Labels are hard: 1 for the class", "inner steps 2 of 2 samples"),
        ({"inner": "plain"}, "A label is learned: a probability for each class.", "trained by AdamW, 200 steps of 4"),
    ],
)
def test_what_labels_are_and_how_networks_learn_is_said_as_it_is(plain, settings, labels, loop):
    distilled, vectors = plain
    recipe = distilled.recipe.model_copy(update=settings)
    shown = Page(page(replace(distilled, recipe=recipe), decode(distilled, vectors))).shown
    said = [
        each for each in ("may be any real number", "Labels are hard", "a probability for each class") if each in shown
    ]
    assert len(said) == 1 and labels in shown and loop in shown
    assert f"with {recipe.labels} labels" in shown and ("All samples" in shown) == ("inner" in settings)


def test_real_examples_are_on_a_page_of_ones_own_and_never_on_a_public_one(plain):
    distilled, vectors = plain
    real = [[RealExample(1, 0.875, f"from the data {place}")] for place in range(4)]
    own = page(distilled, decode(distilled, vectors), extras=Extras(real=real))
    public = page(distilled, decode(distilled, vectors), extras=Extras(real=real), public=True)
    assert own.count("from the data ") == 4 and "this page is for you" in own and "cosine 0.88" in own
    assert "from the data" not in public and "this page is for you" not in public


def test_the_numbers_of_many_classes_are_folded_away_and_known_to_the_script():
    distilled, vectors = made([f"class {i}" for i in range(20)], ["a", "b", "c"])
    found = Page(page(distilled, decode(distilled, vectors)))
    assert f"{20 - OPEN_BARS} more classes" in found.shown
    assert sum(tag == "data" for tag, _ in found.tags) == 4 * OPEN_BARS
    assert np.shape(found.data["labels"]) == (4, 20)
    assert "colours come again" in found.shown


def test_twenty_sentences_of_400_words_are_less_than_a_megabyte_and_a_half():
    words = [f"averageword{i}" for i in range(5000)]
    distilled, vectors = made(["good", "bad"], words, steps=10, length=400)
    use = {word: [0.1234, 0.2345] for word in words}
    extras = Extras(Importance(torch.rand(20, 400), 0.1), 0.5, use)
    text = page(distilled, decode(distilled, vectors, 5), extras=extras)
    assert len(text.encode()) < 1.5e6
    assert 'data-view="step"' in text  # not all of it at once


def test_a_page_of_pictures_has_each_with_its_three_largest_labels():
    torch.manual_seed(0)
    classes = list("0123456789")
    source = {"dataset": "digits", "pixel_mean": "0.3", "pixel_sd": "0.4"}
    recipe = tiny_recipe(n=4, network="lenet", options={})
    made_of = (torch.randn(2, 2, 1, 8, 8), torch.randn(2, 2, 10), torch.ones(1, 2))
    distilled = DistilledSet(*made_of, classes, recipe, source)
    shown = pictures(distilled)
    real = [[RealExample(3, 0.5, pixels=each.pixels)] for each in shown]
    text = page(distilled, shown, extras=Extras(real=real))
    found = Page(text)
    images = [a["src"] for a in found.having("img", "src")]
    assert len(images) == 3 * len(shown)  # in the overview, enlarged, and one real example each
    for address in images:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,")))))
        assert any((pixels == each.pixels[:, :, 0]).all() for each in shown)
    values = [float(a["value"]) for a in found.having("data", "value")]
    for place, label in enumerate(distilled.labels.flatten(0, 1)):
        top = sorted(label.topk(3).indices.tolist())
        assert values[3 * place : 3 * place + 3] == pytest.approx(label[top].tolist(), abs=1e-4)
    assert "7 more classes" in found.shown and "Find a word" not in found.shown


@pytest.mark.parametrize(("classes", "paths"), [(3, 3), (10, 10), (11, 1)])
def test_a_cell_of_the_overview_has_a_bar_for_each_class(classes, paths):
    distilled, vectors = made([f"class {i}" for i in range(classes)], ["a", "b", "c"])
    distilled.labels = torch.linspace(-1, 1, 4 * classes).view(2, 2, classes)
    found = Page(page(distilled, decode(distilled, vectors)))
    bars = [a for a in found.having("path", "stroke-width")]
    assert len(bars) == 4 * paths
    assert sum(a["d"].count("M") for a in bars) == 4 * classes
    up = re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", " ".join(a["d"] for a in bars))
    heights = [float(zero) - float(end) for zero, end in up]
    assert heights == pytest.approx((12 * distilled.labels.flatten()).tolist(), abs=0.11)
