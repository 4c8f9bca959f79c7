"""Test texts from files on learners, beside real examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from tdd.data.labelled_texts import LabelledTexts, read_labelled_texts
from tdd.data.protocols import Split
from tdd.data.sources import local_copy
from tdd.data.text import TextSplit
from tdd.distilled_set.probabilities import probabilities
from tdd.errors import UsageError
from tdd.evaluation.given import GivenTexts
from tdd.evaluation.kept_rows import KeptRows
from tdd.runs.asked import Asked
from tdd.runs.evaluate import going_on
from tdd.runs.open_data import open_corpus
from tdd.runs.transfer import Results, measured_on, prepared
from tdd.settings.recipes import resolve_recipe
from tdd.system.files import cache_folder
from tdd.system.reporter import Reporter


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
        UsageError: a file or name is wrong, two files hold the same, or not as many texts; nothing was trained.
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
        notes = [note for each in read for note in each.notes]
        among = [_of_the_test(path, each, corpus.test) for path, each in zip(files, read, strict=True)]
        notes += [note for note in among if note]
        for note in dict.fromkeys(notes):
            reporter.note(f"note: {note}")
        sizes = sorted({len(each.texts) for each in read})
        if len(sizes) > 1:
            raise UsageError(f"the files hold {sizes[0]} to {sizes[-1]} texts: test sets of one size together")
        content = [(each.texts, each.labels.tolist()) for each in read]
        for place, one in enumerate(content):
            if (first := content.index(one)) < place:
                raise UsageError(f"'{files[place]}' holds what '{files[first]}' holds: name each set once")
        # Real examples beside them are as many, and learned in any split into steps.
        recipe = recipe.model_copy(update={"n": sizes[0], "steps": 1})
        subject = [GivenTexts(each.texts, probabilities(each.labels), corpus) for each in read]
        kept = KeptRows.of(cache_folder() / "tests", corpus.fingerprint, content, *asked.parts())
        tests = prepared(asked, recipe, corpus, subject, accelerator, reporter, kept)
        with going_on():
            results = {network: measured_on(tests, network, asked, accelerator, reporter) for network in asked.on}
        kept.clear()
        return results


def _of_the_test(path: Path, given: LabelledTexts, test: Split) -> str:
    """How many of the test examples are among the texts of a file, which flatters it; "": none.

    Raises:
        UsageError: they are all among them.
    """
    if not isinstance(test, TextSplit) or test.raw is None:
        return ""
    texts = {_plain(text) for text in given.texts}
    found = sum(_plain(text) in texts for text in test.raw.texts(torch.arange(len(test))))
    if found == len(test):
        raise UsageError(f"{path} holds all {found:,} test examples: leave them out, since they are what is tested on")
    return f"{found:,} of the {len(test):,} test examples are also in {path}: figures are too high" if found else ""


def _plain(text: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text)
