"""What takes the place of settings that are none once the data are read, and how that is said."""

from __future__ import annotations

import math

MOST_OUTER_STEPS, PATIENCE = 2000, 600
USUAL_STEPS, MOST_STEPS = 10, 25
LONGEST, QUANTILE, MULTIPLE = 400, 0.95, 8

REGULARISERS = ("label_smoothing", "word_dropout", "ema")
"""Settings of the outer loop that depend on the network where they are none (docs/settings.md)."""
SETTLED = ("max_length", "steps", "learning_rate", "outer_steps", "patience", *REGULARISERS, "window", "clip_mean")
"""Settings that are chosen by the data and the network where they are none."""
USUAL_OUTER_STEPS = f"until held-out data show no gain any more, at most {MOST_OUTER_STEPS:,}"
USUAL_PATIENCE = f"{PATIENCE} where outer_steps is none, else the run goes to its last step"
LEAST_RATE, RATE_OF_A_CLASS, LARGEST_RATE = 0.05, 0.01, 0.5
USUAL_RATE = (
    f"{RATE_OF_A_CLASS} for each class, from {LEAST_RATE} to {LARGEST_RATE}, and {LEAST_RATE} where images are read"
)
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


def usual_rate(classes: int, images: bool) -> float:
    """The `learning_rate` to start from: the gradient of a sample falls with the number of classes."""
    return LEAST_RATE if images else min(max(LEAST_RATE, round(RATE_OF_A_CLASS * classes, 4)), LARGEST_RATE)


def usual_steps(n: int, classes: int) -> int:
    """The inner steps that n samples are split into.

    Where classes divide n, up to 10 steps that leave each of them a sample for each class; elsewhere as many of those
    that divide n as are nearest to 10, in ratio.
    """
    divisors = [steps for steps in range(1, min(n, MOST_STEPS) + 1) if n % steps == 0]
    if n % classes == 0:
        return max(steps for steps in divisors if steps <= min(USUAL_STEPS, n // classes))
    return min(divisors, key=lambda steps: abs(math.log(steps / USUAL_STEPS)))
