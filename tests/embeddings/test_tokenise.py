"""Texts are split into the tokens that word vectors are made for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdd.embeddings.tokenise import _TOKENS, token_pattern, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The Film is GOOD.", "the film is good ."),
        ("I don't; we can't, won't!", "i do n't ; we ca n't , wo n't !"),
        ("It's they're I've she'll he'd I'm", "it 's they 're i 've she 'll he 'd i 'm"),
        ("the actors' work, O'Brien's rock'n'roll", "the actors ' work , o'brien 's rock'n'roll"),
        ("a well-drawn, 10-year-old sci-fi", "a well-drawn , 10-year-old sci-fi"),
        ("R&B at AT&T", "r&b at at&t"),
        ("1,000 of 3.5 at 9:30, 8/10.", "1,000 of 3.5 at 9:30 , 8/10 ."),
        ("the 20th, the '70s, the 1990s", "the 20th , the '70s , the 1990s"),
        ("Mr. Lee of the U.S. army etc.", "mr. lee of the u.s. army etc."),
        ("Wait... no -- stop.Now good,but", "wait ... no -- stop . now good , but"),
        ("what?! (yes) [no] {a} */_ $5 50%", "what ? ! ( yes ) [ no ] { a } * / _ $ 5 50 %"),
        ("actor/director", "actor / director"),
        ("one<br /><BR>two</p>", "one two"),
        ("a < b > c <3", "a < b > c < 3"),
        ("&quot;x&quot; &amp; y &lt;br /&gt; caf&eacute;", '" x " & y café'),
        ("“don’t” ‘so’ wait… it´s", "\" do n't \" ' so ' wait ... it 's"),
        ("don\x92t \x93a\x94 b \x96 c", 'do n\'t " a " b – c'),
        ("cafe\u0301 zero\u200bwidth", "café zerowidth"),
        ("What 's `` Foo '' , is n't it ?", "what 's `` foo '' , is n't it ?"),
        ("celebrities ' real names", "celebrities ' real names"),
        ("snake_case", "snake _ case"),
        ("", ""),
        (" \n\t\x85".replace("\x85", ""), ""),
        ("<br />", ""),
    ],
)
def test_text_is_split_as_the_vocabulary_expects(text: str, tokens: str) -> None:
    assert tokenize(text) == tokens.split()


def test_text_already_in_tokens_keeps_them() -> None:
    tokens = tokenize("He didn't say \"it's the U.S. of 1,000 well-known cafés\" ... -- o'brien's (8/10) '70s `` x ''")
    assert tokenize(" ".join(tokens)) == tokens


def test_no_character_but_spaces_and_markup_is_lost() -> None:
    text = "".join(map(chr, range(0x21, 0x7F))).replace("<", "").replace("&", "")
    assert "".join(tokenize(text)) == text.lower()


@given(st.text(st.sampled_from("abenstmrdvlN'T.-&_:/,05 \u00e9\u4e2d\n"), max_size=30), st.booleans())
def test_the_usual_words_are_found_first_and_are_the_same_tokens(text: str, cased: bool) -> None:
    assert _TOKENS[cased].findall(text) == re.findall(token_pattern(cased, marks=False), text)
