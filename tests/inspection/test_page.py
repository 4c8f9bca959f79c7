"""The web page of a distilled set: whole in itself, safe with foreign words, and complete."""

import re
from html.parser import HTMLParser

import pytest
import torch
from tiny import tiny_recipe

from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError
from tdd.inspection.decode import decode
from tdd.inspection.page import OPEN_BARS, page
from tdd.inspection.show import show

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><b>",
    "' onfocus='alert(1)",
    "&lt;",
    "\u202etfel\x1b[31m",
    "http://elsewhere.example/x.png",
]


class Page(HTMLParser):
    """What a page is made of: tags, their attributes, and the text of each."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def of_class(self, tag, name):
        return [attributes for found, attributes in self.tags if found == tag and attributes.get("class") == name]


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


def test_a_page_has_a_tab_a_label_for_it_and_a_section_for_each_step(plain):
    distilled, vectors = plain
    found = Page(page(distilled, decode(distilled, vectors, 3)))
    assert not found.open
    assert [a["id"] for tag, a in found.tags if tag == "input"] == ["t0", "t1"]
    assert [a["for"] for tag, a in found.tags if tag == "label"] == ["t0", "t1"]
    assert [a["id"] for tag, a in found.tags if tag == "section"] == ["s0", "s1"]
    assert sum(tag == "article" for tag, _ in found.tags) == 4
    assert "learned learning rate 0.25" in found.text and "learned learning rate 0.5" in found.text


def test_every_position_is_its_nearest_word_and_carries_the_k_nearest_with_their_similarity(plain):
    distilled, vectors = plain
    sentences = decode(distilled, vectors, 3)
    found = Page(page(distilled, sentences))
    near = [a["data-near"] for _, a in found.tags if "data-near" in a]
    expected = [
        "\n".join(f"{score:.2f} {word}" for word, score in zip(words, scores, strict=True))
        for sentence in sentences
        for words, scores in zip(sentence.words, sentence.scores, strict=True)
    ]
    assert near == expected
    text = " ".join(" ".join(found.text).split())
    assert all(sentence.text in text for sentence in sentences)


def test_bars_begin_at_zero_and_are_as_long_as_the_label_is_large(plain):
    distilled, vectors = plain
    found = Page(page(distilled, decode(distilled, vectors)))
    values = [float(a["value"]) for tag, a in found.tags if tag == "data"]
    assert sorted(values) == pytest.approx(sorted(distilled.labels.flatten().tolist()), abs=1e-4)
    bars = [re.findall(r"[\d.]+", a["style"]) for tag, a in found.tags if tag == "i" and "style" in a]
    zero = {a["style"] for tag, a in found.tags if tag == "u"}
    assert len(zero) == 1
    (start,) = map(float, re.findall(r"[\d.]+", zero.pop()))
    scale = 100 / (max(*values, 0) - min(*values, 0))
    for (left, width), value in zip(bars, values, strict=True):
        assert float(width) == pytest.approx(abs(value) * scale, abs=0.2)
        assert (float(left) if value > 0 else float(left) + float(width)) == pytest.approx(start, abs=0.2)


def test_foreign_words_and_classes_stay_text():
    distilled, vectors = made(HOSTILE, [f"{word}{i}" for i, word in enumerate(HOSTILE)])
    distilled.source["vectors"] = HOSTILE[0]
    text = page(distilled, decode(distilled, vectors, 7))
    found = Page(text)
    assert {tag for tag, _ in found.tags} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "header",
            "h1",
            "h2",
            "ul",
            "li",
            "b",
            "p",
            "span",
            "i",
            "u",
        ),
        *("main", "nav", "input", "label", "section", "article", "div", "data", "details", "summary"),
    }
    names = {name for _, attributes in found.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} and not names & {"src", "href", "srcset", "action"}
    shown = " ".join(found.text)
    for word in HOSTILE[:5]:
        assert word in shown
    assert all(c.isprintable() or c == "\n" for c in text)


def test_nothing_is_loaded_from_anywhere(plain):
    distilled, vectors = plain
    text = page(distilled, decode(distilled, vectors))
    assert not re.search(r"https?://|url\(|@import|<script|<link|<img", text)
    assert "default-src 'none'" in text


def test_the_heading_tells_data_size_and_accuracy_and_no_folder(plain):
    distilled, vectors = plain
    distilled.recipe = tiny_recipe(dataset="/home/someone/films.csv")
    distilled.results = {
        "evaluation": {"random": {"mean": 0.8125, "sd": 0.011, "networks": 20}},
        "full_data": {"accuracy": 0.9},
    }
    text = page(distilled, decode(distilled, vectors, first=3))
    shown = " ".join(Page(text).text)
    assert "films.csv, distilled" in shown and "someone" not in text
    assert "n = 4" in shown and "the first 3 shown" in shown
    assert "81.25 ± 1.10 %" in shown and "over 20 networks" in shown and "90.00 %" in shown


def test_the_bars_of_many_classes_are_folded_away():
    distilled, vectors = made([f"class {i}" for i in range(20)], ["a", "b", "c"])
    found = Page(page(distilled, decode(distilled, vectors)))
    assert f"{20 - OPEN_BARS} more classes" in found.text
    assert sum(tag == "data" for tag, _ in found.tags) == 4 * 20


def test_twenty_sentences_of_400_words_are_less_than_a_megabyte_and_a_half():
    words = [f"averageword{i}" for i in range(50)]
    distilled, vectors = made(["good", "bad"], words, steps=10, length=400)
    assert len(page(distilled, decode(distilled, vectors, 5)).encode()) < 1.5e6


def test_a_page_of_images_is_refused():
    pictures = DistilledSet(
        torch.zeros(1, 2, 1, 4, 4), torch.zeros(1, 2, 2), torch.ones(1, 1), ["a", "b"], tiny_recipe()
    )
    with pytest.raises(UsageError, match="holds images"):
        show(pictures, format="html")
