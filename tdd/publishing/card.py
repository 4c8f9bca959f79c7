"""The card of a distilled set: what it is, how to train on it, what it reached, what it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.hub.layout import TABLES
from tdd.publishing.card_accuracy import accuracy_section
from tdd.publishing.card_data import data_section
from tdd.publishing.card_introduction import introduction_section
from tdd.publishing.card_sections import limits_section, provenance_section, training_section
from tdd.publishing.card_text import dataset_name, is_on_hub
from tdd.publishing.card_transfer import transfer_section
from tdd.publishing.tables import configurations
from tdd.system.files import write_text

_SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K"}


def card(
    distilled: DistilledSet,
    repo: str,
    figures: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    published: bool = True,
) -> str:
    """The card as Markdown with the Hub's metadata in front.

    Args:
        distilled: the set.
        repo: the name that the examples load it by.
        figures: paths of its figures in the repository; the png ones are shown.
        metadata: what the owner has added to the metadata, such as a licence.
        published: whether the readable tables of the repository lie beside it.
    """
    distilled = public(distilled)
    sections = [
        introduction_section(distilled, licensed="license" in (metadata or {})),
        training_section(distilled, repo),
        accuracy_section(distilled.results, distilled.recipe.init),
        transfer_section(distilled.results),
        data_section(distilled.results),
        "\n".join(f"![{Path(name).stem}]({name})" for name in figures if name.endswith(".png")),
        provenance_section(distilled),
        limits_section(distilled),
    ]
    front = yaml.safe_dump(_metadata(distilled, published) | dict(metadata or {}), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(section.strip() for section in sections if section) + "\n"


def write_card(distilled: DistilledSet, folder: Path) -> None:
    """Write the card of a run into its folder, with a name to be filled in where the Hub's would stand."""
    figures = sorted(f"figures/{path.name}" for path in folder.glob("figures/*"))
    text = card(distilled, f"OWNER/{folder.resolve().name}", figures, published=False)
    write_text(folder / "README.md", text)


def _metadata(distilled: DistilledSet, published: bool) -> dict[str, Any]:
    modality = "text" if distilled.space.kind == "text" else "image"
    return {
        "pretty_name": f"{dataset_name(distilled)} distilled to {distilled.n} samples",
        "tags": ["dataset-distillation", "soft-labels", "synthetic", "tdd"],
        "task_categories": [f"{modality}-classification"],
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
