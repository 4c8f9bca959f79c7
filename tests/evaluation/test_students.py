"""Students that judge a teacher's labels train what the inner loop trains."""

import pytest
from patches import spy
from tiny_encoders import LENGTH, tiny_encoder, tiny_text_corpus

from tdd.evaluation import rate_search, teachers
from tdd.evaluation.baselines import Baselines
from tdd.settings.plain_settings import FINE_TUNING, HEAD_RATE
from tdd.settings.recipe import Recipe


@pytest.mark.parametrize(("train", "rate"), [("head", HEAD_RATE), ("last:1", FINE_TUNING.rate)])
def test_students_of_an_encoder_learn_what_its_options_say_and_examples_are_then_learned_by_all_of_it(
    monkeypatch, train, rate
):
    options = {"train": train}
    recipe = Recipe(network=tiny_encoder(), max_length=LENGTH - 2, n=4, init="random", options=options)
    calls = spy(monkeypatch, rate_search, "train_plainly")
    monkeypatch.setattr(teachers, "EPOCHS", (1,))
    baselines = Baselines(recipe, tiny_text_corpus(), 1, 1)
    baselines.measure("herding_teacher_plain")
    trained = [(set(theta), lesson.how.rate) for _, theta, lesson, *_ in calls]
    own = set(baselines.learner.trained)
    students = [each for each in trained if each == (own, rate)]
    wholes = [names for names, _ in trained if names > own]
    assert len(students) == len(teachers.TEMPERATURES) and trained[: len(students)] == students
    assert wholes and len(students) + len(wholes) == len(trained)
