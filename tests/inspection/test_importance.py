"""Which positions matter, beside what a network says without them; long sentences are shown by these alone."""

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe
from torch.func import functional_call

from tdd.distillation.distiller import Distiller
from tdd.evaluation.predictor import trained_on
from tdd.inspection import show as showing
from tdd.inspection.importance import importance


@pytest.mark.parametrize("network", ["mean_pool", "gru"])
def test_importance_is_what_a_position_adds_to_the_logit_to_first_order(network: str):
    distilled = Distiller(tiny_recipe(network=network, n=2), tiny_corpus()).run()
    found = importance(distilled)
    assert found.shape == (2, distilled.samples.shape[2])
    learner, theta = trained_on(distilled)
    parameters = {name: value[0].double() for name, value in theta.items()}
    x, label = distilled.samples.flatten(0, 1)[1:].double(), distilled.labels.flatten(0, 1)[1].argmax()
    mask, small = torch.ones(x.shape[:2], dtype=torch.bool), 1e-6
    for place in (0, 3):
        less = x.clone()
        less[0, place] *= 1 - small
        with_it, without = (
            functional_call(learner.module.double(), parameters, (v, mask))[0, label] for v in (x, less)
        )
        assert found[1, place].item() == pytest.approx(((with_it - without) / small).item(), rel=1e-3, abs=1e-6)


def test_a_table_of_long_sentences_has_their_most_important_words_in_order(monkeypatch):
    corpus = tiny_corpus()
    distilled = Distiller(tiny_recipe(n=2, samples="words"), corpus).run()
    monkeypatch.setattr(showing, "load_vectors_of", lambda _: corpus.train.vectors)
    monkeypatch.setattr(showing, "TELLING", 3)
    whole = showing.show(distilled, all_words=True).splitlines()
    short = showing.show(distilled).splitlines()
    weights = importance(distilled)
    for row, line in enumerate((1, 4)):
        words = whole[line].split()
        kept = sorted(weights[row].topk(3).indices.tolist())
        assert short[line].split() == [words[place] for place in kept]
    assert short[-1].startswith("3 of up to 10 words each: those that matter most") and "--all-words" in short[-1]
    assert showing.show(distilled, format="text") == "\n".join(distilled.sentences.texts())
