"""The card of a distilled set: what it is, how to train on it, what it reached, what it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.hub.layout import SAMPLES, TABLES
from tdd.publishing.any_learner import any_learner_section
from tdd.publishing.card_accuracy import accuracy_section
from tdd.publishing.card_data import data_section
from tdd.publishing.card_introduction import introduction_section
from tdd.publishing.card_samples import samples_section
from tdd.publishing.card_sections import citation_section, limits_section, provenance_section
from tdd.publishing.card_text import dataset_name, is_on_hub
from tdd.publishing.card_training import training_section
from tdd.publishing.card_transfer import transfer_section
from tdd.publishing.joined import joined_texts
from tdd.publishing.marked_card import Card
from tdd.publishing.tables import configurations
from tdd.system.files import write_text
from tdd.system.formatting import counted

_SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K"}
SOURCES = ("license", "license_name", "license_link", "language")
"""What a set takes over of the metadata of its source, which says what is allowed with it."""


def card(
    distilled: DistilledSet,
    repo: str,
    figures: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    source: Mapping[str, Any] | None = None,
    texts: Sequence[str] | None = None,
    present: str = "",
    published: bool = True,
) -> str:
    """The card as Markdown with the Hub's metadata in front.

    Args:
        distilled: the set.
        repo: the name that the examples load it by.
        figures: paths of its figures in the repository; the png ones are shown.
        metadata: what the owner has added to the metadata, such as a licence.
        source: the metadata of the data set that it was distilled from.
        texts: what every sample reads, for a few that are shown; None: what a set of words says itself, or nothing.
        present: the card that is there, whose edited parts are kept; see `tdd.publishing.marked_card.Card.text`.
        published: whether the readable tables of the repository, the script and what it needs lie beside it.

    Raises:
        TddError: see `tdd.publishing.training_script.training_script`.
    """
    distilled, metadata = public(distilled), dict(metadata or {})
    carried = {name: source[name] for name in SOURCES if source.get(name)} if source else {}
    if "license" in metadata:
        carried = {name: value for name, value in carried.items() if name == "language"}
    if texts is None and distilled.sentences is not None:
        texts = joined_texts(distilled)
    shown = [name for name in figures if name.endswith(".png") and name != SAMPLES]
    sections = {
        "introduction": introduction_section(distilled, "license" in {**metadata, **carried}, "license" in carried),
        "samples": samples_section(distilled, texts) if texts is not None or SAMPLES in figures else "",
        "training": training_section(distilled, repo, published),
        "any learner": any_learner_section(distilled, repo) if published else "",
        "accuracy": accuracy_section(distilled.results, distilled.recipe.init),
        "transfer": transfer_section(distilled.results),
        "data": data_section(distilled.results),
        "figures": "\n".join(f"![{Path(name).stem}]({name})" for name in shown),
        "provenance": provenance_section(distilled),
        "limits": limits_section(distilled),
        "citation": citation_section(distilled, repo),
    }
    return Card({**_metadata(distilled, published), **carried, **metadata}, sections).text(present)


def write_card(distilled: DistilledSet, folder: Path) -> None:
    """Write the card of a run into its folder, with a name to be filled in where the Hub's would stand."""
    figures = sorted(f"figures/{path.name}" for path in folder.glob("figures/*"))
    text = card(distilled, f"OWNER/{folder.resolve().name}", figures, published=False)
    write_text(folder / "README.md", text)


def _metadata(distilled: DistilledSet, published: bool) -> dict[str, Any]:
    modality = "text" if distilled.space.kind == "text" else "image"
    return {
        "pretty_name": f"{dataset_name(distilled)} distilled to {counted(distilled.n, 'sample')}",
        "tags": ["dataset-distillation", "soft-labels", "synthetic", "tdd"],
        "task_categories": [f"{modality}-classification"],
        "annotations_creators": ["machine-generated"],
        "size_categories": [next((category for size, category in _SIZES.items() if distilled.n < size), "100K<n<1M")],
        **({"source_datasets": [dataset_name(distilled)]} if is_on_hub(distilled) else {}),
        **({"configs": _tables(distilled)} if published else {}),
    }


def _tables(distilled: DistilledSet) -> list[dict[str, Any]]:
    return [
        {"config_name": config, "data_files": [{"split": "train", "path": TABLES[config]}]}
        | ({"default": True} if config == "default" else {})
        for config in configurations(distilled)
    ]
