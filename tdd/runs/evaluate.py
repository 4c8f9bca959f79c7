"""A whole job: evaluate what lies in a run folder, add the figures to its results, and say what it has reached."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from tdd.data.corpus import Corpus
from tdd.distilled_set.results import read_results
from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.decoded import check_decodable, decoded_accuracy
from tdd.evaluation.evaluation import Evaluation, evaluate
from tdd.evaluation.full_data import train_on_all
from tdd.evaluation.plain_text import NETWORKS, plain_text_accuracy, sentences_of
from tdd.hub.layout import RESULTS
from tdd.publishing.card import write_card
from tdd.runs.open_data import open_corpus_of
from tdd.system.files import write_json
from tdd.system.formatting import percent
from tdd.system.processes import check_one_process
from tdd.system.reporter import Reporter


def evaluate_on(
    corpus: Corpus,
    distilled: DistilledSet,
    networks: int,
    init: str | None = None,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    reporter: Reporter | None = None,
    tell_figures: bool = True,
) -> Evaluation:
    """Evaluate a set on a corpus's test split and note the figures in the set's results."""
    reporter = reporter or Reporter(quiet=True)

    def tell(so_far: Evaluation) -> None:
        if so_far.init == "random":
            figures = f": {percent(so_far.mean, so_far.sd)}" if tell_figures else ""
            reporter.count(len(so_far.accuracies), networks, f"networks tested{figures}")

    with reporter:
        result = evaluate(
            distilled, corpus.test, networks, init, distilled.recipe.seed, max_test, accelerator, on_progress=tell
        )
    distilled.results.setdefault("evaluation", {})[result.init] = result.as_dict()
    return result


def evaluate_run(
    folder: str | Path,
    networks: int | None = None,
    init: str | None = None,
    full: bool = False,
    max_test: int | None = None,
    data: str | None = None,
    decoded: bool = False,
    reporter: Reporter | None = None,
    only_missing: bool = False,
    plain_text: bool = False,
) -> DistilledSet:
    """Evaluate the set in a run folder on its data set's test split, and add the figures to ``results.json``.

    Each is kept as soon as it is there.

    Args:
        folder: the run folder.
        networks: fresh networks; None: 200 for random initialisation.
        init: "fixed" or "random"; None: the one the set was made for, and with `networks` given, fresh ones too.
        full: also train the same network on all the data, for the distillation ratio.
        max_test: test on this many examples only.
        data: read the data from here instead of where the recipe says.
        decoded: also replace every position by its nearest word, see `tdd.evaluation.decoded.decoded_accuracy`.
        reporter: where progress is told; None: nowhere.
        only_missing: leave out accuracies that the run's results hold already, for as many networks on the whole test
            split, and those with all the data.
        plain_text: also see what other learners make of the sentences and labels alone, see `plain_text`.

    Raises:
        UsageError: there is no finished run in `folder`, the data are not those the set was distilled from, or its
            words are asked for (`decoded`) and it is made of them, or plain text is and it is not, or several
            `networks` are given for a fixed initialisation.
    """
    accelerator = Accelerator()
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    distilled = read_run(Path(folder))
    if init == "fixed" and (networks or 1) > 1 and not plain_text:
        raise UsageError("--networks counts fresh networks, and --init fixed is a single one: leave one of them out")
    if decoded:
        check_decodable(distilled)
    if plain_text:
        check_one_process(accelerator, "--plain-text is")
        sentences_of(distilled)
    recipe, corpus = open_corpus_of(distilled, data, reporter)

    def keep(kind: str, found: dict[str, Any]) -> None:
        # At once, since what follows may be stopped, and beside what another command has added meanwhile.
        if accelerator.is_main_process:
            distilled.results = read_results(Path(folder) / RESULTS)
        distilled.results[kind] = (distilled.results.get(kind) or {}) | found
        if accelerator.is_main_process:
            write_json(Path(folder) / RESULTS, distilled.results)
            write_card(distilled, Path(folder))

    wanted = [init] if init else [recipe.init]
    if recipe.init == "fixed" and init is None and networks is not None:
        wanted.append("random")
    for each in wanted:
        if not (only_missing and is_tested(distilled.results, each, networks or 200)):
            found = evaluate_on(corpus, distilled, networks or 200, each, max_test, accelerator, reporter)
            keep("evaluation", {each: found.as_dict()})
        if decoded:
            with reporter:
                read = decoded_accuracy(
                    distilled,
                    corpus,
                    each,
                    networks or 200,
                    max_test,
                    accelerator,
                    on_fit=lambda progress: reporter.outer_step(progress, recipe.refit_steps),
                )
            keep("decoded", {each: read})
    if full and not (only_missing and "full_data" in distilled.results):

        def tell(epoch: int, reached: float) -> None:
            reporter.count(epoch, recipe.full_epochs, f"on all data: validation {percent(reached)}", important=True)

        with reporter:
            keep("full_data", train_on_all(recipe, corpus, accelerator, tell))
    if plain_text:
        with reporter:
            learned = plain_text_accuracy(
                distilled, corpus, networks or NETWORKS, max_test, accelerator, reporter.count
            )
        keep("plain_text", learned)
    return distilled


def is_tested(results: Mapping[str, Any], init: str, networks: int) -> bool:
    """Whether results hold an evaluation of at least so many networks (one, where fixed) on the whole test split."""
    found = results.get("evaluation", {}).get(init)
    if found is None or found["test_examples"] < found["test_split"]:
        return False
    return bool(found["networks"] >= (1 if init == "fixed" else networks))
