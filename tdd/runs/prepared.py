"""What tests a set, or texts, on learners, and the real examples beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from accelerate import Accelerator

from tdd.data.corpus import Corpus
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.features import features_of, unusual
from tdd.evaluation.given import Given, GivenReal
from tdd.evaluation.kept_rows import KeptRows
from tdd.evaluation.names import SUBJECT
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.transfer import Transfer
from tdd.runs.asked import Asked
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Reporter


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
        words = [given.words for given in subject]
        fewest = min(count for count in words if count is not None) if None not in words else None
        # The teacher of a set for a pool is the first network.
        for_fresh = recipe.alone(recipe.network).model_copy(update={"init": "random"})
        features = features_of(asked.features, spaces, accelerator.device)
        baselines = Baselines(
            for_fresh,
            corpus,
            asked.draws,
            1,
            accelerator=accelerator,
            reporter=reporter,
            network=recipe.network if recipe.network in asked.on else None,
            words=fewest,
            features=features,
        )
        for name in asked.beside:
            chosen_by = unusual(asked.features, name)
            rows[name] = [GivenReal(real, baselines.sets, chosen_by) for real in baselines.sets.real(name)]
    return transfer
