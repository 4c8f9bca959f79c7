"""Whether data are those that a set was distilled from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.data.changes import told_changes
from tdd.distillation.accuracy import check_classes
from tdd.distilled_set.embedding import SavedEmbedding
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus


def check_made_of(distilled: DistilledSet, corpus: Corpus) -> None:
    """Raise UsageError unless a set was distilled from these data: its classes, word vectors, and held-out examples."""
    check_classes(distilled, corpus.classes)
    if distilled.source.get("vectors_checksum") != corpus.source.get("vectors_checksum"):
        raise UsageError(
            f"{distilled.recipe.vectors} has other words or vectors now than when the set was distilled; "
            "test it with those of then"
        )
    if distilled.source.get("fingerprint", corpus.fingerprint) != corpus.fingerprint:
        raise UsageError(
            f"the data are not those that the set was distilled from ({_difference(distilled, corpus)}): give those, "
            "since of others it may have learned what would be tested on, or know no words"
        )


def _difference(distilled: DistilledSet, corpus: Corpus) -> str:
    """How the data differ from those that a set was distilled from, in a few words."""
    before, embedding = distilled.embedding, SavedEmbedding.of(corpus.train)
    if before is not None and embedding is not None and before.splitting != embedding.splitting:
        return f"its texts were split into tokens by {before.splitting}, these are by {embedding.splitting}"
    then, now = distilled.source | distilled.results.get("data", {}), corpus.source | corpus.reading
    return told_changes(then, now, corpus.train.space.kind)
