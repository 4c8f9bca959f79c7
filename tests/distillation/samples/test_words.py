"""Every position shows the vocabulary's nearest word, exactly; gradients go straight through to the latent vectors."""

import numpy as np
import pytest
import torch
from distilled_sets import assert_same_bits
from patches import spy
from resumed import resumed_after
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distillation.learned_tensors import to_learned
from tdd.distillation.samples.vocabulary import vocabulary
from tdd.distillation.samples.words import WordSamples
from tdd.distillation.trajectory import SetGradient
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError
from tdd.evaluation.evaluation import evaluate
from tdd.runs.about_distillation import about_distillation
from tdd.system.seeds import generator

CPU = torch.device("cpu")


def table_of(words: int, dim: int = 12) -> WordVectors:
    table = np.random.default_rng(0).standard_normal((words, dim)).astype(np.float32)
    return WordVectors("tiny", [f"word{i}" for i in range(words)], table, "checksum")


def made(words: int = 300, commitment: float = 0.0) -> WordSamples:
    """Every third word of a table is in the vocabulary."""
    return WordSamples(torch.arange(2, words, 3), table_of(words), commitment, None, CPU)


def latents(*shape: int, place: str = "latent") -> torch.Tensor:
    return torch.randn(*shape, 12, generator=generator(0, place))


def nearest(latent: torch.Tensor, made: WordSamples) -> torch.Tensor:
    """Token ids by a plain search in float64."""
    table = made.vectors.embed(made.vocabulary).double()
    squares = (latent.double()[..., None, :] - table).square().sum(-1)
    return made.vocabulary[squares.argmin(-1)]


def words_of(distilled: DistilledSet) -> torch.Tensor:
    assert distilled.sentences is not None
    return distilled.sentences.tokens


# The words


def test_the_words_are_those_of_a_plain_search_in_float64():
    words, raw = made(), latents(5, 4, 30)
    expected = nearest(raw, words)
    samples, sentences = words.finished(raw)
    assert torch.equal(sentences.tokens, expected.int())
    assert torch.equal(samples, words.vectors.embed(expected))
    assert torch.equal(words.samples(raw), samples)


def test_after_many_moves_the_words_are_still_those_of_a_full_search(monkeypatch):
    words, raw = made(), latents(2, 3, 30)
    searched, search = [], WordSamples._nearest
    monkeypatch.setattr(WordSamples, "_nearest", lambda self, x: searched.append(len(x)) or search(self, x))
    words.samples(raw)
    draw_from, crossed = generator(0, "moves"), 0
    for step in range(200):
        before = words.shown.words
        # Small and large moves, of few positions and of all.
        size = 10 ** -(3 * torch.rand((), generator=draw_from).item())
        moving = torch.rand(raw.shape[:-1], generator=draw_from) < (step % 10 + 1) / 10
        raw = raw + size * moving[..., None] * torch.randn(raw.shape, generator=draw_from)
        found = words.samples(raw)
        crossed += int((words.shown.words != before).sum())
        expected = search(words, raw.flatten(0, -2)).words
        assert torch.equal(words.shown.words, expected), step
        assert torch.equal(found, words.table[expected].view_as(raw))
    assert crossed > 500
    assert sum(searched[1:]) < 0.8 * 200 * raw.shape[:-1].numel()  # else there was nothing to prove


@pytest.mark.parametrize("at_once", [1, 7, 2048])
def test_the_words_do_not_depend_on_how_many_are_sought_at_once(monkeypatch, at_once):
    vectors = table_of(300)
    vectors._table[10:250:10] = vectors._table[10]  # many words with the same vector
    vectors._table[5:45:10] = vectors._table[5] + 1e-6 * vectors._table[1:5]  # and some that are told apart with pains
    words, raw = WordSamples(torch.arange(1, 301), vectors, 0.0, None, CPU), latents(700)
    for place in (5, 10):
        raw[place::3] = vectors.embed(torch.tensor(place + 1)) + 0.1 * raw[place::3]
    expected = words._nearest(raw)
    monkeypatch.setattr("tdd.distillation.samples.words.PRODUCTS_AT_ONCE", at_once * 300)
    products = spy(monkeypatch, torch, "addmm")
    found = words._nearest(raw)
    assert len(products) == -(-700 // at_once)
    assert torch.equal(words.table[found.words], words.table[expected.words])
    assert len(expected.words[5::3].unique()) > 3
    assert torch.equal(found.free_radius, expected.free_radius)


def test_two_words_are_enough():
    words, raw = WordSamples(torch.tensor([2, 9]), table_of(12), 0.0, None, CPU), latents(1, 2, 10)
    assert torch.equal(words.finished(raw)[1].tokens, nearest(raw, words).int())


def test_memory_is_bounded_however_large_the_vocabulary(monkeypatch):
    monkeypatch.setattr("tdd.distillation.samples.words.PRODUCTS_AT_ONCE", 10)
    words, products = made(), spy(monkeypatch, torch, "addmm")
    words.samples(latents(1, 1, 30))
    assert len(products) == 30  # a vocabulary larger than all that: one position at a time


# Gradients


def test_the_gradient_passes_straight_through():
    words, raw = made(), latents(2, 2, 30)
    gradient = latents(2, 2, 30, place="gradient")
    words.samples(raw)
    assert torch.equal(words.gradient(raw, gradient), gradient)


def test_commitment_adds_the_gradient_of_its_own_loss():
    words, raw = made(commitment=0.7), latents(2, 2, 30).requires_grad_()
    shown = words.samples(raw)
    assert not shown.requires_grad
    (0.7 * (raw - shown).square().sum() / 2).backward()
    found = words.gradient(raw, torch.zeros_like(raw))
    torch.testing.assert_close(found, raw.grad)
    assert found.abs().min() > 0


def test_padding_shows_no_word_has_no_gradient_and_stays_through_adam_and_averages():
    corpus = tiny_corpus()
    recipe = tiny_recipe(samples="words", padding="end", commitment=0.5, ema=0.9, samples_lr=1.0, momentum=0.3)
    distiller = Distiller(recipe, corpus)
    padding = words_of(distiller.best()) == 0
    assert padding.any() and not padding[..., 0].any()
    raw = distiller.state.learned["samples"]
    everywhere = SetGradient(torch.ones_like(raw), torch.zeros(2, 2, 2), torch.zeros(2), torch.tensor(0.0))
    handed_on = to_learned(everywhere, distiller.state.learned, distiller.parametrisation)[0]
    assert torch.equal((handed_on == 0).all(-1), padding)
    made = distiller.run()
    for found in (raw, distiller.state.average["samples"], distiller.state.best["samples"], made.samples):
        assert torch.equal((found == 0).all(-1), padding)
        assert torch.equal((found == 0).any(-1), padding)
    assert torch.equal(words_of(made) == 0, padding)


# A run


def test_the_samples_of_a_run_are_words_of_the_vocabulary_at_every_step():
    corpus, recipe = tiny_corpus(), tiny_recipe(samples="words", samples_lr=0.5, vocabulary=15)
    known, seen = vocabulary(corpus.train, recipe.vocabulary), []
    distiller = Distiller(recipe, corpus)
    distiller.on_progress = lambda _: seen.append(distiller.best())
    before = distiller.best()
    seen += [before, distiller.run()]
    assert len(seen) == 14
    for each in seen:
        assert torch.isin(words_of(each), known).all()
        assert torch.equal(each.samples, corpus.train.vectors.embed(words_of(each)))
    assert (words_of(seen[-1]) != words_of(before)).sum() > 20
    assert set(each for one in seen for each in one.sentences.words) <= set(known.tolist())


@pytest.mark.parametrize("init", ["fixed", "random"])
@pytest.mark.parametrize("start", ["real", "noise"])
def test_sentences_of_words_teach_a_network_what_the_data_hold(init, start):
    corpus = tiny_corpus()
    settings = {"init": init, "samples": "words", "samples_init": start, "outer_steps": 150, "validate_every": 50}
    distiller = Distiller(tiny_recipe(**settings, networks=1 if init == "fixed" else 2), corpus)
    networks = 1 if init == "fixed" else 10
    before = evaluate(distiller.best(), corpus.test, networks)
    after = evaluate(distiller.run(), corpus.test, networks)
    assert after.mean > 0.85
    assert after.mean > before.mean + (0.1 if start == "noise" else 0)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"init": "random", "networks": 3, "ema": 0.9, "padding": "end", "commitment": 0.2},
        {"samples_init": "noise", "momentum": 0.5, "word_dropout": 0.2},
    ],
)
@pytest.mark.parametrize("stop_at", [3, 8])
def test_a_stopped_run_goes_on_bit_by_bit(tmp_path, settings, stop_at):
    corpus, recipe = tiny_corpus(), tiny_recipe(samples="words", samples_lr=1.0, **settings)
    whole = Distiller(recipe, corpus).run()
    found = resumed_after(stop_at, recipe, corpus, tmp_path / "last.safetensors").run()
    assert_same_bits(found, whole)
    assert torch.equal(words_of(found), words_of(whole)) and found.sentences.words == whole.sentences.words
    assert not torch.equal(words_of(whole), words_of(Distiller(recipe, corpus).best()))  # they had moved


def test_a_run_does_not_go_on_with_another_vocabulary_under_the_same_name(tmp_path):
    corpus, path = tiny_corpus(), tmp_path / "last.safetensors"
    words = tmp_path / "words.txt"
    words.write_text(" ".join(f"word{i}" for i in range(30)))
    recipe = tiny_recipe(samples="words", samples_init="noise", vocabulary_file=str(words))
    Distiller(recipe, corpus, path).run()
    assert Distiller(recipe, corpus, path).state.step == 12
    words.write_text(" ".join(f"word{i}" for i in range(29)))
    with pytest.raises(TddError, match="belongs to another vocabulary; resume with"):
        Distiller(recipe, corpus, path)


@pytest.mark.parametrize("stop_at", [None, 7])
def test_a_run_keeps_what_share_of_its_words_changed(tmp_path, stop_at):
    corpus, recipe = tiny_corpus(), tiny_recipe(samples="words", samples_lr=1.0)
    before = Distiller(recipe, corpus).best()
    if stop_at is None:
        distiller = Distiller(recipe, corpus)
    else:
        distiller = resumed_after(stop_at, recipe, corpus, tmp_path / "last.safetensors")
    after = distiller.run()
    inside = words_of(before) != 0
    changed = (words_of(after) != words_of(before))[inside].float().mean().item()
    assert about_distillation(distiller)["words_changed"] == round(changed, 4) > 0
    free = Distiller(tiny_recipe(outer_steps=1), corpus)
    free.run()
    assert "words_changed" not in about_distillation(free)
