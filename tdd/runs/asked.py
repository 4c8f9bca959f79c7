"""What a test on other learners is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from accelerate import Accelerator

from tdd.errors import UsageError, nearest
from tdd.evaluation.learner_names import check_learner
from tdd.evaluation.names import REAL, SUBJECT
from tdd.evaluation.transfer import Protocol
from tdd.system import processes
from tdd.system.processes import check_one_process

DRAWS = 5
"""Draws of real examples beside a set."""


@dataclass(frozen=True)
class Asked:
    """What is to be tested.

    Attributes:
        on: names of the learners: networks of tdd, ``hf:`` encoders, and `tdd.evaluation.names.LEARNERS`.
        protocol: "learned", "plain" or "both".
        beside: sets of real examples, by their names in `tdd.evaluation.names.REAL`.
        networks: fresh networks for each row; None: see `Transfer`.
        draws: draws of real examples.
        max_test: test on this many examples only.
        device, threads: where it is computed; None: as for any run.
    """

    on: Sequence[str]
    protocol: Protocol = "both"
    beside: Sequence[str] = ()
    networks: int | None = None
    draws: int = DRAWS
    max_test: int | None = None
    device: str | None = None
    threads: int | None = None

    def check(self) -> None:
        """Raise UsageError for a name that is none, told before any data are read."""
        for name in self.on:
            check_learner(name)
        for name in self.beside:
            if name not in REAL:
                raise UsageError(f"no real examples '{name}'{nearest(name, list(REAL))}")
        if len(set(self.on)) < len(self.on):
            raise UsageError("a network is named twice: name each once")

    def of_protocol(self, results: Mapping[str, Any]) -> dict[str, Any]:
        """What the results of a learner say of what is asked for."""
        asked = {SUBJECT, *self.beside}
        return {
            protocol: {name: row for name, row in rows.items() if name in asked}
            for protocol, rows in results.items()
            if self.protocol in (protocol, "both")
        }

    def with_networks(self, on: Sequence[str]) -> Asked:
        """The same of these networks, by plain training."""
        return replace(self, on=on, protocol="plain")

    def parts(self) -> tuple[object, ...]:
        """What the figures of a learner depend on."""
        return self.beside, self.networks, self.draws, self.max_test, self.device

    def accelerator(self) -> Accelerator:
        """The device, of one process."""
        accelerator = processes.accelerator(self.device, self.threads)
        check_one_process(accelerator, "other networks are")
        return accelerator
