"""Pairs of texts: two columns, a separator between their texts, the longer one cut."""

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pair_data import COLUMNS, WORDS, pairs, write_pair_vectors, write_pairs
from tiny_encoders import tiny_encoder

from tdd.data.corpus import Corpus, load_corpus
from tdd.data.pairs import cut_pairs, kept_of_first
from tdd.data.text import TextSplit
from tdd.embeddings.encoder import encoder_tokens
from tdd.embeddings.separator import SEPARATOR
from tdd.embeddings.word_vectors import load_vectors
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe


def load(folder: Path, rows: list[tuple[str, str, str]], **settings: Any) -> Corpus:
    data, vectors = write_pairs(folder / "d.csv", rows), write_pair_vectors(folder / "v.txt")
    given = {"dataset": "mine", "data": str(data), "vectors": str(vectors), "text_column": "premise,hypothesis"}
    return load_corpus(Recipe(**(given | settings)))


def words_of(split: TextSplit, place: int) -> list[str]:
    """The words of an example as a network reads them."""
    batch = split.batch(torch.tensor([place]))
    return [split.vectors.words[id_ - 1] if id_ else "?" for id_ in batch.tokens[batch.ids[0].long()].tolist()]


def test_both_texts_are_read_with_a_separator_between_them(tmp_path: Path):
    rows = pairs()
    corpus = load(tmp_path, rows)
    texts = {f"{first} {SEPARATOR} {second}" for first, second, _ in rows}
    read = [" ".join(words_of(corpus.train, place)) for place in range(len(corpus.train))]
    assert set(read) <= texts and len(set(read)) > 40
    assert corpus.reading["text_column"] == "premise,hypothesis" and corpus.classes == ["other", "same"]
    assert corpus.train.coverage().share(0, 1, 2) == 1
    total = sum(corpus.train.coverage().known)
    assert total == len(corpus.train.ids) - len(corpus.train)  # separators do not count


def test_the_separator_has_a_vector_of_its_own_that_anyone_can_make_again(tmp_path: Path):
    path = str(write_pair_vectors(tmp_path / "v.txt"))
    plain, paired = load_vectors(path), load_vectors(path, pair=True)
    assert paired.words == [*plain.words, SEPARATOR] and paired.checksum != plain.checksum
    assert np.array_equal(paired.keyed.vectors[:-1], plain.keyed.vectors)
    about = paired.describe()["separator"]
    size = np.sqrt(np.square(plain.keyed.vectors.astype(np.float64)).mean())
    assert about == {"word": SEPARATOR, "row": len(plain), "vector": "s, -s, s, -s, ...", "s": pytest.approx(size)}
    assert paired.keyed[SEPARATOR].tolist() == pytest.approx([size, -size] * 3)
    assert "separator" not in plain.describe() and plain.separator == []
    assert not paired.cased
    # No text holds it.
    for tokenizer in ("words", "whitespace"):
        assert paired.separator[0] not in paired.split_by(tokenizer).encode(f"a {SEPARATOR} good [sep]")
    assert paired.id_of(SEPARATOR) == len(paired)


def test_a_word_of_the_table_that_is_called_like_the_separator_is_left_out(tmp_path: Path):
    (tmp_path / "v.txt").write_text(f"{SEPARATOR} 9 9\nfilm 1 1\na 1 1\n")
    loaded = load_vectors(str(tmp_path / "v.txt"), pair=True)
    assert loaded.words == ["film", "a", SEPARATOR]
    assert SEPARATOR in load_vectors(str(tmp_path / "v.txt")).words


def test_columns_may_be_given_as_a_list_in_python_and_yaml(tmp_path: Path):
    assert Recipe(text_column=list(COLUMNS)).text_column == "premise,hypothesis"
    (tmp_path / "r.yaml").write_text("text_column: [premise, hypothesis]\n")
    assert Recipe.load(tmp_path / "r.yaml").text_column == "premise,hypothesis"
    rows = pairs()
    first = load(tmp_path, rows)
    assert load(tmp_path, rows, text_column="premise, hypothesis").fingerprint == first.fingerprint
    for wrong in (["premise"], ["a", "b", "c"], ["a,b", "c"], [1, 2], []):
        with pytest.raises(UsageError, match="a list names the two columns of pairs"):
            Recipe.build({"text_column": wrong})


def test_one_column_may_have_a_comma_in_its_name(tmp_path: Path):
    table = {"premise,hypothesis": [f"{first} {second}" for first, second, _ in pairs()], "premise": ["a"] * 80}
    table |= {"hypothesis": ["a"] * 80, "label": [label for *_, label in pairs()]}
    recipe = Recipe(dataset="mine", text_column="premise,hypothesis", vectors=str(write_pair_vectors(tmp_path / "v")))
    corpus = load_corpus(recipe, data=datasets.Dataset.from_dict(table))
    assert SEPARATOR not in corpus.train.vectors.words


def test_data_in_memory_may_hold_pairs(tmp_path: Path):
    rows = pairs()
    recipe = Recipe(
        dataset="mine", text_column="premise,hypothesis", vectors=str(write_pair_vectors(tmp_path / "v.txt"))
    )
    columns = dict(zip((*COLUMNS, "label"), map(list, zip(*rows, strict=True)), strict=True))
    given = [
        datasets.Dataset.from_dict(columns),
        pd.DataFrame(columns),
        ([(first, second) for first, second, _ in rows], columns["label"]),
        {"train": ([[first, second] for first, second, _ in rows], columns["label"])},
    ]
    prints = {load_corpus(recipe, data=data).fingerprint for data in given}
    assert prints == {load(tmp_path, rows).fingerprint}
    with pytest.raises(UsageError, match=r"names the pair premise,hypothesis: give \(text, text\) for each label"):
        load_corpus(recipe, data=(["a", "b"], ["x", "y"]))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"text_column": "premise,hypo"}, "there is no column 'hypo': set text_column to one of premise, hypothesis"),
        ({"text_column": "premise,label", "label_column": "label"}, "column 'label' cannot be both text and label"),
        ({"text_column": "a,b,c"}, "there is no column 'a,b,c'"),
    ],
)
def test_columns_that_cannot_be_pairs_are_one_line(tmp_path: Path, settings: dict[str, str], told: str):
    with pytest.raises(UsageError, match=told):
        load(tmp_path, pairs(), **settings)


def test_vectors_without_a_separator_are_refused_with_what_to_do(tmp_path: Path):
    recipe = Recipe(
        dataset="mine", data=str(write_pairs(tmp_path / "d.csv", pairs())), text_column="premise,hypothesis"
    )
    vectors = load_vectors(str(write_pair_vectors(tmp_path / "v.txt")))
    with pytest.raises(UsageError, match=r"load word vectors by tdd\.load_vectors\(NAME, pair=True\)"):
        load_corpus(recipe, vectors)


def test_a_pair_lacks_no_text_and_copies_are_pairs_with_both_texts_alike(tmp_path: Path):
    columns = dict(zip((*COLUMNS, "label"), map(list, zip(*pairs(), strict=True)), strict=True))
    columns["premise"][0], columns["hypothesis"][3], columns["premise"][5] = None, None, "?? xyz"
    recipe = Recipe(
        dataset="mine", text_column="premise,hypothesis", vectors=str(write_pair_vectors(tmp_path / "v.txt"))
    )
    corpus = load_corpus(recipe, data=datasets.Dataset.from_dict(columns))
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == 78
    twice = [("the film", "a story", "same"), ("the film a", "story", "other"), *pairs()] * 2
    told = load(tmp_path, twice).notes
    assert any("82" in note for note in told), told


# What is cut


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_the_longer_text_is_cut_as_transformers_does(first: int, second: int, room: int):
    kept = int(kept_of_first(torch.tensor([first]), torch.tensor([second]), room))
    a, b = first, second  # token by token off the longer text, off the second of equals
    while a + b > room:
        if a > b:
            a -= 1
        else:
            b -= 1
    assert kept == a and min(second, room - kept) == b


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5), st.integers(1, 12))
def test_padded_tokens_of_pairs_are_cut_as_those_of_a_split(lengths: list[tuple[int, int]], length: int):
    rows = [[*range(10, 10 + a), 5, *range(50, 50 + b)] for a, b in lengths]
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    cut = cut_pairs(ids, [5], length)[:, :length]
    for (a, b), found in zip(lengths, cut.tolist(), strict=True):
        kept = int(kept_of_first(torch.tensor([a]), torch.tensor([b]), length - 1))
        row = [*range(10, 10 + kept), 5, *range(50, 50 + min(b, length - 1 - kept))]
        assert [id_ for id_ in found if id_] == row[:length]


def test_long_pairs_are_cut_where_they_are_read(tmp_path: Path):
    rows = [("the film was good . " * 3 + f"{WORDS[i % 9]}", "a dull story ?", "ab"[i % 2]) for i in range(40)]
    rows += [("fine " * i + "film", "bad " * (40 - i) + "?", "ab"[i % 2]) for i in range(40)]
    corpus = load(tmp_path, rows, max_length=11)
    split = corpus.train
    for place in range(len(split)):
        words = words_of(split, place)
        whole = [split.vectors.words[id_ - 1] for id_ in split.ids[split.offsets[place] : split.offsets[place + 1]]]
        at = whole.index(SEPARATOR)
        kept = words.index(SEPARATOR)
        assert len(words) == min(11, len(whole))
        assert words[:kept] == whole[:kept] and words[kept:] == whole[at : at + len(words) - kept]
        assert min(kept, len(words) - kept - 1) >= min(5, at, len(whole) - at - 1)
    assert split.features(torch.arange(3)).isfinite().all()


def test_the_pieces_of_an_encoder_are_those_of_its_own_tokenizer(tmp_path: Path):
    from tokenizers import Tokenizer

    name = tiny_encoder()
    tokenizer = Tokenizer.from_file(f"{name.removeprefix('hf:')}/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokens = encoder_tokens(name)
    rows = pairs(20)
    encoded = tokens.encode_all([row[0] for row in rows], [row[1] for row in rows])
    for place, (first, second, _) in enumerate(rows):
        ids = encoded.ids[encoded.offsets[place] : encoded.offsets[place + 1]] - 1
        assert [*tokens.prefix, *ids.tolist(), *tokens.suffix] == tokenizer.encode(first, second).ids
    corpus = load_corpus(
        Recipe(dataset="mine", network=name, max_length=12, text_column="premise,hypothesis"),
        data=([row[:2] for row in pairs()], [row[2] for row in pairs()]),
    )
    assert all("[SEP]" in words_of(corpus.train, place) for place in range(len(corpus.train)))
    assert tokens.describe()["separator"] == ["[SEP]"]


def test_an_encoder_that_knows_no_pairs_is_refused(tmp_path: Path):
    from tiny_encoders import save_encoder
    from tokenizers import Tokenizer, processors

    save_encoder(tmp_path)
    file = str(tmp_path / "tokenizer.json")
    tokenizer = Tokenizer.from_file(file)
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A", special_tokens=[("[CLS]", 2)])
    tokenizer.save(file)
    with pytest.raises(UsageError, match="has no token that stands between two texts of a pair"):
        load_corpus(
            Recipe(dataset="mine", network=f"hf:{tmp_path}", max_length=12, text_column="premise,hypothesis"),
            data=([row[:2] for row in pairs()], [row[2] for row in pairs()]),
        )


def test_a_column_may_be_called_as_two_are(tmp_path: Path):
    path = tmp_path / "d.csv"
    lines = [f'"{first} {second}",{label}' for first, second, label in pairs()]
    path.write_text("\n".join(['"premise,hypothesis",label', *lines, ""]))
    given = {"dataset": "mine", "data": str(path), "vectors": str(write_pair_vectors(tmp_path / "v.txt"))}
    corpus = load_corpus(Recipe(**given, text_column="premise,hypothesis"))
    assert corpus.reading["text_column"] == "premise,hypothesis" and len(corpus.classes) == 2


def test_a_pair_of_one_column_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"text_column names 'premise' twice: .* set it to premise alone"):
        load(tmp_path, pairs(), text_column="premise,premise")
