"""The distilled set: what is learned, saved, loaded and trained on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tdd.errors import TddError, UsageError
from tdd.files import read_json, write_atomically, write_json
from tdd.recipe import Recipe
from tdd.sentences import Sentences

if TYPE_CHECKING:
    from tdd.vectors import WordVectors

FORMAT = 2
"""2: samples may be words; a set of free samples is still written as 1."""
WEIGHTS, RECIPE, RESULTS = "distilled.safetensors", "recipe.yaml", "results.json"


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
        momentum: () in [0, 1), of every gradient step, or None where steps are plain; see `tdd.unroll.train`.
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
        """Publish the set as the data set `repo` on the Hub, see `tdd.push.push`; returns its address."""
        from tdd.push import push

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
            from tdd.pull import fetch

            try:
                folder = fetch(name, revision)
            except UsageError as error:
                raise UsageError(f"there is no folder '{name}', and {error}") from None
        elif revision is not None:
            raise UsageError(f"'{name}' is read as a folder, which has no revision; leave it out or name owner/name")
        if not (folder / WEIGHTS).is_file():
            raise UsageError(
                f"no distilled set in '{folder}' ({WEIGHTS} is missing); name the folder of a finished run"
            )
        tensors, metadata = load_tensors(folder / WEIGHTS)
        about = _about(folder / WEIGHTS, metadata)
        recipe = Recipe.load(folder / RECIPE)
        sentences = None
        if "tokens" in tensors:
            sentences = _sentences(folder / WEIGHTS, tensors.pop("tokens"), about)
            tensors["samples"] = sentences.embed(_vectors(recipe, about["source"], vectors))
        _check(folder / WEIGHTS, tensors, len(about["classes"]))
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
            _read_results(folder / RESULTS),
            sentences,
            tensors.get("momentum"),
        )


def _read_results(path: Path) -> dict[str, Any]:
    """What ``results.json`` holds, checked as far as it is computed with."""
    results = read_json(path) if path.exists() else {}
    figures = ("mean", "sd", "networks", "test_examples", "test_split")
    try:
        full = results.get("full_data")
        good = full is None or isinstance(full["accuracy"], int | float)
        for found in results.get("evaluation", {}).values():
            good &= all(isinstance(found[name], int | float) for name in figures)
    except (AttributeError, KeyError, TypeError):
        good = False
    if not good:
        raise TddError(f"{path} does not hold the results of a run; get a fresh copy, or remove it and evaluate again")
    return dict(results)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors as safetensors, atomically; equal content gives equal bytes."""
    ready = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_atomically(path, lambda temporary: save_file(ready, temporary, metadata))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file and its metadata.

    Raises:
        TddError: the file cannot be read, or is truncated or foreign.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except OSError as error:
        raise TddError(f"cannot read {path}: {error.strerror or error}") from None
    except (SafetensorError, ValueError) as error:
        raise TddError(f"{path} is truncated or not a safetensors file ({error}); get a fresh copy") from None


def _about(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    try:
        about = json.loads(metadata["tdd"])
        version, classes, source = about["format"], about["classes"], about["source"]
    except (KeyError, ValueError, TypeError):
        raise TddError(f"{path} is a safetensors file but not a distilled set") from None
    if not isinstance(version, int) or version > FORMAT:
        raise TddError(f"{path} was written by a newer version of tdd (format {version}); upgrade tdd to read it")
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes) or len(classes) < 2:
        raise TddError(f"{path} names no classes; get a fresh copy")
    if not isinstance(source, dict):
        raise TddError(f"{path} does not say what it was distilled from; get a fresh copy")
    return {"classes": classes, "source": source, "words": about.get("words")}


def _sentences(path: Path, tokens: Tensor, about: dict[str, Any]) -> Sentences:
    words = about["words"]
    good = tokens.dtype == torch.int32 and tokens.dim() == 3 and tokens.numel() > 0 and isinstance(words, dict)
    if good:
        padding = tokens == 0
        found = {id_: words.get(str(id_)) for id_ in tokens.unique().tolist() if id_}
        good = min(found, default=0) > 0 and all(isinstance(word, str) for word in found.values())
        # Every sentence has a word, and none after its padding: its text would not say where it stands.
        good = good and not padding[..., 0].any() and not (padding[..., :-1] & ~padding[..., 1:]).any()
    if not good:
        raise TddError(f"{path}: the words and their places do not fit together; get a fresh copy")
    return Sentences(tokens, found)


def _vectors(recipe: Recipe, source: dict[str, str], given: WordVectors | None) -> WordVectors:
    """The word vectors that a set of words was made with: those `given`, or loaded by their name."""
    from tdd.vectors import load_vectors

    try:
        vectors = given or load_vectors(recipe.vectors)
    except UsageError:
        raise UsageError(
            f"the set is made of words of the vectors {recipe.vectors}, which are not there: "
            f"put that file in its place, or load the set from Python with vectors=..."
        ) from None
    if vectors.checksum != source.get("vectors_checksum", vectors.checksum):
        raise UsageError(
            f"the vectors {vectors.name} are not those the set's words were chosen with; load it with those"
        )
    return vectors


def _check(path: Path, tensors: dict[str, Tensor], classes: int) -> None:
    """What comes from elsewhere is data: checked before it is used."""
    for name in ("samples", "labels", "learning_rates"):
        if name not in tensors:
            raise TddError(f"{path} has no '{name}'; it is not a distilled set")
    samples, labels, rates = tensors["samples"], tensors["labels"], tensors["learning_rates"]
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32 or not tensor.isfinite().all():
            raise TddError(f"{path}: '{name}' is not made of finite float32 numbers; get a fresh copy")
    if samples.dim() < 3 or labels.shape != (*samples.shape[:2], classes):
        raise TddError(f"{path}: samples {tuple(samples.shape)} and labels {tuple(labels.shape)} do not fit together")
    if rates.dim() != 1 or not len(rates) or len(rates) % len(samples) or rates.min() <= 0:
        raise TddError(
            f"{path}: learning_rates {tuple(rates.shape)} do not fit {len(samples)} steps, or are not positive"
        )
    momentum = tensors.get("momentum")
    if momentum is not None and (momentum.dim() or not 0 <= momentum < 1):
        raise TddError(f"{path}: 'momentum' is not a single number from 0 to below 1; get a fresh copy")
