"""Architecture search on a distilled set: does the order of networks trained on it foretell that on all the data?

The promise of dataset distillation (paper, section 1; Wang et al., arXiv 1811.10959): try architectures on the set, in
seconds each, and train on all the data only the one that is best there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tdd.distillation.accuracy import counts_of
from tdd.errors import UsageError
from tdd.evaluation.architectures import Architecture
from tdd.evaluation.full_data import Setting, train_by
from tdd.evaluation.given import Given
from tdd.evaluation.kept_rows import KeptRows
from tdd.evaluation.names import SUBJECT
from tdd.evaluation.transfer import Transfer
from tdd.networks.learner import make_learner
from tdd.settings.full import usual_rate
from tdd.settings.networks import checked_options
from tdd.system.formatting import counted

LEARNED = f"{SUBJECT}, learned steps"
"""The row of the set's own steps; the rows of `Transfer` are those of plain training."""
EARLY = "all data, stopped early"
"""All the data by plain training: as many steps of as many examples as the other rows, so about as many seconds."""


@dataclass(frozen=True)
class AllOf:
    """A whole split, as what plain training learns from; see `tdd.evaluation.given.Given`."""

    words: None = None

    def examples(self, read: Any) -> Any:
        """See `Given`."""
        return read.train

    def steps(self, read: Any) -> None:
        """See `Given`."""


@dataclass
class Ranking:
    """Architectures in the order of what they reach, on a set and on all the data.

    Attributes:
        transfer: the rows that architectures are trained on plainly, the set first.
        learned: whether the set's own steps are a row of their own.
        kept: where the figures of an architecture are kept as soon as they are there.
        tell: called with the architectures done, their number, and the name of the last one.
    """

    transfer: Transfer
    learned: bool
    kept: KeptRows
    tell: Callable[[int, int, str], None] = lambda done, total, name: None

    def check(self, architecture: Architecture) -> None:
        """Raise UsageError, before anything is trained, where an architecture cannot be given one of the rows."""
        network, options = architecture.network, architecture.options
        replace(self.transfer, options=options).check(network, "plain")
        read = self.transfer.spaces.of(network)
        if read.train.space.kind == "text":
            own = self.transfer.rows[SUBJECT][0].steps(read) if self.learned else None
            length = read.train.space.shape[0] if own is None else min(read.train.space.shape[0], own.samples.shape[2])
            if checked_options(network, options).least_length > length:
                raise UsageError(f"{architecture} is wider than the {counted(length, 'word')} that it is given")

    def measure(self, architectures: Sequence[Architecture]) -> dict[str, Any]:
        """Figures of every architecture, and of every row what its order is worth.

        Returns:
            "architectures": for each its name, what it reaches on "full", all the data by Adam until held-out accuracy
            no longer rises, and by "rows"; "rows": see `worth`; "full_seconds".
        """
        found = []
        for place, architecture in enumerate(architectures, 1):
            found.append(self.kept.get(str(architecture), partial(self._of, architecture)))
            self.tell(place, len(architectures), f"architectures ranked, {architecture}")
        full = [each["full"] for each in found]
        by_row = {name: [each["rows"][name] for each in found] for name in found[0]["rows"]}
        return {
            "architectures": found,
            "rows": {name: worth(results, full) for name, results in by_row.items()},
            "full_seconds": sum(each["seconds"] for each in full),
        }

    def _of(self, architecture: Architecture) -> dict[str, Any]:
        name, transfer = architecture.network, replace(self.transfer, options=architecture.options, kept=KeptRows())
        rows: Mapping[str, Mapping[str, Any]] = transfer.measure(name, "plain")["plain"]
        kept = {row: _few(result) for row, result in rows.items()}
        if self.learned:
            kept[LEARNED] = _few(transfer.measure(name, "learned")["learned"][SUBJECT])
        return {"name": str(architecture), "rows": kept, "full": self._on_all_data(architecture)}

    def _on_all_data(self, architecture: Architecture) -> dict[str, float]:
        recipe, read = self.transfer.recipe, self.transfer.spaces.of(architecture.network)
        space, classes, device = read.train.space, len(read.classes), self.transfer.device
        options = dict(architecture.options)
        learner = make_learner(architecture.network, options, space, classes, device, recipe.initialisation[:1])
        begun = time.monotonic()
        best = train_by(learner, recipe, read, Setting(recipe.full_lr or usual_rate(False)), recipe.full_epochs)
        seconds = time.monotonic() - begun
        test = counts_of(learner.kernel(), best.theta, read.test, device, self.transfer.max_test).accuracy()
        return {"validation_accuracy": best.accuracy.item(), "mean": test.item(), "seconds": round(seconds, 3)}


def worth(row: Sequence[Mapping[str, Any]], full: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What an order of architectures by held-out accuracy on a row says of their test accuracies on all the data.

    Returns:
        "spearman" and "kendall" (tau-b) between the two, in [-1, 1], None where all of one are equal; "picked", the
        place of the architecture that is best on the row; "regret", by how much its test accuracy on all the data is
        below that of the architecture whose held-out accuracy is best there, below 0 where it is above; and "seconds"
        that training took.
    """
    from scipy import stats

    proxy, truth = [each["validation_accuracy"] for each in row], [each["mean"] for each in full]
    varied = len(set(proxy)) > 1 and len(set(truth)) > 1
    picked = max(range(len(proxy)), key=proxy.__getitem__)
    best = max(range(len(full)), key=lambda place: full[place]["validation_accuracy"])
    return {
        "spearman": float(stats.spearmanr(proxy, truth).statistic) if varied else None,
        "kendall": float(stats.kendalltau(proxy, truth).statistic) if varied else None,
        "picked": picked,
        "regret": truth[best] - truth[picked],
        "seconds": sum(each["seconds"] for each in row),
    }


def _few(result: Mapping[str, Any]) -> dict[str, Any]:
    seconds = result["train_seconds"] * max(1, result["networks"])
    return {"validation_accuracy": result["validation_accuracy"], "mean": result["mean"], "seconds": round(seconds, 3)}


def rows_beside(rows: Mapping[str, Sequence[Given]]) -> dict[str, Sequence[Given]]:
    """Rows with that of all the data, stopped early, at their end."""
    return {**rows, EARLY: [AllOf()]}
