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
    def _no_bool_as_number_none_too_large_and_no_empty_name(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, str) and value.lower() in ("none", "auto") and _is_number_or_none(field):
            return None
        if isinstance(value, str) and not value.strip(" \r\n") and value != field.default:  # a tab separates fields
            raise ValueError("an empty text names nothing: leave it out")
        if isinstance(value, bool) and field.annotation is not bool:
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
        none: what takes the place of None, where that is a value: "all", "found once the data are read".
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


def listed(value: object) -> object:
    """A list of names as it is written on a command line, ``a,b``, or as a list of such; anything else as it is."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return [name for item in value for name in map(str.strip, item.split(",")) if name]
    return value


@dataclass(frozen=True)
class Setting:
    """What is known of a setting.

    Attributes:
        name: of the field.
        part: the group of settings it belongs to: "data", "outer", "options of text_cnn".
        kind: its type as it is written: "int", "soft | hard".
        default: its value where none is given.
        description, none, unit, source, changes_run, flag, short: see `setting`.
        bounds: what its value is kept within: "at least 1", "above 0, below 1"; empty: within nothing.
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
    bounds: str

    @classmethod
    def of(cls, name: str, field: FieldInfo, part: str) -> Setting:
        """The setting that the field `name` of a group is."""
        extra = field.json_schema_extra
        facts: Any = extra["facts"] if isinstance(extra, dict) else {}
        default = field.get_default(call_default_factory=True)
        kind = _kind(field.annotation)
        return cls(name, part, kind, default, field.description or "", **facts, bounds=_bounds(field))

    @property
    def about(self) -> str:
        """Its description, and what none means."""
        return f"{self.description}; none: {self.none}" if self.none else self.description

    @property
    def path(self) -> str:
        """Its name in a recipe: ``options.hidden`` for an option of a network."""
        return f"options.{self.name}" if self.part.startswith("options of ") else self.name

    @property
    def flags(self) -> list[str]:
        """Its options on the command line: ``--outer-steps``; none where only ``--set`` reaches it."""
        long = [f"--{self.name.replace('_', '-')}"] if self.flag else []
        return [*long, f"-{self.short}"] if self.short else long

    def line(self) -> str:
        """The setting in a line.

        ``epochs: int = 1 (epochs, at least 1). times the inner steps are repeated [paper 3.4]; --epochs``.
        """
        within = ", ".join(filter(None, (self.unit, self.bounds)))
        within = f" ({within})" if within else ""
        source = f" [{self.source}]" if self.source else ""
        flags = f"; {', '.join(self.flags)}" if self.flags else ""
        default = "none" if self.default is None else self.default
        return f"{self.name}: {self.kind} = {default}{within}. {self.about}{source}{flags}"


def _is_number_or_none(field: FieldInfo) -> bool:
    """Whether a setting is a number or none, so that no text but the word none can be meant."""
    from types import NoneType
    from typing import get_args

    kinds = set(get_args(field.annotation))
    return NoneType in kinds and kinds <= {int, float, NoneType}


def settings_of(group: type[Settings], part: str) -> Iterator[Setting]:
    """The settings of a group, in their order."""
    for name, field in group.model_fields.items():
        if field.json_schema_extra is not None:  # nested settings are no setting
            yield Setting.of(name, field, part)


def _bounds(field: FieldInfo) -> str:
    """The bounds of a field, as a person says them."""
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below", "min_length": "items: at least"}
    bounds = [(word, getattr(bound, name, None)) for bound in field.metadata for name, word in words.items()]
    return ", ".join(f"{word} {value}" for word, value in bounds if value is not None)


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
