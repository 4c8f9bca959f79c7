"""Networks that judge a teacher's labels: they are taught plainly with them, and tested on held-out data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor

from tdd.evaluation.plain_learner import PlainTrainers
from tdd.evaluation.plain_training import Lesson
from tdd.evaluation.real_sets import RealSet, RealSets
from tdd.evaluation.teachers import Teachers
from tdd.networks.learner import Learner

STUDENTS = 3
"""Fresh networks that judge a teacher's labels."""


def judged_teachers(
    learner: Learner, plain: PlainTrainers, sets: RealSets, on_batch: Callable[[int, int], None]
) -> Teachers:
    """Teachers of a network, whose epochs and temperature are chosen by students that learn from herded examples.

    Of a pretrained encoder the students learn what its options say, as the inner loop does: to fine-tune all of it for
    each of the labels that are tried would take hours.

    Args:
        learner: the network.
        plain: plain training of it.
        sets: the real examples.
        on_batch: see `Teachers`.
    """
    plain = replace(plain, whole=False)
    how = plain.how

    def taught(places: Tensor, labels: Sequence[Tensor]) -> Tensor:
        train, most = plain.corpus.train, sets.labelled(places, "hard").most
        lessons = [Lesson(RealSet(places, each, most).examples(train), how) for each in labels]
        return plain.of(lessons[0].examples, [how.rate]).held_out(lessons, STUDENTS)[:, 0]

    return Teachers(learner, plain.recipe, plain.corpus, lambda: sets.places("herding")[0], taught, on_batch)
