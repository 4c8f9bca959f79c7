"""A set of any tokenizer is saved, published, tested again and made into a model with that tokenizer."""

import json
from pathlib import Path

import pytest
import torch
from data_files import write_csv
from languages import CHINESE, GERMAN, rows_of, write_table
from tiny import tiny_recipe
from tokenizer_files import save_tokenizer
from tokenizers import Tokenizer

import tdd
from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.errors import UsageError
from tdd.inspection.show import show
from tdd.publishing.card import card
from tdd.publishing.contents import contents
from tdd.publishing.trained_model import train_model, trained_network
from tdd.runs.open_data import open_corpus_of
from tdd.system.reporter import Reporter

MADE = {
    "German, whose nouns have capitals": (GERMAN, " ", None),
    "Chinese by characters": (CHINESE, "", "characters"),
    "Chinese by a file": (CHINESE, "", "file"),
}


@pytest.fixture(scope="module", params=MADE)
def made(request, tmp_path_factory):
    """A set, the recipe it was made by, and the tokens that its vectors have."""
    language, between, tokenizer = MADE[request.param]
    folder = tmp_path_factory.mktemp("made")
    words = " ".join(language).split()
    tokens = words if between else sorted(set("".join(words)))
    if tokenizer == "file":
        tokenizer = save_tokenizer(folder / "mine.json", "words", tokens)
    data = write_csv(folder / "d.csv", rows_of(language, between=between))
    recipe = tiny_recipe(
        dataset=str(data), vectors=write_table(folder / "v.txt", tokens), tokenizer=tokenizer, outer_steps=1, n=2
    )
    corpus = load_corpus(recipe)
    assert corpus.train.coverage().of_words == 1
    return Distiller(recipe, corpus).run(), corpus, tokens


def test_a_set_is_tested_with_its_own_tokenizer_wherever_it_lies(made, tmp_path):
    distilled, corpus, _ = made
    distilled.save_pretrained(tmp_path / "run")
    tokenizer = distilled.recipe.tokenizer
    if tokenizer and tokenizer.endswith(".json"):
        Path(tokenizer).rename(tmp_path / "away.json")
        assert (tmp_path / "run" / "tokenizer.json").exists()
    else:
        assert not (tmp_path / "run" / "tokenizer.json").exists()
    loaded = DistilledSet.from_pretrained(tmp_path / "run")
    told = []
    reporter = Reporter(quiet=True)
    reporter.note = told.append
    recipe, again = open_corpus_of(loaded, None, reporter)
    assert again.fingerprint == corpus.fingerprint
    assert not any("otherwise" in note for note in told)
    if tokenizer and tokenizer.endswith(".json"):
        assert recipe.tokenizer == str(tmp_path / "run" / "tokenizer.json")
        (tmp_path / "away.json").rename(tokenizer)


def test_texts_that_are_split_otherwise_than_before_are_refused(made, tmp_path):
    distilled, _, _ = made
    distilled.save_pretrained(tmp_path)
    path = tmp_path / "embedding.json"
    about = json.loads(path.read_text())
    if "tokenizer_sha256" in about:  # its own file is read, whatever the recipe names
        return
    about["tokenizer"]["version"] = 1
    path.write_text(json.dumps(about))
    loaded = DistilledSet.from_pretrained(tmp_path)
    loaded.source["fingerprint"] = "that of texts that were split otherwise"
    with pytest.raises(UsageError, match=r"texts were split into tokens by \{.*'version': 1, .*, these are by \{.*2"):
        open_corpus_of(loaded, None, Reporter(quiet=True))


def test_what_is_published_names_the_tokenizer_and_no_folder(made, tmp_path):
    distilled, _, _ = made
    distilled.save_pretrained(tmp_path / "run")
    loaded = DistilledSet.from_pretrained(tmp_path / "run")
    files = contents(loaded, "me/x")
    about = json.loads(files["embedding.json"])
    folder = str(Path(distilled.recipe.dataset).parent).encode()
    assert not [name for name, content in files.items() if folder in content or str(tmp_path).encode() in content]
    name = distilled.recipe.tokenizer
    assert "split by `tokenizer.json`" in card(loaded, "me/x") and "tokenizer.json" in files
    assert about.pop("looked_up_as").keys() <= Tokenizer.from_str(files["tokenizer.json"].decode()).get_vocab().keys()
    if name and name.endswith(".json"):
        assert about["tokenizer"] == {"name": "mine.json"} and "tokenizer_sha256" in about
        assert public(loaded).recipe.tokenizer == "tokenizer.json"
        assert "`tokenizer.json` splits text" in card(loaded, "me/x")
    else:
        case = "lower" if name else "as written"
        assert about["tokenizer"] == {"name": name or "words", "version": 2, "case": case}
        assert "tokenizer_sha256" not in about


def test_sentences_are_shown_as_they_are_written(made, tmp_path):
    distilled, corpus, _ = made
    by_characters = distilled.recipe.tokenizer == "characters"
    (first, *_) = show(distilled, first=1, format="text").splitlines()
    assert (" " in first) != by_characters and len(first) >= 10
    assert corpus.train.vectors.join(["很", "好"]) == ("很好" if by_characters else "很 好")


def test_a_trained_model_reads_raw_text_with_our_logits(made, tmp_path):
    from transformers import pipeline

    distilled, corpus, tokens = made
    train_model(distilled, tmp_path / "model")
    vectors, network = corpus.train.vectors, trained_network(distilled)
    texts = [text for text, _ in rows_of(GERMAN if "ein" in tokens else CHINESE, 6, " " if "ein" in tokens else "")]
    texts += [texts[0].upper(), "xyz", texts[1].lower() + " !?", texts[2] * 9]
    tdd.register_transformers()
    answer = pipeline("text-classification", str(tmp_path / "model"))
    batch = answer.tokenizer(texts, return_tensors="pt", padding=True)
    with torch.no_grad():
        theirs = answer.model(**batch).logits
    for text, logits in zip(texts, theirs, strict=True):
        ids = torch.tensor(vectors.encode(text))[: distilled.recipe.max_length]
        x = torch.zeros(1, distilled.recipe.max_length, vectors.dim)
        x[0, : len(ids)] = vectors.embed(ids)
        with torch.no_grad():
            torch.testing.assert_close(logits, network(x)[0], rtol=1e-5, atol=1e-5)
    assert answer(texts[0])[0]["label"] in distilled.classes
