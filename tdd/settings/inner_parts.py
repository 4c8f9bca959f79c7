"""The settings of plain training as the inner loop."""

from __future__ import annotations

from typing import Any

from pydantic import field_validator

from tdd.settings.fields import Settings, setting

OF_LEARNED_STEPS = {"steps": 1, "epochs": 1, "momentum": 0, "attention_labels": "none"}
"""Settings of learned gradient steps, and what they are where there are none."""
MOST_INNER_STEPS = 100_000
PLAIN_WINDOW, PLAIN_CLIP_MEAN = 20, 2.0
"""What takes the place of `window` and `clip_mean` that are none."""


class PlainLoopSettings(Settings):
    """Plain training as the inner loop (inner: plain)."""

    inner_steps: list[int] = setting(
        [20, 200],
        "fewest and most steps of AdamW of an outer step, drawn anew; networks are tested after the most",
        unit="inner steps",
        min_length=2,
        max_length=2,
    )
    inner_batch: int = setting(64, "most samples of a mini-batch, drawn anew", unit="samples", ge=1)
    inner_rate: float | None = setting(
        None, "step size of AdamW", none="what each network has in plain training, 0.001 to 0.03", gt=0
    )
    inner_dropout: bool = setting(True, "the dropout of networks is on while a set is learned")
    inner_weight_decay: float = setting(0.01, "weight decay of AdamW", source="arXiv 1711.05101", ge=0, lt=1)
    inner_clip: float | None = setting(1.0, "largest norm of a network's gradient", none="any", gt=0)
    inner_kept: int = setting(
        0,
        "networks in training that outer steps go on with in turn, by the steps of the window; 0: fresh ones each time",
        source="arXiv 2206.00719",
        unit="networks",
        ge=0,
    )
    label_pull: float = setting(0.0, "pull of the soft labels to those they start from", unit="that of the loss", ge=0)
    clip_mean: float | None = setting(
        None,
        "largest norm of an outer gradient, in its running mean, in place of clip_norm",
        none=f"{PLAIN_CLIP_MEAN:g}",
        source="arXiv 2310.04606",
        gt=0,
    )

    @field_validator("inner_steps")
    @classmethod
    def _inner_steps_rise(cls, value: Any) -> Any:
        fewest, most = value
        if not 1 <= fewest <= most <= MOST_INNER_STEPS:
            raise ValueError(f"fewest and most inner steps, from 1 to {MOST_INNER_STEPS:,}, as in [20, 200]")
        return value
