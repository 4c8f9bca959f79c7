"""Which real examples a set was tested on, as far as others can load them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tdd.data.known import KNOWN

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet
from tdd.publishing.card_text import as_python, is_on_hub


def tested_rows(distilled: DistilledSet, evaluation: Mapping[str, Any]) -> tuple[int, int]:
    """Examples that the accuracy of a set is of, and those of the split, `max_rows` or not."""
    examples, split = evaluation.get("test_examples", 0), evaluation.get("test_split", 0)
    cut = ((distilled.results.get("data") or {}).get("max_rows") or {}).get("test", {"of": split})
    return examples, max(split, cut["of"])


@dataclass(frozen=True)
class TestedOn:
    """The test examples of a set.

    Attributes:
        split: what the data set calls the split.
        load: arguments of `datasets.load_dataset`, as code.
        columns: of the text or the image; two of pairs.
        label_column: of the class.
        named_by: the column that has the names of the classes.
        separator: tokens between the texts of a pair.
    """

    split: str
    load: str
    columns: list[str]
    label_column: str
    named_by: str
    separator: list[str]

    @classmethod
    def of(cls, distilled: DistilledSet) -> TestedOn:
        """That of a set."""
        recipe, source = distilled.recipe, distilled.source
        data = distilled.results.get("data") or {}
        known = KNOWN.get(recipe.dataset) if recipe.data_from == "files" else None
        of_known = (known.text or known.image) if known else None
        column = data.get("text_column") or data.get("image_column") or recipe.text_column or recipe.image_column
        column = str(column or of_known or ("text" if distilled.space.kind == "text" else "image"))
        label = str(data.get("label_column") or recipe.label_column or (known.label if known else "label"))
        split = data.get("tested_on") or (known.tested_on if known else "test")
        load = ['"PATH"']  # the data are not on the Hub
        if is_on_hub(distilled):
            config = [as_python(source["config"])] if source.get("config") else []
            load = [as_python(source["dataset"]), *config, f"revision={as_python(source['revision'])}"]
        about = distilled.embedding.about.get("separator") if distilled.embedding else None
        separator = [str(about["word"])] if isinstance(about, dict) else [str(token) for token in about or []]
        columns = list(distilled.pair) if distilled.pair and separator else [column]
        load += [f"split={as_python(split)}"]
        return cls(str(split), ", ".join(load), columns, label, str(data.get("class_names_column") or label), separator)

    def values(self) -> dict[str, Any]:
        """What the template of the script is filled in with."""
        return {
            "test": self.load,
            "columns": self.columns,
            "label_column": self.label_column,
            "named_by": self.named_by,
            "pair": len(self.columns) > 1,
            "separator": self.separator,
        }
