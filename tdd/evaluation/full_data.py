"""The same network trained on all the data: what the distillation ratio compares a distilled set with.

By one setting, or by the best of a search on held-out data; the test split is read once, for the one that is chosen.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from accelerate import Accelerator
from torch import Tensor, nn

from tdd.distillation.accuracy import counts_of
from tdd.errors import TddError
from tdd.evaluation.adam import Adam, Best, train_until_best
from tdd.evaluation.small_step import training_step
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.learner import Learner, make_learner
from tdd.networks.own import network_to_use
from tdd.settings.initialisations import USUAL_INITIALISATION
from tdd.settings.networks import entry_of
from tdd.settings.recipe import Recipe
from tdd.system import threads
from tdd.system.files import cache_folder, read_json, write_json
from tdd.system.formatting import percent
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.reporter import Reporter
from tdd.system.version import __version__

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

PATIENCE = 3
"""Epochs without a gain on held-out data after which training on all the data stops."""
SMOOTHING, WEIGHT_DECAY = 0.1, 0.1
"""Label smoothing that a search tries in place of dropout, and weight decay that it tries beside dropout."""

FULL_RESULTS = ("accuracy", "validation_accuracy", "epoch", "test_examples")
"""The numbers of its results."""


@dataclass(frozen=True)
class Setting:
    """What a search chooses.

    Attributes:
        learning_rate: Adam step size.
        label_smoothing: see `tdd.networks.kernels.protocol.Kernel.loss`; in place of dropout where it is not 0.
        weight_decay: decoupled weight decay (AdamW, arXiv 1711.05101).
    """

    learning_rate: float
    label_smoothing: float = 0.0
    weight_decay: float = 0.0


CHOSEN = tuple(field.name for field in fields(Setting))
"""What its results say of the setting."""

Result = dict[str, Any]
Keep = Callable[[Any, Callable[[], Result]], Result]
"""Given what a result is of, and what measures it: the result, which may be kept from an earlier time."""


def train_on_all(
    recipe: Recipe,
    corpus: Corpus,
    accelerator: Accelerator | None = None,
    reporter: Reporter | None = None,
    network: str | nn.Module | None = None,
    setting: Setting | None = None,
) -> Result:
    """Test accuracy of the recipe's network trained on the whole training split by the setting best on held-out data.

    With `full_search` each of its Adam step sizes is tried with the network's dropout, with label smoothing in place of
    that and, where nothing is pretrained, with dropout and weight decay; else `full_lr` alone, with dropout. A
    pretrained network starts from its weights, with a classifier as the recipe's `init` says; any other is drawn.

    With `setting` that one alone is tried, whatever the recipe says: a search of another seed chose it.

    Results of a network that comes with tdd are kept in a cache, and those of each setting by itself, so that an
    interrupted search goes on where it was. The code of others may change.

    Returns:
        `FULL_RESULTS`: "accuracy" and "validation_accuracy" in [0, 1], the best "epoch", counted from 1, and the number
        of "test_examples"; the `Setting` that was chosen; in "tried" every setting, with the best epoch and the
        held-out accuracy of each; and the "seconds" that it took when it was measured.
    """
    assert not recipe.pool, "training on all the data is of one network of a pool: Recipe.alone"
    accelerator = accelerator or default_accelerator()
    network = network_to_use(recipe.network, network)
    space = corpus.train.space
    ways = recipe.initialisation[:1]
    learner = make_learner(network, recipe.options, space, len(corpus.classes), accelerator.device, ways)
    settings = [setting] if setting else settings_tried(recipe, learner.fine_tuned)
    keep: Keep = _measured
    if not isinstance(network, nn.Module) and entry_of(network).comes_with_tdd:
        about = {"network": recipe.network, "options": recipe.options.model_dump(), "seed": recipe.seed}
        about |= {"epochs": recipe.full_epochs, "batch_size": recipe.full_batch_size, "tdd": __version__}
        # Sentences are encoded whole, whatever is read of them.
        about |= {"shape": space.shape, "parameters": learner.signature(), "data": corpus.fingerprint}
        about |= {"init": recipe.init} if learner.pretrained else {}
        about |= {"initialisation": ways} if ways != [USUAL_INITIALISATION] else {}
        keep = partial(_kept, about)
    told = reporter or Reporter(quiet=True)

    def train() -> Result:
        with threads.restored():
            if threads.are_open(accelerator, recipe.threads):
                chosen = threads.choose(training_step(learner, corpus.train, recipe.full_batch_size))
                told.note(f"all data, {chosen}")
            start = time.monotonic()
            result = _train_on_all(learner, recipe, corpus, settings, keep, told)
            return result | {"seconds": round(time.monotonic() - start, 1)}

    return keep([asdict(setting) for setting in settings], train)


def settings_tried(recipe: Recipe, fine_tuned: bool) -> list[Setting]:
    """The settings that are tried, of pretrained weights that are trained or of drawn ones."""
    rates = recipe.full_rates(fine_tuned)
    if not recipe.full_search:
        return [Setting(rate) for rate in rates]
    ways = [(0.0, 0.0), (SMOOTHING, 0.0)] + ([] if fine_tuned else [(0.0, WEIGHT_DECAY)])
    return [Setting(rate, *way) for rate, way in product(rates, ways)]


def train_by(
    learner: Learner,
    recipe: Recipe,
    corpus: Corpus,
    setting: Setting,
    epochs: int,
    on_reading: Callable[[int, float], None] = lambda epoch, accuracy: None,
) -> Best:
    """The network trained on all the data by a setting, for `epochs` at most, as it was when best on held-out data."""
    kernel, seed, smoothing = learner.kernel(), recipe.seed, setting.label_smoothing
    pretrained = learner.pretrained and recipe.init == "fixed"
    start = learner.fixed_start(seed) if pretrained else learner.starts(seed, "full", "network")
    how = Adam(
        setting.learning_rate,
        recipe.full_batch_size,
        epochs,
        PATIENCE,
        dropout=not smoothing,
        smoothing=smoothing,
        weight_decay=setting.weight_decay,
    )

    def held_out(theta: Parameters) -> Tensor:
        return counts_of(kernel, theta, corpus.validation, learner.device).accuracy()

    return train_until_best(kernel, start, corpus.train, held_out, how, seed, "full", on_reading)


def _train_on_all(
    learner: Learner, recipe: Recipe, corpus: Corpus, settings: list[Setting], keep: Keep, reporter: Reporter
) -> Result:
    """The search, and the test of the network that was best."""
    networks: dict[Setting, Best] = {}  # the best of those trained here

    def train(setting: Setting) -> Result:
        number = f"setting {settings.index(setting) + 1} of {len(settings)}, " if len(settings) > 1 else ""

        def tell(epoch: int, reached: float) -> None:
            text = f"{number}on all data: held-out {percent(reached)}"
            reporter.count(epoch, recipe.full_epochs, text, important=True)

        trained = train_by(learner, recipe, corpus, setting, recipe.full_epochs, tell)
        if all(trained.accuracy > other.accuracy for other in networks.values()):
            networks.clear()
            networks[setting] = trained
        return {"validation_accuracy": trained.accuracy.item(), "epoch": int(trained.epoch)}

    tried = [asdict(setting) | keep(asdict(setting), partial(train, setting)) for setting in settings]
    # The first of equals.
    best = max(range(len(tried)), key=lambda place: float(tried[place]["validation_accuracy"]))
    if settings[best] not in networks:  # trained before an interruption
        networks.clear()
        train(settings[best])
    theta = networks[settings[best]].theta
    test = counts_of(learner.kernel(), theta, corpus.test, learner.device).accuracy().item()
    return {"accuracy": test, **tried[best], "test_examples": len(corpus.test), "tried": tried}


def _measured(of: Any, measure: Callable[[], Result]) -> Result:
    return measure()


def _kept(about: dict[str, Any], of: Any, measure: Callable[[], Result]) -> Result:
    """What was measured before in the same circumstances, or is now; a damaged file is as none."""
    key = hashlib.sha256(json.dumps([about, of]).encode()).hexdigest()[:32]
    path = cache_folder() / "full" / f"{key}.json"
    with suppress(TddError):
        if isinstance(cached := read_json(path), dict):
            return cached
    result = measure()
    write_json(path, result)
    return result
