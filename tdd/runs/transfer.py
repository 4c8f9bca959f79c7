"""Test the set of a run, or texts from files, on learners that they were not made for, beside real examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from tdd.data.corpus import Corpus
from tdd.data.labelled_texts import read_labelled_texts
from tdd.data.sources import local_copy
from tdd.data.text import TextSplit
from tdd.distillation.accuracy import check_fits
from tdd.distilled_set.probabilities import probabilities
from tdd.distilled_set.run_folder import locked, read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError, check_choice, check_count, check_kind
from tdd.evaluation.given import GivenSet, GivenTexts
from tdd.evaluation.kept_rows import KeptRows
from tdd.evaluation.kept_tests import CHECKPOINTS, key_of
from tdd.evaluation.names import PROTOCOLS, REAL
from tdd.evaluation.transfer import Protocol, Transfer
from tdd.evaluation.transfer_result import unlike
from tdd.runs.asked import Asked
from tdd.runs.evaluate import going_on
from tdd.runs.keep import keep_figures
from tdd.runs.open_data import open_corpus, open_corpus_of
from tdd.runs.prepared import prepared
from tdd.settings.recipes import resolve_recipe
from tdd.settings.said import Where
from tdd.system.files import cache_folder
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
                figures = {network: _measured(tests, network, asked, accelerator, reporter)}
                keep_figures(figures, "transfer", distilled, folder, partial(_fitting, figures, reporter))
    return distilled, kept


def _fitting(now: Results, reporter: Reporter, before: Mapping[str, Any]) -> dict[str, Any]:
    """The earlier figures without those that cannot stand beside new ones, which is told."""
    left = unlike(before, now)
    for network, protocol, name in left:
        reporter.note(
            f"{network}, {PROTOCOLS[protocol]}: the figure of {REAL.get(name, name)} is of other test examples, and is "
            "left out of the results; name it among beside (--beside) to measure it anew"
        )
    return {
        network: {
            protocol: {name: row for name, row in rows.items() if (network, protocol, name) not in left}
            for protocol, rows in by_protocol.items()
        }
        for network, by_protocol in before.items()
    }


def transfer(
    distilled: DistilledSet,
    corpus: Corpus,
    networks: Sequence[str],
    protocol: Protocol = "both",
    beside: Sequence[str] = (),
    fresh: int | None = None,
    reporter: Reporter | None = None,
) -> Results:
    """Test a set on learners that it was not made for.

    Args:
        distilled: the set.
        corpus: the data that it was distilled from, see `tdd.load_corpus`.
        networks: names of the learners, such as ``["gru", "minilm", "tfidf"]``.
        protocol: "learned", the set's own steps and rates; "plain", AdamW at fixed settings; or "both".
        beside: sets of real examples that are tested too, such as "herding_teacher".
        fresh: networks for each row; None: five, three of pretrained encoders.
        reporter: where progress is told; None: on standard error, see `tdd.disable_progress`.

    Returns:
        Figures by network, protocol and row; the set's own row is "set". See ``results.json`` of `transfer_run`.

    Raises:
        UsageError: a name is unknown, the set was not made of these data, or cannot be given to one of the networks;
            nothing was trained.
    """
    check_kind("distilled", distilled, DistilledSet, "tdd.DistilledSet.from_pretrained(FOLDER)")
    check_kind("corpus", corpus, Corpus, "tdd.load_corpus(distilled.recipe)")
    check_choice("protocol", protocol, ("learned", "plain", "both"))
    for name, value in (("networks", networks), ("beside", beside)):
        if isinstance(value, str):
            raise UsageError(f"{name} is a list of names: ['{value}']")
    if fresh is not None:
        check_count("fresh", fresh)
    check_fits(distilled, corpus.train)
    asked = Asked(networks, protocol, beside, networks=fresh)
    asked.check()
    accelerator, reporter = asked.accelerator(), reporter or Reporter()
    with reporter:
        subject = [GivenSet(distilled, corpus)]
        tests = prepared(asked, distilled.recipe, corpus, subject, accelerator, reporter)
        return {network: _measured(tests, network, asked, accelerator, reporter) for network in networks}


def transfer_texts(
    files: Sequence[Path],
    dataset: str,
    asked: Asked,
    data_root: Path | None = None,
    reporter: Reporter | None = None,
    reading: Mapping[str, Any] | None = None,
) -> Results:
    """Test texts of files on learners, by plain training; several files are draws of one way to make such texts.

    Args:
        files: each holds texts and their labels, see `read_labelled_texts`.
        dataset: whose classes they tell apart, and whose test split is read.
        asked: what is to be tested.
        data_root: folder with copies of data sets, laid out owner/name as on the Hub; None: they are read from it.
        reporter: where progress is told; None: nowhere.
        reading: settings that say how the files are written; None: that is recognised.

    Raises:
        UsageError: a file or name is wrong, or the files hold different numbers of texts; nothing was trained.
    """
    asked.check()
    accelerator, reporter = asked.accelerator(), reporter or Reporter(quiet=True)
    local = None if data_root is None else local_copy(dataset, data_root)
    where: dict[str, Any] = {} if local is None else {"data": local}
    recipe = resolve_recipe(dataset, None, [], where | {"init": "random"})
    with reporter:
        corpus = open_corpus(recipe, reporter)
        train = corpus.train
        pair = train.raw.columns if isinstance(train, TextSplit) and train.raw and train.are_pairs else ()
        read = [read_labelled_texts(path, corpus.classes, pair, reading) for path in files]
        for note in dict.fromkeys(note for each in read for note in each.notes):
            reporter.note(f"note: {note}")
        sizes = sorted({len(each.texts) for each in read})
        if len(sizes) > 1:
            raise UsageError(f"the files hold {sizes[0]} to {sizes[-1]} texts: test sets of one size together")
        # Real examples beside them are as many, and learned in any split into steps.
        recipe = recipe.model_copy(update={"n": sizes[0], "steps": 1})
        subject = [GivenTexts(each.texts, probabilities(each.labels), corpus) for each in read]
        content = [(each.texts, each.labels.tolist()) for each in read]
        kept = KeptRows.of(cache_folder() / "tests", corpus.fingerprint, content, *asked.parts())
        tests = prepared(asked, recipe, corpus, subject, accelerator, reporter, kept)
        with going_on():
            results = {network: _measured(tests, network, asked, accelerator, reporter) for network in asked.on}
        kept.clear()
        return results


def _measured(
    tests: Transfer, network: str, asked: Asked, accelerator: Accelerator, reporter: Reporter
) -> dict[str, Any]:
    """The results of a learner, computed by as many threads as suit it."""
    with restored():
        if are_open(accelerator, asked.threads) and (step := tests.small_step(network)):
            reporter.note(f"{network}: {choose(step)}")
        return tests.measure(network, asked.protocol)
