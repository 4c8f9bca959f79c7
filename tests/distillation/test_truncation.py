"""The inner steps that the gradient flows through."""

from tdd.distillation.truncation import window


def test_a_window_ends_with_the_last_step_or_anywhere_or_ever_later():
    def windows(size=None, end="last", seed=0):
        return [window(10, size, end, step, 100, seed) for step in range(100)]

    assert windows() == windows(10) == windows(99) == [range(10)] * 100
    assert windows(4) == [range(6, 10)] * 100
    drawn, growing = windows(4, "random"), windows(4, "growing")
    assert {len(each) for each in (*drawn, *growing)} == {4}
    assert {each.stop for each in drawn} == {4, 5, 6, 7, 8, 9, 10}
    assert drawn == windows(4, "random") != windows(4, "random", seed=1)
    ends = [each.stop for each in growing]
    assert ends == sorted(ends) and ends[0] == 4 and ends[25] == 7 and ends[50:] == [10] * 50
