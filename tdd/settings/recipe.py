"""Every setting of a run, typed, with its default, its unit and its source; YAML in, YAML out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError, model_validator

from tdd.errors import UsageError, nearest
from tdd.settings.data_parts import USUAL_VECTORS
from tdd.settings.encoder_names import is_encoder
from tdd.settings.faults import faults
from tdd.settings.fields import Setting, listed, settings_of
from tdd.settings.files import read_settings
from tdd.settings.found import found_now
from tdd.settings.from_data import MOST_OUTER_STEPS, PATIENCE, REGULARISERS, usual_rate, usual_steps
from tdd.settings.inner_parts import PLAIN_CLIP_MEAN, PLAIN_WINDOW, PlainLoopSettings
from tdd.settings.networks import NETWORKS, NetworkOptions, checked_options, entry_of
from tdd.settings.parts import PARTS, USUAL_NETWORK, AllSettings
from tdd.settings.pool_options import PoolOptions, checked_pool_options, faults_of_pool
from tdd.settings.pool_parts import PoolSettings
from tdd.settings.set_parts import ExchangeSettings, WordSettings
from tdd.settings.without_effect import without_effect
from tdd.system.files import write_text

# Settings without effect, by what the network reads.
_OF_OTHER_DATA: dict[str | None, tuple[str, ...]] = {
    "text": ("image_column",),
    "image": ("text_column", "sample_length", "tokenizer"),
}


# Characters of a rejected value that an error line shows.
LONGEST_GIVEN = 80
LISTED_BY = "tdd settings"
"""The command that lists all settings."""


class Recipe(AllSettings):
    """All settings of a distillation.

    Settings are flat, ``Recipe(dataset="imdb", n=20)``; a network's own lie under `options`,
    ``Recipe(network="mean_pool", options={"hidden": 64})``.
    """

    def __init__(self, **settings: Any):
        """Check the settings and fill in defaults.

        Raises:
            UsageError: an unknown name, a wrong type or an impossible combination, named with the nearest valid name.
        """
        for name in settings:
            if name not in type(self).model_fields:
                having = [network for network, entry in NETWORKS.items() if name in entry.options.model_fields]
                belongs = f"; it is an option of {', '.join(having)}: set it under options" if having else ""
                hint = belongs or nearest(str(name), list(type(self).model_fields), LISTED_BY)
                raise UsageError(f"unknown setting '{name}'{hint}")
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise UsageError(first_fault(error)) from None

    def __repr__(self) -> str:
        """The settings that are not the usual ones, as they are given."""
        own: dict[str, Any] = _unusual(self.network, self.options)
        if isinstance(self.options, PoolOptions):
            by_network = {name: _unusual(name, options) for name, options in self.options.by_network.items()}
            own = {name: options for name, options in by_network.items() if options}
        usual = {known.name: known.default for known in all_settings() if not known.part.startswith("options of ")}
        given = {name: getattr(self, name) for name in usual if getattr(self, name) != usual[name]}
        given.pop("found", None)
        if self.vectors == self.network:  # follows from it
            given.pop("vectors", None)
        given = {"dataset": self.dataset} | given | ({"options": own} if own else {})
        return f"Recipe({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    @model_validator(mode="before")
    @classmethod
    def _options_of_the_network(cls, values: Any) -> Any:
        values = dict(values)
        pool = values["pool"] = listed(values.get("pool", []))
        if not isinstance(pool, list) or not all(isinstance(name, str) for name in pool):
            return values  # told as a wrong type
        if pool and values.setdefault("network", pool[0]) != pool[0]:
            raise ValueError(f"a set is made for network: {values['network']} or for a pool of several: leave one out")
        network, options = values.get("network", USUAL_NETWORK), values.get("options") or {}
        if not isinstance(network, str) or not isinstance(options, Mapping | NetworkOptions):
            return values  # told as a wrong type
        if values.get("vectors") is None:
            values["vectors"] = network if is_encoder(network) and len(pool) <= 1 else USUAL_VECTORS
        try:
            values["options"] = checked_pool_options(pool, options) if pool else checked_options(network, options)
        except UsageError as error:
            raise ValueError(str(error)) from None
        except ValidationError as error:
            raise ValueError(f"options.{first_fault(error)}") from None
        return values

    @model_validator(mode="after")
    def _combinations(self) -> Recipe:
        for fault in (*faults_of_pool(self, self.vectors), *faults(self)):
            raise ValueError(fault)
        return self

    def alone(self, network: str) -> Recipe:
        """The settings of one network of the pool; where there is no pool, all of them."""
        if not isinstance(self.options, PoolOptions):
            return self
        usual = {
            name: field.get_default(call_default_factory=True) for name, field in PoolSettings.model_fields.items()
        }
        return self.model_copy(update=usual | {"network": network, "options": self.options.by_network[network]})

    def split(self, classes: int) -> tuple[int, int]:
        """(steps, samples per step) of the n samples for a data set of `classes` classes.

        Default: see `usual_steps`.

        Raises:
            UsageError: hard labels with fewer samples than classes, which would leave classes without a sample.
        """
        if self.labels == "hard" and self.n < classes:
            raise UsageError(
                f"hard labels need a sample for each of the {classes} classes, n is {self.n}; "
                f"raise n or use labels: soft"
            )
        if self.inner == "plain":
            return 1, self.n
        steps = usual_steps(self.n, classes) if self.steps is None else self.steps
        return steps, self.n // steps

    def gradient_steps(self, steps: int) -> int:
        """How many gradient steps train a network on a set of so many `steps`; plainly the most that are taken."""
        return self.inner_steps[1] if self.inner == "plain" else steps * self.epochs

    def settled(self, classes: int | None = None, **found: Any) -> Recipe:
        """The recipe with a value in place of every setting that is none until the data are read.

        Args:
            classes: of the data set; None: not known, and `steps` stays none where it is.
            found: what was found in the data by the names of settings, see `Corpus.found`; others stay as they are.
        """
        # Of a pool the least, since what helps one network may harm another.
        own = [entry_of(network).regularisers for network in self.learners]
        own = own if self.samples == "free" else [{}]  # which harm words, see docs/words.md
        usual: dict[str, Any] = found | {name: min(each.get(name, 0.0) for each in own) for name in REGULARISERS}
        if classes is not None:
            usual["steps"] = self.split(classes)[0]
            if self.inner == "learned":
                # A network that reads either says nothing of it.
                column = self.image_column or found.get("image_column")
                usual["learning_rate"] = usual_rate(classes, self.reads == "image" or (not self.reads and bool(column)))
        if self.inner == "plain":
            usual |= {"window": PLAIN_WINDOW, "clip_mean": PLAIN_CLIP_MEAN}
        if self.outer_steps is None:
            usual |= {"outer_steps": MOST_OUTER_STEPS, "patience": PATIENCE}
        update = {name: value for name, value in usual.items() if getattr(self, name) is None}
        return self.model_copy(update=update | {"found": found_now(self, update)})

    @property
    def unused(self) -> set[str]:
        """Names of the settings that play no part, by what others say."""
        unused = {*_OF_OTHER_DATA.get(self.reads, ()), *(WordSettings.model_fields if self.samples != "words" else ())}
        unused |= set(() if self.are_real else ExchangeSettings.model_fields) | without_effect(dict(self)).keys()
        return unused | set(PlainLoopSettings.model_fields if self.inner == "learned" else ())

    def to_yaml(self, comments: bool = False) -> str:
        """The recipe as YAML text that `Recipe.load` reads back to an equal recipe.

        Args:
            comments: say of each setting that is none what takes its place.
        """
        text = yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)
        if not comments:
            return text
        unused = self.unused
        told = {setting.name: setting.none for setting in all_settings() if setting.none and setting.name not in unused}
        # Whatever a value has beyond its first line is indented.
        names = "|".join(told)
        return re.sub(rf"(?m)^({names}): null$", lambda line: f"{line[0]}  # {told[line[1]]}", text)

    def save(self, path: Path) -> None:
        """Write the recipe as YAML, atomically."""
        write_text(path, self.to_yaml())

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read a recipe saved by `save`."""
        return cls.build(read_settings(path), where=str(path))

    @classmethod
    def build(cls, settings: Mapping[str, Any], where: str = "recipe") -> Recipe:
        """Check `settings` and fill in defaults.

        Raises:
            UsageError: an unknown key, a wrong type or an impossible combination, named with the nearest valid key.
        """
        try:
            return cls(**{str(name): value for name, value in settings.items()})
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None


def _unusual(network: str, options: NetworkOptions) -> dict[str, Any]:
    """The options of a network that are not the usual ones."""
    usual = checked_options(network, {})
    return {name: value for name, value in options if value != getattr(usual, name, None)}


def all_settings() -> Iterator[Setting]:
    """Every setting of a recipe, part by part, then the options of each network."""
    for part, group in PARTS.items():
        yield from settings_of(group, part)
    for network, entry in NETWORKS.items():
        yield from settings_of(entry.options, f"options of {network}")


def settings_that_keep_the_run() -> set[str]:
    """Settings that a run may be resumed with changed: they have no part in the set."""
    return {setting.name for setting in all_settings() if not setting.changes_run}


RESUMED = tuple(setting.name for setting in all_settings() if setting.flag and not setting.changes_run)
"""Settings that a run is resumed with; all others are those that it was started with."""


def first_fault(error: ValidationError) -> str:
    """The first thing that pydantic rejected, in a line: ``n: Input should be a valid integer (given: 'x')``."""
    first = error.errors()[0]
    path = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    given = repr(first["input"])
    given = given if len(given) <= LONGEST_GIVEN else f"{given[:LONGEST_GIVEN]}..."
    return f"{path}: {message} (given: {given})" if path else message


def _documentation() -> Iterator[str]:
    for title, settings in groupby(all_settings(), key=lambda setting: setting.part):
        about = PARTS[title].__doc__ if title in PARTS else title
        yield f"{str(about).rstrip('.')}:"
        yield from (f"  {setting.line()}" for setting in settings)
        yield ""


Recipe.__doc__ = "\n    ".join([str(Recipe.__doc__), *_documentation()])
