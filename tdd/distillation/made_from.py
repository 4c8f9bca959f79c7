"""What a state of the outer loop was made from: settings, data and networks; and how others differ from these."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tdd.data.changes import told_changes
from tdd.settings.recipe import Recipe, settings_that_keep_the_run

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus


_MORE = {
    "network": "a network that has other parameters now",
    "frozen": "a network that has other frozen parts now",
    "samples": "another vocabulary",
}


@dataclass(frozen=True)
class MadeFrom:
    """What a state belongs to, as JSON values.

    Attributes:
        settings: those that shape the set and are not the usual ones.
        fingerprint: of the data.
        data: `Corpus.source` and `Corpus.reading`, which say what they are.
        kind: see `tdd.data.protocols.InputSpace`.
        more: what tells from others the "network", its "frozen" parts and the "samples", see `_MORE`.
    """

    settings: dict[str, Any]
    fingerprint: str
    data: dict[str, Any]
    kind: str
    more: dict[str, Any]

    @classmethod
    def of(cls, recipe: Recipe, corpus: Corpus, **more: Any) -> MadeFrom:
        """What a run of these belongs to, however far it goes: a finished one may go on, see `Schedule`."""
        # Without defaults: a run made before a setting came up is still the same.
        left_out = settings_that_keep_the_run() | {"outer_steps", "restarts"}
        settings = recipe.model_dump(mode="json", exclude=left_out, exclude_defaults=True)
        data = json.loads(json.dumps(corpus.source | corpus.reading))
        return cls(settings, corpus.fingerprint, data, corpus.train.space.kind, more)

    def digest(self) -> str:
        """A hash of all but what only says what the data are."""
        return hashlib.sha256(json.dumps([self.settings, self.fingerprint, *self.more.values()]).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)

    def difference(self, other: MadeFrom) -> str | None:
        """How `other` differs, after "belongs to"; None: in nothing that counts."""
        if self.settings != other.settings:
            names = [name for name in {**self.settings, **other.settings} if self._usual(name) != other._usual(name)]
            listed = "; ".join(f"{name}: {self._usual(name)} there, {other._usual(name)} now" for name in names)
            return f"another recipe ({listed})"
        if self.fingerprint != other.fingerprint:
            return f"other data ({told_changes(self.data, other.data, other.kind)})"
        return next((told for name, told in _MORE.items() if self.more.get(name) != other.more.get(name)), None)

    def _usual(self, name: str) -> Any:
        """A setting, or its usual value."""
        if name in self.settings or name not in Recipe.model_fields:
            return self.settings.get(name)
        return Recipe.model_fields[name].get_default(call_default_factory=True)
