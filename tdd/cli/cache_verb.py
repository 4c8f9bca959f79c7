"""The verb that lists what tdd keeps to be faster, and removes it."""

from __future__ import annotations

from typing import Annotated

import typer

from tdd.errors import UsageError, nearest


def cache(
    remove: Annotated[
        str | None, typer.Option(metavar="KIND|all", help="Remove what is kept of a kind: all can be made again.")
    ] = None,
) -> None:
    """List what is kept on disk to be faster, with sizes, or remove it.

    Encoded data, word vectors, hidden states of encoders, accuracies with all the data.
    """
    from tdd.system.cache import KINDS, data_folder, kept, remove_kept
    from tdd.system.files import cache_folder
    from tdd.system.formatting import aligned, size

    if remove is not None and remove not in (*KINDS, "all"):
        raise UsageError(f"nothing of a kind '{remove}' is kept{nearest(remove, [*KINDS, 'all'])}")
    entries = [entry for entry in kept() if remove in (None, "all", entry.kind)]
    if remove is not None:
        remove_kept(entries)
    for line in aligned([(entry.kind, entry.about, size(entry.bytes)) for entry in entries], left=(0, 1)).splitlines():
        typer.echo(line)
    total = size(sum(entry.bytes for entry in entries))
    typer.echo(f"{'removed ' if remove is not None else ''}{total} in {cache_folder()} and {data_folder()}")
