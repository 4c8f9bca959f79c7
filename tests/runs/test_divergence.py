"""A run that has diverged says so once, and what to do."""

import json
import math
import re

import pytest
from command import distil_command, tdd
from tiny import tiny_recipe

from tdd.runs.divergence import Divergence
from tdd.system.reporter import Progress, Reporter


def told(monkeypatch, *figures, **settings) -> list[str]:
    """What is said after outer steps with these losses and held-out accuracies."""
    said: list[str] = []
    reporter = Reporter(quiet=True)
    monkeypatch.setattr(reporter, "note", said.append)
    divergence, best, best_step = Divergence(tiny_recipe(**settings), 4, reporter), -1.0, 0
    for step, (loss, reached) in enumerate(figures, 1):
        if reached is not None and reached > best:
            best, best_step = reached, step
        divergence.look(Progress(step, loss, reached, best, 0.1, 1.0), best_step)
    return said


CHANCE = math.log(4)


@pytest.mark.parametrize(
    ("figures", "step"),
    [
        ([(1.0, 0.65), (1.0, 0.25)], None),  # the outer loss is fine
        ([(1.0, 0.65), (9.0, 0.46)], None),  # more than half of what is above chance is left
        ([(1.0, 0.65), (9.0, None)], None),
        ([(9.0, 0.2), (9.0, 0.1)], None),  # it was never above chance
        ([(1.0, 0.65), (CHANCE + 0.1, 0.44), (9.0, 0.3)], 2),
    ],
)
def test_it_is_told_once_where_accuracy_is_lost_and_the_loss_above_that_of_chance(monkeypatch, figures, step):
    said = told(monkeypatch, *figures)
    assert len(said) == (step is not None)
    if step is not None:
        expected = f"held-out data 44.0 % after outer step {step}, 65.0 % after 1, whose set is kept. Stop, and lower"
        assert expected in said[0] and "lower learning_rate" in said[0]
        assert "lower inner_rate" in told(monkeypatch, *figures, inner="plain")[0]


def test_a_run_says_it_beside_its_log(given, tmp_path):
    # Learned rates that run away: networks trained with them have numbers without meaning.
    run = {"validate_every": 1, "rates_lr": 2, "init": "random", "epochs": 3}
    done = tdd(*distil_command(*given, tmp_path / "run", **run), "--outer-steps", 40)
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert done.err.count("the inner steps diverge") == 1
    step = int(re.search(r"after outer step (\d+)", done.err)[1])
    at = next(line for line in lines if line["step"] == step)
    assert at["outer_loss"] > math.log(2) and at["validation_accuracy"] - 0.5 < (at["best_accuracy"] - 0.5) / 2
    assert done.code == 0 and "whose set is kept" in done.err
