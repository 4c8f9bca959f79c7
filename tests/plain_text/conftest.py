"""Plain learners with few settings and short training, and a set of words for them."""

import pytest
from plain import CORPUS, DRAWS
from tiny import tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation import plain_text
from tdd.evaluation import plain_text_learners as plain_learners


@pytest.fixture(scope="module", autouse=True)
def short():
    """Few settings and short training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_learners, "RATES", (0.001, 0.03))
        patch.setattr(plain_learners, "EPOCHS", (1, 4))
        patch.setattr(plain_learners, "TRIALS", 2)
        patch.setattr(plain_text, "DRAWS", DRAWS)
        yield


@pytest.fixture(scope="module")
def made() -> DistilledSet:
    """Eight sentences of words for three classes, some of them padded."""
    recipe = tiny_recipe(n=8, steps=2, samples="words", padding="end", excluded_words=["word1"], init="random")
    return Distiller(recipe, CORPUS).run()
