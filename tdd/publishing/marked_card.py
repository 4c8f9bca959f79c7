"""A card in sections that a later push may write anew, without a word of its owner lost.

Every section stands between two comments, which no page shows; the first holds a checksum of what was written. A
section that reads otherwise now was edited by the owner and stays so; one that is gone stays away; whatever stands
between sections is the owner's. The metadata are kept in the same way, key by key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_END = "<!-- end of tdd's section -->"
_SECTION = re.compile(rf"<!-- tdd's section: ([\w -]+) ([0-9a-f]{{12}}) -->\n(.*?)\n{re.escape(_END)}", re.DOTALL)
_WRITTEN = re.compile(r"<!-- written by tdd: (\{.*?\}) -->\n?")
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
CONFIGURATIONS = "configs"


@dataclass(frozen=True)
class Card:
    """A card.

    Attributes:
        metadata: what the Hub reads, by its keys.
        sections: Markdown, by names that stay the same from push to push; empty ones are left out.
    """

    metadata: Mapping[str, Any]
    sections: Mapping[str, str]

    def text(self, present: str = "") -> str:
        """The card as a file, over the one that is there.

        Args:
            present: a card that `is_written_by_tdd`, or one without a body, of which the metadata are kept.
        """
        metadata, body = _split(present)
        written = _written(body)
        front = self._metadata(metadata, written.get("metadata", {}))
        ours: dict[str, Any] = {
            "metadata": {key: _checksum(value) for key, value in self.metadata.items()},
            "sections": [name for name, text in self.sections.items() if text],
        }
        gone = [name for name in written.get("sections", []) if name not in _names(body)]
        ours["sections"] += [name for name in gone if name not in ours["sections"]]
        body = self._body(_WRITTEN.sub("", body).strip("\n"), gone)
        ending = f"<!-- written by tdd: {json.dumps(ours)} -->"
        return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n\n{body}\n\n{ending}\n"

    def _metadata(self, present: Mapping[str, Any], written: Mapping[str, str]) -> dict[str, Any]:
        """The metadata, with the owner's keys, and the owner's values of ours."""
        kept = {}
        for key, value in present.items():
            if key not in self.metadata:
                if key not in written:  # else it was ours, and is no more
                    kept[key] = value
            elif key == CONFIGURATIONS and isinstance(value, list):
                names = [each["config_name"] for each in self.metadata[key]]
                others = [each for each in value if isinstance(each, dict) and each.get("config_name") not in names]
                kept[key] = [*self.metadata[key], *(each for each in others if not _is_of_a_set(each))]
            elif _checksum(value) != written.get(key):
                kept[key] = value
        return {**self.metadata, **kept}

    def _body(self, present: str, gone: list[str]) -> str:
        """The sections, in the place of those that are there."""
        there = _names(present)

        def renewed(match: re.Match[str]) -> str:
            name, checksum, text = match.groups()
            if checksum != _checksum(text):
                return match[0]
            new = self.sections.get(name, "").strip()
            return _marked(name, new) if new else ""

        body = _SECTION.sub(renewed, present)
        before = ""
        for name, text in self.sections.items():
            if name not in there and name not in gone and text.strip():
                place = _end_of(body, before)
                body = f"{body[:place].rstrip()}\n\n{_marked(name, text.strip())}\n\n{body[place:].lstrip()}".strip(
                    "\n"
                )
            before = name if name in _names(body) else before
        return _tidied(body) if present else body


def _tidied(body: str) -> str:
    """The body without more than one empty line between sections; inside them they belong to what was written."""
    parts, end = [], 0
    for match in _SECTION.finditer(body):
        parts += [re.sub(r"\n{3,}", "\n\n", body[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*parts, re.sub(r"\n{3,}", "\n\n", body[end:])])


def is_written_by_tdd(card: str) -> bool:
    """Whether a card is one that tdd wrote, edited or not."""
    return _WRITTEN.search(card) is not None


def has_body(card: str) -> bool:
    """Whether a card holds more than metadata."""
    return bool(_split(card)[1].strip())


def _split(card: str) -> tuple[dict[str, Any], str]:
    """Metadata and body of a card; none where its metadata cannot be read."""
    card = card.replace("\r\n", "\n")
    found = _FRONT.match(card)
    if found is None:
        return {}, card
    try:
        metadata = yaml.safe_load(found[1])
    except yaml.YAMLError:
        metadata = None
    return metadata if isinstance(metadata, dict) else {}, card[found.end() :]


def _written(body: str) -> dict[str, Any]:
    found = _WRITTEN.search(body)
    try:
        written = json.loads(found[1]) if found else {}
    except ValueError:
        written = {}
    return written if isinstance(written, dict) else {}


def _names(body: str) -> list[str]:
    return [match[1] for match in _SECTION.finditer(body)]


def _end_of(body: str, name: str) -> int:
    """Where the section called `name` ends; the start where there is none."""
    return next((match.end() for match in _SECTION.finditer(body) if match[1] == name), 0)


def _marked(name: str, text: str) -> str:
    return f"<!-- tdd's section: {name} {_checksum(text)} -->\n{text}\n{_END}"


def _checksum(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _is_of_a_set(configuration: Mapping[str, Any]) -> bool:
    """Whether a configuration is one that sets have, and this one does not."""
    return configuration.get("config_name") in ("default", "embeddings")
