"""Which real examples a set was tested on, as far as others can load them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tdd.data.known import KNOWN
from tdd.publishing.data_code import DataCode, data_code

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet


def tested_rows(distilled: DistilledSet, evaluation: Mapping[str, Any]) -> tuple[int, int]:
    """Examples that the accuracy of a set is of, and those of the split, `max_rows` or not."""
    examples, split = evaluation.get("test_examples", 0), evaluation.get("test_split", 0)
    cut = ((distilled.results.get("data") or {}).get("max_rows") or {}).get("test", {"of": split})
    return examples, max(split, cut["of"])


@dataclass(frozen=True)
class TestedOn:
    """The test examples of a set.

    Attributes:
        split: what the data set calls their split; "test" where it was drawn from the data set's "train".
        data: how the split is loaded that they are rows of.
        some: whether they are those rows alone that the set names; otherwise all with a text, or an image, and a class.
        columns: of the text or the image; two of pairs.
        label_column: of the class.
        named_by: the column that has the names of the classes.
        separator: tokens between the texts of a pair.
    """

    split: str
    data: DataCode
    some: bool
    columns: list[str]
    label_column: str
    named_by: str
    separator: list[str]

    @classmethod
    def of(cls, distilled: DistilledSet) -> TestedOn:
        """That of a set."""
        recipe = distilled.recipe
        data = distilled.results.get("data") or {}
        known = KNOWN.get(recipe.dataset) if recipe.data_from == "files" else None
        of_known = (known.text or known.image) if known else None
        column = data.get("text_column") or data.get("image_column") or recipe.text_column or recipe.image_column
        column = str(column or of_known or ("text" if distilled.space.kind == "text" else "image"))
        label = str(data.get("label_column") or recipe.label_column or (known.label if known else "label"))
        split = str(data.get("tested_on") or ("test" if _is_drawn(data) or not known else known.tested_on))
        about = distilled.embedding.about.get("separator") if distilled.embedding else None
        separator = [str(about["word"])] if isinstance(about, dict) else [str(token) for token in about or []]
        columns = list(distilled.pair) if distilled.pair and separator else [column]
        named_by, some = str(data.get("class_names_column") or label), distilled.test_rows is not None
        code = data_code(distilled, "train" if _is_drawn(data) else split)
        return cls(split, code, some, columns, label, named_by, separator)

    def values(self) -> dict[str, Any]:
        """What the template of the script is filled in with."""
        return {
            "data": self.data,
            "some": self.some,
            "columns": self.columns,
            "label_column": self.label_column,
            "named_by": self.named_by,
            "pair": len(self.columns) > 1,
            "separator": self.separator,
        }


def is_known(distilled: DistilledSet) -> bool:
    """Whether a set tells which rows it was tested on, where these were drawn from the training split."""
    return distilled.test_rows is not None or not _is_drawn(distilled.results.get("data") or {})


def _is_drawn(data: Mapping[str, Any]) -> bool:
    return data.get("tested_on", "test") is None
