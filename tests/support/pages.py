"""A page taken apart: its tags and texts, and the data that its script reads."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

VOID = ("meta", "input", "img", "br")


class Page(HTMLParser):
    """What a page is made of: tags, their attributes, and the text of each."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[tuple[str, str]] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.pieces.append((self.open[-1][0] if self.open else "", data))
        if self.open:
            attributes = self.open[-1][1]
            attributes["of"] = (attributes.get("of") or "") + data

    @property
    def shown(self) -> str:
        """All text that is neither style nor script, single spaces between words."""
        return " ".join(" ".join(data for tag, data in self.pieces if tag not in ("style", "script")).split())

    @property
    def data(self) -> dict[str, Any]:
        """What the script knows."""
        return json.loads(next(data for tag, data in self.pieces if tag == "script"))

    def having(self, tag: str, attribute: str) -> list[dict[str, Any]]:
        """The attributes of all tags of this name that have one of them."""
        return [attributes for found, attributes in self.tags if found == tag and attribute in attributes]


def words_of(page: str) -> list[list[str]]:
    """The words of each sentence as they stand in the page."""
    found: list[list[str]] = []

    class Words(Page):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            super().handle_starttag(tag, attrs)
            if tag == "div" and dict(attrs).get("class") == "words":
                found.append([])

        def handle_data(self, data: str) -> None:
            super().handle_data(data)
            if len(self.open) > 1 and self.open[-1][0] == "i" and self.open[-2][1].get("class") == "words":
                found[-1].append(data)

    Words(page)
    return found
