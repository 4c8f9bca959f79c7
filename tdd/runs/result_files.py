"""The results of a row with one seed as a small file, ``results/ROW-SEED.json``: all that the tables are made of.

It holds nothing of the machine but what computes, and no folders, so that it can be committed and read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tdd.data.changes import examples_of
from tdd.distilled_set.run_folder import changed_settings
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public, public_recipe
from tdd.errors import TddError, UsageError
from tdd.evaluation.differences import better_than
from tdd.evaluation.names import SEARCHED, how_many_tried
from tdd.runs.results_rows import Row
from tdd.settings.data_parts import DataSettings
from tdd.settings.encoder_names import is_encoder
from tdd.settings.parts import NetworkSettings
from tdd.settings.recipe import RESUMED, Recipe, first_fault
from tdd.system.files import read_json, write_json

DIGITS = 6
"""Decimal places of a share."""
_OF_ALL_DATA = ("accuracy", "validation_accuracy", "test_examples", "tried", "by_network", SEARCHED)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Tested(_Part):
    """Test accuracy of networks trained on the set, in [0, 1].

    Attributes:
        mean, sd: over the networks; 0 for a single one.
        networks: how many.
        test_examples, test_split: examples they were tested on, and those of the test split.
    """

    mean: float
    sd: float
    networks: int
    test_examples: int
    test_split: int

    @property
    def is_whole(self) -> bool:
        """Whether the whole test split was read."""
        return self.test_examples == self.test_split


class AllData(_Part):
    """Test accuracy of the same network trained on all the data.

    Attributes:
        accuracy, held_out: in [0, 1]; the setting was chosen by `held_out`, None: not known.
        setting: how it was trained.
        settings_tried: how many settings it is the best of.
        searched_with_seed: seed of the search, of this row or another, that chose it; None: the result's own search.
    """

    accuracy: float
    held_out: float | None = None
    setting: dict[str, Any] = {}
    settings_tried: int = 1
    searched_with_seed: int | None = None


class Reference(_Part):
    """Test accuracy of TF-IDF and logistic regression, in [0, 1], on so many training texts."""

    accuracy: float
    train_examples: int
    C: float


class Baseline(_Part):
    """Test accuracy of a baseline with as many examples, in [0, 1].

    Attributes:
        mean, sd: over networks or draws.
        held_out: its held-out accuracy; None: not known.
        better: how much better the set is, trained in the same way; None: not measured.
        within: the 95 % interval of that over the run's networks or draws; None: there is a single pair of them.
    """

    mean: float
    sd: float
    held_out: float | None = None
    better: float | None = None
    within: tuple[float, float] | None = None


class Result(_Part):
    """What was measured of a row with one seed.

    Attributes:
        row, seed: what it is called after.
        measured_with: the version of tdd.
        note: what a reader of the figures must know, in a few words.
        test: the test.
        held_out: accuracy on held-out data, by which the set was chosen.
        all_data, tfidf, baselines: what it is compared with, as far as measured.
        outer_steps, seconds, processes, hardware, versions: what distilling it took.
        classes: of the data set; None: as `recipe`.
        examples: of each split; none: no longer known.
        recipe: the settings, with what was found in the data; None: no longer known.
    """

    row: str
    seed: int
    measured_with: str
    note: str = ""
    test: Tested
    held_out: float | None = None
    all_data: AllData | None = None
    tfidf: Reference | None = None
    baselines: dict[str, Baseline] = {}
    outer_steps: int
    seconds: float
    processes: int
    hardware: str
    versions: dict[str, str]
    classes: int | None = Field(None, ge=1)
    examples: dict[str, int] = {}
    recipe: dict[str, Any] | None = None

    def difference(self, row: Row) -> str:
        """In which settings that affect the set it was made otherwise than the row is now; "": in none."""
        if self.recipe is None:
            return ""
        try:
            # Settings of the network's and of the machine's own are no part of the file.
            kept = Recipe.build(self.recipe, where="its recipe")
        except UsageError as error:
            return str(error)
        now = row.seeded(self.seed)
        return "; ".join(changed_settings(public_recipe(kept, False), public_recipe(now, False), self.classes))

    def has_all_data_of(self, row: Row) -> bool:
        """Whether its network trained on all the data is the row's: the same network, data and held-out examples."""
        if self.recipe is None:
            return False
        kept = Recipe.build(self.recipe, where="its recipe")
        names = {*DataSettings.model_fields, *NetworkSettings.model_fields, "pool"}
        # A pretrained network starts with a classifier as its initialisation says.
        names |= {"init"} if is_encoder(kept.network) else set()
        now = row.seeded(self.seed)
        return not changed_settings(public_recipe(kept, False), public_recipe(now, False), self.classes, only=names)

    def is_complete(self, row: Row, baselines: Collection[str] = ()) -> bool:
        """Whether all is measured that a row is compared with, these `baselines` too."""
        texts = row.recipe.reads != "image"
        return (
            self.test.is_whole
            and self.test.networks >= row.published.networks
            and self.all_data is not None
            and self.all_data.settings_tried > 1
            and (self.tfidf is not None or not texts)
            and set(baselines) <= self.baselines.keys()
        )


def result_of(row: Row, seed: int, distilled: DistilledSet) -> Result:
    """What the tested set of a finished run says."""
    shared = public(distilled)
    results = _rounded(shared.results)
    distillation, test = results["distillation"], results["evaluation"][row.recipe.init]
    full, tfidf = results.get("full_data"), results.get("tfidf")
    return Result(
        row=row.name,
        seed=seed,
        measured_with=f"tdd {distillation['versions']['tdd']}",
        test=Tested(**{name: test[name] for name in Tested.model_fields}),
        held_out=distillation["validation_accuracy"],
        all_data=full and _all_data(full),
        tfidf=tfidf and Reference(**{name: tfidf[name] for name in Reference.model_fields}),
        baselines={name: _baseline(results, name, row.recipe.init) for name in results.get("baselines") or {}},
        **{name: distillation[name] for name in ("outer_steps", "seconds", "processes", "hardware", "versions")},
        classes=len(distilled.classes),
        examples=examples_of(results.get("data", {}).get("classes", {})),
        # Those that play no part may have another usual value one day.
        recipe=shared.recipe.model_dump(exclude={*RESUMED, "found", *shared.recipe.unused}),
    )


def write_result(result: Result, folder: Path) -> Path:
    """Write ``ROW-SEED.json`` into a folder, atomically."""
    path = folder / f"{result.row}-{result.seed}.json"
    write_json(path, result.model_dump(mode="json"))
    return path


def read_result(path: Path) -> Result:
    """The result in a file.

    Raises:
        TddError: it is missing, holds something else, or is named for another row or seed.
    """
    content = read_json(path)
    try:
        result = Result.model_validate(content)
    except ValidationError as error:
        raise TddError(f"{path.name} is no result: {first_fault(error)}; remove it, and run its row again") from None
    if path.name != f"{result.row}-{result.seed}.json":
        raise TddError(f"{path.name} holds the result of {result.row}, seed {result.seed}: name it after that")
    return result


def result_paths(row: Row, folder: Path) -> list[Path]:
    """The files of a row's results, by seed."""
    named = re.compile(rf"{re.escape(row.name)}-(\d+)\.json")
    found = [(int(match[1]), path) for path in folder.glob("*.json") if (match := named.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def _baseline(results: Mapping[str, Any], name: str, init: str) -> Baseline:
    baseline, difference = results["baselines"][name], better_than(results, name, init)
    more: dict[str, Any] = {} if difference is None else _rounded({"better": difference.mean})
    if difference is not None and difference.interval is not None:
        more["within"] = tuple(_rounded(list(difference.interval)))
    return Baseline(mean=baseline["mean"], sd=baseline["sd"], held_out=baseline.get("validation_accuracy"), **more)


def _all_data(full: Mapping[str, Any]) -> AllData:
    return AllData(
        accuracy=full["accuracy"],
        held_out=full.get("validation_accuracy"),
        setting={name: value for name, value in full.items() if name not in _OF_ALL_DATA},
        settings_tried=how_many_tried(full),
        searched_with_seed=full.get(SEARCHED, {}).get("seed"),
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return round(value, DIGITS) if isinstance(value, float) else value
