"""A distilled set as one web page: whole in itself, nothing loaded, light and dark, for large and small screens.

It is made of ``page.html`` by Jinja, of ``page.css`` and of ``page.js``. Without the script it can be read as well, but
neither searched nor sorted.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public as without_folders
from tdd.embeddings.nearest import Metric
from tdd.inspection.colors import class_color, ink_on
from tdd.inspection.page_charts import charts_of
from tdd.inspection.page_extras import Extras
from tdd.inspection.page_head import COMMAND, about_labels, accuracies, details, facts, links, ratio
from tdd.inspection.page_samples import Scale, data_of, samples_of
from tdd.inspection.page_shades import LEVELS, Shown, dominant, telling_words
from tdd.inspection.pictures import Picture
from tdd.system.formatting import percent, signed

_MOST_AT_ONCE, _MOST_WORDS = 120, 4000  # samples and words of a page that opens with all steps at once


def page(
    distilled: DistilledSet,
    shown: Sequence[Shown],
    metric: Metric = "cosine",
    extras: Extras | None = None,
    public: bool = False,
) -> str:
    """A set as a self-contained HTML page.

    Class names and words come from elsewhere: they are escaped, and the page's own policy lets its own script run
    alone and nothing be loaded.

    Args:
        distilled: the set.
        shown: its decoded sentences or pictures, all or the first of them.
        metric: what sentences were decoded by.
        extras: what is known beside it, see `tdd.inspection.page_extras.measured`.
        public: leave out real examples, so that the page may be given to anybody.
    """
    extras = extras or Extras()
    told = without_folders(distilled)
    scale = Scale.of([list(sample.label.values()) for sample in shown])
    steps = sorted({sample.step for sample in shown})
    samples = samples_of(shown, scale, extras, metric, public)
    script, style = (_file(f"page.{kind}") for kind in ("js", "css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    pictures = isinstance(shown[0], Picture)
    words = sum(len(sample["words"]) for sample in samples)
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, finalize=_clean
    )
    environment.filters |= {"percent": percent, "signed": signed, "clean": clean}
    return environment.from_string(_file("page.html")).render(
        name=told.source.get("dataset", told.recipe.dataset) if "revision" in told.source else told.recipe.dataset,
        n=told.n,
        left_out=told.n - len(samples),
        kind="pictures" if pictures else "words" if told.sentences else "vectors",
        plain=told.recipe.inner == "plain",
        labels=told.recipe.labels,
        probabilities=told.recipe.inner == "plain" or told.recipe.labels == "hard",
        about_labels=about_labels(told),
        accuracies=accuracies(told),
        ratio=ratio(told),
        details=details(told),
        facts=facts(told, extras.distilled_on),
        links=links(told),
        command=COMMAND,
        recipe=told.recipe.to_yaml(),
        charts=charts_of(told, extras.after_steps, extras.log),
        classes=[
            {"name": name, "color": class_color(place), "ink": ink_on(class_color(place)), "telling": telling}
            for place, (name, telling) in enumerate(
                zip(told.classes, telling_words(shown, extras, len(told.classes)), strict=True)
            )
        ],
        present=sorted({dominant(sample) for sample in shown}),
        steps=[
            {"step": step, "rates": _rates(told, step), "samples": [each for each in samples if each["step"] == step]}
            for step in steps
        ],
        zero=scale.at(0.0),
        levels=LEVELS,
        metric="cosine similarity" if metric == "cosine" else "distance",
        importance=extras.importance is not None,
        importance_chance=None if extras.importance is None else f"{max(extras.importance.chance, 0.0):.3f}",
        chance=None if extras.chance is None else f"{extras.chance:.2f}",
        use=extras.use is not None,
        real=any(each["real"] for each in samples),
        notes=extras.notes,
        view="all" if len(samples) <= _MOST_AT_ONCE and words <= _MOST_WORDS else "step",
        long=words > 80 * len(samples),
        data=_json(data_of(shown, told.classes, extras, metric)),
        style=Markup(style),
        script=Markup(script),
        digest=digest,
        made_on=extras.made_on,
    )


def clean(text: str) -> str:
    """Foreign text without characters that would turn or hide what follows."""
    return "".join(c if c.isprintable() or c in "\u200c\u200d\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _clean(value: Any) -> Any:
    """What the template writes: text of its own as it is, foreign text without what would turn it."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else clean(value)


def _json(data: Any) -> Markup:
    """Values inside a script element, which nothing in them can end."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    escaped = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
    return Markup("".join(escaped.get(c, c) for c in clean(text)))


def _file(name: str) -> str:
    return files("tdd.inspection").joinpath(name).read_text("utf-8").strip()


def _rates(distilled: DistilledSet, step: int) -> list[str]:
    """The learning rates of a step by epoch, a line for each network of a pool."""
    if distilled.recipe.inner == "plain":
        named = zip(distilled.recipe.learners, distilled.learning_rates[:, 0].tolist(), strict=True)
        return [(f"{name}: " if distilled.recipe.pool else "") + f"AdamW at {rate:.3g}" for name, rate in named]
    lines = []
    for place, row in enumerate(distilled.learning_rates[:, step :: len(distilled.samples)].tolist()):
        of = f"{distilled.recipe.pool[place]}: " if distilled.recipe.pool else ""
        rates = [f"{rate:.3g}" for rate in row[:10]] + (["…"] if len(row) > 10 else [])
        epochs = f" (epochs 0 to {len(row) - 1})" if len(row) > 1 else ""
        lines.append(of + ", ".join(rates) + epochs)
    return lines
