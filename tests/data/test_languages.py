"""Texts of any language are split into the words of its vectors, or it is said what to do."""

from pathlib import Path
from typing import Any

import pytest
from data_files import write_csv
from hypothesis import given
from hypothesis import strategies as st
from languages import ARABIC, CHINESE, GERMAN, HINDI, LANGUAGES, THAI, rows_of, write_table

from tdd.data.corpus import Corpus, load_corpus
from tdd.data.unspaced import unspaced
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe


def load(folder: Path, rows: list[tuple[str, str]], tokens: list[str], **settings: Any) -> Corpus:
    data, vectors = write_csv(folder / "d.csv", rows), write_table(folder / "v.txt", tokens)
    return load_corpus(Recipe(dataset="mine", data=str(data), vectors=vectors, **settings))


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_word_of_a_language_is_found_as_its_vectors_have_it(tmp_path: Path, name: str):
    words = " ".join(LANGUAGES[name]).split()
    corpus = load(tmp_path, rows_of(LANGUAGES[name]), words)
    assert corpus.train.describe() == "100.0% of words have a vector"
    assert corpus.train.distinct_words() == len(words)
    told = ["v.txt tells capitals from small letters: words are looked up as written, then in other cases"]
    assert corpus.notes[1:] == (told if name == "German" else [])


@pytest.mark.parametrize(
    ("text", "table", "found"),
    [
        ("Das IST ein FILM, kein Glanzstück", "Das ist Film glanzstück", "Das ist Film glanzstück"),
        ("NATO nato Nato-Gipfel", "NATO Gipfel", "NATO NATO NATO Gipfel"),
        ("The Film IS fine", "the film is fine", "the film is fine"),
        ("هٰذَا الفِيلْمُ رَائِعٌ", "هذا الفيلم رائع", "هذا الفيلم رائع"),
        ("سَيِّئ", "سَيِّئ سيئ", "سَيِّئ"),
        ("שָׁלוֹם", "שלום", "שלום"),
        ("क़लम ज़रूरी", "क़लम ज़रूरी", "क़लम ज़रूरी"),  # in the form of one character and of two
        ("می‌شود", "می‌شود", "می‌شود"),
        ("cafe\u0301 ❤️", "café ❤", "café ❤"),
        ("Việt Nam", "việt nam", "việt nam"),
    ],
)
def test_a_word_is_looked_up_as_written_then_in_other_forms(tmp_path: Path, text: str, table: str, found: str):
    corpus = load(tmp_path, [(f"{text} {'!' * i}", "ab"[i % 2]) for i in range(20)], table.split())
    split = corpus.train
    assert [split.vectors.words[id_ - 1] for id_ in split.ids[: split.offsets[1]] if id_] == found.split()


def test_coverage_is_told_by_kind_and_counted_over_words(tmp_path: Path):
    rows = [(f"good zyx{'yz' * i} film, {1999 + i} - 3.5 !!", "ab"[i % 2]) for i in range(20)]
    corpus = load(tmp_path, rows, ["good", "film", ",", "3.5"])
    assert corpus.train.describe() == "66.7% of words have a vector (numbers 50.0%, punctuation 25.0%)"
    assert corpus.train.coverage().known == (28, 14, 14) and corpus.train.coverage().unknown == (14, 14, 42)
    with pytest.raises(UsageError, match=r"v\.txt have 0\.0% of the words of column 'text': choose vectors"):
        load(tmp_path, rows, [",", "-", "!", "1999", "3.5"])


def characters() -> list[str]:
    return sorted(set("".join(CHINESE).replace(" ", "") + "，。"))


def test_chinese_without_spaces_is_recognised_and_its_tokenizer_named(tmp_path: Path):
    rows = [(f"{text}，{text[:3]}。", label) for text, label in rows_of(CHINESE, between="")]
    with pytest.raises(UsageError) as refused:
        load(tmp_path, rows, characters())
    assert str(refused.value) == (
        "the vectors v.txt have 0.0% of the words of column 'text': it is Chinese, which puts no spaces between words: "
        "set tokenizer: characters (--tokenizer characters; 100.0% have a vector), or split its words apart yourself "
        "and set tokenizer: whitespace, or name the file of a tokenizer"
    )
    with pytest.raises(UsageError, match="it is Chinese: choose vectors for that, and set tokenizer: characters"):
        load(tmp_path, rows, ["the", "，"])
    corpus = load(tmp_path, rows, characters(), tokenizer="characters")
    assert corpus.train.describe() == "100.0% of words have a vector (punctuation 100.0%)"
    assert not any("Chinese" in note for note in corpus.notes)


def test_where_many_words_are_found_all_the_same_it_is_a_note(tmp_path: Path):
    rows = [(f"{text[:2]}！ {text}", label) for text, label in rows_of(CHINESE, between="")]
    words = [text[:2] for text, _ in rows]
    corpus = load(tmp_path, rows, sorted({*characters(), *words}))
    assert 0.2 < corpus.train.coverage().of_words < 1
    (told,) = (note for note in corpus.notes if "Chinese" in note)
    assert told.startswith(
        "column 'text': it is Chinese, which puts no spaces between words: set tokenizer: characters"
    )


def test_chinese_that_was_split_into_words_is_read_as_it_is(tmp_path: Path):
    words = " ".join(CHINESE).split()
    for tokenizer in (None, "whitespace"):
        corpus = load(tmp_path, rows_of(CHINESE), words, tokenizer=tokenizer)
        assert corpus.train.coverage().of_words == 1 and corpus.train.distinct_words() == len(words)
        assert not any("Chinese" in note for note in corpus.notes)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("Chinese", "房间很好, 很干净. 下次再来"),
        ("Japanese", "この映画はとても面白かったです。 また見たい"),
        ("Japanese", "東京都知事選挙の投票率"),
        ("Thai", "หนังเรื่องนี้สนุกมาก ไม่ผิดหวัง"),
        ("Lao", "ຂ້ອຍມັກຮູບເງົານີ້ຫຼາຍ"),
        ("Khmer", "ខ្ញុំចូលចិត្តភាពយន្តនេះណាស់"),
        ("Burmese", "ဒီရုပ်ရှင်ကအရမ်းကောင်းတယ်"),
        (None, "이 영화는 정말 재미있었다"),
        (None, "房间 很 好 ， 很 干净"),
        (None, "หนัง เรื่อง นี้ สนุก มาก"),
        (None, "a film named 卧虎藏龙, which is Chinese"),
        (None, "ein Film"),
        (None, "यह फिल्म अच्छी है"),
        (None, "123 !!"),
        (None, ""),
    ],
)
def test_languages_without_spaces_are_told_from_others(language: str | None, text: str):
    assert unspaced([text] * 3) == language


@given(st.lists(st.text(), max_size=5))
def test_any_texts_have_a_language_or_none(texts: list[str]):
    assert unspaced(texts) in (None, "Chinese", "Japanese", "Thai", "Lao", "Khmer", "Burmese")


def test_thai_without_spaces_is_not_said_to_be_read_by_characters(tmp_path: Path):
    words = " ".join(THAI).split()
    rows = rows_of(THAI, between="")
    with pytest.raises(
        UsageError, match="it is Thai, which puts no spaces between words: split its words apart"
    ) as told:
        load(tmp_path, rows, words)
    assert "characters" not in str(told.value)


def test_the_tokenizer_is_a_part_of_what_is_cached_and_of_the_fingerprint(tmp_path: Path):
    tokens = sorted({*characters(), *" ".join(CHINESE).split()})
    found = {
        tokenizer: load(tmp_path, rows_of(CHINESE), tokens, tokenizer=tokenizer)
        for tokenizer in ("words", "characters", "whitespace")
    }
    assert len({corpus.fingerprint for corpus in found.values()}) == 3
    assert found["words"].train.ids.tolist() == found["whitespace"].train.ids.tolist()
    assert len(found["characters"].train.ids) > len(found["words"].train.ids)


@pytest.mark.parametrize("language", [GERMAN, HINDI, ARABIC])
def test_the_same_corpus_comes_from_text_that_was_split_before(tmp_path: Path, language: tuple[str, str, str]):
    words = " ".join(language).split()
    splits = [load(tmp_path, rows_of(language), words, tokenizer=name).train.ids for name in ("words", "whitespace")]
    assert splits[0].tolist() == splits[1].tolist()
