"""Test the set of a run on learners that it was not made for, beside real examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from tdd.data.corpus import Corpus
from tdd.distilled_set.run_folder import locked, read_run
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.features import check_reads_text, minilm_features
from tdd.evaluation.given import Given, GivenReal, GivenSet
from tdd.evaluation.kept_rows import KeptRows
from tdd.evaluation.kept_tests import CHECKPOINTS, key_of
from tdd.evaluation.names import PROTOCOLS, REAL, SUBJECT
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.transfer import Transfer
from tdd.evaluation.transfer_result import unlike
from tdd.runs.asked import Asked
from tdd.runs.evaluate import going_on
from tdd.runs.keep import keep_figures
from tdd.runs.open_data import open_corpus_of
from tdd.settings.recipe import Recipe
from tdd.settings.said import Where
from tdd.system.reporter import Reporter
from tdd.system.threads import are_open, choose, restored

Results = dict[str, dict[str, dict[str, dict[str, Any]]]]
"""Figures by network, protocol and row."""


def transfer_run(folder: Path, asked: Asked, data: Where = None, reporter: Reporter | None = None) -> DistilledSet:
    """Test the set in a run folder on other learners, and add the figures to its results and its card.

    The figures of a learner are kept as soon as it is done; the same command goes on where it was stopped.

    Args:
        folder: the run folder.
        asked: what is to be tested.
        data: see `tdd.runs.evaluate.evaluate_run`.
        reporter: where progress is told; None: nowhere.

    Raises:
        UsageError: there is no finished run, a name is unknown, or the set cannot be given to one of the networks;
            nothing was trained.
    """
    distilled, kept = tested_run(folder, asked, data, reporter)
    kept.clear()
    return distilled


def tested_run(folder: Path, asked: Asked, data: Where, reporter: Reporter | None) -> tuple[DistilledSet, KeptRows]:
    """See `transfer_run`.

    Returns:
        The tested set, and the figures that are kept for the same command, to be cleared once all of it is done.
    """
    asked.check()
    accelerator, reporter = asked.accelerator(), reporter or Reporter(quiet=True)
    distilled = read_run(folder)
    with locked(folder), reporter:
        recipe, corpus = open_corpus_of(distilled, data, reporter)
        subject = [GivenSet(distilled, corpus)]
        kept = KeptRows.of(folder / CHECKPOINTS, key_of(distilled), *asked.parts())
        tests = prepared(asked, recipe, corpus, subject, accelerator, reporter, kept)
        with going_on():
            for network in asked.on:
                figures = {network: measured_on(tests, network, asked, accelerator, reporter)}
                keep_figures(figures, "transfer", distilled, folder, partial(_fitting, figures, reporter))
    return distilled, kept


def _fitting(now: Results, reporter: Reporter, before: Mapping[str, Any]) -> dict[str, Any]:
    """The earlier figures without those that cannot stand beside new ones, which is told."""
    left = unlike(before, now)
    for network, protocol, name in left:
        reporter.note(
            f"{network}, {PROTOCOLS[protocol]}: the figure of {REAL.get(name, name)} was measured on other test "
            "examples or other networks, and is left out of the results; name it in beside (--beside) to measure it "
            "again"
        )
    return {
        network: {
            protocol: {name: row for name, row in rows.items() if (network, protocol, name) not in left}
            for protocol, rows in by_protocol.items()
        }
        for network, by_protocol in before.items()
    }


def measured_on(
    tests: Transfer, network: str, asked: Asked, accelerator: Accelerator, reporter: Reporter
) -> dict[str, Any]:
    """The results of a learner, computed by as many threads as suit it."""
    with restored():
        if are_open(accelerator, asked.threads) and (step := tests.small_step(network)):
            reporter.note(f"{network}: {choose(step)}")
        return tests.measure(network, asked.protocol)


def prepared(
    asked: Asked,
    recipe: Recipe,
    corpus: Corpus,
    subject: Sequence[Given],
    accelerator: Accelerator,
    reporter: Reporter,
    kept: KeptRows | None = None,
    check: Callable[[Transfer], None] | None = None,
) -> Transfer:
    """What tests the subject and the real examples beside it, once all of them can be given to every learner.

    `check` says so in its own way, of the subject alone, before real examples are chosen and labelled.
    """
    spaces = Spaces(corpus)

    def tell(done: int, total: int, purpose: str) -> None:
        reporter.count(done, total, purpose)

    rows: dict[str, Sequence[Given]] = {SUBJECT: subject}
    kept = kept or KeptRows()
    transfer = Transfer(spaces, recipe, rows, asked.networks, accelerator.device, asked.max_test, tell, kept)
    if check is not None:
        check(transfer)
    else:
        for network in asked.on:
            transfer.check(network, asked.protocol)
    if asked.beside:
        check_reads_text(asked.beside, corpus)
        words = [given.words for given in subject]
        fewest = min(count for count in words if count is not None) if None not in words else None
        # The teacher of a set for a pool is the first network.
        for_fresh = recipe.alone(recipe.network).model_copy(update={"init": "random"})
        baselines = Baselines(
            for_fresh,
            corpus,
            asked.draws,
            1,
            accelerator=accelerator,
            reporter=reporter,
            network=recipe.network if recipe.network in asked.on else None,
            words=fewest,
            minilm=partial(minilm_features, spaces, accelerator.device),
        )
        for name in asked.beside:
            rows[name] = [GivenReal(real, baselines.sets) for real in baselines.sets.real(name)]
    return transfer
