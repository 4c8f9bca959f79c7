"""Paper 3.5: sets of the least size train a linear model to its optimum in one step from anywhere, no smaller do."""

import runpy
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tdd.distillation.linear_case import (
    LinearSet,
    hard_label_set,
    least_samples,
    optimum,
    soft_label_set,
    unmoved_direction,
)
from tdd.errors import UsageError


def problem(seed: int, features: int, dependent: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """40 rows; the last `dependent` columns are sums of the others."""
    random = np.random.default_rng(seed)
    free = random.standard_normal((40, features))
    data = np.hstack([free, free @ random.standard_normal((features, dependent))])
    return data, data @ random.standard_normal(features + dependent) + random.standard_normal(40)


def farthest(data: np.ndarray, targets: np.ndarray, found: LinearSet, seed: int) -> float:
    """How far predictions are from the least-squares ones after one step, at most, over starts near and far."""
    random = np.random.default_rng(seed)
    best = data @ np.linalg.lstsq(data, targets, rcond=None)[0]
    starts = [scale * random.standard_normal(data.shape[1]) for scale in (0.0, 1e-3, 1.0, 100.0)]
    return max(np.abs(data @ found.step(start) - best).max() for start in starts)


PROBLEMS = st.tuples(st.integers(0, 10**6), st.integers(1, 8), st.integers(0, 4))


@settings(max_examples=60, deadline=None)
@given(PROBLEMS, st.integers(0, 5), st.floats(-4, 4))
def test_soft_labels_reach_the_optimum_from_any_start_at_any_rate(drawn, more, exponent):
    data, targets = problem(*drawn)
    found = soft_label_set(data, targets, drawn[1] + more, rate=10**exponent)
    assert found.samples.shape == (drawn[1] + more, data.shape[1])
    assert found.rate == 10**exponent
    assert farthest(data, targets, found, drawn[0]) < 1e-8


@settings(max_examples=60, deadline=None)
@given(PROBLEMS, st.integers(0, 5), st.data())
def test_hard_labels_reach_it_too_at_the_large_rate_they_force(drawn, more, choices):
    data, targets = problem(*drawn)
    m = drawn[1] + more
    labels = np.array(choices.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=m, max_size=m).filter(any)))
    found = hard_label_set(data, targets, labels=labels)
    assert set(found.labels) <= {0.0, 1.0}
    assert (found.labels == labels).all()
    size = np.sum(optimum(data, targets) ** 2)
    assert found.rate >= size * (1 - 1e-12)
    assert found.rate == pytest.approx(m * size / labels.sum())
    assert farthest(data, targets, found, drawn[0]) < 1e-8


def test_all_ones_force_the_lowest_rate():
    data, targets = problem(0, 5)
    assert hard_label_set(data, targets).rate == pytest.approx(np.sum(optimum(data, targets) ** 2))


@pytest.mark.parametrize(("features", "dependent"), [(1, 0), (6, 0), (6, 3)])
def test_the_least_number_is_that_of_independent_features(features, dependent):
    data, targets = problem(1, features, dependent)
    assert least_samples(data) == features
    for make in (soft_label_set, hard_label_set):
        assert len(make(data, targets).samples) == features
        with pytest.raises(UsageError, match=f"{features - 1} samples cannot do it from every start"):
            make(data, targets, features - 1)


@settings(max_examples=60, deadline=None)
@given(PROBLEMS, st.integers(0, 7), st.floats(-3, 1))
def test_with_fewer_samples_some_start_misses_whatever_they_are(drawn, fewer, exponent):
    seed, features, dependent = drawn
    data, targets = problem(*drawn)
    m = max(features - 1 - fewer, 0)
    random = np.random.default_rng(seed)
    samples = random.standard_normal((m, features + dependent))
    direction = unmoved_direction(data, samples)
    assert np.linalg.norm(direction) == pytest.approx(1)
    assert np.linalg.norm(data @ direction) > 1e-6  # predictions depend on it
    if m:
        found = LinearSet(samples, random.standard_normal(m), 10**exponent)
        start = random.standard_normal(features + dependent)
        assert found.step(start + direction) - found.step(start) == pytest.approx(direction, abs=1e-9)
        best = data @ optimum(data, targets)
        missed = [np.linalg.norm(data @ found.step(each) - best) for each in (start, start + direction)]
        assert max(missed) >= 0.49 * np.linalg.norm(data @ direction)


def test_no_direction_is_left_out_by_enough_samples():
    data, targets = problem(2, 4, 2)
    assert unmoved_direction(data, soft_label_set(data, targets).samples) is None


def test_independent_features_and_soft_labels_are_the_paper_s_own_example():
    data, targets = problem(3, 4)
    found = soft_label_set(data, targets, rate=0.25)
    assert found.samples == pytest.approx(np.sqrt(4 / 0.25) * np.eye(4))
    assert found.labels == pytest.approx(4 * optimum(data, targets))


def test_a_step_is_a_gradient_step_on_half_the_mean_squared_error():
    data, targets = problem(4, 5)
    found = hard_label_set(data, targets, 7)
    start = torch.randn(5, dtype=torch.float64, requires_grad=True)
    residual = torch.tensor(found.samples) @ start - torch.tensor(found.labels)
    (gradient,) = torch.autograd.grad(0.5 * (residual**2).mean(), start)
    expected = start - found.rate * gradient
    assert found.step(start.detach().numpy()) == pytest.approx(expected.detach().numpy(), rel=1e-9)


def test_an_optimum_of_zero_goes_with_labels_of_zero_alone():
    data = np.eye(3)
    assert hard_label_set(data, np.zeros(3)).step(np.ones(3)) == pytest.approx(np.zeros(3), abs=1e-12)
    for targets, labels in ((np.zeros(3), np.ones(3)), (np.ones(3), np.zeros(3))):
        with pytest.raises(UsageError, match="labels are all 0 where the optimum is 0, and there alone"):
            hard_label_set(data, targets, labels=labels)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: soft_label_set(np.eye(3), np.ones(3), rate=0.0), "the learning rate must be a positive number"),
        (lambda: soft_label_set(np.eye(3), np.ones(2)), r"data \(3, 3\) and targets \(2,\) must be finite numbers"),
        (lambda: soft_label_set(np.full((3, 3), np.nan), np.ones(3)), "must be finite numbers"),
        (lambda: soft_label_set(np.zeros((3, 2)), np.ones(3)), "the data are all zero"),
        (
            lambda: hard_label_set(np.eye(2), np.ones(2), labels=np.array([0.5, 1])),
            "hard labels are 2 numbers, each 0 or",
        ),
        (lambda: hard_label_set(np.eye(2), np.ones(2), 3, labels=np.ones(2)), "hard labels are 3 numbers, each 0 or 1"),
    ],
)
def test_what_cannot_be_solved_is_one_line(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_the_case_study_prints_the_bound_both_sets_and_their_errors(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "tdd.distillation.linear_case")
    runpy.run_module("tdd.distillation.linear_case", run_name="__main__")
    out = capsys.readouterr().out
    assert "n = 442, D = 10, rank = 10; least distilled samples = 10" in out
    assert "n = 442, D = 12, rank = 10; least distilled samples = 10" in out
    assert "hard labels, 0 and 1" in out
    errors = [float(line.rsplit(" ", 1)[1]) for line in out.splitlines() if "farthest" in line]
    assert len(errors) == 8
    assert max(errors) < 1e-8
