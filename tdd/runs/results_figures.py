"""The figures of a row over its seeds, from the files of its results alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tdd.errors import TddError
from tdd.evaluation.class_figures import mean_and_sd
from tdd.evaluation.differences import mean_interval
from tdd.evaluation.names import NAMES, NOT_OPPONENTS
from tdd.runs.result_files import Baseline, Result, read_result, result_paths
from tdd.runs.results_rows import Row

MADE = ("kmeans", "average", "knn_kmeans")
"""Baselines whose examples are not real ones but made of them."""


@dataclass(frozen=True)
class Figure:
    """An accuracy or a ratio over seeds.

    Attributes:
        mean: in [0, 1]; a ratio may exceed 1.
        sd: standard deviation over seeds (n - 1 in the denominator), 0 for a single one.
    """

    mean: float
    sd: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure | None:
        """The figure of values, one for each seed; None where there are none."""
        return cls(**mean_and_sd(values)) if values else None


@dataclass(frozen=True)
class RowFigures:
    """The figures of a row.

    Attributes:
        row: the row.
        results: those of its seeds, made by the row's present recipe or, where there are none, by one that is no longer
            known (`Result.note` says what that means).
        left_out: a line for each file that is not among them.
    """

    row: Row
    results: list[Result]
    left_out: list[str]

    @property
    def accuracy(self) -> Figure | None:
        """Test accuracy; where several networks test a set, the mean over them."""
        return self._figure(lambda result: result.test.mean)

    @property
    def sd_over_networks(self) -> float | None:
        """Standard deviation over networks, the mean over seeds; None for a single network."""
        sds = [result.test.sd for result in self.results if result.test.networks > 1]
        return sum(sds) / len(sds) if sds else None

    @property
    def all_data(self) -> Figure | None:
        """Test accuracy of the same network with all the data."""
        return self._figure(lambda result: result.all_data.accuracy if result.all_data else None)

    @property
    def ratio(self) -> Figure | None:
        """Accuracy as a share of that with all the data."""
        return self._figure(ratio_of)

    @property
    def tfidf(self) -> Figure | None:
        """Test accuracy of TF-IDF and logistic regression with all the data."""
        return self._figure(lambda result: result.tfidf.accuracy if result.tfidf else None)

    @property
    def seconds(self) -> float | None:
        """Time to distil, the mean over seeds."""
        times = [result.seconds for result in self.results]
        return sum(times) / len(times) if times else None

    @property
    def settings_tried(self) -> list[int]:
        """How many settings each seed's accuracy with all the data is the best of, without repetitions, in order."""
        return sorted({result.all_data.settings_tried for result in self.results if result.all_data})

    @cached_property
    def baselines(self) -> dict[str, Baseline]:
        """Baselines by name, the means over the seeds that they were measured with."""
        measured: dict[str, list[Baseline]] = {}
        for result in self.results:
            for name, baseline in result.baselines.items():
                measured.setdefault(name, []).append(baseline)
        return {name: _over_seeds(of) for name, of in measured.items()}

    def strongest(self, real: bool) -> tuple[str, Baseline] | None:
        """The best baseline of real examples, or of points made of them, with what it is called.

        The best on held-out data, or where that is not known of all of them, on the test split.
        """
        opponents = [name for name in self.baselines if name not in NOT_OPPONENTS]
        names = [name for name in opponents if (name not in MADE) == real]
        if not names:
            return None
        known = all(self.baselines[name].held_out is not None for name in names)

        def by(name: str) -> float:
            return (self.baselines[name].held_out if known else None) or self.baselines[name].mean

        best = max(names, key=by)
        return NAMES.get(best, best), self.baselines[best]

    def _figure(self, of: Callable[[Result], float | None]) -> Figure | None:
        return Figure.of([value for result in self.results if (value := of(result)) is not None])


def ratio_of(result: Result) -> float | None:
    """A result's accuracy as a share of that with all the data; None where that is not measured."""
    return result.test.mean / result.all_data.accuracy if result.all_data and result.all_data.accuracy else None


def read_figures(rows: Sequence[Row], folder: Path) -> list[RowFigures]:
    """The figures of rows from the results in a folder; files that do not fit a row are left out with a word."""
    return [_read(row, folder) for row in rows]


def footnotes(figures: Sequence[RowFigures]) -> Mapping[str, str]:
    """A sign for each note of the results, in the order in which they come up."""
    notes = dict.fromkeys(result.note for row in figures for result in row.results if result.note)
    signs = "†‡§¶"
    return {note: signs[place % len(signs)] * (1 + place // len(signs)) for place, note in enumerate(notes)}


def _read(row: Row, folder: Path) -> RowFigures:
    present: list[Result] = []
    unknown: list[Result] = []
    left_out = []
    for path in result_paths(row, folder):
        try:
            result = read_result(path)
        except TddError as error:
            left_out.append(str(error))
            continue
        if difference := result.difference(row):
            left_out.append(f"{path.name} was made with other settings ({difference})")
        else:
            (unknown if result.recipe is None else present).append(result)
    if present:
        left_out += [f"{row.name}-{old.seed}.json was made with settings no longer known" for old in unknown]
    return RowFigures(row, present or unknown, left_out)


def _over_seeds(of: Sequence[Baseline]) -> Baseline:
    """A baseline over several seeds: means, and the interval of the set's difference to it over these."""
    if len(of) == 1:
        return of[0]
    better = [one.better for one in of if one.better is not None]
    known = len(better) == len(of)
    return Baseline(
        mean=_mean([one.mean for one in of]),
        sd=_mean([one.sd for one in of]),
        held_out=_mean([one.held_out or 0.0 for one in of]) if all(one.held_out for one in of) else None,
        better=_mean(better) if known else None,
        within=mean_interval(better) if known else None,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
