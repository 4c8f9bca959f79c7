"""Which words matter is what a network says without them; long sentences are shown by these alone."""

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import tiny_encoder
from torch.func import functional_call

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.encoder import encoder_tokens
from tdd.evaluation.predictor import trained_on
from tdd.inspection import show as showing
from tdd.inspection.importance import importance, shuffled
from tdd.settings.recipe import Recipe


@pytest.mark.parametrize("network", ["text_cnn", "mean_pool", "gru", "bag_of_words"])
def test_importance_is_what_the_logit_of_the_largest_label_falls_by_without_the_word(network: str):
    corpus = tiny_corpus()  # whose vectors a bag of words reads
    distilled = Distiller(tiny_recipe(network=network, n=2, samples="words", padding="end"), corpus).run()
    found = importance(distilled).of
    samples, lengths = distilled.samples.flatten(0, 1), distilled.lengths.flatten().tolist()
    assert found.shape == samples.shape[:2]
    learner, theta = trained_on(distilled)
    module, parameters = learner.module.eval(), {name: value[0] for name, value in theta.items()}

    def logits(words: torch.Tensor) -> torch.Tensor:
        x, mask = torch.zeros(1, *samples.shape[1:]), torch.zeros(1, samples.shape[1], dtype=torch.bool)
        x[0, : len(words)], mask[0, : len(words)] = words, True
        with torch.no_grad():
            return functional_call(module, parameters, (x, mask) if learner.takes_mask else (x,))[0]

    for row, (sample, length) in enumerate(zip(samples, lengths, strict=True)):
        label = distilled.labels.flatten(0, 1)[row].argmax()
        words = sample[:length]
        for place in range(length):
            rest = torch.cat([words[:place], words[place + 1 :]])
            expected = (logits(words) - logits(rest))[label].item()
            assert found[row, place].item() == pytest.approx(expected, abs=2e-5)
        assert not found[row, length:].any()


def test_word_pieces_of_an_encoder_have_an_importance_too():
    network = tiny_encoder()
    tokens = encoder_tokens(network)
    sentences = Sentences.of(
        torch.tensor([[tokens.encode("a good play")[:3], tokens.encode("the film books")[:3]]]), tokens
    )
    recipe = Recipe(dataset="films", network=network, n=2, max_length=8, samples="words", options={"train": "head"})
    labels = torch.tensor([[[1.5, -0.5], [0.0, 1.0]]])
    rates = torch.full((1, 1), 0.5)
    found = importance(
        DistilledSet(sentences.embed(tokens), labels, rates, ["bad", "good"], recipe, sentences=sentences)
    )
    assert found.of.shape == (2, 3) and found.of.isfinite().all() and found.of.abs().max() > 0


def test_a_sentence_of_a_single_word_has_an_importance_too():
    distilled = Distiller(tiny_recipe(network="mean_pool", n=2, sample_length=1), tiny_corpus()).best()
    found = importance(distilled)
    assert found.of.shape == (2, 1) and found.of.isfinite().all()


def test_chance_is_what_vectors_of_the_same_numbers_reach():
    vectors = torch.arange(12.0).view(2, 6)
    mixed = shuffled(vectors, 0)
    assert torch.equal(mixed.sort(1).values, vectors) and not torch.equal(mixed, vectors)
    assert torch.equal(mixed, shuffled(vectors, 0))
    distilled = Distiller(tiny_recipe(outer_steps=40), tiny_corpus()).run()
    found = importance(distilled)
    assert found.of.max() > found.chance > found.of.median()


def test_a_table_of_long_sentences_has_their_most_important_words_in_order(monkeypatch):
    corpus = tiny_corpus()
    distilled = Distiller(tiny_recipe(n=2, samples="words"), corpus).run()
    monkeypatch.setattr(showing, "load_vectors_of", lambda _: corpus.train.vectors)
    monkeypatch.setattr(showing, "TELLING", 3)
    whole = showing.show(distilled, all_words=True).splitlines()
    short = showing.show(distilled).splitlines()
    weights = importance(distilled).of
    for row, line in enumerate((1, 4)):
        words = whole[line].split()
        kept = sorted(weights[row].topk(3).indices.tolist())
        assert short[line].split() == [words[place] for place in kept]
    assert short[-1].startswith("3 of up to 10 words each: those that matter most") and "--all-words" in short[-1]
    assert showing.show(distilled, format="text") == "\n".join(distilled.sentences.texts())
