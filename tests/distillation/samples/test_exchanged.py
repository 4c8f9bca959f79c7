"""Samples of real clauses and texts: exchanged where that lowers the true loss, resumed to the bit, always real."""

import pytest
import torch
from distilled_sets import assert_same_bits
from hypothesis import given
from hypothesis import strategies as st
from resumed import resumed_after
from tiny import tiny_corpus, tiny_recipe

from tdd.data.text import TextSplit
from tdd.distillation import exchange as exchanges
from tdd.distillation.distiller import Distiller
from tdd.distillation.samples import pieces
from tdd.distillation.samples.exchanged import ExchangedTexts
from tdd.distillation.samples.pieces import LONGEST, MARKS, OPENING, clauses, pieces_of
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe

WAYS = [{}, {"inner": "plain", "inner_steps": [2, 6], "window": 2, "inner_rate": 0.02, "init": "random"}]
EVERY = {"exchange_every": 1, "samples_init": "herding"}
ALL_WORDS = ["film", "a", "the", *sorted(MARKS), *sorted(OPENING)]


@given(st.lists(st.sampled_from(ALL_WORDS), max_size=60))
def test_clauses_lie_side_by_side_and_are_short(words):
    spans = clauses(words)
    assert [place for begin, end in spans for place in range(begin, end)] == list(range(len(words)))
    for begin, end in spans:
        assert 1 <= end - begin <= LONGEST
        assert not set(words[begin + 1 : end]) & OPENING  # none begins inside of another


def test_clauses_of_a_sentence():
    words = ["the", "film", "is", "long", ",", "but", "it", "is", "good", "(", "mostly", ")", "."]
    assert [" ".join(words[a:b]) for a, b in clauses(words)] == [
        "the film is long ,",
        "but it is good (",
        "mostly ) .",
    ]
    assert clauses(["film"] * 30) == [(0, 12), (12, 24), (24, 30)]


def exchanged_texts(**settings):
    corpus = tiny_corpus()
    recipe = tiny_recipe(samples="real", sample_length=5, n=6, **EVERY, **settings)
    return Distiller(recipe, corpus), corpus


@pytest.mark.parametrize("samples", ["real", "phrases"])
def test_the_exchange_is_the_one_that_is_best_to_first_order(samples):
    corpus = tiny_corpus()
    distiller = Distiller(tiny_recipe(samples=samples, sample_length=5, n=6, **EVERY), corpus)
    texts, raw = distiller.parametrisation, distiller.state.learned["samples"].detach()
    slope = torch.randn(raw.shape, generator=torch.Generator().manual_seed(0))
    before = (slope * raw).sum()
    best = before
    for words, slots in texts.slots.items():
        for slot in slots:
            for piece in texts.pieces[words]:
                other = raw.flatten(0, 1).clone()
                other[slot.sample, slot.begin : slot.begin + words] = corpus.train.vectors.embed(piece)
                best = min(best, (slope.flatten(0, 1) * other).sum())
    found = texts.exchanged(raw, slope, 1)
    assert ((found != raw).any(-1).any(-1).sum() == 1) and best < before
    assert (slope * found).sum() == pytest.approx(best.item(), rel=1e-5)
    several = texts.exchanged(raw, slope, 3)
    assert (several != raw).any(-1).any(-1).sum() == 3 and (slope * several).sum() < best
    assert torch.equal(texts.exchanged(raw, torch.zeros_like(slope), 3), raw)  # nothing would lower the loss


@pytest.mark.parametrize("ways", WAYS)
@pytest.mark.parametrize("samples", ["real", "phrases"])
def test_what_is_exchanged_is_real_and_no_longer(tmp_path, samples, ways):
    corpus, kept = tiny_corpus(), []
    recipe = tiny_recipe(samples=samples, sample_length=5, n=6, outer_steps=12, **EVERY, **ways)
    distiller = Distiller(recipe, corpus)
    start = distiller.best()
    with pytest.MonkeyPatch.context() as patch:
        do = exchanges.exchange
        patch.setattr("tdd.distillation.distiller.exchange", lambda *given: kept.append(do(*given)))
        distilled = distiller.run()
    assert any(kept) and not all(kept)
    last = distiller._as_set(distiller.state.learned)
    assert not torch.equal(last.samples, start.samples)
    assert last.words == start.words == distilled.words
    pieces = {
        tuple(row)
        for found in pieces_of(corpus.train, 5, samples == "real", 2).values()
        for row in found.tokens.tolist()
    }
    if samples == "real":
        for row in last.sentences.tokens.flatten(0, 1).tolist():
            assert tuple(token for token in row if token) in pieces
    distilled.save_pretrained(tmp_path)
    assert_same_bits(DistilledSet.from_pretrained(tmp_path, vectors=corpus.train.vectors), distilled)


@pytest.mark.parametrize("samples", ["real", "phrases"])
def test_a_text_whose_label_stays_is_exchanged_for_those_of_its_class_alone(samples):
    corpus = tiny_corpus(classes=3)
    recipe = tiny_recipe(samples=samples, labels="hard", sample_length=5, n=7, steps=1, **EVERY)
    distiller = Distiller(recipe, corpus)
    texts, raw = distiller.parametrisation, distiller.state.learned["samples"].detach()
    of_class, before, moved = pieces_of(corpus.train, 5, samples == "real", 3), texts._tokens(raw), 0
    for seed in range(20):
        slope = torch.randn(raw.shape, generator=torch.Generator().manual_seed(seed))
        after = texts._tokens(texts.exchanged(raw, slope, 7))
        for words, slots in texts.slots.items():
            for slot in slots:
                span = slice(slot.begin, slot.begin + words)
                if torch.equal(now := after[slot.sample, span], before[slot.sample, span]):
                    continue
                (place,) = (of_class[words].tokens == now).all(1).nonzero()[:, 0].tolist()
                assert of_class[words].classes[place, slot.sample % 3]
                moved += 1
    assert moved > 20


def test_an_exchange_is_kept_only_where_the_true_loss_falls(monkeypatch):
    distiller, _ = exchanged_texts()
    for losses, kept in (([2.0, 1.0], True), ([1.0, 1.0], False), ([1.0, 2.0], False), ([1.0, float("nan")], False)):
        distiller._finite_outer_step()
        told = iter(losses)
        monkeypatch.setattr(exchanges, "_loss", lambda *given, told=told: next(told))
        state, before = distiller.state, distiller.state.learned["samples"].detach().clone()
        about = (
            distiller.parametrisation,
            distiller.trainees,
            distiller.batches,
            distiller.mask,
            distiller.accelerator,
        )
        assert exchanges.exchange(distiller.recipe, state, *about) is kept
        changed = (state.learned["samples"] != before).any(-1)
        assert changed.any() == kept and torch.equal(state.average["samples"], state.learned["samples"])
        if kept:
            assert not state.optimiser.state[state.learned["samples"]]["exp_avg"][changed].any()


@pytest.mark.parametrize("ema", [0.0, 0.9])
@pytest.mark.parametrize("samples", ["real", "phrases"])
@pytest.mark.parametrize("ways", WAYS)
def test_a_stopped_run_goes_on_bit_by_bit(tmp_path, ways, samples, ema):
    corpus, recipe = tiny_corpus(), tiny_recipe(samples=samples, sample_length=5, ema=ema, **EVERY, **ways)
    whole = Distiller(recipe, corpus).run()
    assert_same_bits(resumed_after(5, recipe, corpus, tmp_path / "last.safetensors").run(), whole)


def test_words_without_a_vector_are_no_part_of_real_samples():
    corpus = tiny_corpus()
    corpus.train.ids[::4] = 0
    for settings in ({"no_exchange": True}, EVERY):
        made = Distiller(tiny_recipe(samples="real", sample_length=5, n=6, **settings), corpus).best()
        tokens = made.sentences.tokens
        inside = torch.ones(tokens.shape, dtype=torch.bool) if made.mask is None else made.mask
        assert torch.equal(tokens > 0, inside)


def test_pieces_are_those_of_all_classes_where_the_data_lie_class_by_class(monkeypatch):
    train = tiny_corpus().train
    order = train.labels.argsort(stable=True)
    rows = [train.row(place) for place in order.tolist()]
    by_class = TextSplit.of_rows(rows, train.labels[order], train.vectors, train.max_length)
    monkeypatch.setattr(pieces, "MOST", 20)
    found = {tuple(row) for some in pieces_of(by_class, 5, True, 2).values() for row in some.tokens.tolist()}
    own = [{tuple(row[:5].tolist()) for row in rows[a:b]} for a, b in ((0, len(rows) // 2), (len(rows) // 2, None))]
    assert len(found) == 20 and all(len(found & each) >= 5 for each in own)


def test_the_loss_of_an_exchange_is_that_of_few_networks_at_once():
    few, many = (exchanged_texts(init="random", networks=4, networks_at_once=at_once)[0] for at_once in (1, 4))
    losses, most = [], []
    for distiller in (few, many):
        (trainee,) = distiller.trainees
        starts = trainee.starts
        trainee.starts = lambda *place, networks, before=0, starts=starts: (
            most.append(len(networks)) or starts(*place, networks=networks, before=before)
        )
        samples, batch = distiller.state.learned["samples"].detach(), distiller.batches.apart("exchange", 0)
        about = (distiller.trainees, batch, distiller.mask, distiller.accelerator)
        losses.append(exchanges._loss(distiller.recipe, distiller.state, samples, *about))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6) and most == [1, 1, 1, 1, 4]


@pytest.mark.parametrize("start", ["real", "herding", "k_center", "nearest", "confident"])
@pytest.mark.parametrize("samples", ["real", "phrases"])
def test_texts_without_a_known_word_are_no_samples(samples, start):
    corpus = tiny_corpus()
    train = corpus.train
    for place in range(len(train)):
        if place % 4:
            train.row(place)[:] = 0
    settings = {"samples": samples, "samples_init": start, "sample_length": 5, "n": 6}
    made = Distiller(tiny_recipe(**settings), corpus).best()
    assert (made.sentences.tokens[..., 0] > 0).all()
    train.ids[:] = 0
    with pytest.raises(UsageError, match=r"no training text of class '.*' holds a word that has a vector in"):
        Distiller(tiny_recipe(**settings), corpus)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"samples": "words", "exchange_every": 2}, "exchange_every is a setting of real clauses and texts"),
        ({"no_exchange": True}, "no_exchange is a setting of real clauses and texts"),
        ({"samples": "real", "samples_lr": 0.1}, "samples_lr moves numbers and words"),
        ({"samples": "real", "no_exchange": True, "exchanges": 3}, "exchanges says how texts are exchanged"),
        ({"samples": "real", "network": "lenet", "exchange_every": 3}, "exchange_every says how texts are exchanged"),
        ({"samples": "phrases", "samples_init": "noise"}, "samples: phrases are training texts"),
        ({"samples": "phrases", "network": "lenet"}, "samples: phrases makes sentences, and lenet reads images"),
    ],
)
def test_what_contradicts_an_exchange_is_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        Recipe(**settings)


def test_real_texts_are_exchanged_and_images_are_not():
    assert isinstance(exchanged_texts()[0].parametrisation, ExchangedTexts)
