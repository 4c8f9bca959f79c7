"""A run of data from memory is resumed, evaluated and published as any other, when it is given them again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from command import OPTIONS, SETTINGS, STEPS, tdd
from data_files import TWO_CLASSES, write_csv

import tdd as package
from tdd.distillation import distiller
from tdd.distilled_set.shareable import public
from tdd.errors import Interrupted, TddError, UsageError
from tdd.settings.recipe import Recipe

TEXTS, LABELS = map(list, zip(*TWO_CLASSES, strict=True))
COLUMNS = {"text": TEXTS, "label": LABELS}


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Arguments of `tdd.distill` for a small run."""
    vectors = tmp_path_factory.mktemp("vectors") / "vectors.txt"
    random = np.random.default_rng(0)
    words = sorted({word for text in TEXTS for word in text.split()})
    lines = [f"{word} " + " ".join(f"{x:.4f}" for x in random.standard_normal(5)) for word in words]
    vectors.write_text("\n".join([f"{len(words)} 5", *lines]) + "\n")
    settings = SETTINGS | {"options": OPTIONS, "n": 4, "outer_steps": STEPS, "vectors": str(vectors)}

    def recipe(**changed: Any) -> Recipe:
        return Recipe.build({"dataset": "reviews", **settings, **changed})

    return recipe


def stop_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Runs are interrupted after so many outer steps, as if Ctrl-C had been pressed."""
    run = distiller.Distiller.run

    def stopped(self: distiller.Distiller) -> Any:
        self.should_stop = lambda: self.state.step >= steps
        return run(self)

    monkeypatch.setattr(distiller.Distiller, "run", stopped)


def test_a_run_goes_on_bit_by_bit_when_given_the_same_data(
    run_of: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    frame = pd.DataFrame(COLUMNS)
    whole = package.distill(run_of(), tmp_path / "whole", data=frame)
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_after(patch, 6)
        with pytest.raises(Interrupted, match=r"go on with: tdd\.distill\(recipe, '.*run', resume=True, data=\.\.\.\)"):
            package.distill(run_of(), run, data=frame)

    with pytest.raises(TddError, match=r"belongs to other data \(other texts"):
        package.distill(run_of(), run, resume=True, data=frame.iloc[::-1])
    line = "the data of 'reviews' were given in Python and are not kept: give them again as data="
    assert tdd("distill", "--resume", run).one_line().startswith(line)
    with pytest.raises(UsageError, match=line):
        package.distill(run_of(), run, resume=True)

    distilled = package.distill(run_of(), run, resume=True, data=(TEXTS, LABELS))
    for name in ("distilled.safetensors", "recipe.yaml"):
        assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert distilled.results["evaluation"] == whole.results["evaluation"]
    logs = [(folder / "log.jsonl").read_text().splitlines() for folder in (run, tmp_path / "whole")]
    assert len(logs[0]) == STEPS
    assert [json.loads(said) | {"seconds": 0} for said in logs[0]] == [
        json.loads(said) | {"seconds": 0} for said in logs[1]
    ]


def test_a_finished_run_is_evaluated_with_the_data_given_again_or_from_a_file(
    run_of: Callable[..., Recipe], tmp_path: Path
):
    # A short name: nothing may be read from the Hub for it.
    recipe = run_of(dataset="imdb")
    distilled = package.distill(recipe, tmp_path / "run", data=(TEXTS, LABELS))
    corpus = package.load_corpus(recipe, data=(TEXTS, LABELS))
    mean = package.evaluate(distilled, corpus.test).mean
    assert mean == distilled.results["evaluation"]["fixed"]["mean"]
    again = package.load_corpus(package.DistilledSet.from_pretrained(tmp_path / "run").recipe, data=(TEXTS, LABELS))
    assert again.fingerprint == corpus.fingerprint

    line = tdd("evaluate", tmp_path / "run").one_line()
    assert line.startswith("the data of 'imdb' were given in Python and are not kept: give them again as data=")
    done = tdd("evaluate", tmp_path / "run", "--json", "--data", write_csv(tmp_path / "rows.csv", TWO_CLASSES))
    assert json.loads(done.out)["evaluation"]["fixed"]["mean"] == mean
    card = (tmp_path / "run" / "README.md").read_text()
    assert "on the real test split, which lies at PATH" in card


def test_a_run_goes_on_from_a_file_that_holds_the_same_rows(
    run_of: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        stop_after(patch, 6)
        with pytest.raises(Interrupted):
            package.distill(run_of(), tmp_path / "run", data=(TEXTS, LABELS))
    path = write_csv(tmp_path / "rows.csv", TWO_CLASSES)
    resumed = package.distill(run_of(data=str(path)), tmp_path / "run", resume=True)
    whole = package.distill(run_of(), data=(TEXTS, LABELS))
    assert torch.equal(resumed.samples, whole.samples)


def test_a_name_that_looks_like_a_path_is_not_published(run_of: Callable[..., Recipe]):
    distilled = package.distill(run_of(dataset="/home/me/reviews", outer_steps=1), data=(TEXTS, LABELS))
    shared = public(distilled)
    assert (shared.recipe.dataset, shared.recipe.data_from, shared.source["dataset"]) == (
        "reviews",
        "memory",
        "reviews",
    )
