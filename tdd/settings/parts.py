"""The settings of a run, part by part: what `tdd.settings.recipe.Recipe` is made of."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializeAsAny, field_validator

from tdd.settings.data_parts import DataSettings
from tdd.settings.encoder_names import BY_MINILM
from tdd.settings.fields import Settings, listed, setting
from tdd.settings.from_data import USUAL_OUTER_STEPS, USUAL_PATIENCE
from tdd.settings.full import FullSettings
from tdd.settings.initialisations import INITIALISATIONS, USUAL_INITIALISATION, Initialisation
from tdd.settings.inner_parts import PLAIN_WINDOW, PlainLoopSettings
from tdd.settings.networks import NETWORKS, NetworkOptions, TextCNNOptions, entry_of, of_networks
from tdd.settings.pool_parts import PoolSettings
from tdd.settings.set_parts import CHOSEN, ExchangeSettings, SetSettings, WordSettings

USUAL_NETWORK = "text_cnn"
MOST_THREADS = 1024


class OuterSettings(Settings):
    """The outer loop."""

    outer_steps: int | None = setting(
        None, "updates of the distilled set", none=USUAL_OUTER_STEPS, unit="outer steps", flag=True, ge=1
    )
    patience: int | None = setting(
        None,
        "outer steps without a gain on held-out data after which the step sizes fall to zero and the run ends",
        none=USUAL_PATIENCE,
        unit="outer steps",
        ge=1,
    )
    restarts: list[int] = setting(
        [], "outer steps after which the step sizes begin a new course, as those of a finished run that went on do"
    )
    batch_size: int = setting(256, "real examples of one outer step", unit="examples", ge=1)
    class_weights: Literal["none", "balanced"] = setting(
        "none", "balanced: real examples of outer batches are drawn so that every class weighs the same", flag=True
    )
    networks: int = setting(
        1, "K: initialisations averaged in one outer step (random initialisation)", unit="networks", ge=1
    )
    samples_lr: float = setting(0.03, "Adam step size of the samples", gt=0)
    labels_lr: float = setting(0.03, "Adam step size of the soft labels", gt=0)
    attention_lr: float = setting(0.01, "Adam step size of the attention labels", gt=0)
    rates_lr: float = setting(
        0.03, "Adam step size of the raw learning rates (before softplus) and momentum (before sigmoid)", gt=0
    )
    schedule: Literal["cosine", "constant"] = setting("cosine", "schedule of the Adam step sizes")
    warmup: int = setting(0, "outer steps over which the Adam step sizes rise linearly", unit="outer steps", ge=0)
    clip_norm: float = setting(1.0, "largest norm of one outer gradient, all parts together", gt=0)
    ema: float | None = setting(
        None, "decay of the averaged set that is validated and kept; 0: no average", none=of_networks("ema"), ge=0, lt=1
    )
    label_smoothing: float | None = setting(
        None,
        "share of a real example's label spread over all classes",
        none=of_networks("label_smoothing"),
        source="arXiv 1512.00567",
        ge=0,
        lt=1,
    )
    word_dropout: float | None = setting(
        None,
        "share of words dropped from real outer batches",
        none=of_networks("word_dropout"),
        source="Iyyer et al. 2015",
        ge=0,
        lt=1,
    )
    shift: int = setting(
        0, "most that real images of outer batches are moved up, down and sideways", unit="pixels", ge=0
    )
    flip: bool = setting(False, "half of the real images of outer batches are mirrored, left to right")
    window: int | None = setting(
        None,
        "inner steps the outer gradient flows through",
        none=f"all; {PLAIN_WINDOW} of inner: plain",
        unit="inner steps",
        source="RaT-BPTT, arXiv 2310.04606",
        ge=1,
    )
    window_end: Literal["last", "random", "growing"] = setting(
        "last", "the window ends with the last inner step, with one drawn anew, or with ever later ones"
    )
    unroll: Literal["auto", "closed_form", "autograd", "rematerialised"] = setting(
        "auto", "how the inner loop is reversed; every choice gives the same gradient"
    )
    networks_at_once: int = setting(
        16, "networks trained together; bounds the memory they take", unit="networks", changes_run=False, ge=1
    )


class DecodedSettings(Settings):
    """The set read as words (--decoded)."""

    refit_steps: int = setting(
        200, "outer steps that fit labels and rates to the nearest words", unit="outer steps", changes_run=False, ge=1
    )


class RunSettings(Settings):
    """The run: its seed, its machine, what is validated and kept when."""

    seed: int = setting(0, "seed of every random draw", flag=True, ge=0, lt=2**31)
    device: str | None = setting(
        None, "of the computation: cpu, cuda, cuda:1 or mps", none="the fastest there is", changes_run=False, flag=True
    )
    threads: int | None = setting(
        None,
        "processor threads of each process",
        none="one, or torch's own number where that is measured to be 1.3 times as fast",
        unit="threads",
        changes_run=False,
        flag=True,
        ge=1,
        le=MOST_THREADS,
    )
    precision: Literal["float32", "tf32", "bfloat16"] = setting(
        "float32", "arithmetic of networks without closed form on a GPU; CPUs compute in float32"
    )
    validate_every: int = setting(50, "outer steps between validations", unit="outer steps", ge=1)
    metric: Literal["accuracy", "macro_f1"] = setting(
        "accuracy", "what is best on held-out data and kept: accuracy, or the mean F1 of all classes", flag=True
    )
    validation_networks: int = setting(
        4, "fresh networks of one validation (random initialisation)", unit="networks", ge=1
    )
    test_networks: int = setting(
        20,
        "fresh networks tested at the end of the run (random initialisation)",
        unit="networks",
        changes_run=False,
        ge=1,
    )
    checkpoint_every: int = setting(
        50, "outer steps between checkpoints that a run resumes from", unit="outer steps", changes_run=False, ge=1
    )
    max_minutes: float | None = setting(
        None,
        "time after which a run saves its state and stops, with exit code 0, to be resumed",
        none="no limit",
        unit="minutes",
        changes_run=False,
        flag=True,
        gt=0,
    )
    report_to: Literal["none", "tensorboard", "trackio"] = setting(
        "none", "tracker that draws the curves, through Accelerate", changes_run=False, flag=True
    )


class NetworkSettings(Settings):
    """The network that is trained on the distilled set."""

    network: str = setting(
        USUAL_NETWORK, f"{', '.join(NETWORKS)}, hf:owner/name, or your own as python:module:Class", flag=True
    )
    options: SerializeAsAny[NetworkOptions] = Field(
        default_factory=TextCNNOptions, description="the network's own settings, by name"
    )
    initialisation: list[str] = setting(
        [USUAL_INITIALISATION],
        f"how fresh weights are drawn: {', '.join(INITIALISATIONS)}, with a gain as in orthogonal*0.5; of several the "
        "networks of a run take one after the other",
        source="paper 4.2",
        min_length=1,
    )

    @field_validator("initialisation", mode="before")
    @classmethod
    def _initialisation_is_listed(cls, value: Any) -> Any:
        return listed(value)

    @field_validator("initialisation")
    @classmethod
    def _initialisation_is_known(cls, value: list[str]) -> list[str]:
        for name in value:
            Initialisation.of(name)
        return value


PARTS: dict[str, type[Settings]] = {
    "data": DataSettings,
    "network": NetworkSettings,
    "pool": PoolSettings,
    "set": SetSettings,
    "words": WordSettings,
    "exchange": ExchangeSettings,
    "plain": PlainLoopSettings,
    "outer": OuterSettings,
    "full": FullSettings,
    "decoded": DecodedSettings,
    "run": RunSettings,
}
"""The parts of a recipe, in their order."""


# Pydantic lists the fields of the last base first.
class AllSettings(
    RunSettings,
    DecodedSettings,
    FullSettings,
    OuterSettings,
    PlainLoopSettings,
    ExchangeSettings,
    WordSettings,
    SetSettings,
    PoolSettings,
    NetworkSettings,
    DataSettings,
):
    """The settings of all parts, and what follows from them."""

    @property
    def learners(self) -> list[str]:
        """Names of the networks that the set is made for: those of the pool, or the one."""
        return self.pool or [self.network]

    @property
    def reads(self) -> Literal["text", "image"] | None:
        """What the network reads; None: whatever the data are."""
        return entry_of(self.network).reads

    @property
    def starts_real(self) -> bool:
        """Whether the samples start from real examples."""
        return self.samples_init in ("real", *CHOSEN) or (self.samples_init is None and self.samples != "free")

    @property
    def starts_by_minilm(self) -> bool:
        """Whether these are chosen by MiniLM's sentence vectors."""
        return (self.samples_init or "").endswith(BY_MINILM)

    @property
    def are_real(self) -> bool:
        """Whether the samples are texts of the training split, or made of their clauses."""
        return self.samples in ("phrases", "real")

    @property
    def length(self) -> int:
        """Tokens of a distilled sentence, once `max_length` is known."""
        length = self.sample_length or self.max_length
        if length is None:
            raise ValueError("max_length is none: see Recipe.settled")
        return length
