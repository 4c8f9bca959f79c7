"""The card of a distilled set: what it is, how to train on it, what it reached, what it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tdd.data.sources import KNOWN
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.hub.layout import TABLES
from tdd.networks.registry import IMAGE_NETWORKS
from tdd.publishing.card_accuracy import accuracy_section
from tdd.publishing.tables import configurations
from tdd.publishing.training_code import training_code
from tdd.settings.recipe import Recipe
from tdd.system.files import write_text

_NO_LICENCE = """
No licence is stated here. The set is derived from its source, so the source's licence and terms decide what is allowed.
The owner of this repository may add a `license` to the metadata above; it is kept when the set is published again.
"""
_NEAREST = "The words are those nearest to learned vectors"
_CUT = "The pictures are the learned numbers, rounded and cut off at black and white"
_TEXT_COLUMNS = """| `default` | `text` | the nearest word of every position |
| | `similarity` | mean cosine similarity of these words to the positions |"""
_WORD_COLUMNS = "| `default` | `text` | the sample: its words, joined by single spaces |"
_IMAGE_COLUMNS = "| `default` | `image` | the sample as a picture, cut off at black and white |"
_SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K"}


def card(
    distilled: DistilledSet, repo: str, figures: Sequence[str] = (), metadata: Mapping[str, Any] | None = None
) -> str:
    """The card as Markdown with the Hub's metadata in front.

    Args:
        distilled: the set.
        repo: the name that the examples load it by.
        figures: paths of its figures in the repository; the png ones are shown.
        metadata: what the owner has added to the metadata, such as a licence.
    """
    distilled = public(distilled)
    sections = [
        _introduction(distilled, licensed="license" in (metadata or {})),
        _training(distilled, repo),
        accuracy_section(distilled.results),
        "\n".join(f"![{Path(name).stem}]({name})" for name in figures if name.endswith(".png")),
        _making(distilled),
        _limits(distilled),
    ]
    front = yaml.safe_dump(_metadata(distilled) | dict(metadata or {}), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(section.strip() for section in sections if section) + "\n"


def write_card(distilled: DistilledSet, folder: Path) -> None:
    """Write the card of a run into its folder, with a name to be filled in where the Hub's would stand."""
    figures = sorted(f"figures/{path.name}" for path in folder.glob("figures/*"))
    write_text(folder / "README.md", card(distilled, f"OWNER/{folder.resolve().name}", figures))


def _is_on_hub(distilled: DistilledSet) -> bool:
    return "revision" in distilled.source


def _name(distilled: DistilledSet) -> str:
    name = distilled.source["dataset"] if _is_on_hub(distilled) else distilled.recipe.dataset
    return " ".join(name.split())


def _code(text: str) -> str:
    """Any text as a piece of code inside a line or a table."""
    return "`" + " ".join(text.replace("`", "'").replace("|", "/").split()) + "`"


def _times(*sizes: int | str) -> str:
    return " × ".join(map(str, sizes))


def _metadata(distilled: DistilledSet) -> dict[str, Any]:
    modality = "text" if distilled.is_text else "image"
    return {
        "pretty_name": f"{_name(distilled)} distilled to {distilled.n} samples",
        "tags": ["dataset-distillation", "soft-labels", "synthetic", "tdd"],
        "task_categories": [f"{modality}-classification"],
        "size_categories": [next((said for size, said in _SIZES.items() if distilled.n < size), "100K<n<1M")],
        **({"source_datasets": [_name(distilled)]} if _is_on_hub(distilled) else {}),
        "configs": [
            {"config_name": config, "data_files": [{"split": "train", "path": TABLES[config]}]}
            | ({"default": True} if config == "default" else {})
            for config in configurations(distilled)
        ],
    }


def _introduction(distilled: DistilledSet, licensed: bool) -> str:
    recipe, name = distilled.recipe, _name(distilled)
    steps, per_step, *shape = distilled.samples.shape
    origin, samples = _code(name), "sentences of real words" if distilled.sentences else "synthetic samples"
    if distilled.sentences:
        look, both = _WORD_COLUMNS, ""
    else:
        look = _TEXT_COLUMNS if distilled.is_text else _IMAGE_COLUMNS
        look += f"\n| `embeddings` | `embedding` | the sample, {_times(*shape)} exact numbers |"
        both = "both"
    momentum = "" if distilled.momentum is None else "| | `momentum` | of every gradient step, as in torch's SGD |\n"
    rates = "learned learning rates" + ("" if distilled.momentum is None else " and momentum")
    if _is_on_hub(distilled):
        revision = distilled.source["revision"][:12]
        origin = f"[{name}](https://huggingface.co/datasets/{name}) (revision `{revision}`)"
    return f"""# {name}, distilled to {distilled.n} samples

{distilled.n} {samples} with {recipe.labels} labels and {rates}, distilled from {origin}:
they are to train a network about as well as all the data do. Made with tdd, by the method of *Soft-Label Dataset
Distillation and Text Dataset Distillation* ([arXiv 1910.02551](https://arxiv.org/abs/1910.02551)).

Gradient steps: {steps * recipe.epochs}, of {per_step} samples each; epochs: {recipe.epochs}.

Classes: {", ".join(map(_code, distilled.classes))}.

| configuration | column | holds |
|---|---|---|
{look}
| {both} | `label` | the class with the largest soft label |
| | `soft_label` | a number for each class |
| | `step`, `index` | the gradient step it belongs to, and its place there |
| | `learning_rates` | those of its step, one an epoch |
{momentum}""" + ("" if licensed else _NO_LICENCE)


def _training(distilled: DistilledSet, repo: str) -> str:
    recipe, shape = distilled.recipe, distilled.samples.shape[2:]
    if distilled.is_text:
        x, numbers = "x", _times("N", *shape) + "\nnumbers"
        reads = f"sentences as word vectors ({_vectors(distilled)}), padded with zeros or cut to {shape[0]} words"
    else:
        x, numbers = "normalised(x)", _times("N", *shape[1:], shape[0]) + "\nnumbers from 0 to 255"
        reads = "images, normalised as the training images were"
    # Local data are somewhere else for everyone else.
    local = not _is_on_hub(distilled) and (recipe.dataset not in KNOWN or recipe.data_from == "memory")
    again = 'distilled.recipe.model_copy(update={"data": "PATH"})' if local else "distilled.recipe"
    return f"""## Train on it

In plain torch:

```python
{training_code(distilled, repo)}```

`network` is trained now. It reads {reads}: `network({x}).argmax(1)` for `x` of {numbers}.

With tdd, on the real test split{", which lies at PATH" if local else ""}:

```sh
tdd pull {repo} --output run
tdd evaluate run{" --data PATH" if local else ""}
```

```python
import tdd

distilled = tdd.DistilledSet.from_pretrained("{repo}")
corpus = tdd.load_corpus({again})
print(tdd.evaluate(distilled, corpus.test).mean)
```"""


def _vectors(distilled: DistilledSet) -> str:
    name = distilled.source.get("vectors", distilled.recipe.vectors)
    checksum = distilled.source.get("vectors_checksum")
    return _code(name) + (f", sha256 `{checksum}`" if checksum else "")


def _making(distilled: DistilledSet) -> str:
    recipe, made = distilled.recipe, distilled.results.get("distillation") or {}
    lines = [
        "## How it was made",
        "",
        f"- network: {_network(recipe)}; made for {recipe.init} initialisation",
        f"- outer loop: {made.get('outer_steps', recipe.outer_steps):,} steps with {recipe.batch_size} real examples"
        + (f" and {recipe.networks} networks" if recipe.networks > 1 else "")
        + " each",
        f"- samples started from {_start(recipe)}",
    ]
    if distilled.is_text:
        lines.append(f"- word vectors: {_vectors(distilled)}")
    if "seconds" in made:
        processes = f", {made['processes']} processes" if made.get("processes", 1) > 1 else ""
        lines.append(
            f"- compute: {_duration(made['seconds'])} on {made.get('hardware', 'unknown hardware')}{processes}"
        )
    versions = made.get("versions") or {}
    if versions:
        lines.append("- versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    return "\n".join([*lines, "", "Every setting is in `recipe.yaml`, everything measured in `results.json`."])


def _network(recipe: Recipe) -> str:
    if recipe.network in IMAGE_NETWORKS:
        return IMAGE_NETWORKS[recipe.network].__name__
    return f"TextCNN, {recipe.filters} filters of each of the widths {', '.join(map(str, recipe.widths))}"


def _start(recipe: Recipe) -> str:
    if recipe.starts_real:
        return "real examples"
    return "random words" if recipe.samples == "words" else "noise"


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 2:
        return f"{seconds:.0f} seconds"
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"


def _limits(distilled: DistilledSet) -> str:
    recipe = distilled.recipe
    fixed = recipe.init == "fixed"
    start = "the one initialisation that comes with it" if fixed else "random initialisations"
    if recipe.starts_real:
        membership = (
            "The samples started from real training examples, and may still show which ones: whoever has the set "
            "may find out that these were in the training data."
        )
    else:
        membership = f"The samples started from {_start(recipe)}, but they were fitted to real examples."
    return f"""## Limits

- It was made for the network above with {start}. Other networks and initialisations learn less from it, often far less.
- It only keeps what the accuracy on this one task needs, and it keeps the biases of its source.
- It makes no claim of privacy. {membership}
{_seen(distilled)}"""


def _seen(distilled: DistilledSet) -> str:
    """What the readable columns have to do with training."""
    if distilled.sentences:
        return "- The words are what a network is trained on, exactly, but they were not chosen to make sense."
    about = _NEAREST if distilled.is_text else _CUT
    return f"- {about}: they help to look at it, a network is not trained on them."
