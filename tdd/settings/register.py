"""Networks of one's own, known by a name as those that come with tdd are."""

from __future__ import annotations

from typing import Any

from tdd.errors import UsageError
from tdd.settings import networks
from tdd.settings.networks import LOCAL, Entry, NetworkOptions, OwnOptions, Reads


def register_network(
    name: str,
    network: type[Any] | str,
    reads: Reads | None = None,
    about: str = "",
    options: type[NetworkOptions] | None = None,
) -> None:
    """Make a network known by a name of its own, as those that come with tdd are, for this process.

    Args:
        name: what recipes and ``--network`` call it.
        network: its class, or where that is: ``package.module:Class``. It is called as `Entry.home` says.
        reads, about: see `Entry`.
        options: its own settings; None: the class's `Options` where it has one, else whatever its constructor takes.

    Raises:
        UsageError: the name is taken by another network, or does not read as a name, or the class is defined inside a
            function.
    """
    home = f"{network.__module__}:{network.__qualname__}" if isinstance(network, type) else network
    if not (isinstance(name, str) and isinstance(home, str) and name.isidentifier() and home.count(":") == 1):
        raise UsageError("a network is registered by a name and its class, as in my_net, package.module:MyNet")
    if LOCAL in home:
        raise UsageError(f"{home} is defined inside a function: define it in a module to register it")
    own: type[NetworkOptions] = getattr(network, "Options", OwnOptions)
    entry = Entry(home, reads, about or home, options or own)
    known = networks.NETWORKS.setdefault(name, entry)
    if known != entry:
        raise UsageError(f"there is another network called {name}: {known.home}")
