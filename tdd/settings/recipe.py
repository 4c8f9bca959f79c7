"""Every setting of a run, typed, with its default, its unit and its source; YAML in, YAML out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tdd.errors import UsageError, nearest
from tdd.system.files import write_text

# Settings without effect on free samples.
OF_WORDS = (
    "vocabulary",
    "vocabulary_file",
    "excluded_words",
    "padding",
    "neighbours",
    "temperature",
    "commitment",
)


class Recipe(BaseModel):
    """All settings of a distillation. Each field's description is its documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False)

    # The data set and how it is read
    dataset: str = Field("tomatoes", description="short name, Hub id, folder or csv/tsv/jsonl/parquet file")
    data: str | None = Field(None, description="folder or file to read the data set from, instead of the Hub")
    data_from: Literal["files", "memory"] = Field(
        "files", description="memory: the data set is given in Python (data=...), `dataset` is only its name"
    )
    config_name: str | None = Field(None, description="configuration of a Hub data set")
    revision: str | None = Field(None, description="branch, tag or commit of a Hub data set")
    text_column: str | None = Field(None, description="column holding the text; found by its usual names when absent")
    image_column: str | None = Field(None, description="column holding the images, instead of text")
    label_column: str | None = Field(None, description="column holding the class; found by its usual names when absent")
    vectors: str = Field("glove-6b-50d", description="embedded table, gensim-downloader name, or vectors file")
    max_length: int = Field(400, ge=1, description="L: tokens a sentence is padded or truncated to (paper 3.3: 400)")
    validation: float = Field(0.1, gt=0, lt=1, description="share of the training split held out for choices")
    max_validation: int = Field(2500, ge=1, description="most held-out examples read at each validation")

    # The network trained on the distilled set
    network: Literal["text_cnn", "lenet", "alexcifarnet", "convnet"] = Field(
        "text_cnn", description="architecture: text_cnn for text, the others for images"
    )
    widths: list[int] = Field([3, 4, 5], min_length=1, description="TextCNN: words each filter bank spans")
    filters: int = Field(100, ge=1, description="TextCNN: filters of each width")
    dropout: float = Field(0.5, ge=0, lt=1, description="dropout before the classifier, on real data only (--full)")

    # The distilled set
    n: int = Field(20, ge=1, description="number of distilled samples, steps x samples per step")
    steps: int | None = Field(None, ge=1, description="inner steps of an epoch; None: n / classes where that divides")
    epochs: int = Field(1, ge=1, description="times the inner steps are repeated (paper 3.4)")
    init: Literal["fixed", "random"] = Field("fixed", description="one network initialisation, or fresh ones (3.4)")
    labels: Literal["soft", "hard"] = Field("soft", description="learned soft labels (3.2), or fixed one-hot ones")
    samples: Literal["free", "words"] = Field(
        "free", description="samples are any learned numbers (3.4), or sentences of real words"
    )
    samples_init: Literal["noise", "real"] | None = Field(
        None, description="start from noise or real examples; None: real sentences for words, else noise"
    )
    samples_scale: float = Field(0.3, gt=0, description="noise start: standard deviation, in that of real inputs")
    learning_rate: float = Field(0.05, gt=0, description="start of every learned inner learning rate")
    momentum: float = Field(
        0.0, ge=0, lt=1, description="start of the learned inner momentum, heavy ball (Polyak 1964); 0: none"
    )

    # Sentences of real words (samples: words)
    vocabulary: int = Field(8000, ge=2, description="most frequent words of the training split that may be used")
    vocabulary_file: str | None = Field(None, description="file with the words instead, separated by white space")
    excluded_words: list[str] = Field([], description="words that no sentence may hold")
    padding: Literal["none", "end"] = Field(
        "none", description="none: words at all L positions; end: no more than in the real sentence it starts as"
    )
    neighbours: int = Field(
        0, ge=0, description="words that a gradient tells apart on its way to a latent vector; 0: straight through"
    )
    temperature: float = Field(1.0, gt=0, description="softness of the choice among neighbours; 1: of a nearest word")
    commitment: float = Field(0.0, ge=0, description="pull of a latent vector to its word (VQ-VAE, 1711.00937)")

    # The outer loop
    outer_steps: int = Field(2000, ge=1, description="updates of the distilled set")
    batch_size: int = Field(256, ge=1, description="real examples of one outer step")
    networks: int = Field(1, ge=1, description="K: initialisations averaged in one outer step (random init)")
    samples_lr: float = Field(0.03, gt=0, description="Adam step size of the samples")
    labels_lr: float = Field(0.03, gt=0, description="Adam step size of the soft labels")
    rates_lr: float = Field(
        0.03, gt=0, description="Adam step size of the raw rates (before softplus) and momentum (sigmoid)"
    )
    schedule: Literal["cosine", "constant"] = Field("cosine", description="course of the Adam step sizes")
    warmup: int = Field(0, ge=0, description="outer steps over which the Adam step sizes rise linearly")
    clip_norm: float = Field(1.0, gt=0, description="largest norm of one outer gradient, all parts together")
    ema: float = Field(0.0, ge=0, lt=1, description="decay of the averaged set that is validated and kept; 0: none")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of a real example's label spread over all classes (arXiv 1512.00567)"
    )
    word_dropout: float = Field(
        0.0, ge=0, lt=1, description="share of words dropped from real outer batches (Iyyer et al. 2015)"
    )
    shift: int = Field(
        0, ge=0, description="most pixels that real images of outer batches are moved up, down and sideways"
    )
    window: int | None = Field(
        None, ge=1, description="inner steps the outer gradient flows through; None: all (arXiv 2310.04606)"
    )
    window_end: Literal["last", "random", "growing"] = Field(
        "last", description="the window ends with the last inner step, with one drawn anew, or with ever later ones"
    )
    unroll: Literal["auto", "closed_form", "autograd", "rematerialised"] = Field(
        "auto", description="how the inner loop is reversed; every choice gives the same gradient"
    )

    networks_at_once: int = Field(16, ge=1, description="networks trained together; bounds the memory they take")

    # The same network trained on all the data, for the distillation ratio (--full)
    full_epochs: int = Field(20, ge=1, description="most passes over the training split")
    full_lr: float = Field(0.001, gt=0, description="Adam step size")
    full_batch_size: int = Field(64, ge=1, description="examples of one step")

    # The set read as words (--decoded)
    refit_steps: int = Field(200, ge=1, description="outer steps that fit labels and rates to the nearest words")

    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="arithmetic of networks without closed form on a GPU; CPUs compute in float32"
    )

    # Course of the run
    seed: int = Field(0, ge=0, lt=2**31, description="seed of every random draw")
    validate_every: int = Field(50, ge=1, description="outer steps between validations")
    validation_networks: int = Field(4, ge=1, description="fresh networks of one validation (random init)")
    test_networks: int = Field(20, ge=1, description="fresh networks tested at the end of the run (random init)")
    checkpoint_every: int = Field(50, ge=1, description="outer steps between checkpoints that a run resumes from")
    report_to: Literal["none", "tensorboard", "trackio"] = Field("none", description="tracker, through Accelerate")

    @field_validator("*", mode="before")
    @classmethod
    def _no_bool_as_number(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError(f"{str(value).lower()} is not a value this setting takes")
        return value

    @field_validator("widths")
    @classmethod
    def _widths_distinct(cls, value: list[int]) -> list[int]:
        if min(value) < 1 or len(set(value)) < len(value):
            raise ValueError("filter widths must be different positive numbers")
        return value

    @model_validator(mode="after")
    def _combinations(self) -> Recipe:
        if self.steps is not None and self.n % self.steps:
            raise ValueError(f"n = {self.n} does not split into {self.steps} steps; choose steps that divide n")
        if self.max_length < max(self.widths):
            raise ValueError(f"max_length = {self.max_length} is shorter than the widest filter ({max(self.widths)})")
        if self.text_column and self.image_column:
            raise ValueError("a data set is read as text or as images: set text_column or image_column, not both")
        if self.samples == "words" and self.network != "text_cnn":
            raise ValueError(f"samples: words makes sentences, and {self.network} reads images: use samples: free")
        if self.samples == "free":
            for name in OF_WORDS:
                if getattr(self, name) != type(self).model_fields[name].get_default():
                    raise ValueError(f"{name} is a setting of sentences of words: leave it out, or set samples: words")
        if self.neighbours == 1:
            raise ValueError("neighbours: 1 leaves nothing to tell apart; use 0 (straight through) or at least 2")
        if self.word_dropout and self.network != "text_cnn":
            raise ValueError(f"word_dropout drops words and {self.network} reads images; leave it at 0")
        if self.shift and self.network == "text_cnn":
            raise ValueError("shift moves images and text_cnn reads text; leave it at 0")
        if self.window is None and self.window_end != "last":
            raise ValueError(f"window_end: {self.window_end} moves a window; set window to its number of inner steps")
        if self.init == "fixed" and self.networks > 1:
            raise ValueError("networks > 1 needs init: random; a fixed initialisation is a single network")
        return self

    @property
    def starts_real(self) -> bool:
        """Whether the samples start from real examples."""
        return self.samples_init == "real" or (self.samples_init is None and self.samples == "words")

    def split(self, classes: int) -> tuple[int, int]:
        """(steps, samples per step) of the n samples for a data set of `classes` classes.

        Default: n / classes steps when that is a whole number, at most 10 and dividing n; otherwise one step.

        Raises:
            UsageError: hard labels with fewer samples than classes, which would leave classes without a sample.
        """
        if self.labels == "hard" and self.n < classes:
            raise UsageError(
                f"hard labels need a sample for each of the {classes} classes, n is {self.n}; "
                f"raise --n or use labels: soft"
            )
        steps = self.steps
        if steps is None:
            most = min(10, self.n // classes) if self.n % classes == 0 else 1
            steps = max(s for s in range(1, most + 1) if self.n % s == 0)
        return steps, self.n // steps

    def to_yaml(self) -> str:
        """The recipe as YAML text that `Recipe.load` reads back to an equal recipe."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)

    def save(self, path: Path) -> None:
        """Write the recipe as YAML, atomically."""
        write_text(path, self.to_yaml())

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read a recipe saved by `save`."""
        return cls.build(read_settings(path), where=str(path))

    @classmethod
    def build(cls, settings: Mapping[str, Any], where: str = "recipe") -> Recipe:
        """Check `settings` and fill in defaults.

        Raises:
            UsageError: an unknown key, a wrong type or an impossible combination, named with the nearest valid key.
        """
        unknown = [key for key in settings if key not in cls.model_fields]
        if unknown:
            raise UsageError(
                f"{where}: unknown setting '{unknown[0]}'{nearest(str(unknown[0]), list(cls.model_fields))}"
            )
        try:
            return cls.model_validate(dict(settings))
        except ValidationError as error:
            raise UsageError(f"{where}: {first_fault(error)}") from None


def first_fault(error: ValidationError) -> str:
    """The first thing that pydantic found wrong, in a line: ``n: Input should be a valid integer (given: 'x')``."""
    first = error.errors()[0]
    path = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{path}: {message} (given: {first['input']!r})" if path else message


def read_settings(path: Path) -> dict[str, Any]:
    """The mapping in a YAML recipe file.

    Raises:
        UsageError: the file is missing, not YAML, or not a mapping of settings.
    """
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the recipe {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        raise UsageError(f"{path} is not valid YAML" + (f" (line {line + 1})" if line is not None else "")) from None
    if not isinstance(loaded, dict):
        raise UsageError(f"{path} does not hold settings, one 'name: value' a line")
    return loaded
