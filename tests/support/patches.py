"""Watching what is called, so that a test which forbids a call also shows that it would see one."""

from typing import Any

import pytest


def spy(patch: pytest.MonkeyPatch, owner: Any, name: str) -> list[tuple[Any, ...]]:
    """The positional arguments of each call of `owner.name` from now on, which does what it did."""
    calls: list[tuple[Any, ...]] = []
    original = getattr(owner, name)

    def watched(*given: Any, **named: Any) -> Any:
        calls.append(given)
        return original(*given, **named)

    patch.setattr(owner, name, watched)
    return calls
