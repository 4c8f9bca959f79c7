"""What a card says of the data that a set was distilled from: columns, classes, rows left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tdd.data.summary import how_written
from tdd.publishing.card_text import in_code

_MOST_CLASSES = 60
_MOST_FILES = 5  # named
_SPLITS = ("train", "validation", "test")


def data_section(results: Mapping[str, Any]) -> str:
    """The section as Markdown, from what ``results.json`` holds; empty where that says nothing of the data."""
    data = results.get("data")
    if not isinstance(data, Mapping) or not isinstance(data.get("classes"), Mapping):
        return ""
    content, label = data.get("text_column") or data.get("image_column") or "?", data.get("label_column", "?")
    pair = data.get("pair")
    examples = f"those of column {in_code(str(content))}"
    if pair is not None:
        examples = f"pairs of the columns {in_code(pair[0])} and {in_code(pair[1])}"
    lines = [
        "## Data",
        "",
        f"Examples are {examples}, classes those of {in_code(str(label))}.",
        *_files(data),
        *_left_out(data.get("left_out") or {}),
        *_not_read(data.get("max_rows") or {}),
        "",
    ]
    classes = data["classes"]
    if len(classes) > _MOST_CLASSES:
        totals = {split: sum(counts.get(split, 0) for counts in classes.values()) for split in _SPLITS}
        listed = ", ".join(f"{count:,} {split}" for split, count in totals.items())
        return "\n".join([*lines, f"{len(classes)} classes; {listed} examples."])
    lines += ["| class | train | held out | test |", "|---|---|---|---|"]
    for name, counts in classes.items():
        cells = " | ".join(f"{counts.get(split, 0):,}" for split in _SPLITS)
        lines.append(f"| {in_code(name)} | {cells} |")
    return "\n".join(lines)


def _files(data: Mapping[str, Any]) -> list[str]:
    """The files of each split by their names, and how they are written."""
    parts = []
    for split, names in (data.get("files") or {}).items():
        more = f" and {len(names) - _MOST_FILES:,} more" if len(names) > _MOST_FILES else ""
        parts.append(f"{', '.join(in_code(name) for name in names[:_MOST_FILES])}{more} ({split})")
    lines = [f"Read from {', '.join(parts)}."] if parts else []
    if how := how_written(data):
        lines.append(f"Written with {how}.")
    return lines + [f"{in_code(name)} is written with {how_written(how)}." for name, how in _by_file(data)]


def _by_file(data: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return list((data.get("by_file") or {}).items())[:_MOST_FILES]


def _left_out(left_out: Mapping[str, Mapping[str, int]]) -> list[str]:
    parts = [f"{count:,} of {split} with {reason}" for split, why in left_out.items() for reason, count in why.items()]
    return [f"Rows left out: {', '.join(parts)}."] if parts else []


def _not_read(fewer: Mapping[str, Mapping[str, int]]) -> list[str]:
    parts = [f"{count['read']:,} of the {count['of']:,} rows of {split}" for split, count in fewer.items()]
    return [f"A trial with a part of the data: {', '.join(parts)}."] if parts else []


def class_table(evaluation: Mapping[str, Any]) -> str:
    """Precision and recall of every class, and what stands beside the accuracy; empty where they were not measured."""
    classes = evaluation.get("classes")
    if not isinstance(classes, Mapping) or not classes or len(classes) > _MOST_CLASSES:
        return ""
    low, high = (100 * bound for bound in evaluation["interval"])
    independent = evaluation.get("effective_examples")
    copies = f" (some are copies: as of {independent:,.0f} different ones)" if independent else ""
    lines = [
        f"95 % interval of the accuracy of this set, for other test examples: {low:.1f} to {high:.1f} %{copies}. "
        f"Macro-F1: {100 * evaluation['macro_f1']['mean']:.1f} %. "
        f"The most frequent class alone: {100 * evaluation['majority']:.1f} %.",
    ]
    if alone := evaluation.get("not_in_train"):
        lines[0] += (
            f" On the {alone['test_examples']:,} test examples that are not in the training split too: "
            f"{100 * alone['mean']:.2f} %."
        )
    lines += ["", "| class | test examples | precision | recall |", "|---|---|---|---|"]
    for name, figures in classes.items():
        precision, recall = (f"{100 * figures[key]:.1f} %" for key in ("precision", "recall"))
        lines.append(f"| {in_code(name)} | {figures['examples']:,} | {precision} | {recall} |")
    return "\n".join(lines)
