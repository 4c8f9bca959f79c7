"""Decoded sentences as a table, as text and as JSON; nothing in them commands a terminal."""

import json
import re

import pytest

from tdd.inspection.decode import DecodedSentence
from tdd.inspection.terminal import Nearness, render

SENTENCE = DecodedSentence(
    1,
    2,
    {"dull": -0.25, "fine": 1.5, "odd": 0.125},
    [["good", "great"], ["film", "story"]],
    [[0.9, 0.8], [0.75, 0.5]],
    "good film",
)


def test_a_table_shows_the_label_sorted_and_words_with_scores():
    assert render([SENTENCE, SENTENCE], "table").splitlines() == [
        "step 1, sample 2: fine +1.50  odd +0.12  dull -0.25",
        "good(0.90)/great(0.80) film(0.75)/story(0.50)",
        "",
        "step 1, sample 2: fine +1.50  odd +0.12  dull -0.25",
        "good(0.90)/great(0.80) film(0.75)/story(0.50)",
    ]


def test_escapes_are_for_terminals_alone_and_change_no_text():
    colored = render([SENTENCE], "table", color=True)
    assert "\x1b[1m" in colored
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == render([SENTENCE], "table")
    for format in ("table", "json", "text"):
        assert "\x1b" not in render([SENTENCE], format)


@pytest.mark.parametrize("character", ["\x1b", "\n", "\r", "\x07", "\x7f", "\x9b", "\u202e", "\u2028", "\0"])
def test_words_and_classes_cannot_command_a_terminal(character):
    word = f"a{character}[31mb"
    sentence = DecodedSentence(0, 0, {word: 1.0}, [[word]], [[1.0]], word)
    for format in ("table", "json", "text"):
        printed = render([sentence], format)
        assert character not in printed.replace("\n", "") if character != "\n" else True
        assert all(c.isprintable() or c == "\n" for c in printed)
    assert render([sentence], "text").count("\n") == 0
    assert json.loads(render([sentence], "json")) == [sentence.as_dict()]


def test_json_keeps_other_alphabets_readable():
    sentence = DecodedSentence(0, 0, {"宜しい": 1.0}, [["höflich"]], [[1.0]], "höflich")
    printed = render([sentence], "json")
    assert "höflich" in printed
    assert "宜しい" in printed


@pytest.mark.parametrize(("metric", "near", "far"), [("cosine", 0.9, 0.1), ("l2", 0.1, 0.9)])
def test_nearer_words_have_higher_levels(metric, near, far):
    level = Nearness([0.1, 0.3, 0.5, 0.7, 0.9], metric, 4)
    assert level(near) > level(0.5) > level(far) == 0
    assert level(2.0) in (0, 3) and level(-2.0) in (0, 3)
    assert Nearness([0.5], metric, 4)(0.5) == 0


def test_a_table_is_wrapped_to_the_width_and_says_the_same():
    words = [["good", "great"]] * 30
    sentence = DecodedSentence(0, 0, {f"class {i}": i / 10 for i in range(9)}, words, [[0.9, 0.8]] * 30, "")
    wide = render([sentence], "table")
    for color in (False, True):
        narrow = re.sub("\x1b\\[[0-9;]*m", "", render([sentence], "table", color, width=40))
        assert max(map(len, narrow.splitlines())) <= 40
        assert narrow.split() == wide.split()
