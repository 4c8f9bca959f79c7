"""The inner steps that the gradient flows through."""

from tiny import tiny_recipe

from tdd.distillation.truncation import window


def test_a_window_ends_with_the_last_step_or_anywhere_or_ever_later():
    def windows(**settings):
        return [window(tiny_recipe(outer_steps=100, **settings), 10, step) for step in range(100)]

    assert windows() == windows(window=10) == windows(window=99) == [range(10)] * 100
    assert windows(window=4) == [range(6, 10)] * 100
    drawn, growing = windows(window=4, window_end="random"), windows(window=4, window_end="growing")
    assert {len(each) for each in (*drawn, *growing)} == {4}
    assert {each.stop for each in drawn} == {4, 5, 6, 7, 8, 9, 10}
    assert drawn == windows(window=4, window_end="random") != windows(window=4, window_end="random", seed=1)
    ends = [each.stop for each in growing]
    assert ends == sorted(ends) and ends[0] == 4 and ends[25] == 7 and ends[50:] == [10] * 50
