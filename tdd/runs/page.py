"""The page of a run: its set beside its log and, where they are at hand, its data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tdd.distilled_set.run_folder import LOG
from tdd.distilled_set.run_log import read_log
from tdd.distilled_set.vectors import load_vectors_of
from tdd.embeddings.nearest import Metric
from tdd.errors import TddError
from tdd.hub.quiet import offline
from tdd.inspection.decode import decode
from tdd.inspection.page import page
from tdd.inspection.page_extras import left_out, measured
from tdd.inspection.page_shades import Shown
from tdd.inspection.pictures import pictures
from tdd.runs.open_data import open_corpus_of
from tdd.settings.said import Where
from tdd.system.reporter import Reporter

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.distilled_set.set import DistilledSet

NEIGHBOURS = 5
"""Words beside each word."""


def page_of_run(
    distilled: DistilledSet,
    folder: Path,
    k: int | None = None,
    metric: Metric = "cosine",
    first: int | None = None,
    data: Where = None,
    public: bool = False,
) -> str:
    """The page of the set in a run folder.

    Args:
        distilled: the set.
        folder: the folder of its run, or of one that was pulled.
        k: nearest words of each position; None: `NEIGHBOURS`.
        metric: what they are nearest by.
        first: only so many samples; None: all.
        data: where the data are read from, and how; None: from where the recipe says, unless that asks for a network.
        public: leave out real examples.

    Raises:
        UsageError: `data` are not those that the set was distilled from, or see `tdd.inspection.decode.decode`.
    """
    is_text = distilled.space.kind == "text"
    vectors = load_vectors_of(distilled) if is_text else None
    shown: list[Shown] = []
    sentences = decode(distilled, vectors, k or NEIGHBOURS, metric, first) if vectors is not None else []
    shown += sentences or pictures(distilled, first)
    corpus, why = _data_at_hand(distilled, data, public)
    extras = measured(distilled, sentences, vectors, metric, corpus, 0 if public else len(shown), public)
    log = folder / LOG
    extras = replace(
        extras,
        log=read_log(log),
        # A set that was pulled has no log, and its files the day of the download.
        distilled_on=_day(datetime.fromtimestamp(log.stat().st_mtime, UTC)) if log.exists() else "",
        made_on=_day(datetime.now(UTC)),
        notes=[*why, *extras.notes],
    )
    return page(distilled, shown, metric, extras, public)


def _data_at_hand(distilled: DistilledSet, data: Where, public: bool) -> tuple[Corpus | None, list[str]]:
    """The data of a set, if they lie on this machine; or None, and why that is so."""
    if data is not None:
        return open_corpus_of(distilled, data, Reporter(quiet=True))[1], []
    try:
        with offline():
            return open_corpus_of(distilled, None, Reporter(quiet=True))[1], []
    except TddError as error:
        what = "Use of words in the data, accuracy after each step and real examples are left out"
        at_hand = "" if public else " (--data PATH)"
        return None, [left_out(f"{what}, since the data are not at hand{at_hand}", error, public)]


def _day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"
