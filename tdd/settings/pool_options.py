"""The options of the networks of a pool, and what a pool must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ConfigDict

from tdd.settings.encoder_names import is_encoder
from tdd.settings.networks import CODE, NetworkOptions, checked_options, entry_of
from tdd.settings.pool_parts import PoolSettings


class PoolOptions(NetworkOptions):
    """The options of the networks of a pool, by their names."""

    model_config = ConfigDict(extra="allow")

    @property
    def by_network(self) -> dict[str, NetworkOptions]:
        """The options of each network."""
        return dict(self.model_extra or {})

    @property
    def least_length(self) -> int:
        """Tokens that a sentence must have at least."""
        return max(options.least_length for options in self.by_network.values())


def checked_pool_options(pool: Sequence[str], options: Mapping[str, Any] | NetworkOptions) -> PoolOptions:
    """The options of each network of a pool, checked, with their defaults.

    Raises:
        ValueError: options that are of none of these networks, or see `checked_options`.
        pydantic.ValidationError: a value of the wrong type or out of bounds.
    """
    given = options.by_network if isinstance(options, PoolOptions) else dict(options)
    for name, values in given.items():
        if name not in pool or not isinstance(values, Mapping | NetworkOptions):
            example = f"options: {{{pool[0]}: {{...}}}}"
            raise ValueError(
                f"'{name}' is no network of the pool: its options lie under each network's name, {example}"
            )
    return PoolOptions.model_validate({name: checked_options(name, given.get(name, {})) for name in pool})


def faults_of_pool(settings: PoolSettings, vectors: str) -> Iterator[str]:
    """A line for each fault of a pool beside the `vectors` of its recipe."""
    pool = settings.pool
    if not pool:
        for name in ("pool_weights", "pool_order", "pool_choice"):
            if getattr(settings, name) != PoolSettings.model_fields[name].default:
                yield f"{name} is a setting of a pool: name its networks with pool"
        return
    if settings.pool_weights and len(settings.pool_weights) != len(pool):
        yield f"pool_weights: {len(settings.pool_weights)} weights for {len(pool)} networks; give each of them one"
    for name in pool:
        if name.startswith(CODE):
            yield (
                f"pool: {name} is code, and a pool has networks by their names: in Python register it, "
                "tdd.register_network('my_net', Net), and name my_net in the pool; or make a set for it alone "
                f"(--network {name} without --pool)"
            )
    kinds = {reads: name for name in pool if (reads := entry_of(name).reads) is not None}
    if len(kinds) > 1:
        yield f"pool: {kinds['text']} reads text and {kinds['image']} images; they cannot share a set"
    encoders = [name for name in pool if is_encoder(name)]
    if len(encoders) > 1:
        names = " and ".join(encoders)
        yield f"pool: {names} read word pieces of their own each, and no set holds both; leave all but one out"
    elif encoders and vectors != encoders[0]:
        name = encoders[0]
        yield (
            f"pool: {name} reads its own word pieces, the others vectors: {vectors}, and no set holds both; "
            f"leave {name} out, or set vectors: {name} so that all read its pieces"
        )
