"""The distilled set: what is learned, saved, loaded and trained on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tdd.data.protocols import InputSpace
from tdd.distilled_set.checks import FORMAT, check_tensors, read_about, read_sentences
from tdd.distilled_set.embedding import SavedEmbedding, with_own_files
from tdd.distilled_set.results import read_results, results_of
from tdd.distilled_set.sentences import Sentences, vectors_of
from tdd.distilled_set.shortcuts import Shortcuts
from tdd.errors import TddError, UsageError
from tdd.hub.layout import EMBEDDING, RECIPE, RESULTS, WEIGHTS, is_repository_name
from tdd.settings.recipe import Recipe
from tdd.system.files import write_json
from tdd.system.tensor_files import load_tensors, save_tensors

if TYPE_CHECKING:
    from tdd.embeddings.protocol import Embedding

SIGNATURES = ("network", "frozen")
"""What a set's source says of its networks, in words that stand one after the other for those of a pool."""


@dataclass(repr=False)
class DistilledSet(Shortcuts):
    """n = steps x per_step synthetic examples and how to train on them.

    Attributes:
        samples: float32 embedded sentences (steps, per_step, L, d) or normalised images (steps, per_step, c, h, w).
        labels: (steps, per_step, C) soft labels, any real numbers.
        learning_rates: (P, T) positive: a row for each learner that the set was distilled for, of one for each of its
            T = epochs x steps gradient steps.
        classes: the C class names.
        recipe: the settings it was distilled with.
        source: what it was distilled from: data set, revision, and how it was encoded (`Split.source`).
        initialisation: the network's parameters it was made for, or None when made for any fresh draw. Those of a pool
            have names that begin with the network's: ``gru.classifier.bias``.
        results: what was measured, as in ``results.json``.
        sentences: the words that the samples are the vectors of; None: the samples are any numbers.
        momentum: () in [0, 1), of every gradient step, or None where steps are plain; see `unroll.InnerLoop`.
        mask: (steps, per_step, L) bool, where sentences have a word; None: everywhere, or images.
        attention: (steps, per_step, layers, heads, Q, L') attention labels of its own network, see `attention_loss`, or
            None.
        embedding: what is known of the vectors of text; None: nothing, or images.
        test_rows: (N,) int64, the rows that it was tested on, of the split "train" where the test split was drawn from
            it, else of the data set's own; None: all of that, or not known.
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
    mask: Tensor | None = None
    attention: Tensor | None = None
    embedding: SavedEmbedding | None = None
    test_rows: Tensor | None = None

    @property
    def n(self) -> int:
        """Number of distilled samples."""
        return self.samples.shape[0] * self.samples.shape[1]

    @property
    def space(self) -> InputSpace:
        """What a sample is."""
        shape = tuple(self.samples.shape[2:])
        if len(shape) == 2:
            return InputSpace("text", shape, self.source.get("vectors_checksum"), self.recipe.vectors)
        return InputSpace("image", shape)

    @property
    def network_space(self) -> InputSpace:
        """What its network reads: sentences may be longer than the samples."""
        if self.space.kind == "image":
            return self.space
        return replace(self.space, shape=(self.recipe.max_length or self.samples.shape[-2], self.samples.shape[-1]))

    def alone(self, network: str | None = None) -> DistilledSet:
        """The set as a network of its pool trains on it: with its own learning rates, initialisation and results.

        A set without a pool is that of its only network already.

        Args:
            network: its name; None: the first one.

        Raises:
            UsageError: the set was not made for this network.
        """
        network = self.recipe.network if network is None else network
        pool, prefix = self.recipe.pool, f"{network}."
        if network not in self.recipe.learners:
            raise UsageError(f"the set was made for {', '.join(self.recipe.learners)}, not for {network}")
        if not pool:
            return self
        row, start = pool.index(network), self.initialisation
        return replace(
            self,
            learning_rates=self.learning_rates[row : row + 1],
            recipe=self.recipe.alone(network),
            source=self.source | {key: self.source[key].split()[row] for key in SIGNATURES if key in self.source},
            initialisation=start and {k.removeprefix(prefix): v for k, v in start.items() if k.startswith(prefix)},
            results=results_of(self.results, network),
        )

    @property
    def lengths(self) -> Tensor:
        """(steps, per_step) positions of each sentence that hold a word; padding follows."""
        steps, per_step, length = self.samples.shape[:3]
        return torch.full((steps, per_step), length) if self.mask is None else self.mask.sum(2)

    @property
    def pair(self) -> tuple[str, str] | None:
        """The two columns whose texts the set reads as pairs; None: it reads single texts, or images."""
        return None if self.embedding is None else self.embedding.pair

    @property
    def words(self) -> int | None:
        """Words of all sentences together; None: the samples are no words."""
        return None if self.sentences is None else int((self.sentences.tokens > 0).sum())

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``distilled.safetensors``, ``recipe.yaml`` and ``results.json`` into `folder`, each atomically.

        For text ``embedding.json`` too, and for a tokenizer that is not one of ours ``tokenizer.json``.

        Raises:
            TddError: the folder cannot be written to.
        """
        folder = Path(folder)
        tensors = {"labels": self.labels, "learning_rates": self.learning_rates}
        if self.momentum is not None:
            tensors["momentum"] = self.momentum
        if self.attention is not None:
            tensors["attention"] = self.attention
        if self.test_rows is not None:
            tensors["test_rows"] = self.test_rows
        if self.mask is not None and self.sentences is None:
            tensors["mask"] = self.mask.to(torch.uint8)
        tensors |= {f"initialisation.{name}": value for name, value in (self.initialisation or {}).items()}
        about: dict[str, Any] = {"format": FORMAT, "classes": self.classes, "source": self.source}
        if self.sentences is None:
            tensors["samples"] = self.samples
        else:
            # Words are all that is kept; their vectors are looked up again.
            tensors["tokens"] = self.sentences.tokens
            about["words"] = self.sentences.words
        self.recipe.save(folder / RECIPE)
        save_tensors(folder / WEIGHTS, tensors, {"tdd": json.dumps(about)})
        write_json(folder / RESULTS, self.results)
        if self.embedding is not None:
            self.embedding.save(folder)
        else:
            (folder / EMBEDDING).unlink(missing_ok=True)  # of a set that was here before

    @classmethod
    def from_pretrained(
        cls, name: str | Path, revision: str | None = None, vectors: Embedding | None = None
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
        if not isinstance(name, str | Path) or not str(name).strip():
            raise UsageError(f"name a folder, or owner/name on the Hub, not {name!r}")
        folder = Path(name)
        if isinstance(name, str) and not folder.exists() and is_repository_name(name):
            from tdd.hub.download import fetch

            try:
                folder = fetch(name, revision)
            except TddError as error:
                raise type(error)(f"there is no folder '{name}', and {error}") from None
        elif revision is not None:
            raise UsageError(f"'{name}' is read as a folder, which has no revision; leave it out or name owner/name")
        if not (folder / WEIGHTS).is_file():
            raise UsageError(
                f"no distilled set in '{folder}' ({WEIGHTS} is missing); name the folder of a finished run, "
                "or fetch a published set with tdd pull"
            )
        tensors, metadata = load_tensors(folder / WEIGHTS)
        about = read_about(folder / WEIGHTS, metadata)
        embedding = SavedEmbedding.read(folder, about["source"])
        prefix = "initialisation."
        start = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)} or None
        recipe, start = with_own_files(Recipe.load(folder / RECIPE), start, folder, about["source"], embedding)
        sentences = None
        if "tokens" in tensors:
            pair = embedding is not None and embedding.pair is not None
            sentences = read_sentences(folder / WEIGHTS, tensors.pop("tokens"), about)
            tensors["samples"] = sentences.embed(vectors_of(recipe, about["source"], vectors, pair))
            tensors["mask"] = (sentences.tokens > 0).to(torch.uint8)
        check_tensors(folder / WEIGHTS, tensors, len(about["classes"]), len(recipe.learners))
        mask = tensors.get("mask")
        if embedding is not None:
            embedding.check_dimension(folder, tensors["samples"])
        return cls(
            tensors["samples"],
            tensors["labels"],
            tensors["learning_rates"],
            about["classes"],
            recipe,
            about["source"],
            start,
            read_results(folder / RESULTS),
            sentences,
            tensors.get("momentum"),
            None if mask is None or mask.all() else mask.bool(),
            tensors.get("attention"),
            embedding=embedding,
            test_rows=tensors.get("test_rows"),
        )
