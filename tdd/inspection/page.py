"""A distilled set as one web page: no script, nothing loaded, light and dark, for large and small screens.

Its style is in ``page.css``.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.embeddings.nearest import Metric
from tdd.inspection.decode import DecodedSentence
from tdd.inspection.terminal import Nearness
from tdd.system.formatting import percent, signed

# Shades of nearness.
LEVELS = 8
# Classes whose bars are open to view; those of smaller labels are folded away.
OPEN_BARS = 8

_VECTORS = """A distilled sentence is a row of learned vectors, not text. Each is shown as the word whose vector is
nearest; point at a word or tap it for the words nearest to its position."""
_WORDS = """A network trains on these very words; point at a word or tap it for the words nearest to it."""


def page(distilled: DistilledSet, sentences: list[DecodedSentence], metric: Metric = "cosine") -> str:
    """The decoded sentences of a set as a self-contained HTML page.

    Words are shaded by nearness, and pointing at one or tapping it shows its nearest words. Class names and words come
    from elsewhere: they are escaped, and the page's own policy lets no script run and no resource load.
    """
    steps = sorted({sentence.step for sentence in sentences})
    distilled = public(distilled)
    title = f"{distilled.recipe.dataset}, distilled"
    nearness = Nearness([scores[0] for sentence in sentences for scores in sentence.scores], metric, LEVELS)
    values = [value for sentence in sentences for value in sentence.label.values()]
    span = min(0.0, *values), max(1e-6, *values)
    style = "\n" + files("tdd.inspection").joinpath("page.css").read_text("utf-8")
    style += "".join(
        f".n{level}{{background:rgb(var(--shade)/{0.03 + 0.55 * level / (LEVELS - 1):.2f})}}" for level in range(LEVELS)
    )
    for step in steps:
        style += f"#t{step}:checked~#s{step}{{display:block}}"
        style += f"#t{step}:checked~nav [for=t{step}]{{background:var(--text);color:var(--back)}}"
        style += f"#t{step}:focus-visible~nav [for=t{step}]{{outline:3px solid var(--plus)}}"
    tabs = "".join(
        f'<input class="tab" type="radio" name="step" id="t{step}"{" checked" if step == steps[0] else ""}>'
        for step in steps
    )
    labels = "".join(f'<label for="t{step}">step {step}</label>' for step in steps)
    sections = "\n".join(
        f'<section id="s{step}">{_rates(distilled, step)}'
        + "\n".join(_sentence(sentence, nearness, span) for sentence in sentences if sentence.step == step)
        + "</section>"
        for step in steps
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{_text(title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{_text(title)}</h1>
{_facts(distilled, len(sentences))}
{"" if distilled.sentences else _legend(nearness, metric)}
<p class="soft">{_WORDS if distilled.sentences else _VECTORS}</p>
</header>
<main>
{tabs}
<nav aria-label="inner steps">{labels}</nav>
{sections}
</main>
</body>
</html>
"""


def _legend(nearness: Nearness, metric: Metric) -> str:
    score = "cosine similarity" if metric == "cosine" else "distance"
    swatches = "".join(f'<i class="n{level}"></i>' for level in range(LEVELS))
    return (
        f'<p class="legend"><span>{score} to the nearest word</span>'
        f"<span>{nearness.far:.2f} {swatches} {nearness.near:.2f}</span></p>"
    )


def _text(text: str) -> str:
    """Foreign text inside the page: escaped, without characters that would turn or hide what follows."""
    return escape("".join(c if c.isprintable() or c in "\u200c\u200d" else "\N{REPLACEMENT CHARACTER}" for c in text))


def _facts(distilled: DistilledSet, shown: int) -> str:
    steps, per_step = distilled.samples.shape[:2]
    facts = [f"<b>n = {distilled.n}</b> &nbsp;{steps} steps × {per_step}"]
    if shown < distilled.n:
        facts[0] += f", the first {shown} shown"
    for init, evaluation in distilled.results.get("evaluation", {}).items():
        over = f" over {evaluation['networks']} networks" if evaluation["networks"] > 1 else ""
        facts.append(
            f"<b>{percent(evaluation['mean'], evaluation['sd'])}</b> test accuracy, {_text(init)} initialisation{over}"
        )
    if full := distilled.results.get("full_data"):
        facts.append(f"<b>{percent(full['accuracy'])}</b> trained on all the data")
    facts.append(f"words of {_text(distilled.source.get('vectors', distilled.recipe.vectors))}")
    if distilled.attention is not None:
        layers = distilled.attention.shape[2]
        facts.append(f"attention labels of {layers} layer{'s' if layers > 1 else ''}")
    return '<ul class="facts">' + "".join(f"<li>{fact}</li>" for fact in facts) + "</ul>"


def _rates(distilled: DistilledSet, step: int) -> str:
    """The learning rates of a step, one for each epoch."""
    rows = []
    for place, row in enumerate(distilled.learning_rates[:, step :: len(distilled.samples)].tolist()):
        of = f"{_text(distilled.recipe.pool[place])} " if distilled.recipe.pool else ""
        rows.append(of + ", ".join(f"{rate:.3g}" for rate in row[:10]) + (", …" if len(row) > 10 else ""))
    shown = "; ".join(rows)
    shown += "" if distilled.momentum is None else f", momentum {distilled.momentum:.3g}"
    return f'<p class="soft">learned learning rate {shown}</p>'


def _sentence(sentence: DecodedSentence, nearness: Nearness, span: tuple[float, float]) -> str:
    by_size = sorted(sentence.label.items(), key=lambda item: -abs(item[1]))
    open_, folded = by_size[:OPEN_BARS], by_size[OPEN_BARS:]
    bars = _bars(open_, span)
    if folded:
        bars += f"<details><summary>{len(folded)} more classes</summary>{_bars(folded, span)}</details>"
    words = " ".join(
        f'<span class="n{nearness(scores[0])}" tabindex="-1" data-near="'
        + "&#10;".join(f"{score:.2f} {_text(word)}" for word, score in zip(near, scores, strict=True))
        + f'">{_text(near[0])}</span>'
        for near, scores in zip(sentence.words, sentence.scores, strict=True)
    )
    # Word pieces are read put together.
    apart = sentence.text == " ".join(near[0] for near in sentence.words)
    text = "" if apart else f'<p class="soft" dir="auto">{_text(sentence.text)}</p>'
    return (
        f'<article><h2>step {sentence.step}, sample {sentence.index}</h2>{bars}<p class="words" dir="auto">{words}</p>'
        f"{text}</article>"
    )


def _bars(label: list[tuple[str, float]], span: tuple[float, float]) -> str:
    """A bar for each class, from zero to its value; `span` are the least and the largest value of the page."""
    rows = []
    zero = -100 * span[0] / (span[1] - span[0])
    for name, value in sorted(label, key=lambda item: -item[1]):
        left = 100 * (min(value, 0.0) - span[0]) / (span[1] - span[0])
        width = 100 * abs(value) / (span[1] - span[0])
        sign = ' class="minus"' if value < 0 else ""
        rows.append(
            f'<span>{_text(name)}</span><i><i{sign} style="left:{left:.1f}%;width:{width:.1f}%"></i>'
            f'<u style="left:{zero:.1f}%"></u></i>'
            f'<data value="{value:.6g}">{signed(value)}</data>'
        )
    return f'<div class="bars">{"".join(rows)}</div>'
