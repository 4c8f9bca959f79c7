"""A setting: its type, default, bounds and description, and the facts that every list of settings is derived from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

LARGEST = 2**40
"""No number of anything is larger, so that sizes made of a few of them can be computed with."""


class Settings(BaseModel):
    """Settings that belong together; each field is one, made by `setting`."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False, validate_default=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_bool_as_number_and_none_too_large(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[info.field_name or ""].annotation is not bool:
            raise ValueError(f"{str(value).lower()} is not a value this setting takes")
        if isinstance(value, int) and value > LARGEST:
            raise ValueError(f"no number of a run is larger than {LARGEST}")
        return value


def setting(
    default: Any,
    description: str,
    *,
    none: str = "",
    unit: str = "",
    source: str = "",
    changes_run: bool = True,
    flag: bool = False,
    short: str = "",
    **bounds: Any,
) -> Any:
    """A field of `Settings`.

    Args:
        default: its value where none is given.
        description: what it sets, without a full stop.
        none: what takes the place of None, where that is a value: "all", "n / classes, known once the data are read".
        unit: of its value: "tokens", "outer steps"; empty for a choice, a name or a ratio.
        source: where it comes from: a section of the paper, an arXiv number.
        changes_run: whether another value makes another distilled set; if not, a run is resumed with it changed.
        flag: whether the command line has an option of this name, besides ``--set``.
        short: the option's letter.
        bounds: further arguments of pydantic's `Field`: ge, gt, le, lt, min_length.
    """
    facts: Any = {"none": none, "unit": unit, "source": source}
    facts |= {"changes_run": changes_run, "flag": flag, "short": short}
    return Field(default, description=description, json_schema_extra={"facts": facts}, **bounds)


@dataclass(frozen=True)
class Setting:
    """What is known of a setting.

    Attributes:
        name: of the field.
        part: the group of settings it belongs to: "data", "outer", "options of text_cnn".
        kind: its type as it is written: "int", "soft | hard".
        default: its value where none is given.
        description, none, unit, source, changes_run, flag, short: see `setting`.
    """

    name: str
    part: str
    kind: str
    default: Any
    description: str
    none: str
    unit: str
    source: str
    changes_run: bool
    flag: bool
    short: str

    @classmethod
    def of(cls, name: str, field: FieldInfo, part: str) -> Setting:
        """The setting that the field `name` of a group is."""
        extra = field.json_schema_extra
        facts: Any = extra["facts"] if isinstance(extra, dict) else {}
        default = field.get_default(call_default_factory=True)
        return cls(name, part, _kind(field.annotation), default, field.description or "", **facts)

    @property
    def about(self) -> str:
        """Its description, and what none means."""
        return f"{self.description}; none: {self.none}" if self.none else self.description

    def line(self) -> str:
        """The setting in a line: ``epochs: int = 1 (epochs). times the inner steps are repeated [paper 3.4]``."""
        unit = f" ({self.unit})" if self.unit else ""
        source = f" [{self.source}]" if self.source else ""
        default = "none" if self.default is None else self.default
        return f"{self.name}: {self.kind} = {default}{unit}. {self.about}{source}"


def settings_of(group: type[Settings], part: str) -> Iterator[Setting]:
    """The settings of a group, in their order."""
    for name, field in group.model_fields.items():
        if field.json_schema_extra is not None:  # nested settings are no setting
            yield Setting.of(name, field, part)


def _kind(annotation: Any) -> str:
    """A type as a person writes it: ``int``, ``soft | hard``, ``list of int``."""
    from types import NoneType, UnionType
    from typing import Literal, Union, get_args, get_origin

    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if origin in (UnionType, Union):
        return " | ".join("none" if part is NoneType else _kind(part) for part in arguments)
    if origin is list:
        return f"list of {_kind(arguments[0])}"
    return getattr(annotation, "__name__", str(annotation))
