"""A run of sentences of words is read, shown, tested and exported as any other."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from command import tdd, write_vectors
from pages import words_of
from publishing import fresh_process
from words_run import distil_words

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import WEIGHTS


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return distil_words(tmp_path_factory.mktemp("secret") / "of-mine")


@pytest.fixture(scope="module")
def made(run: Path) -> DistilledSet:
    return DistilledSet.from_pretrained(run)


def test_the_sentences_are_made_of_the_vocabulary_and_no_longer_those_of_the_start(made: DistilledSet):
    known = {f"word{i}" for i in range(30) if i % 5 and i != 3}
    assert set(made.sentences.words.values()) <= known
    assert all(1 <= len(words) <= 6 for words in made.sentences.by_word())  # as many as real ones have
    start = Distiller(made.recipe, load_corpus(made.recipe)).best()
    assert not torch.equal(start.sentences.tokens, made.sentences.tokens)


@pytest.mark.slow
def test_another_process_reads_the_same_words_samples_and_accuracy(run: Path, made: DistilledSet, tmp_path: Path):
    code = f"""
import json, tdd
made = tdd.DistilledSet.from_pretrained({str(run)!r})
found = tdd.evaluate(made, tdd.load_corpus(made.recipe).test).mean
print(json.dumps([made.sentences.tokens.tolist(), made.samples.tolist(), found]))
"""
    tokens, samples, found = json.loads(fresh_process(code, tmp_path).splitlines()[-1])
    assert torch.equal(torch.tensor(tokens), made.sentences.tokens)
    assert torch.equal(torch.tensor(samples), made.samples)
    assert found == made.results["evaluation"]["fixed"]["mean"]


def test_decode_prints_the_words_exactly(run: Path, made: DistilledSet):
    texts = made.sentences.texts()
    assert tdd("decode", run, "--format", "text").out.splitlines() == texts
    assert tdd("decode", run).out.splitlines()[1::3] == texts
    assert tdd("decode", run, "--format", "html").code == 0
    page = (run / "decoded.html").read_text(encoding="utf-8")
    assert [" ".join(words) for words in words_of(page)] == texts
    found = json.loads(tdd("decode", run, "--k", 3, "--format", "json").out)
    assert [[words[0] for words in each["words"]] for each in found] == made.sentences.by_word()
    assert {len(words) for each in found for words in each["words"]} == {3}


def test_decoded_accuracy_is_refused_before_anything_is_measured(run: Path):
    before = (run / "results.json").read_bytes()
    done = tdd("evaluate", run, "--decoded")
    line = "this set is made of words and reads as it trains: its accuracy as words is its own (leave --decoded out)"
    assert (done.code, done.err) == (2, f"tdd: {line}\n")
    assert (run / "results.json").read_bytes() == before


def test_figures_and_a_model_are_made_as_of_any_set(run: Path, tmp_path: Path):
    assert "labels.png" in tdd("plot", run, "--output", tmp_path / "figures").out
    assert tdd("compare", run).code == 0
    done = tdd("train", run, "--output", tmp_path / "model")
    assert done.code == 0 and (tmp_path / "model" / "model.safetensors").exists()


def test_other_vectors_under_the_same_name_or_none_are_refused(run: Path, tmp_path: Path):
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    other = tmp_path / "run"
    other.mkdir()
    for name in (WEIGHTS, "results.json"):
        (other / name).write_bytes((run / name).read_bytes())
    (other / "recipe.yaml").write_text(yaml.safe_dump(recipe | {"vectors": str(tmp_path / "words.txt")}))
    assert "made of words of the vectors" in tdd("decode", other).one_line()
    write_vectors(tmp_path / "words.txt", seed=1)
    for verb in ("decode", "evaluate"):
        done = tdd(verb, other)
        assert done.code == 2 and "are not those the set's words were chosen with" in done.one_line()
