"""In Python: test sets on learners that they were not made for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tdd.data.corpus import Corpus
from tdd.distillation.accuracy import check_fits
from tdd.distillation.data_of_set import check_made_of
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError, check_choice, check_count, check_kind
from tdd.evaluation.given import GivenSet
from tdd.evaluation.several_sets import over_sets
from tdd.evaluation.transfer import Protocol
from tdd.runs.asked import Asked
from tdd.runs.seeds_alone import check_seeds_differ
from tdd.runs.transfer import Results, measured_on, prepared
from tdd.system.reporter import Reporter


def transfer(
    distilled: DistilledSet | Sequence[DistilledSet],
    corpus: Corpus | Sequence[Corpus],
    networks: Sequence[str],
    protocol: Protocol = "both",
    beside: Sequence[str] = (),
    fresh: int | None = None,
    reporter: Reporter | None = None,
) -> Results:
    """Test a set on learners that it was not made for, or several sets as one way to make them.

    Args:
        distilled: the set, or sets that differ in their seed alone.
        corpus: the data that the set was distilled from, see `tdd.load_corpus`; of several sets a list, one of each: a
            seed draws which examples are held out.
        networks: names of the learners, such as ``["gru", "minilm", "tfidf"]``.
        protocol: "learned", the set's own steps and rates; "plain", AdamW at fixed settings; or "both".
        beside: sets of real examples that are tested too, such as "herding_teacher".
        fresh: networks for each row; None: five, three of pretrained encoders.
        reporter: where progress is told; None: on standard error, see `tdd.disable_progress`.

    Returns:
        Figures by network, protocol and row; the set's own row is "set". See ``results.json`` of
        `tdd.runs.transfer.transfer_run`; of several sets see `tdd.evaluation.several_sets.over_sets`.

    Raises:
        UsageError: a name is unknown, a set was not made of these data, or cannot be given to one of the networks, or
            sets differ in more than their seed; nothing was trained.
    """
    sets: list[Any] = list(distilled) if isinstance(distilled, list | tuple) else [distilled]
    for each in sets:
        check_kind("distilled", each, DistilledSet, "tdd.DistilledSet.from_pretrained(FOLDER)")
    corpora: list[Any] = list(corpus) if isinstance(corpus, list | tuple) else [corpus]
    for given in corpora:
        check_kind("corpus", given, Corpus, "tdd.load_corpus(distilled.recipe)")
    check_choice("protocol", protocol, ("learned", "plain", "both"))
    for name, value in (("networks", networks), ("beside", beside)):
        if isinstance(value, str):
            raise UsageError(f"{name} is a list of names: ['{value}']")
    for name, given, example in (("distilled", sets, "[first, second]"), ("networks", networks, "['gru', 'tfidf']")):
        if not given:
            raise UsageError(f"{name} is empty: give at least one, as in {example}")
    if fresh is not None:
        check_count("fresh", fresh)
    if len(corpora) != len(sets):
        raise UsageError(
            f"{len(sets)} sets, and data of {len(corpora)}: give each its own, "
            "[tdd.load_corpus(each.recipe) for each in distilled], since a seed draws which examples are held out"
        )
    for each, data in zip(sets, corpora, strict=True):
        check_fits(each, data.train)
        check_made_of(each, data)
    check_seeds_differ({f"set {place}": each.recipe for place, each in enumerate(sets, 1)})
    asked = Asked(networks, protocol, beside, networks=fresh)
    asked.check()
    accelerator, reporter = asked.accelerator(), reporter or Reporter()
    with reporter:
        tests = [
            prepared(asked, each.recipe, data, [GivenSet(each, data)], accelerator, reporter)
            for each, data in zip(sets, corpora, strict=True)
        ]
        found = [
            {network: measured_on(test, network, asked, accelerator, reporter) for network in networks}
            for test in tests
        ]
    return found[0] if len(found) == 1 else over_sets(found)
