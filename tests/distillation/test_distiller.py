"""The outer loop learns, and stops and goes on without a trace."""

import math
from types import SimpleNamespace

import pytest
import torch
from distilled_sets import assert_same_bits, tensors_of
from patches import spy
from resumed import resumed_after
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation import distiller
from tdd.distillation.distiller import Distiller
from tdd.distillation.learned_tensors import momentum_of
from tdd.distillation.samples.start import first_labels
from tdd.distillation.trainee import Trainee
from tdd.errors import Interrupted, OutOfTime, TddError, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.networks.kernels.text_cnn import TextCNNKernel
from tdd.system.tensor_files import load_tensors


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_distilling_teaches_a_network_what_the_data_hold(init):
    corpus = tiny_corpus()
    recipe = tiny_recipe(init=init, outer_steps=150, networks=1 if init == "fixed" else 2, validate_every=50)
    distiller = Distiller(recipe, corpus)
    networks = 1 if init == "fixed" else 10
    before = evaluate(distiller.best(), corpus.test, networks)
    after = evaluate(distiller.run(), corpus.test, networks)
    assert after.mean > 0.85
    assert after.mean > before.mean + 0.1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"init": "random", "networks": 3, "ema": 0.9, "warmup": 4},
        {"momentum": 0.5, "window": 3, "window_end": "random", "epochs": 3, "word_dropout": 0.2},
    ],
)
@pytest.mark.parametrize("stop_at", [3, 8])
def test_a_stopped_run_goes_on_bit_by_bit(tmp_path, settings, stop_at):
    corpus, recipe = tiny_corpus(), tiny_recipe(**settings)
    whole = Distiller(recipe, corpus).run()
    assert_same_bits(resumed_after(stop_at, recipe, corpus, tmp_path / "last.safetensors").run(), whole)


def test_a_run_stops_when_its_minutes_are_over_and_goes_on_bit_by_bit(tmp_path, monkeypatch):
    corpus, path, settings = tiny_corpus(), tmp_path / "last.safetensors", {"init": "random", "ema": 0.5}
    whole = Distiller(tiny_recipe(**settings), corpus).run()
    clock = SimpleNamespace(now=5000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(distiller, "time", clock)

    def session(minutes):
        def a_minute_later(progress):
            clock.now += 60

        return Distiller(tiny_recipe(**settings, max_minutes=minutes), corpus, path, on_progress=a_minute_later)

    for minutes, step in ((3, 3), (4.5, 8)):  # a session has its minutes anew
        with pytest.raises(OutOfTime, match=f"^max_minutes are over: stopped after {step} of 12 outer steps$"):
            session(minutes).run()
        clock.now += 10_000  # no run
    last = session(None)
    assert last.state.step == 8
    assert_same_bits(last.run(), whole)
    assert last.deadline == math.inf
    assert_same_bits(session(1).run(), whole)  # finished before its minutes were over


def test_a_killed_run_goes_on_from_its_last_checkpoint_bit_by_bit(tmp_path):
    corpus, recipe = tiny_corpus(), tiny_recipe(init="random", checkpoint_every=4)
    whole = Distiller(recipe, corpus).run()

    class KilledError(Exception):
        pass

    def kill(progress):
        if progress.step == 7:
            raise KilledError

    path = tmp_path / "last.safetensors"
    with pytest.raises(KilledError):
        Distiller(recipe, corpus, path, on_progress=kill).run()
    resumed = Distiller(recipe, corpus, path)
    assert resumed.state.step == 4
    assert_same_bits(resumed.run(), whole)


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_state(tmp_path):
    path = tmp_path / "last.safetensors"
    recipe = tiny_recipe(samples_lr=1e30, clip_norm=1e30, schedule="constant", checkpoint_every=1, learning_rate=5.0)
    with pytest.raises(TddError, match="no longer finite at outer step"):
        Distiller(recipe, tiny_corpus(), path).run()
    tensors, _ = load_tensors(path)
    assert all(value.isfinite().all() for name, value in tensors.items() if name.startswith(("learned", "best")))


def test_networks_that_explode_are_drawn_again_and_a_stopped_run_draws_the_same(tmp_path, monkeypatch):
    draw, drawn = Trainee.starts, []

    def exploding(self, *place, **which):
        theta = draw(self, *place, **which)
        if place[0] == "network":
            drawn.append(place)
        bad = place == ("network", 2)
        return {name: value * float("inf") for name, value in theta.items()} if bad else theta

    monkeypatch.setattr(Trainee, "starts", exploding)
    recipe = tiny_recipe(init="random", outer_steps=5)
    whole = Distiller(recipe, tiny_corpus()).run()
    assert drawn == [*(("network", step) for step in range(3)), ("network", 2, "again"), ("network", 3), ("network", 4)]
    stopped = Distiller(recipe, tiny_corpus(), tmp_path / "last", should_stop=lambda: len(drawn) > 6 + 2)
    with pytest.raises(Interrupted):
        stopped.run()
    resumed = Distiller(recipe, tiny_corpus(), tmp_path / "last").run()
    assert torch.equal(resumed.samples, whole.samples)


def test_networks_taken_in_groups_or_all_at_once_give_the_same_set():
    corpus = tiny_corpus()
    sets = [
        Distiller(tiny_recipe(init="random", networks=5, networks_at_once=at_once, outer_steps=4), corpus).run()
        for at_once in (1, 2, 5)
    ]
    for each in sets[1:]:
        for name, value in tensors_of(each).items():
            torch.testing.assert_close(value, tensors_of(sets[0])[name], rtol=1e-3, atol=1e-4)


def test_another_way_of_reversing_the_unroll_learns_the_same_set():
    corpus, settings = tiny_corpus(), {"outer_steps": 3, "epochs": 2, "momentum": 0.4}
    expected = Distiller(tiny_recipe(**settings), corpus).run()
    found = Distiller(tiny_recipe(**settings, unroll="rematerialised"), corpus).run()
    for name, value in tensors_of(found).items():
        torch.testing.assert_close(value, tensors_of(expected)[name], rtol=1e-3, atol=1e-4)


def test_hard_labels_stay_one_hot_and_soft_labels_move():
    corpus = tiny_corpus()
    hard = Distiller(tiny_recipe(labels="hard"), corpus).run()
    soft = Distiller(tiny_recipe(labels="soft"), corpus).run()
    assert torch.equal(hard.labels, first_labels(2, 2, 2))
    assert not torch.equal(soft.labels, first_labels(2, 2, 2))
    assert (hard.learning_rates > 0).all()


def test_label_smoothing_changes_the_outer_loss_and_the_set():
    corpus, losses = tiny_corpus(), {}
    sets = {}
    for smoothing in (0.0, 0.3):
        recipe = tiny_recipe(outer_steps=3, label_smoothing=smoothing)
        losses[smoothing] = []
        told = losses[smoothing].append
        sets[smoothing] = Distiller(recipe, corpus, on_progress=lambda p, told=told: told(p.outer_loss)).run()
    assert losses[0.3][0] != losses[0.0][0]
    assert not torch.equal(sets[0.3].samples, sets[0.0].samples)


def test_words_are_dropped_from_outer_batches_and_never_in_validation(monkeypatch):
    corpus, seen = tiny_corpus(), {"train": [], "tested": []}
    loss, logits = TextCNNKernel.loss, TextCNNKernel.logits
    monkeypatch.setattr(
        TextCNNKernel,
        "loss",
        lambda k, theta, batch, **more: seen["train"].append(batch) or loss(k, theta, batch, **more),
    )
    monkeypatch.setattr(TextCNNKernel, "logits", lambda k, theta, b: seen["tested"].append(b) or logits(k, theta, b))
    Distiller(tiny_recipe(word_dropout=0.9, outer_steps=2), corpus).run()

    def without_vector(batch):
        inside = torch.arange(batch.ids.shape[1]) < batch.lengths[:, None]
        return (batch.ids[inside] == 0).double().mean().item()

    assert seen["train"] and all(without_vector(batch) > 0.8 for batch in seen["train"])
    assert seen["tested"] and all(without_vector(batch) == 0 for batch in seen["tested"])


@pytest.mark.parametrize("end", ["last", "random", "growing"])
def test_a_window_of_all_steps_learns_the_set_of_no_window_and_a_shorter_one_another(end):
    corpus = tiny_corpus()
    plain = Distiller(tiny_recipe(outer_steps=4, epochs=3), corpus).run()
    assert_same_bits(Distiller(tiny_recipe(outer_steps=4, epochs=3, window=6, window_end=end), corpus).run(), plain)
    short = Distiller(tiny_recipe(outer_steps=4, epochs=3, window=2, window_end=end), corpus).run()
    assert not torch.equal(short.samples, plain.samples)
    if end == "last":
        assert torch.equal(
            short.learning_rates[0, :4], Distiller(tiny_recipe(epochs=3), corpus).best().learning_rates[0, :4]
        )


def test_momentum_is_learned_from_its_start_or_not_there_at_all():
    corpus = tiny_corpus()
    distiller = Distiller(tiny_recipe(momentum=0.3, outer_steps=20), corpus)
    assert distiller.best().momentum.item() == pytest.approx(0.3)
    distiller.run()
    assert 0.001 < abs(momentum_of(distiller.state.learned).item() - 0.3) < 0.3
    without = Distiller(tiny_recipe(outer_steps=2), corpus)
    assert "raw_momentum" not in without.state.learned and without.run().momentum is None


def test_fewer_samples_than_classes_can_be_distilled_with_soft_labels_only():
    corpus = tiny_corpus(classes=4)
    few = Distiller(tiny_recipe(n=2, outer_steps=150, filters=20), corpus).run()
    assert few.labels.shape == (2, 1, 4)
    assert evaluate(few, corpus.test).mean > 0.4
    with pytest.raises(UsageError, match="hard labels need a sample for each of the 4 classes"):
        Distiller(tiny_recipe(n=2, labels="hard"), corpus)


def test_every_epoch_of_real_batches_reads_each_example_once(monkeypatch):
    distiller = Distiller(tiny_recipe(batch_size=30), tiny_corpus())
    read = spy(monkeypatch, distiller.corpus.train, "batch")
    for step in range(8):
        distiller.batches.at(step)
    epochs = [torch.cat([indices for (indices,) in read[4 * epoch : 4 * epoch + 4]]) for epoch in range(2)]
    for epoch in epochs:
        assert torch.equal(epoch.sort().values, torch.arange(120))
    assert not torch.equal(epochs[0], epochs[1])


def test_a_run_that_is_asked_to_stop_when_its_minutes_are_over_was_interrupted():
    stopping = Distiller(tiny_recipe(max_minutes=1e-9), tiny_corpus(), should_stop=lambda: True)
    with pytest.raises(Interrupted, match=r"^stopped after 1 of 12 outer steps$") as caught:
        stopping.run()
    assert caught.value.exit_code == 130 and OutOfTime.exit_code == 0
