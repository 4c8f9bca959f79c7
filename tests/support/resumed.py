"""A run that is stopped, and what goes on with it."""

from pathlib import Path

import pytest

from tdd.data.corpus import Corpus
from tdd.distillation.distiller import Distiller
from tdd.errors import Interrupted
from tdd.settings.recipe import Recipe


def resumed_after(steps: int, recipe: Recipe, corpus: Corpus, path: Path) -> Distiller:
    """What goes on with a run that was stopped after so many outer steps, whose state is kept at `path`."""
    seen: list[int] = []
    stopped = Distiller(
        recipe, corpus, path, on_progress=lambda p: seen.append(p.step), should_stop=lambda: len(seen) == steps
    )
    with pytest.raises(Interrupted, match=f"stopped after {steps} of {recipe.outer_steps}"):
        stopped.run()
    resumed = Distiller(recipe, corpus, path)
    assert resumed.state.step == steps
    return resumed
