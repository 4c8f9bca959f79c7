"""A distilled set to the Hub: readable tables, tensors, settings, results, figures and card, in one atomic commit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import check_vectors, load_vectors_of
from tdd.errors import UsageError
from tdd.hub.client import TIMEOUT, bounded_waits
from tdd.hub.layout import FIGURES, NETWORK, SCRIPT, WEIGHTS, is_ours
from tdd.hub.quiet import quiet
from tdd.publishing.card import card
from tdd.publishing.card_text import dataset_name, is_on_hub
from tdd.publishing.commit import Target, check_request
from tdd.publishing.contents import contents
from tdd.publishing.tables import readable_table
from tdd.system.formatting import counted

if TYPE_CHECKING:
    from tdd.embeddings.protocol import Embedding


def push(
    distilled: DistilledSet,
    repo: str,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    vectors: Embedding | None = None,
    figures: Path | None = None,
    overwrite: bool = False,
) -> str:
    """Publish a set as a data set on the Hub that `datasets.load_dataset` reads, in one commit.

    A failure leaves the repository as it was, or empty where it is new; the same call again completes it. Files of an
    earlier push that are not written any more are deleted, all others are left alone, and so is what the owner has
    changed in the card. A repository with a card or data of someone else is refused.

    Args:
        distilled: the set. Folders in the paths among its settings are left out.
        repo: ``owner/name``; created where it does not exist.
        private: create it private; one that exists must be private already.
        revision: branch, created where it does not exist; None: main.
        create_pr: open a pull request instead of changing the branch.
        vectors: those a set of sentences was distilled with; None: loaded by the name in its recipe.
        figures: folder of png and svg files to publish with it.
        overwrite: write over a card and data that are not tdd's, too.

    Returns:
        Address of the data set, or of the pull request.

    Raises:
        UsageError: an impossible name, other vectors, a public repository where a private one is asked for, or one that
            holds something else.
        TddError: no token or no right to write, the Hub cannot be reached, or others keep changing the repository.
    """
    check_request(repo, revision, create_pr)
    if vectors is not None:
        check_vectors(distilled, vectors)
    target = target_of_set(repo, private, revision, create_pr, overwrite)
    target.prepare()  # whether it may be written to is known long before the tables are made
    if vectors is None and distilled.space.kind == "text":
        vectors = load_vectors_of(distilled)
    table = readable_table(distilled, vectors)
    files = contents(distilled, repo, vectors, figures, table)
    texts = list(table["text"]) if distilled.space.kind == "text" else None
    drawn, source = [name for name in files if name.startswith(f"{FIGURES}/")], metadata_of_source(distilled)

    def written(owners: Any, present: str) -> str:
        return card(distilled, repo, drawn, owners, source, texts, present)

    return target.commit(files, written, f"Distilled set of {counted(distilled.n, 'sample')}")


def target_of_set(
    repo: str, private: bool = False, revision: str | None = None, create_pr: bool = False, overwrite: bool = False
) -> Target:
    """Where a set is published; arguments as of `push`.

    Raises:
        UsageError: a name by which `datasets` would take a script of the set for its loading script.
    """
    if f"{repo.rpartition('/')[2]}.py" in (SCRIPT, NETWORK):
        raise UsageError(f"no data set can be loaded from {repo}, whose name is that of a script in it: choose another")
    return Target("dataset", repo, is_ours, WEIGHTS, private, revision, create_pr, overwrite)


def metadata_of_source(distilled: DistilledSet) -> dict[str, Any]:
    """The metadata of the data set on the Hub that a set was distilled from; none where they cannot be read."""
    from huggingface_hub import HfApi

    if not is_on_hub(distilled):
        return {}
    try:
        with quiet(), bounded_waits():
            info = HfApi().dataset_info(dataset_name(distilled), timeout=TIMEOUT)
    except Exception:  # a card does without: the data may be gone since, or private
        return {}
    return info.card_data.to_dict() if info.card_data is not None else {}
