"""The names of learners that a set is tested on."""

from __future__ import annotations

from tdd.errors import UsageError, nearest
from tdd.evaluation.names import LEARNERS
from tdd.settings.encoder_names import is_encoder
from tdd.settings.networks import CODE, NETWORKS, entry_of


def check_learner(name: str) -> None:
    """Raise UsageError unless there is a learner of this name; the nearest one is offered."""
    if name in LEARNERS or name in NETWORKS or name.startswith(CODE) or is_encoder(name):
        if name not in LEARNERS:
            entry_of(name)
        return
    raise UsageError(f"no network '{name}'{nearest(name, [*NETWORKS, *LEARNERS])}")
