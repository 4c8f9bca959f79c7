"""What splits text for word vectors: ours, and files of `tokenizers`."""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_files import save_tokenizer
from vectors_files import WORDS

from tdd.embeddings.tokenisers import tokeniser
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError, UsageError
from tdd.settings.tokenizer_names import OWN


@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        ("words", "Don't go-there, Müller!", "do n't go-there , müller !"),
        ("whitespace", "Don't go-there,\tMüller!\u3000'<br>'\n", "don't go-there, müller! '<br>'"),
        ("characters", "Für 你好, ab1", "f ü r 你 好 , a b 1"),
        ("characters", "कि ❤️ e\u0301", "कि ❤️ é"),
        ("characters", "\u0301a", "\u0301 a"),
    ],
)
def test_text_is_split_as_the_tokeniser_says(name: str, text: str, tokens: str) -> None:
    assert tokeniser(name, cased=False).split(text) == tokens.split(" ")


def test_capitals_stay_where_vectors_tell_them_apart() -> None:
    for name in OWN:
        assert "".join(tokeniser(name, cased=True).split("Ein Film")) == "EinFilm"
        assert "".join(tokeniser(name, cased=False).split("Ein Film")) == "einfilm"
    assert tokeniser("words", cased=True).split("DON'T, Mr. It's U.S.") == ["DO", "N'T", ",", "Mr.", "It", "'s", "U.S."]


@pytest.mark.parametrize("name", OWN)
@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(text=st.text(), cased=st.booleans())
def test_no_letter_or_digit_is_lost(name: str, text: str, cased: bool) -> None:
    text = re.sub(r"[&<>]", "", text)  # tags and entities are dropped and read by words
    split = tokeniser(name, cased).split(text)
    plain = unicodedata.normalize("NFC", text)
    plain = plain if cased else plain.lower()

    def letters(text: str) -> str:
        return "".join(c for c in text if c.isalnum() and c not in "ʼ")

    assert letters("".join(split)) == letters(plain)
    assert all(token and not any(map(str.isspace, token)) for token in split)


def test_tokens_are_put_together_as_they_were_split() -> None:
    assert tokeniser("characters", False).join(["很", "好"]) == "很好"
    assert tokeniser("whitespace", False).join(["very", "good"]) == "very good"


@pytest.fixture
def words() -> list[str]:
    return ["the", "film", "good", "房", "间", "好", "a"]


def vectors(words: list[str], tokenizer: str) -> WordVectors:
    table = np.random.default_rng(0).standard_normal((len(words), 4)).astype(np.float32)
    return WordVectors("words", words, table, "checksum", tokenizer)


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("words", "the film [CLS] is 房间好", "the film ? ? ? ? 房 间 好"),
        ("metaspace", "the film good xyz", "the film good ?"),
        ("bytes", "a b", "a ? ?"),
    ],
)
def test_the_tokens_of_a_file_are_looked_up_whatever_marks_they_bear(
    tmp_path: Path, words: list[str], kind: str, text: str, found: str
) -> None:
    loaded = vectors(words, save_tokenizer(tmp_path / "tokenizer.json", kind, words))
    assert ["?" if id_ == 0 else words[id_ - 1] for id_ in loaded.encode(text)] == found.split()
    assert len(loaded.encode("the " * 50)) >= 50 and len(loaded.encode("a")) == 1  # neither cut nor padded
    assert loaded.describe()["tokenizer"] == {"name": str(tmp_path / "tokenizer.json")}
    assert loaded.tokenizer() is not None and not loaded.needs_spaces


def test_vectors_of_pieces_are_found_by_the_pieces_themselves(tmp_path: Path) -> None:
    file = save_tokenizer(tmp_path / "tokenizer.json", "metaspace", ["film", "the"])
    loaded = vectors(["▁film", "film", "▁the"], file)
    assert [loaded.words[id_ - 1] for id_ in loaded.encode("the film")] == ["▁the", "▁film"]


def test_a_folder_with_the_file_is_named_as_that_of_an_encoder(tmp_path: Path, words: list[str]) -> None:
    save_tokenizer(tmp_path / "tokenizer.json", "words", words)
    file = vectors(words, str(tmp_path / "tokenizer.json"))
    assert vectors(words, f"hf:{tmp_path}").identity == file.identity
    assert vectors(words, "words").identity != file.identity


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        (
            "word",
            UsageError,
            "no tokenizer 'word': name words, whitespace, characters, a file tokenizer.json, or",
        ),
        ("owner/name", UsageError, "no tokenizer 'owner/name': name words"),
        ("missing.json", UsageError, "no tokenizer 'missing.json'"),
        ("hf:a/b/c", UsageError, "no tokenizer 'hf:a/b/c'"),
        ("hf:FOLDER", UsageError, "has no tokenizer.json: save the tokenizer into that folder by save_pretrained"),
        ("FOLDER/broken.json", TddError, "its tokenizer cannot be read"),
        ("hf:owner/name", TddError, "to agree|cannot reach|cannot be reached"),
    ],
)
def test_a_tokenizer_that_is_not_there_is_one_line(tmp_path: Path, name: str, kind: type[TddError], told: str) -> None:
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(kind, match=told) as refused:
        tokeniser(name.replace("FOLDER", str(tmp_path)), cased=False)
    assert "\n" not in str(refused.value)


@pytest.mark.hub
def test_the_tokenizer_of_a_model_on_the_hub_is_fetched_and_kept(hub, tmp_path: Path, words: list[str], monkeypatch):
    (tmp_path / "model").mkdir()
    save_tokenizer(tmp_path / "model" / "tokenizer.json", "words", words)
    hub.store.seed("owner/some", tmp_path / "model", "model")
    fetched = vectors(words, "hf:owner/some")
    assert fetched.identity == vectors(words, str(tmp_path / "model" / "tokenizer.json")).identity
    hub.store.seed("owner/none", tmp_path / "empty", "model")
    with pytest.raises(UsageError, match=r"owner/none has no tokenizer\.json on the Hub"):
        tokeniser("hf:owner/none", cased=False)
    with pytest.raises(UsageError, match="no model 'owner/nobody' on the Hub"):
        tokeniser("hf:owner/nobody", cased=False)
    hub.stop()
    assert vectors(words, "hf:owner/some").identity == fetched.identity


def test_a_missing_word_is_not_every_word_of_a_vocabulary() -> None:
    assert vectors(WORDS, "words").encode("xyzzy plugh") == [0, 0]
