"""The settings of the data set: where it is, and how its files, columns and texts are read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator

from tdd.settings.column_names import BETWEEN, pair_of
from tdd.settings.fields import Settings, setting
from tdd.settings.from_data import USUAL_LENGTH
from tdd.settings.tokenizer_names import CHARACTERS, WHITESPACE, WORDS

USUAL_VECTORS = "glove-6b-50d"
# What takes the place of none.
USUAL_COLUMN = "found by its usual names once the data are read"


READING = ("encoding", "delimiter", "quote", "no_header")
"""The settings that say how files are written."""
FOUND = ("encoding", "delimiter", "quote", "text_column", "image_column", "label_column", "max_length")
"""The settings that are found in the data where they are none."""
FOUND_BY_CLASSES = ("steps", "learning_rate")
"""Those that follow from the number of classes where they are none."""


class DataSettings(Settings):
    """The data set and how it is read."""

    dataset: str = setting("tomatoes", "short name, Hub id, folder or csv/tsv/jsonl/parquet file")
    data: str | None = setting(
        None, "folder or file to read the data set from", none="the Hub", changes_run=False, flag=True
    )
    data_from: Literal["files", "memory"] = setting(
        "files", "memory: the data set is given in Python, data=..., and `dataset` is only its name", changes_run=False
    )
    config_name: str | None = setting(None, "configuration of a Hub data set", none="its default", flag=True)
    revision: str | None = setting(None, "branch, tag or commit of a Hub data set", none="main", flag=True)
    encoding: str | None = setting(None, "encoding of delimited text", none="recognised", changes_run=False, flag=True)
    delimiter: str | None = setting(
        None,
        "what stands between the fields of delimited text",
        none="recognised",
        changes_run=False,
        flag=True,
    )
    quote: Literal["double", "single", "none"] | None = setting(
        None, "quotes around the fields of delimited text", none="recognised", changes_run=False, flag=True
    )
    no_header: bool = setting(
        False,
        "delimited text whose first line is one of data; columns are numbered from 1",
        changes_run=False,
        flag=True,
    )
    text_column: str | None = setting(
        None, "column holding the text; two of pairs, as in premise,hypothesis", none=USUAL_COLUMN, flag=True
    )
    image_column: str | None = setting(None, "column holding the images, instead of text", none=USUAL_COLUMN, flag=True)
    label_column: str | None = setting(None, "column holding the class", none=USUAL_COLUMN, flag=True)
    keep_labels: bool = setting(
        False, "labels that differ in case or white space alone are different classes", flag=True
    )
    unlabelled: list[str] = setting([], "values of the label column that mark a row without a label")
    vectors: str = setting(
        USUAL_VECTORS, "word vectors: embedded, of gensim's downloader, a file or an encoder", flag=True
    )
    tokenizer: str | None = setting(
        None,
        f"splits text for word vectors: {WORDS}, {WHITESPACE}, {CHARACTERS}, a tokenizer.json or hf:owner/name",
        none=f"{WORDS}, or an encoder's own",
        flag=True,
    )
    max_length: int | None = setting(
        None,
        "L: a real sentence is padded or truncated to it",
        none=USUAL_LENGTH,
        unit="tokens",
        source="paper 3.3",
        ge=1,
    )
    max_rows: int | None = setting(
        None,
        "rows read of each official split, to try things out: the same ones every time, of each class its share",
        none="all",
        unit="rows",
        flag=True,
        ge=4,
    )
    validation: float = setting(0.1, "share of the training split held out for choices", gt=0, lt=1)
    max_validation: int = setting(2500, "most held-out examples read at each validation", unit="examples", ge=1)
    found: dict[str, Any] = setting(
        {}, "values that were found in the data, by settings that were none; they bind no other data", changes_run=False
    )

    @field_validator("found")
    @classmethod
    def _found_names_settings(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Others cannot be found."""
        if others := [name for name in value if name not in (*FOUND, *FOUND_BY_CLASSES)]:
            raise ValueError(f"'{others[0]}' is not found in data: leave it out")
        return value

    @field_validator("delimiter", mode="before")
    @classmethod
    def _tab_by_its_name(cls, value: Any) -> Any:
        """A tab as a shell hands it on."""
        return "\t" if value in ("\\t", "tab") else value

    @field_validator("text_column", mode="before")
    @classmethod
    def _columns_in_a_line(cls, value: Any) -> Any:
        """Two columns may be given as a list."""
        if not isinstance(value, list | tuple):
            return value
        if not all(isinstance(name, str) for name in value) or pair_of(BETWEEN.join(value)) is None:
            raise ValueError("a list names the two columns of pairs, without commas: [premise, hypothesis]")
        return BETWEEN.join(value)
