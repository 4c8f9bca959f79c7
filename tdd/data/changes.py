"""How data differ from those that were read before, as far as was kept of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tdd.system.formatting import counted

_MOST = 6
_NAMED = 3  # classes, files
_FACTS = {
    "revision": "commit",
    "config": "configuration",
    "text_column": "text column",
    "image_column": "image column",
    "label_column": "label column",
    "encoding": "encoding",
    "delimiter": "separator",
    "quote": "quotes",
    "header": "header",
    "vectors_checksum": "word vectors with the checksum",
}


def told_changes(then: Mapping[str, Any], now: Mapping[str, Any], kind: str) -> str:
    """How data differ, in a line.

    Args:
        then, now: `Corpus.source` and `Corpus.reading` together, of the data before and of these.
        kind: see `tdd.data.protocols.InputSpace`.
    """
    content = "texts" if kind == "text" else "images"
    found = list(_changes(then, now, content))
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(found[:_MOST]) + more if found else f"other {content}, labels or splits"


def examples_of(classes: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    """Examples of each split, from those of each class."""
    counts: Counter[str] = Counter()
    for of_class in classes.values():
        counts.update(of_class)
    return counts


def _changes(then: Mapping[str, Any], now: Mapping[str, Any], content: str) -> Iterator[str]:
    before, after = then.get("classes", {}), now.get("classes", {})
    if before and after:
        yield from _of_classes(before, after)
    for split, names in now.get("files", {}).items():
        if (had := then.get("files", {}).get(split)) not in (None, names):
            yield f"{split} files {_few(names)} instead of {_few(had)}"
    for name, about in _FACTS.items():
        if name in then and name in now and then[name] != now[name]:
            yield f"{about} {_shown(now[name])} instead of {_shown(then[name])}"
    for split, reasons in now.get("left_out", {}).items():
        for reason, count in reasons.items():
            had = then.get("left_out", {}).get(split, {}).get(reason, 0)
            if "left_out" in then and count != had:
                yield f"{counted(count, 'row')} of {split} left out with {reason} instead of {had:,}"
    sizes = [examples_of(classes) for classes in (before, after)]
    for kind, told in (("contents", content), ("labels", "labels")):
        changed = [
            split
            for split, digests in now.get("digests", {}).items()
            if sizes[0][split] == sizes[1][split]
            and digests[kind] != then.get("digests", {}).get(split, digests).get(kind)
        ]
        if changed:
            yield f"other {told} in {', '.join(changed)}, or in another order"


def _of_classes(before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    if new := [name for name in after if name not in before]:
        yield f"new classes: {_few(new)}"
    if gone := [name for name in before if name not in after]:
        yield f"no classes {_few(gone)} any more"
    if not new and not gone and list(before) != list(after):
        yield "classes in another order"
    had, have = examples_of(before), examples_of(after)
    for split, count in have.items():
        if count != had[split]:
            yield f"{counted(count, f'{split} example')} instead of {had[split]:,}"
    for name, counts in after.items():
        for split, count in counts.items():
            if name in before and had[split] == have[split] and count != before[name].get(split):
                yield f"{counted(count, f'{split} example')} of class {name} instead of {before[name].get(split, 0):,}"


def _few(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if len(str(value)) < _NAMED else str(value)
