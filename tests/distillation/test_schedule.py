"""Step sizes of the outer loop, and runs that end when held-out data show no gain any more."""

import math

import pytest
import torch

from tdd.distillation import trainee
from tdd.distillation.distiller import Distiller
from tdd.distillation.schedule import Schedule
from tdd.errors import Interrupted, TddError, UsageError
from tdd.settings.from_data import MOST_OUTER_STEPS, PATIENCE
from tdd.settings.recipe import Recipe
from tests.support.tiny import tiny_corpus, tiny_recipe


def test_step_sizes_fall_along_half_a_cosine_and_rise_before_it():
    schedule = Schedule.of(Recipe(outer_steps=100, warmup=10))
    assert schedule.factor(0) == pytest.approx(0.1 * 1.0)
    assert schedule.factor(50) == pytest.approx(0.5)
    assert schedule.factor(99) == pytest.approx(0.5 * (1 + math.cos(0.99 * math.pi)))
    constant = Schedule.of(Recipe(outer_steps=100, schedule="constant"))
    assert {constant.factor(step) for step in (0, 50, 99)} == {1.0}


def test_an_end_that_is_brought_forward_takes_the_step_sizes_to_zero_from_where_they_are():
    for kind in ("cosine", "constant"):
        schedule = Schedule.of(Recipe(outer_steps=1000, patience=100, schedule=kind))
        before = [schedule.factor(step) for step in range(301)]
        schedule.after_validation(250, best_step=200)
        assert schedule.last == 1000
        schedule.after_validation(300, best_step=200)
        assert (schedule.falls_from, schedule.last) == (300, 350)
        assert [schedule.factor(step) for step in range(301)] == before  # what was done stays as it was
        falling = [schedule.factor(step) for step in range(300, 350)]
        assert falling == sorted(falling, reverse=True) and 0 < falling[-1] < 0.01
        assert falling[25] == pytest.approx(before[300] / 2)
        schedule.after_validation(340, best_step=200)
        assert schedule.last == 350  # once alone


def test_an_end_is_not_brought_forward_where_it_is_near_or_the_steps_still_rise():
    schedule = Schedule.of(Recipe(outer_steps=300, patience=100))
    schedule.after_validation(260, best_step=50)
    assert schedule.last == 300
    schedule = Schedule.of(Recipe(outer_steps=1000, patience=100, warmup=150))
    schedule.after_validation(200, best_step=0)
    assert schedule.last == 1000


def test_a_run_goes_to_its_end_where_it_is_given_and_until_nothing_is_gained_where_it_is_not():
    assert Recipe(outer_steps=70).settled(2).patience is None
    settled = Recipe().settled(2)
    assert (settled.outer_steps, settled.patience) == (MOST_OUTER_STEPS, PATIENCE)
    settled = Recipe(patience=30).settled(2)
    assert (settled.outer_steps, settled.patience) == (MOST_OUTER_STEPS, 30)


class Found(float):
    """What counts of right answers are asked for."""

    def score(self, metric):
        return torch.tensor([float(self)])


def falling_from(start: float):
    """Held-out accuracies that fall from the first one on."""
    for step in range(1000):
        yield Found(start / (step + 1))


def test_a_run_without_a_gain_ends_early_and_says_where_it_ends(monkeypatch):
    held_out = falling_from(0.9)
    monkeypatch.setattr(trainee, "counts_by_all", lambda *given, **named: next(held_out))
    run = Distiller(tiny_recipe(outer_steps=100, patience=10, validate_every=5), tiny_corpus())
    run.run()
    assert (run.state.best_step, run.state.schedule.falls_from, run.state.step) == (5, 15, 20)


@pytest.mark.parametrize("stopped_after", [9, 14, 18])
def test_a_run_that_ends_early_is_resumed_to_the_bit(tmp_path, monkeypatch, stopped_after):
    recipe = tiny_recipe(outer_steps=100, patience=10, validate_every=5, checkpoint_every=100)

    def scored():
        held_out = falling_from(0.9)
        monkeypatch.setattr(trainee, "counts_by_all", lambda *given, **named: next(held_out))

    scored()
    whole = Distiller(recipe, tiny_corpus())
    whole.run()
    scored()
    file = tmp_path / "last.safetensors"
    done = []
    stopped = Distiller(
        recipe, tiny_corpus(), file, on_progress=done.append, should_stop=lambda: len(done) >= stopped_after
    )
    with pytest.raises(Interrupted, match="stopped after"):
        stopped.run()
    resumed = Distiller(recipe, tiny_corpus(), file)
    resumed.run()
    assert resumed.state.step == whole.state.step == 20
    for name, value in whole.state.learned.items():
        assert torch.equal(resumed.state.learned[name], value)


def test_a_course_that_is_added_goes_from_the_whole_step_size_to_zero():
    schedule = Schedule.of(Recipe(outer_steps=300, restarts=[100], warmup=10))
    first = [schedule.factor(step) for step in range(100)]
    assert first == [Schedule.of(Recipe(outer_steps=100, warmup=10)).factor(step) for step in range(100)]
    assert not schedule.is_over(100)
    schedule.after_step(100)
    assert (schedule.begun, schedule.last) == (100, 300)
    added = [schedule.factor(100 + step) for step in range(200)]
    assert added == [Schedule.of(Recipe(outer_steps=200, warmup=10)).factor(step) for step in range(200)]
    schedule.after_step(300)
    assert schedule.is_over(300) and schedule.last == 300


def test_the_patience_of_a_course_that_is_added_begins_with_it():
    schedule = Schedule.of(Recipe(outer_steps=1000, restarts=[400], patience=100))
    schedule.after_validation(300, best_step=100)
    assert schedule.last == 350
    schedule.after_step(350)
    schedule.after_validation(400, best_step=100)
    assert (schedule.begun, schedule.falls_from, schedule.last) == (350, None, 1000)
    schedule.after_validation(450, best_step=100)
    assert (schedule.falls_from, schedule.last) == (450, 500)


def test_a_state_is_taken_up_by_the_same_plan_or_one_with_a_course_more():
    schedule = Schedule.of(Recipe(outer_steps=300, restarts=[100]))
    assert schedule.follows((100, 300), 40) and schedule.follows((150,), 100)  # which ended early
    assert not schedule.follows((100,), 40) and not schedule.follows((300,), 40)
    assert not Schedule.of(Recipe(outer_steps=300)).follows((100,), 100)


@pytest.mark.parametrize("restarts", [[0], [5, 5], [12], [20]])
def test_courses_follow_each_other_within_the_outer_steps(restarts):
    with pytest.raises(UsageError, match="restarts: "):
        Recipe(outer_steps=12, restarts=restarts)


def test_a_run_that_goes_on_is_that_of_a_recipe_that_says_so(tmp_path):
    file, corpus = tmp_path / "last.safetensors", tiny_corpus()
    Distiller(tiny_recipe(outer_steps=8), corpus, file).run()
    longer = tiny_recipe(outer_steps=14, restarts=[8])
    went_on = Distiller(longer, corpus, file)
    assert went_on.state.step == 8 and not went_on.state.is_done
    went_on.run()
    whole = Distiller(longer, corpus)
    whole.run()
    assert went_on.state.step == whole.state.step == 14
    for name, value in whole.state.learned.items():
        assert torch.equal(went_on.state.learned[name], value)
    with pytest.raises(TddError, match="belongs to another recipe"):
        Distiller(tiny_recipe(outer_steps=20), corpus, file)
