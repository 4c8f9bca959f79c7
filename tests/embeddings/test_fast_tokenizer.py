"""The tokenizer in transformers' form splits texts as ours does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdd.embeddings.fast_tokenizer import build_tokenizer
from tdd.embeddings.word_vectors import WordVectors

TEXT = (
    "the a film story good bad well known spun mr. dr prof u.s. us n't do did is it 's 've ' '' -- ... . , ! ? - / : & "
    "\" ( ) well-known 9:30 8/10 1,000 3.5 r&b o'brien sci fi café naïve ½ x² straße é 宜 しい ελλάς '70s _ $ %"
)


WORDS = TEXT.split()


@pytest.fixture(scope="module")
def words():
    table = np.random.default_rng(0).standard_normal((len(WORDS), 4)).astype(np.float32)
    return WordVectors("words", WORDS, table, "checksum")


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(WORDS)


def without_repeats(ids):
    """A compound of unknown words counts as one unknown word in one of the two, as several in the other."""
    return [i for place, i in enumerate(ids) if i != 0 or place == 0 or ids[place - 1] != 0]


def both(text, words, tokenizer):
    ours = words.encode(text)
    # Theirs count the padding and the unknown token first.
    theirs = [max(0, i - 1) for i in tokenizer.encode(text, add_special_tokens=False).ids]
    return without_repeats(ours), without_repeats(theirs)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "A good film, isn't it?",
            "well-known and well-spun",
            "Mr. and Prof. O'Brien",
            "in the U.S. at 9:30",
            "8/10!",
        ),
        *("<br /><br />The film<i>story</i>", "it&#39;s &lt;b&gt; &amp;quot; R&amp;B", "“good” — ‘bad’…", "don\u2019t"),
        *("cafe\u0301 naïve ½ x² Straße", "宜しい ΕΛΛΆΔΑ", "so\xadft\u200bword", "a\x1cfilm\x85", "--- '' `` _ '70s"),
        *("did n't", "DIDN'T", "well-xyz xyz-well", "-", "/", "''film''", "", "   ", "1,000.5 3.5x", "$5 100%", "a_b"),
    ],
)
def test_texts_are_split_as_ours(text, words, tokenizer):
    ours, theirs = both(text, words, tokenizer)
    assert ours == theirs


PIECES = [
    *WORDS,
    *("Film", "WELL", "xyz", "12", " ", " ", " ", "\n", "\t", "\u00a0", "<br />", "<b>", "<", ">", "&amp;", "&quot;"),
    *("’", "“", "…", "–", "\x96", "\u200d", "\u0301", "e\u0301", "İ", "٣", "!!", "..", "don't", "&", "'s", "'", "n't"),
]


@settings(max_examples=600, deadline=None, database=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_pieces_of_text_are_split_as_ours(words, tokenizer, text):
    ours, theirs = both(text, words, tokenizer)
    assert ours == theirs
