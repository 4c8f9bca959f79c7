"""The distilled set: what is learned, saved, loaded and trained on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from tdd.distilled_set.checks import FORMAT, check_tensors, read_about, read_sentences
from tdd.distilled_set.results import read_results
from tdd.distilled_set.sentences import Sentences, vectors_of
from tdd.errors import UsageError
from tdd.hub.layout import RECIPE, RESULTS, WEIGHTS
from tdd.settings.recipe import Recipe
from tdd.system.files import write_json
from tdd.system.tensor_files import load_tensors, save_tensors

if TYPE_CHECKING:
    from tdd.embeddings.word_vectors import WordVectors


@dataclass
class DistilledSet:
    """n = steps x per_step synthetic examples and how to train on them.

    Attributes:
        samples: float32 embedded sentences (steps, per_step, L, d) or normalised images (steps, per_step, c, h, w).
        labels: (steps, per_step, C) soft labels, any real numbers.
        learning_rates: (epochs x steps,) positive, one for each gradient step.
        classes: the C class names.
        recipe: the settings it was distilled with.
        source: what it was distilled from: data set, revision, and how it was encoded (`Split.source`).
        initialisation: the network's parameters it was made for, or None when made for any fresh draw.
        results: what was measured, as in ``results.json``.
        sentences: the words that the samples are the vectors of; None: the samples are any numbers.
        momentum: () in [0, 1), of every gradient step, or None where steps are plain; see `unroll.train`.
    """

    samples: Tensor
    labels: Tensor
    learning_rates: Tensor
    classes: list[str]
    recipe: Recipe
    source: dict[str, str] = field(default_factory=dict)
    initialisation: dict[str, Tensor] | None = None
    results: dict[str, Any] = field(default_factory=dict)
    sentences: Sentences | None = None
    momentum: Tensor | None = None

    @property
    def n(self) -> int:
        """Number of distilled samples."""
        return self.samples.shape[0] * self.samples.shape[1]

    @property
    def is_text(self) -> bool:
        """Whether the samples are embedded sentences; else they are images."""
        return self.samples.dim() == 4

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``distilled.safetensors``, ``recipe.yaml`` and ``results.json`` into `folder`, each atomically.

        Raises:
            TddError: the folder cannot be written to.
        """
        folder = Path(folder)
        tensors = {"labels": self.labels, "learning_rates": self.learning_rates}
        if self.momentum is not None:
            tensors["momentum"] = self.momentum
        tensors |= {f"initialisation.{name}": value for name, value in (self.initialisation or {}).items()}
        about: dict[str, Any] = {"format": 1, "classes": self.classes, "source": self.source}
        if self.sentences is None:
            tensors["samples"] = self.samples
        else:
            # Words are all that is kept; their vectors are looked up again.
            tensors["tokens"] = self.sentences.tokens
            about |= {"format": FORMAT, "words": self.sentences.words}
        self.recipe.save(folder / RECIPE)
        save_tensors(folder / WEIGHTS, tensors, {"tdd": json.dumps(about)})
        write_json(folder / RESULTS, self.results)

    def push_to_hub(
        self,
        repo: str,
        private: bool = False,
        revision: str | None = None,
        create_pr: bool = False,
        vectors: WordVectors | None = None,
    ) -> str:
        """Publish the set as the data set `repo` on the Hub, see `tdd.publishing.push.push`; returns its address."""
        from tdd.publishing.push import push

        return push(self, repo, private, revision, create_pr, vectors)

    @classmethod
    def from_pretrained(
        cls, name: str | Path, revision: str | None = None, vectors: WordVectors | None = None
    ) -> DistilledSet:
        """Read a set that `save_pretrained` or `push_to_hub` wrote.

        Args:
            name: its folder, or else ``owner/name`` of a data set on the Hub. A `Path` is always a folder.
            revision: branch, tag or commit on the Hub; None: main.
            vectors: those of a set of words; None: loaded by the name in its recipe. Other sets need none.

        Raises:
            UsageError: there is no distilled set in this folder or repository, or its word vectors are other ones.
            TddError: a file is damaged, foreign, or of a newer version, or the Hub cannot be reached.
        """
        folder = Path(name)
        if isinstance(name, str) and not folder.is_dir() and re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            from tdd.hub.download import fetch

            try:
                folder = fetch(name, revision)
            except UsageError as error:
                raise UsageError(f"there is no folder '{name}', and {error}") from None
        elif revision is not None:
            raise UsageError(f"'{name}' is read as a folder, which has no revision; leave it out or name owner/name")
        if not (folder / WEIGHTS).is_file():
            raise UsageError(
                f"no distilled set in '{folder}' ({WEIGHTS} is missing); name the folder of a finished run, "
                "or fetch a published set with tdd pull"
            )
        tensors, metadata = load_tensors(folder / WEIGHTS)
        about = read_about(folder / WEIGHTS, metadata)
        recipe = Recipe.load(folder / RECIPE)
        sentences = None
        if "tokens" in tensors:
            sentences = read_sentences(folder / WEIGHTS, tensors.pop("tokens"), about)
            tensors["samples"] = sentences.embed(vectors_of(recipe, about["source"], vectors))
        check_tensors(folder / WEIGHTS, tensors, len(about["classes"]))
        prefix = "initialisation."
        initialisation = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
        return cls(
            tensors["samples"],
            tensors["labels"],
            tensors["learning_rates"],
            about["classes"],
            recipe,
            about["source"],
            initialisation or None,
            read_results(folder / RESULTS),
            sentences,
            tensors.get("momentum"),
        )
