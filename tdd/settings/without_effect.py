"""Settings that others leave nothing to say, and why: refused where they are set, left out where a recipe had them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_RATES = {
    "learning_rate": "learning_rate is where learned rates start: set inner_rate in its place with inner: plain",
    "rates_lr": "rates_lr is the step size of learned rates: leave it out with inner: plain",
    "clip_norm": "clip_norm bounds the outer gradient of learned steps: set clip_mean in its place with inner: plain",
}
OF_EXCHANGES = {
    name: f"{name} says how texts are exchanged: leave it out, or no_exchange"
    for name in ("exchange_every", "exchanges")
}


def without_effect(settings: Mapping[str, Any]) -> dict[str, str]:
    """What to say of each setting, by name, that has no effect beside `settings`, whether or not it is among them."""
    found: dict[str, str] = {}
    samples = settings.get("samples")
    if settings.get("inner") == "plain":
        found |= OF_RATES
        if settings.get("labels") == "hard":
            found["label_pull"] = "label_pull holds soft labels near their start: leave it out with labels: hard"
    if samples in ("phrases", "real"):
        found["samples_lr"] = f"samples_lr moves numbers and words: leave it out with samples: {samples}"
        if settings.get("no_exchange"):
            found |= OF_EXCHANGES
    return found
