"""A distiller in double precision: its networks, their starts, what is learned and the words of real batches."""

from dataclasses import replace

from tdd.distillation.distiller import Distiller


def in_double(distiller: Distiller) -> None:
    """Change a distiller of texts that has not begun."""
    for trainee in distiller.trainees:
        trainee.learner.module.double()
        trainee.fixed = trainee.fixed and {name: value.double() for name, value in trainee.fixed.items()}
    distiller.state.learned = {
        name: value.detach().double().requires_grad_(value.requires_grad)
        for name, value in distiller.state.learned.items()
    }
    draw = distiller.batches.at
    distiller.batches.at = lambda step: replace(draw(step), words=draw(step).words.double())  # type: ignore[method-assign]
