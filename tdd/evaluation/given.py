"""What any learner can be given: distilled sets, sets of texts, and real examples, in whatever space it reads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from tdd.data.pairs import cut_row, kept_of_both
from tdd.data.text import TextSplit
from tdd.distillation.samples.start import mask_of
from tdd.distilled_set.probabilities import probabilities
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.adam import Examples
from tdd.evaluation.plain_training import samples_or_texts
from tdd.evaluation.real_sets import RealSet, RealSets

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.embeddings.protocol import Embedding


Parts = tuple[str, ...]
"""A text as its parts: one, or two of a pair."""


class Given(Protocol):
    """A set that learners of any space may be given.

    Attributes:
        words: tokens of all its texts together, as it counts them; None: it is not made of texts.
    """

    @property
    def words(self) -> int | None:
        """See above."""

    def examples(self, read: Corpus) -> Examples:
        """What plain training learns from, for a learner that reads the data as `read`."""

    def steps(self, read: Corpus) -> DistilledSet | None:
        """The gradient steps of learned steps; None: the set has none."""


@dataclass(frozen=True)
class GivenSet:
    """A distilled set.

    Attributes:
        distilled: the set.
        corpus: the data that it was distilled from, in its own space.
    """

    distilled: DistilledSet
    corpus: Corpus

    @property
    def words(self) -> int | None:
        """See `Given`."""
        return self.distilled.words

    def examples(self, read: Corpus) -> Examples:
        """See `Given`.

        Raises:
            UsageError: it is made of other numbers than the learner reads, and has no words.
        """
        if self._is_at_home(read):
            return samples_or_texts(self.distilled, read.train)
        return texts_in(self._texts(read), probabilities(self.distilled.labels.flatten(0, 1)), read)

    def steps(self, read: Corpus) -> DistilledSet:
        """See `Given` and `GivenSet.examples`; texts are read anew, and bear no attention labels."""
        if self._is_at_home(read):
            return self.distilled
        encoded = texts_in(self._texts(read), self.distilled.labels.flatten(0, 1), read)
        steps, per_step = self.distilled.samples.shape[:2]
        longest = int(encoded.lengths.max())
        tokens = torch.zeros(len(encoded), longest, dtype=torch.int32)
        for place, row in enumerate(tokens):
            cut = cut_row(encoded.row(place), encoded.vectors.separator, longest)
            ids = torch.from_numpy(cut.copy())
            row[: len(ids)] = ids
        shape = (steps, per_step, longest, encoded.vectors.dim)
        sentences = Sentences.of(tokens.view(steps, per_step, longest), encoded.vectors)
        lengths = torch.arange(longest) < encoded.lengths[:, None]
        return replace(
            self.distilled,
            samples=encoded.vectors.embed(tokens).view(shape),
            mask=mask_of(lengths, shape),
            sentences=sentences,
            source=self.distilled.source | read.train.source(),
            initialisation=None,
            attention=None,
            embedding=None,
        )

    def _is_at_home(self, read: Corpus) -> bool:
        return read.train.space.holds(self.distilled.space)

    def _texts(self, read: Corpus) -> list[Parts]:
        train = self.corpus.train
        if self.distilled.sentences is None or not isinstance(train, TextSplit):
            raise UsageError(
                f"the set is made of numbers in {self.distilled.source.get('vectors', 'its own space')}, not of words: "
                f"networks of another space ({read.train.source().get('vectors', read.train.space)}) cannot read it; "
                "distil with samples: words (--samples words), or name networks that read the same"
            )
        separator = train.vectors.separator if train.are_pairs else ()
        return [
            tuple(train.vectors.join(words) for words in parts)
            for parts in self.distilled.sentences.segments(separator)
        ]


@dataclass(frozen=True)
class GivenTexts:
    """A set of texts from elsewhere.

    Attributes:
        texts: n of them; of a pair two parts.
        labels: (n, C) probabilities.
        corpus: the data whose classes they tell apart; words are counted as its own are, so that real examples with as
            many tokens have as much text.
    """

    texts: Sequence[Parts]
    labels: Tensor
    corpus: Corpus

    @property
    def words(self) -> int:
        """See `Given`."""
        return int(texts_in(self.texts, self.labels, self.corpus).lengths.sum())

    def examples(self, read: Corpus) -> TextSplit:
        """See `Given`."""
        return texts_in(self.texts, self.labels, read)

    def steps(self, read: Corpus) -> None:
        """See `Given`: there are none."""


@dataclass(frozen=True)
class GivenReal:
    """Real examples, chosen and labelled in the space of `sets`."""

    real: RealSet
    sets: RealSets

    @property
    def words(self) -> int | None:
        """See `Given`."""
        return self.real.words(self.sets.corpus.train)

    def examples(self, read: Corpus) -> Examples:
        """See `Given`; in another space a text is cut after the words that stand before the same token."""
        train = self.sets.corpus.train
        if read.train.space.embedding == train.space.embedding:
            examples: Examples = self.real.examples(read.train)
            return examples
        assert isinstance(train, TextSplit) and train.raw is not None  # or `read` could not be there
        texts = [self._cut(train, text) for text in train.raw.texts(self.real.places)]
        return texts_in(texts, self.real.labels, read)

    def steps(self, read: Corpus) -> None:
        """See `Given`: rates of real examples are not learned."""

    def _cut(self, train: TextSplit, text: Parts) -> Parts:
        most, vectors = self.real.most, train.vectors
        if most is None:
            return text
        if len(text) == 1:
            return (_first_words(text[0], vectors, most),)
        lengths = [len(vectors.encode(part)) for part in text]
        kept = kept_of_both(lengths[0], lengths[1], most - len(vectors.separator))
        return tuple(_first_words(part, vectors, count) for part, count in zip(text, kept, strict=True))


def told_of(row: Sequence[Given]) -> dict[str, Any]:
    """What is told of a row of sets beside its accuracy: "words", the mean over its draws."""
    counts = [count for given in row if (count := given.words) is not None]
    return {"words": round(sum(counts) / len(counts)) if counts else None}


def _first_words(text: str, vectors: Embedding, most: int) -> str:
    """The text, cut after the words of its first `most` tokens, at least one; without spaces after its characters."""
    if not vectors.needs_spaces:
        ends = range(1, len(text) + 1)
        return text[: max(1, bisect_right(ends, most, key=lambda end: len(vectors.encode(text[:end]))))]
    words = text.split()
    while len(words) > 1 and len(vectors.encode(" ".join(words))) > most:
        words.pop()
    return " ".join(words)


def texts_in(texts: Sequence[Parts], labels: Tensor, read: Corpus) -> TextSplit:
    """Texts with labels (n, C), in the space of the data `read`; between the parts of each stands its separator.

    Raises:
        UsageError: the data are images, or a text has no token.
    """
    train = read.train
    if not isinstance(train, TextSplit):
        raise UsageError("texts cannot be given to networks that read images: name networks for text")
    rows = [np.array(_encoded(text, train.vectors), dtype=np.int32) for text in texts]
    if empty := [place for place, row in enumerate(rows) if not len(row)]:
        raise UsageError(f"text {empty[0] + 1} holds nothing that can be read: leave it out")
    return TextSplit.of_rows(rows, labels, train.vectors, train.max_length)


def _encoded(text: Parts, vectors: Embedding) -> list[int]:
    """Token ids of a text of several parts; none where no part has any."""
    parts = [vectors.encode(part) for part in text]
    whole = list(parts[0])
    for part in parts[1:]:
        whole += [*vectors.separator, *part]
    return whole if any(parts) else []
