"""The tokenizer in transformers' form splits texts as ours does, and finds the same vectors."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_files import save_tokenizer

from tdd.embeddings.fast_tokenizer import fast_tokenizer
from tdd.embeddings.word_vectors import WordVectors
from tdd.settings.tokenizer_names import OWN

TEXT = (
    "the a film story good bad well known spun mr. dr prof u.s. us n't do did is it 's 've ' '' -- ... . , ! ? - / : & "
    "\" ( ) well-known 9:30 8/10 1,000 3.5 r&b o'brien sci fi café naïve ½ x² straße é 宜 し い ελλάς '70s _ $ % "
    "फिल्म है หนัง i̇stanbul ❤"
)


LOWER = TEXT.split()
CASED = [*LOWER, "Film", "NATO", "O'Brien", "Sci-Fi", "Straße", "U.K.", "é", "“", "din’t", "क़"]
MADE = {
    (name, cased): WordVectors(
        "words",
        words,
        np.random.default_rng(0).standard_normal((len(words), 4)).astype(np.float32),
        f"{name} {cased}",
        name,
    )
    for name in OWN
    for cased, words in ((False, LOWER), (True, CASED))
}
FAST = {of: fast_tokenizer(vectors, range(len(vectors))) for of, vectors in MADE.items()}


def without_repeats(ids):
    """A compound of unknown words counts as one unknown word in one of the two, as several in the other."""
    return [i for place, i in enumerate(ids) if i != 0 or place == 0 or ids[place - 1] != 0]


def both(text, of):
    """The ids that ours gives, and the tokenizer: 0 for an unknown word."""
    tokenizer, rows = FAST[of]
    theirs = [max(0, rows[i] - 1) for i in tokenizer.encode(text, add_special_tokens=False).ids]
    ours = MADE[of].encode(text)
    return (without_repeats(ours), without_repeats(theirs)) if of[0] == "words" else (ours, theirs)


@pytest.mark.parametrize("of", MADE, ids=str)
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
        *("यह फिल्म है ।", "หนังดี", "مُحَمَّد", "İstanbul", "❤️ film", "क़ क़", "Film FILM film", "Nato NATO nato", "u.k. U.K."),
        *("DON'T Don't DOESN'T IT'S", "Sci-Fi sci-fi SCI-FI", "a\u3000b\u00a0c\u2028d\u0085e", "Good-Film"),
    ],
)
def test_texts_are_split_as_ours(text, of):
    ours, theirs = both(text, of)
    assert ours == theirs


PIECES = [
    *LOWER,
    *("Film", "WELL", "xyz", "12", " ", " ", " ", "\n", "\t", "\u00a0", "\u3000", "<br />", "<b>", "<", ">", "&amp;"),
    *(
        "&quot;",
        "’",
        "“",
        "…",
        "–",
        "\x96",
        "\u200d",
        "\u0301",
        "e\u0301",
        "İ",
        "٣",
        "!!",
        "..",
        "don't",
        "&",
        "'s",
        "'",
    ),
    *(
        "n't",
        "N'T",
        "NATO",
        "Nato",
        "nato",
        "O'BRIEN",
        "Sci-fi",
        "क़",
        "ि",
        "ั",
        "Straße",
        "STRASSE",
        "\x1f",
        "\ufe0f",
        "Ǆ",
    ),
]


@pytest.mark.parametrize("of", MADE, ids=str)
@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(text=st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_pieces_of_text_are_split_as_ours(text, of):
    ours, theirs = both(text, of)
    assert ours == theirs


@pytest.mark.parametrize("of", [of for of in MADE if of[0] != "words"], ids=str)
@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(text=st.text(st.characters(exclude_characters="Σ", exclude_categories=["Cs"])))
def test_any_text_is_split_as_ours_where_no_rule_of_words_is_needed(text, of):
    ours, theirs = both(text, of)
    assert len(ours) == len(theirs) and [i for i in ours if i] == [i for i in theirs if i]


@pytest.mark.parametrize("kind", ["words", "metaspace", "bytes"])
def test_the_tokenizer_of_a_file_is_used_itself(tmp_path: Path, kind):
    vectors = MADE["words", True].split_by(save_tokenizer(tmp_path / "tokenizer.json", kind, CASED))
    tokenizer, rows = fast_tokenizer(vectors, range(len(vectors)))
    assert len(rows) == tokenizer.get_vocab_size() and rows[tokenizer.token_to_id("[PAD]")] == 0
    for text in ("The film is good", "宜しい XYZ NATO Film a [CLS", "café é", "", "O'Brien, good"):
        encoding = tokenizer.encode(text)
        assert [max(0, rows[i] - 1) for i in encoding.ids] == vectors.encode(text)


def test_rows_that_are_left_out_are_unknown():
    vectors = MADE["words", True]
    kept = [vectors.words.index(word) for word in ("good", "NATO")]
    tokenizer, rows = fast_tokenizer(vectors, kept)
    ids = tokenizer.encode("Good NATO nato film GOOD").ids
    assert [rows[i] for i in ids] == [2, 3, 3, 1, 2]
