"""Numbers as a person reads them."""

import pytest

from tdd.system.formatting import counted


@pytest.mark.parametrize(
    ("count", "noun", "told"),
    [
        (0, "row", "0 rows"),
        (1, "step", "1 step"),
        (1200, "step", "1,200 steps"),
        (1, "class", "1 class"),
        (2, "class", "2 classes"),
    ],
)
def test_one_thing_is_told_in_the_singular(count, noun, told):
    assert counted(count, noun) == told
