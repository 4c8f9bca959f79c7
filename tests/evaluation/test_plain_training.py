"""Plain training is AdamW as a plain loop of torch has it, on texts, on free samples and on images."""

import copy
from dataclasses import replace

import pytest
import torch
from learners import starts_of
from plain import CORPUS, TRAIN, some_texts
from tiny import LENGTH, tiny_recipe
from tiny_encoders import KINDS, tiny_encoder, tiny_text_corpus
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from tdd.data.labelled_examples import inputs_at
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.probabilities import probabilities
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.encoder import encoder_tokens
from tdd.embeddings.encoder_model import load_encoder
from tdd.evaluation.plain_learner import PlainTrainers, plain_learner
from tdd.evaluation.plain_training import Lesson, Samples, samples_or_texts, train_plainly
from tdd.evaluation.real_sets import RealSet
from tdd.evaluation.spaces import Spaces
from tdd.networks.kernels.parameters import unstack
from tdd.networks.learner import make_learner
from tdd.settings.plain_settings import FINE_TUNING, PLAIN, PlainSettings, plain_settings
from tdd.system.seeds import generator

HOW = PlainSettings(0.02, steps=7, batch=8, weight_decay=0.1, warmup=0.4, clip=0.5, dropout=False)


def learner_of(network="text_cnn", space=TRAIN.space, classes=3, **options):
    recipe = tiny_recipe(network=network, **options)
    return make_learner(network, recipe.options, space, classes)


def by_a_plain_loop(module, start, x, y, how, seed=0, index=0):
    theta = {name: value.clone().requires_grad_() for name, value in start.items()}
    optimiser = torch.optim.AdamW(theta.values(), lr=how.rate, weight_decay=how.weight_decay)
    rising = round(how.warmup * how.steps)
    shape = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda t: (
            (t + 1) / rising
            if t < rising
            else (1 + torch.tensor(torch.pi * (t - rising) / (how.steps - rising)).cos().item()) / 2
        ),
    )
    size, batches = -(-len(x) // -(-len(x) // how.batch)), []
    for epoch in range(how.steps):
        batches += torch.randperm(len(x), generator=generator(seed, "plain", "order", index, epoch)).split(size)
    for chosen in batches[: how.steps]:
        optimiser.zero_grad()
        cross_entropy(functional_call(module, theta, (x[chosen],)), y[chosen]).backward()
        torch.nn.utils.clip_grad_norm_(theta.values(), how.clip)
        optimiser.step()
        shape.step()
    return theta


def assert_same(found, expected):
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value.detach(), rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("n", [5, 20])
def test_each_of_stacked_networks_is_what_a_plain_loop_of_torch_trains(n):
    texts, learner = some_texts(n), learner_of()
    starts = starts_of(learner.module, [generator(0, "start", index) for index in range(2)])
    found = train_plainly(learner.kernel(), starts, Lesson(texts, HOW), 0, (4, 7))
    x = inputs_at(texts, torch.arange(n))[0]
    for one, start, index in zip(unstack(found), unstack(starts), (4, 7), strict=True):
        assert_same(one, by_a_plain_loop(learner.module, start, x, texts.labels, HOW, index=index))


@pytest.mark.parametrize("network", ["text_cnn", "mean_pool", "lstm"])
def test_free_samples_are_learned_from_as_the_vectors_they_are(network):
    x, labels = torch.randn(2, 6, LENGTH, 6, generator=generator(1)), torch.rand(2, 6, 3, generator=generator(2))
    mask = torch.arange(LENGTH) < torch.randint(3, LENGTH + 1, (2, 6, 1), generator=generator(3))
    made = DistilledSet(x, labels, torch.ones(1, 2), CORPUS.classes, tiny_recipe(), TRAIN.source(), mask=mask)
    learner = learner_of(network)
    start = learner.starts(0, "start")
    found = train_plainly(learner.kernel(), start, Lesson(Samples(made, LENGTH), HOW), seed=0)
    flat = (x * mask[..., None]).flatten(0, 1)

    class Told(torch.nn.Module):  # of where the words stand, which a plain loop does not say
        def forward(self, given):
            rows = (given[:, None] == flat[None]).flatten(2).all(2).float().argmax(1)
            inside = (mask.flatten(0, 1)[rows],) if learner.takes_mask else ()
            return learner.module(given, *inside)

    told = Told()
    told.inner = learner.module
    named = {f"inner.{name}": value[0] for name, value in start.items()}
    expected = by_a_plain_loop(told, named, flat, probabilities(labels.flatten(0, 1)), HOW)
    assert_same({f"inner.{name}": value[0] for name, value in found.items()}, expected)


def test_images_are_learned_from_as_they_are():
    x, labels = torch.randn(1, 6, 1, 8, 8, generator=generator(1)), torch.eye(3).repeat(2, 1)[None]
    made = DistilledSet(x, labels, torch.ones(1, 1), ["a", "b", "c"], tiny_recipe())
    learner = make_learner("convnet", {"filters": 4}, made.space, 3)
    start = learner.starts(0, "start")
    found = train_plainly(learner.kernel(), start, Lesson(Samples(made, 8), HOW), seed=0)
    expected = by_a_plain_loop(learner.module, unstack(start)[0], x[0], labels[0], HOW)
    # A bias before a normalisation has no gradient but rounding, which AdamW makes steps of.
    told = {name: value for name, value in expected.items() if not (name.startswith("convs") and "bias" in name)}
    assert len(told) > 4
    assert_same(unstack(found)[0], told)


def test_a_set_of_words_is_learned_from_without_its_padding():
    recipe = tiny_recipe(n=6, steps=2, samples="words", padding="end", outer_steps=2)
    made = Distiller(recipe, CORPUS).run()
    texts = samples_or_texts(made, TRAIN)
    assert texts.lengths.tolist() == made.lengths.flatten().tolist() and int(texts.lengths.sum()) == made.words
    x, mask = inputs_at(texts, torch.arange(6))
    assert torch.equal(x, made.samples.flatten(0, 1) * mask[..., None])
    torch.testing.assert_close(texts.labels, probabilities(made.labels.flatten(0, 1)))


def test_networks_do_not_depend_on_how_many_others_are_trained_with_them():
    texts, learner = some_texts(), learner_of()
    lesson = Lesson(texts, replace(HOW, dropout=True))
    both = learner.starts(0, "start", indices=(0, 1))
    together = unstack(train_plainly(learner.kernel(), both, lesson, 0, (0, 1)))
    for index, one in enumerate(together):
        alone = train_plainly(learner.kernel(), learner.starts(0, "start", indices=[index]), lesson, 0, [index])
        assert all(torch.equal(one[name], value[0]) for name, value in alone.items())
    for seed, indices in ((1, (0, 1)), (0, (2, 3))):
        other = unstack(train_plainly(learner.kernel(), both, lesson, seed, indices))
        assert any(not torch.equal(value, other[0][name]) for name, value in together[0].items())


def test_the_step_size_rises_and_falls_as_that_of_transformers():
    from transformers import get_cosine_schedule_with_warmup

    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = get_cosine_schedule_with_warmup(optimiser, 100, 200)
    found = [FINE_TUNING.share_of_rate(step) for step in range(200)]
    for step in range(200):
        rising = 0.01 if step < 100 else 0.0  # ours begins with a step, theirs with none
        assert found[step] - rising == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)
        optimiser.step()
        theirs.step()
    assert max(found) == 1.0


def test_every_kind_of_network_has_its_settings():
    assert plain_settings("minilm") == plain_settings("hf:a/b") == FINE_TUNING
    assert (FINE_TUNING.rate, FINE_TUNING.steps, FINE_TUNING.batch) == (1e-4, 200, 64)
    assert (FINE_TUNING.weight_decay, FINE_TUNING.warmup, FINE_TUNING.clip) == (0.01, 0.5, 1.0)
    assert plain_settings("gru") == PLAIN["gru"]
    assert plain_settings("python:a:B") == plain_settings("convnet")


# Labels


def test_soft_labels_become_probabilities():
    labels = torch.tensor([[1.5, -2.0, 0.5], [0.0, 3.0, 0.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0]])
    softmax = torch.exp(torch.tensor([-1.0, -2.0, -3.0]))
    expected = torch.stack(
        [
            torch.tensor([0.75, 0.0, 0.25]),
            torch.tensor([0.0, 1.0, 0.0]),
            softmax / softmax.sum(),
            torch.full((3,), 1 / 3),
        ]
    )
    torch.testing.assert_close(probabilities(labels), expected)


@pytest.mark.parametrize("scale", [1e-30, 1e38])
def test_probabilities_of_any_labels_are_finite_and_sum_to_one(scale):
    shares = probabilities(scale * torch.rand(200, 4, generator=generator(1)).mul(6).sub(3))
    assert (shares >= 0).all()
    torch.testing.assert_close(shares.sum(1), torch.ones(200))


# Pretrained encoders


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_is_fine_tuned_whole_as_transformers_trains_it(kind):
    corpus = tiny_text_corpus()
    read = Spaces(corpus).of(tiny_encoder(kind))
    texts = RealSet(torch.arange(6), torch.rand(6, 2, generator=generator(0)).softmax(1)).examples(read.train)
    learner = plain_learner(tiny_encoder(kind), {"train": "last:1"}, read, torch.device("cpu"), ["xavier_normal"], True)
    tokens, how = encoder_tokens(tiny_encoder(kind)), replace(HOW, steps=3, rate=1e-3)
    start = learner.starts(0, "start")
    found = unstack(train_plainly(learner.kernel(), start, Lesson(texts, how), 0))[0]

    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model, self.classifier = copy.deepcopy(load_encoder(tiny_encoder(kind))), torch.nn.Linear(8, 2)
            self.requires_grad_()

        def forward(self, rows):
            states = []
            for row in rows.tolist():
                ids = torch.tensor([[*tokens.prefix, *(id_ - 1 for id_ in texts.row(row)), *tokens.suffix]])
                states.append(self.model(input_ids=ids).last_hidden_state[0].mean(0))
            return self.classifier(torch.stack(states))

    theirs = Theirs().eval()
    name = {f"upper.body.{key}": key for key, _ in theirs.named_parameters()}
    name |= {f"upper.{key}": key for key in ("classifier.weight", "classifier.bias")}
    begun = {name[key]: value for key, value in unstack(start)[0].items()}
    assert begun.keys() == dict(theirs.named_parameters()).keys()
    expected = by_a_plain_loop(theirs, begun, torch.arange(6), texts.labels, how)
    table = next(key for key, value in theirs.named_parameters() if value is theirs.model.get_input_embeddings().weight)
    moved = (expected[table] - begun[table]).abs().amax(1) > 1e-4
    assert 0 < moved.sum() < len(moved)  # of the pieces that occur
    for key, value in found.items():
        # What has no gradient but rounding is moved by AdamW all the same, by any sign.
        torch.testing.assert_close(value, expected[name[key]].detach(), rtol=1e-2, atol=2e-4)


def test_the_vectors_of_word_pieces_are_trained_on_texts_and_not_on_samples():
    corpus = tiny_text_corpus()
    cpu, ways = torch.device("cpu"), ["xavier_normal"]
    whole, frozen = (plain_learner(tiny_encoder(), {}, corpus, cpu, ways, texts) for texts in (True, False))
    (table,) = set(whole.trained) - set(frozen.trained)
    assert table.endswith("word_embeddings.weight")
    batch = corpus.test.batch(torch.arange(4))
    theta = whole.starts(0, "start")
    alike = {name: theta[name] for name in frozen.trained}
    torch.testing.assert_close(whole.kernel().logits(theta, batch), frozen.kernel().logits(alike, batch))
    plain = PlainTrainers(tiny_encoder(), tiny_recipe(network=tiny_encoder()), corpus, None, cpu, print)
    assert plain.of(corpus.train, [1.0]).learner.trained == whole.trained
    x = torch.zeros(1, 2, 5, corpus.train.space.shape[1])
    made = DistilledSet(x, torch.eye(2)[None], torch.ones(1, 1), corpus.classes, tiny_recipe(), corpus.train.source())
    assert plain.of(Samples(made, 5), [1.0]).learner.trained == frozen.trained
    assert plain_learner("gru", {}, CORPUS, cpu, ways, True).name == "gru"
