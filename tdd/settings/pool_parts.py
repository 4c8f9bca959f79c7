"""Settings of a pool: several networks that one set is made for (docs/pool.md)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator

from tdd.settings.fields import Settings, listed, setting


class PoolSettings(Settings):
    """Several networks that one set is made for."""

    pool: list[str] = setting(
        [], "networks that one set is made for, in place of `network`: text_cnn,gru; []: that one alone", flag=True
    )
    pool_order: Literal["in_turn", "averaged"] = setting(
        "in_turn", "an outer step learns from one network of the pool, each in its turn, or from the mean over all"
    )
    pool_weights: list[float] = setting([], "weight of each network of the pool in the outer loss; []: all the same")
    pool_choice: Literal["mean", "worst"] = setting(
        "mean", "what is best on held-out data and kept: by the mean over the pool, or by its worst network"
    )

    @field_validator("pool", mode="before")
    @classmethod
    def _pool_is_listed(cls, value: Any) -> Any:
        return listed(value)

    @field_validator("pool")
    @classmethod
    def _pool_has_each_once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("a network stands there twice")
        return value

    @field_validator("pool_weights")
    @classmethod
    def _pool_weights_are_positive(cls, value: list[float]) -> list[float]:
        if any(weight <= 0 for weight in value):
            raise ValueError("weights are positive numbers")
        return value
