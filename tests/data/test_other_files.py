"""A recipe that was settled by one file reads another as that is written; what does not fit is told in a line."""

from pathlib import Path

import pytest
from data_files import TWO_CLASSES, write_csv

from tdd.data.corpus import Corpus, load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe


def settled(path: Path, vectors: WordVectors, **settings: object) -> tuple[Recipe, Corpus]:
    recipe = Recipe(dataset=str(path), **settings)
    corpus = load_corpus(recipe, vectors)
    return recipe.settled(len(corpus.classes), **corpus.found()), corpus


def rewritten(path: Path, delimiter: str, names: str, encoding: str = "utf-8") -> Path:
    lines = [names.replace(",", delimiter), *(f'"{text}"{delimiter}{label}' for text, label in TWO_CLASSES)]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


@pytest.mark.parametrize("names", ["text,label", "Review,Sentiment"])
def test_the_same_rows_written_otherwise_are_the_same_data(names: str, tmp_path: Path, vectors: WordVectors):
    recipe, corpus = settled(write_csv(tmp_path / "d.csv", TWO_CLASSES), vectors)
    assert (recipe.delimiter, recipe.encoding, recipe.text_column) == (",", "utf-8", "text")
    other = rewritten(tmp_path / "e.csv", ";", names, "utf-16")
    read = load_corpus(recipe.model_copy(update={"data": str(other)}), vectors)
    assert read.fingerprint == corpus.fingerprint
    assert (read.reading["delimiter"], read.reading["encoding"]) == (";", "utf-16")


def test_a_column_that_was_found_is_read_where_it_is_there(tmp_path: Path, vectors: WordVectors):
    recipe, corpus = settled(write_csv(tmp_path / "d.csv", TWO_CLASSES, "sentence,label"), vectors)
    rows = [(f'{text}","{text[::-1]}', label) for text, label in TWO_CLASSES]
    other = write_csv(tmp_path / "e.csv", rows, "sentence,text,label")
    read = load_corpus(recipe.model_copy(update={"data": str(other)}), vectors)
    assert read.reading["text_column"] == "sentence" and read.fingerprint == corpus.fingerprint


def test_a_separator_that_was_said_and_stands_nowhere_is_told(tmp_path: Path, vectors: WordVectors):
    recipe, _ = settled(rewritten(tmp_path / "d.csv", ";", "text,label"), vectors, delimiter=";")
    other = write_csv(tmp_path / "e.csv", TWO_CLASSES)
    with pytest.raises(
        UsageError, match=r"e\.csv: the first line does not hold ';', the separator .*; ',' stands there: leave"
    ):
        load_corpus(recipe.model_copy(update={"data": str(other)}), vectors)


def test_a_separator_that_stands_in_texts_alone_is_none(tmp_path: Path, vectors: WordVectors):
    path = tmp_path / "d.csv"
    path.write_text("text;label\n" + "".join(f"well, {text};{label}\n" for text, label in TWO_CLASSES))
    with pytest.raises(UsageError, match=r"d\.csv: the first line does not hold ',', .* ';' stands there"):
        load_corpus(Recipe(dataset=str(path), delimiter=","), vectors)


def test_names_where_a_row_was_said_to_stand_are_told(tmp_path: Path, vectors: WordVectors):
    path = tmp_path / "d.csv"
    path.write_text("".join(f'"{text}",{label}\n' for text, label in TWO_CLASSES))
    recipe, _ = settled(path, vectors, no_header=True)
    for names, asked in (("text,label", {}), ("Words,Kind", {"text_column": "Words", "label_column": "Kind"})):
        other = write_csv(tmp_path / "e.csv", TWO_CLASSES, names)
        told = recipe.model_copy(update={"data": str(other), **asked})
        with pytest.raises(UsageError, match=r"e\.csv: the first line holds names of columns, and no_header .* leave"):
            load_corpus(told, vectors)


@pytest.mark.parametrize("setting", [{"delimiter": ";"}, {"no_header": True}, {"quote": "none"}])
def test_how_delimited_text_is_written_is_not_said_of_other_files(setting: dict, tmp_path: Path, vectors: WordVectors):
    path = tmp_path / "d.jsonl"
    path.write_text("".join(f'{{"text": "{text}", "label": "{label}"}}\n' for text, label in TWO_CLASSES))
    with pytest.raises(UsageError, match=rf"d\.jsonl is no delimited text, and {next(iter(setting))} \(--"):
        load_corpus(Recipe(dataset=str(path), **setting), vectors)
