"""A data set small enough to distil in a second: two classes told apart by words of their own."""

import torch

from tdd.data.corpus import Corpus
from tdd.data.text import TextSplit
from tdd.embeddings.word_vectors import WordVectors
from tdd.settings.networks import entry_of
from tdd.settings.parts import USUAL_NETWORK
from tdd.settings.recipe import Recipe
from tdd.settings.without_effect import without_effect
from tdd.system.seeds import generator

LENGTH, DIM, VOCABULARY = 10, 6, 40
SMALL = {"text_cnn": {"widths": [1, 2], "filters": 30}, "mean_pool": {"hidden": 30}, "bag_of_words": {"words": 40}}


def tiny_recipe(**settings) -> Recipe:
    """A recipe for the tiny data; the network's own settings may be given beside the others, or as `options`, those
    of a pool as that alone."""
    network = settings.get("network", USUAL_NETWORK)
    of_network = entry_of(network).options.model_fields
    own = {name: settings.pop(name) for name in list(settings) if name in of_network}
    options = ({} if "pool" in settings else SMALL.get(network, {})) | settings.pop("options", {}) | own
    defaults = {
        "dataset": "tiny",
        "max_length": LENGTH,
        "n": 4,
        "outer_steps": 12,
        "batch_size": 32,
        "learning_rate": 0.5,
        "samples_lr": 0.1,
        "labels_lr": 0.1,
        "rates_lr": 0.1,
        "validate_every": 5,
        "checkpoint_every": 4,
    }
    left_out = without_effect(defaults | settings)
    defaults = {name: value for name, value in defaults.items() if name not in left_out}
    return Recipe.build(defaults | settings | {"options": options})


def tiny_vectors(classes: int) -> WordVectors:
    """Twenty common words, and twenty that belong to a class and lie along an axis of its own."""
    table = torch.randn(VOCABULARY, DIM, generator=generator(0, "table"))
    for label in range(classes):
        table[20 + label * (20 // classes) :, label] += 3
    which = "" if classes == 2 else f" {classes}"
    return WordVectors("tiny", [f"word{i}" for i in range(VOCABULARY)], table.numpy(), f"checksum of tiny{which}")


def random_vectors(count: int, dim: int, name: str) -> WordVectors:
    """Words without a meaning; `name` decides on their vectors, and is the checksum."""
    table = torch.randn(count, dim, generator=generator(0, "vectors", name))
    return WordVectors(name, [f"word{i}" for i in range(count)], table.numpy(), name)


def tiny_corpus(classes: int = 2, seed: int = 0, length: int = LENGTH) -> Corpus:
    """Sentences of which about half the words are common, and the others belong to the class."""
    vectors = tiny_vectors(classes)
    splits = {}
    for name, size in (("train", 120), ("validation", 60), ("test", 60)):
        g = generator(seed, name)
        labels = torch.randint(0, classes, (size,), generator=g)
        lengths = torch.randint(5, LENGTH + 3, (size,), generator=g)
        offsets = torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)])
        of_token = labels.repeat_interleave(lengths)
        common = torch.randint(0, 20, of_token.shape, generator=g)
        own = 20 + of_token * (20 // classes) + torch.randint(0, 20 // classes, of_token.shape, generator=g)
        ids = torch.where(torch.rand(of_token.shape, generator=g) < 0.5, common, own) + 1
        splits[name] = TextSplit(ids.int(), offsets, labels, vectors, length)
    return Corpus(
        name="tiny",
        source={"dataset": "tiny", "vectors": vectors.name, "vectors_checksum": vectors.checksum},
        classes=[f"class {label}" for label in range(classes)],
        notes=[],
        reading={},
        fingerprint=f"tiny {classes} {seed}",
        **splits,
    )
