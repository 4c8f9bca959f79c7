"""A classifier in a folder to the Hub, with its card, in one atomic commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tdd.data.corpus import load_corpus
from tdd.distillation.accuracy import check_fits, counts_of
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError
from tdd.evaluation.predictor import MEASURED, trained_on
from tdd.evaluation.small_step import training_step
from tdd.hub.layout import MODELING, README, is_of_model
from tdd.publishing.commit import Target
from tdd.publishing.model_card import Tested, model_card
from tdd.publishing.push import metadata_of_source
from tdd.settings.said import Where, read_from
from tdd.system.formatting import counted
from tdd.system.memory import CPU
from tdd.system.threads import Suited


def push_model(
    distilled: DistilledSet,
    folder: Path,
    repo: str,
    tested: Tested | None = None,
    set_repo: str | None = None,
    private: bool = False,
    overwrite: bool = False,
) -> str:
    """Publish the classifier that `tdd.publishing.trained_model.train_model` saved, in one commit.

    Args:
        distilled: the set that it was trained on, of a pool that of its network alone.
        folder: of the classifier.
        repo: ``owner/name``; created where it does not exist.
        tested: what it got right; None: it was not tested.
        set_repo: the set's name on the Hub, for a link; None: it is not known.
        private: create it private; one that exists must be private already.
        overwrite: write over a card and a model that are not tdd's, too.

    Returns:
        Address of the model.

    Raises:
        UsageError: as of `tdd.publishing.push.push`.
        TddError: as there, or the folder cannot be read.
    """
    try:
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if is_of_model(path.name)}
    except OSError as error:
        raise TddError(f"cannot read {folder}: {error.strerror or error}") from None
    files.pop(README, None)
    target = target_of_model(repo, private, overwrite)
    target.prepare()
    source = metadata_of_source(distilled)

    def written(owners: Any, present: str) -> str:
        return model_card(distilled, repo, MODELING in files, set_repo, tested, owners, source, present)

    message = f"Classifier trained on a distilled set of {counted(distilled.n, 'sample')}"
    return target.commit(files, written, message)


def target_of_model(repo: str, private: bool = False, overwrite: bool = False) -> Target:
    """Where a classifier is published; arguments as of `push_model`."""
    return Target("model", repo, is_of_model, None, private, overwrite=overwrite)


def tested_classifier(distilled: DistilledSet, seed: int = 0, data: Where = None) -> Tested:
    """What the network that is trained on a set with `seed` gets right of its whole test split.

    Args:
        distilled: the set; of a pool that of the network alone.
        seed: as of `train_model`.
        data: where the data set is read from, and how, where that is not as the recipe says.
    """
    test = load_corpus(read_from(distilled.recipe, data)).test
    check_fits(distilled, test)
    learner, theta = trained_on(distilled, seed=seed)
    with Suited(CPU).within(training_step(learner, test, MEASURED)):
        counts = counts_of(learner.kernel(), theta, test, CPU)
    return Tested(float(counts.accuracy()[0]), len(test))
