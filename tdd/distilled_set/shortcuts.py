"""What users look for on the class of a set itself: how it is shown, taken apart, made a table and published.

The methods call packages above this one, and are the one place that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex, cast, overload

from tdd.system.formatting import counted, percent

if TYPE_CHECKING:
    from datasets import Dataset
    from torch import Tensor

    from tdd.distilled_set.sentences import Sentences
    from tdd.embeddings.protocol import Embedding
    from tdd.settings.recipe import Recipe

SHOWN_CLASSES = 6
"""Names of classes that a line shows."""


class Shortcuts:
    """Methods of `DistilledSet`, by its attributes."""

    samples: Tensor
    labels: Tensor
    learning_rates: Tensor
    classes: list[str]
    recipe: Recipe
    results: dict[str, Any]
    sentences: Sentences | None
    mask: Tensor | None

    def __repr__(self) -> str:
        """The set in a few lines: what it is of, made for, reached."""
        steps, per_step = self.samples.shape[:2]
        kind = "sentences of words" if self.sentences else "sentences" if self.samples.dim() == 4 else "images"
        classes = ", ".join(self.classes[:SHOWN_CLASSES]) + (", ..." if len(self.classes) > SHOWN_CLASSES else "")
        shape = " x ".join(map(str, self.samples.shape[2:]))
        lines = [
            f"DistilledSet of {self.recipe.dataset}: {len(self)} {kind} of {shape}",
            f"{counted(steps, 'step')} x {per_step}, {counted(self.learning_rates.shape[1] // steps, 'epoch')}, "
            f"for {', '.join(self.recipe.learners)}, {self.recipe.init} initialisation",
            f"{len(self.classes)} classes: {classes}",
        ]
        for init, evaluation in self.results.get("evaluation", {}).items():
            over = f" over {evaluation['networks']} networks" if evaluation["networks"] > 1 else ""
            lines.append(f"test accuracy {percent(evaluation['mean'], evaluation['sd'])}{over}, {init} initialisation")
        return "\n  ".join(lines)

    def _repr_html_(self) -> str:
        """A few samples with their labels, for notebooks."""
        from tdd.inspection.notebook import notebook

        return notebook(cast(Any, self))

    def __len__(self) -> int:
        """n, the number of samples."""
        return self.samples.shape[0] * self.samples.shape[1]

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        """One sample, counted step by step, or a list of them: ``distilled[0]``, ``distilled[-1]``, ``distilled[:4]``.

        Returns:
            Of each sample "sample", (L, d) or (c, h, w); "label", the class with the largest soft label; "soft_label",
            a number for each class by its name; "step", "index" (place in the step) and "learning_rates" (one an epoch;
            of a pool by the names of its networks); of a set of words the "text"; where a text is padded its "length"
            in tokens.
        """
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not isinstance(index, SupportsIndex):
            raise TypeError(f"samples are counted from 0 on, and {index!r} is no number")
        index = index.__index__()
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no sample {index}: the set has {counted(len(self), 'sample')}, from 0 on")
        steps, per_step = self.samples.shape[:2]
        step, place = divmod(index % len(self), per_step)
        labels, rates = self.labels[step, place], self.learning_rates[:, step::steps].tolist()
        sample: dict[str, Any] = {
            "sample": self.samples[step, place],
            "label": self.classes[int(labels.argmax())],
            "soft_label": dict(zip(self.classes, labels.tolist(), strict=True)),
            "step": step,
            "index": place,
            "learning_rates": rates[0] if len(rates) == 1 else dict(zip(self.recipe.learners, rates, strict=True)),
        }
        if self.sentences is not None:
            sample["text"] = self.sentences.texts()[index % len(self)]
        if self.mask is not None:
            sample["length"] = int(self.mask[step, place].sum())
        return sample

    def to_dataset(self, vectors: Embedding | None = None) -> Dataset:
        """The set as a table of `datasets`, a row for each sample; see `tdd.publishing.tables.readable_table`."""
        from tdd.publishing.tables import readable_table

        return readable_table(cast(Any, self), vectors)

    def push_to_hub(
        self,
        repo: str,
        private: bool = False,
        revision: str | None = None,
        create_pr: bool = False,
        vectors: Embedding | None = None,
    ) -> str:
        """Publish the set as the data set `repo` on the Hub, see `tdd.publishing.push.push`; returns its address."""
        from tdd.publishing.push import push

        return push(cast(Any, self), repo, private, revision, create_pr, vectors)
