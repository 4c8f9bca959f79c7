"""What takes the place of settings that are none once the data are read, and how that is said."""

from __future__ import annotations

import math

from tdd.settings.networks import REGULARISERS

MOST_OUTER_STEPS, PATIENCE = 4000, 400
LONGEST, QUANTILE, MULTIPLE = 400, 0.95, 8

SETTLED = ("max_length", "steps", "outer_steps", "patience", *REGULARISERS)
"""Settings that are chosen by the data and the network where they are none."""
USUAL_OUTER_STEPS = f"until held-out data show no gain any more, at most {MOST_OUTER_STEPS:,}"
USUAL_PATIENCE = f"{PATIENCE} where outer_steps is none, else the run goes to its last step"
USUAL_LENGTH = (
    f"what {QUANTILE:.0%} of the training texts are no longer than, rounded up to a multiple of {MULTIPLE}, "
    f"at most {LONGEST}"
)


def usual_length(quantile: float, at_least: int) -> int:
    """The `max_length` of texts.

    Args:
        quantile: tokens that the share `QUANTILE` of the training texts do not exceed.
        at_least: tokens that the network or the distilled sentences need.
    """
    return max(min(MULTIPLE * math.ceil(quantile / MULTIPLE), LONGEST), at_least)
