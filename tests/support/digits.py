"""A recipe for the embedded digits, small enough to distil in a second."""

from pathlib import Path

import numpy as np
from datasets import Dataset, Features, Image, Value
from PIL.Image import fromarray
from sklearn.datasets import load_digits

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


def write_digits(folder: Path, rows: int = 300) -> None:
    """Digits as a data set of images lies on the Hub, of which a third are for testing."""
    digits = load_digits()
    features = Features({"image": Image(), "label": Value("int64")})
    for split, chosen in (("train", slice(0, 2 * rows // 3)), ("test", slice(2 * rows // 3, rows))):
        images = [fromarray(np.uint8(image * 15)) for image in digits.images[chosen]]
        table = Dataset.from_dict({"image": images, "label": digits.target[chosen]}, features=features)
        table.to_parquet(folder / f"{split}.parquet")
