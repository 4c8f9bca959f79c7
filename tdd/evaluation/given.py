"""What any learner can be given: distilled sets, sets of texts, and real examples, in whatever space it reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from tdd.data.text import TextSplit
from tdd.distillation.samples.start import mask_of
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.adam import Examples
from tdd.evaluation.labels import probabilities
from tdd.evaluation.plain_training import samples_or_texts
from tdd.evaluation.real_sets import RealSet, RealSets

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus


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
            ids = torch.from_numpy(encoded.row(place)[:longest].copy())
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

    def _texts(self, read: Corpus) -> list[str]:
        train = self.corpus.train
        if self.distilled.sentences is None or not isinstance(train, TextSplit):
            raise UsageError(
                f"the set is made of numbers in {self.distilled.source.get('vectors', 'its own space')}, not of words: "
                f"networks of another space ({read.train.source().get('vectors', read.train.space)}) cannot read it; "
                "distil with --samples words, or name networks that read the same"
            )
        if train.raw is not None and train.raw.are_pairs:
            raise UsageError("sets of pairs are read by networks of the embedding they were learned in alone")
        return [train.vectors.join(words) for words in self.distilled.sentences.by_word()]


@dataclass(frozen=True)
class GivenTexts:
    """A set of texts from elsewhere.

    Attributes:
        texts: n of them.
        labels: (n, C) probabilities.
        words: see `Given`; counted by white space.
    """

    texts: list[str]
    labels: Tensor

    @property
    def words(self) -> int:
        """See `Given`."""
        return sum(len(text.split()) for text in self.texts)

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

    def _cut(self, train: TextSplit, text: str) -> str:
        most, words = self.real.most, text.split()
        if most is None:
            return text
        while len(words) > 1 and len(train.vectors.encode(" ".join(words))) > most:
            words.pop()
        return " ".join(words)


def texts_in(texts: list[str], labels: Tensor, read: Corpus) -> TextSplit:
    """Texts with labels (n, C), in the space of the data `read`.

    Raises:
        UsageError: the data are images, or a text has no token.
    """
    train = read.train
    if not isinstance(train, TextSplit):
        raise UsageError("texts cannot be given to networks that read images: name networks for text")
    rows = [torch.tensor(train.vectors.encode(text), dtype=torch.int32).numpy() for text in texts]
    if empty := [place for place, row in enumerate(rows) if not len(row)]:
        raise UsageError(f"text {empty[0] + 1} holds nothing that can be read: leave it out")
    return TextSplit.of_rows(rows, labels, train.vectors, train.max_length)
