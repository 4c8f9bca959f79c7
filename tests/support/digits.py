"""A recipe for the embedded digits, small enough to distil in a second."""

from tdd.settings.recipe import Recipe


def digits_recipe(**settings):
    defaults = {
        "dataset": "digits",
        "network": "lenet",
        "n": 10,
        "outer_steps": 6,
        "batch_size": 32,
        "learning_rate": 0.1,
        "samples_lr": 0.1,
        "validate_every": 3,
        "checkpoint_every": 2,
        "max_validation": 50,
        "networks_at_once": 2,
        "validation_networks": 2,
    }
    return Recipe(**(defaults | settings))
