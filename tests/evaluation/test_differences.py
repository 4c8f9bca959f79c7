"""Intervals are Student's, over draws where there are several, of pairs where networks start alike, else Welch's."""

import pytest
from scipy import stats

from tdd.evaluation.differences import (
    better_than,
    by_network,
    difference_between,
    interval_of,
    mean_interval,
    strongest,
)


def test_the_interval_of_a_mean_is_students():
    values = [0.5, 0.6, 0.55, 0.7]
    expected = stats.t.interval(0.95, 3, loc=sum(values) / 4, scale=stats.sem(values))
    assert mean_interval(values) == pytest.approx(expected)
    assert mean_interval([0.5]) is None


def test_accuracies_come_draw_by_draw_and_are_put_in_the_order_of_networks():
    assert by_network([0, 3, 6, 1, 4, 2, 5], 3) == [0, 1, 2, 3, 4, 5, 6]
    assert by_network([5, 7], 1) == [5, 7]


def test_networks_of_one_draw_count_as_one_in_an_interval():
    # Two draws, networks 0, 2 of the first and 1, 3 of the second.
    found, over = interval_of([0.6, 0.61, 0.6, 0.63], 2, 100)
    assert over == "draws" and found == pytest.approx(mean_interval([0.605, 0.615]))
    assert interval_of([0.5, 0.51], 1, 100) == (pytest.approx(mean_interval([0.5, 0.51])), "networks")
    assert interval_of([0.1, 0.9], 1, 100) == ((0.0, 1.0), "networks")
    low, high = interval_of([0.5], 1, 100)[0]
    assert interval_of([0.5], 1, 100)[1] == "test examples" and low == pytest.approx(0.4038, abs=1e-3) and high < 0.6


def test_a_difference_is_that_of_networks_drawn_alike():
    ours = {"accuracies": [0.5, 0.6, 0.7, 0.8], "draws": 1}
    theirs = {"accuracies": [0.4, 0.6, 0.5, 0.8], "draws": 2}  # networks 0, 2 and 1, 3
    found = difference_between(ours, theirs)
    assert found.mean == pytest.approx((0.1 + 0.1 + 0.1 + 0.0) / 4)
    assert found.interval == pytest.approx(mean_interval([0.1, 0.05]))
    alike = difference_between(ours, {"accuracies": [0.4, 0.5, 0.6, 0.7]})
    assert alike.mean == pytest.approx(0.1) and alike.interval == pytest.approx((0.1, 0.1))
    assert str(alike) == "+10.0 (+10.0 to +10.0)"


def test_a_single_value_counts_as_known_unless_it_is_one_of_many_networks():
    draws = {"accuracies": [0.49, 0.51], "draws": 2}
    found = difference_between({"accuracies": [0.5]}, draws)
    assert found.mean == pytest.approx(0)
    assert found.interval == pytest.approx([-bound for bound in mean_interval([-0.01, 0.01])[::-1]])
    assert difference_between({"accuracies": [0.5], "init": "random"}, draws).interval is None
    alone = difference_between({"accuracies": [0.5]}, {"accuracies": [0.6]})
    assert alone.interval is None and str(alone) == "-10.0"


def test_networks_of_a_draw_are_no_values_of_their_own():
    two = {"accuracies": [0.5, 0.6, 0.57, 0.55], "draws": 2}  # networks 0 and 2, then 1 and 3
    four = difference_between(two, {"accuracies": [0.4] * 4, "draws": 4})
    assert four.interval == pytest.approx(mean_interval([0.15, 0.16]))


def test_draws_of_unlike_number_are_no_pairs():
    # Pairs of one of our draws would hold all of their draws, whose differences would cancel out.
    ours, theirs = [0.5, 0.5, 0.6, 0.6], [0.3, 0.4, 0.5, 0.6]
    found = difference_between({"accuracies": ours, "draws": 2}, {"accuracies": theirs, "draws": 4})
    expected = stats.ttest_ind([0.5, 0.6], theirs, equal_var=False)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_a_single_fresh_network_of_a_set_might_be_any_of_them():
    baselines = {"random": {"accuracies": [0.4, 0.42, 0.44], "draws": 3, "test_examples": 9}}
    tested = {"accuracies": [0.5], "test_examples": 9}
    results = {"evaluation": {"random": tested, "fixed": tested}, "baselines": baselines}
    fresh, fixed = (better_than(results, "random", init) for init in ("random", "fixed"))
    assert fresh.mean == fixed.mean == pytest.approx(0.08)
    assert fresh.interval is None
    assert fixed.interval == pytest.approx(mean_interval([0.1, 0.08, 0.06]))


def test_unlike_numbers_of_networks_are_compared_by_their_means_and_welch():
    sets, draws = [0.7, 0.72, 0.65], [0.6, 0.58, 0.7, 0.62, 0.55]
    found = difference_between({"accuracies": sets, "draws": 3}, {"accuracies": draws, "draws": 5})
    expected = stats.ttest_ind(sets, draws, equal_var=False)
    assert found.mean == pytest.approx(sum(sets) / 3 - sum(draws) / 5)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))
    # Networks of the only draw of one, draws of the other.
    mixed = difference_between({"accuracies": sets}, {"accuracies": draws, "draws": 5})
    assert mixed == found
    alike = difference_between({"accuracies": [0.5] * 3}, {"accuracies": [0.4] * 2})
    assert alike.interval == pytest.approx((0.1, 0.1))


def test_no_difference_lies_beyond_all_and_nothing():
    found = difference_between({"accuracies": [0.9, 0.1]}, {"accuracies": [0.1, 0.5]})
    assert found.interval == (-1.0, 1.0)


def test_the_strongest_is_best_on_held_out_data_and_has_seen_no_outer_gradient():
    results = {
        "random": {"mean": 0.9, "validation_accuracy": 0.5},
        "herding": {"mean": 0.4, "validation_accuracy": 0.6},
        "label_only": {"mean": 0.9, "validation_accuracy": 0.9},
        "full": {"mean": 0.9, "validation_accuracy": 0.9},
    }
    assert strongest(results) == "herding"
    assert strongest({"full": results["full"]}) is None
