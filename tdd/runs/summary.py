"""Results of runs and baselines as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.class_figures import is_at_majority
from tdd.evaluation.names import LEARNERS, NAMES, SENTENCES, how_trained
from tdd.runs.baselines import Results
from tdd.system.formatting import aligned, percent


def describe_plain_text(results: Mapping[str, Any]) -> list[str]:
    """The results of `tdd.evaluation.plain_text.plain_text_accuracy`, a line for each learner."""
    lines = []
    for learner, name in LEARNERS.items():
        evaluations = results.get(learner, {})
        accuracies = [
            f"{sentences} {percent(evaluations[kind]['mean'], evaluations[kind]['sd'])}"
            for kind, sentences in SENTENCES.items()
            if kind in evaluations
        ]
        if accuracies:
            lines.append(f"  sentences and labels alone, {name}: test accuracy {', '.join(accuracies)}")
    return lines


def _beside_accuracy(evaluation: Mapping[str, Any]) -> Iterator[str]:
    """What else is known of a test, a line each."""
    if "interval" in evaluation:
        low, high = (100 * bound for bound in evaluation["interval"])
        yield (
            f"    95 % interval {low:.1f} to {high:.1f} %, macro-F1 {percent(evaluation['macro_f1']['mean'])}, "
            f"most frequent class {percent(evaluation['majority'])}"
        )
    if is_at_majority(evaluation):
        yield "    this is no better than always naming the most frequent class, as far as can be told"
    if alone := evaluation.get("not_in_train"):
        accuracy = percent(alone["mean"], alone["sd"])
        yield f"    on the {alone['test_examples']:,} test examples that are not in train too: {accuracy}"


def describe_classes(evaluation: Mapping[str, Any]) -> str:
    """Precision and recall of every class, as a table; of a set for a pool, one for each network."""
    if by_network := evaluation.get("by_network"):
        return "\n".join(f"{network}\n{describe_classes(alone)}" for network, alone in by_network.items())
    cells = [["class", "test examples", "precision", "recall"]]
    for name, figures in evaluation.get("classes", {}).items():
        cells.append([name, f"{figures['examples']:,}", percent(figures["precision"]), percent(figures["recall"])])
    return aligned(cells, left=(0,))


def describe_results(distilled: DistilledSet, folder: str | Path) -> str:
    """The results of the set in a run folder, in a few lines."""
    steps, per_step = distilled.samples.shape[:2]
    split = f"{steps} step{'s' if steps > 1 else ''} x {per_step}"
    networks, init = ", ".join(distilled.recipe.learners), distilled.recipe.init
    lines = [f"{folder}: n = {distilled.n} ({split}), made for {networks}, {init} initialisation"]
    full = distilled.results.get("full_data")
    for init, evaluation in distilled.results.get("evaluation", {}).items():
        line = f"  {init} initialisation: test accuracy {percent(evaluation['mean'], evaluation['sd'])}"
        if evaluation["networks"] > 1:
            line += f" over {evaluation['networks']} networks"
        if evaluation["test_examples"] < evaluation["test_split"]:
            line += f" (on {evaluation['test_examples']:,} of {evaluation['test_split']:,} test examples)"
        if full and full["accuracy"]:
            line += f", distillation ratio {percent(evaluation['mean'] / full['accuracy'])}"
        lines += [line, *_beside_accuracy(evaluation)]
        for network, alone in evaluation.get("by_network", {}).items():
            lines.append(f"    {network}: test accuracy {percent(alone['mean'], alone['sd'])}")
    for init, accuracies in distilled.results.get("decoded", {}).items():
        for key, labels in (("as_learned", "as learned"), ("refitted", "fitted to the words")):
            if key not in accuracies:
                continue
            accuracy = percent(accuracies[key]["mean"], accuracies[key]["sd"])
            lines.append(f"  nearest words, labels and rates {labels}, {init} initialisation: test accuracy {accuracy}")
    lines += describe_plain_text(distilled.results.get("plain_text", {}))
    if full:
        how = f" ({text})" if (text := how_trained(full)) else ""
        lines.append(f"  all data, same network: test accuracy {percent(full['accuracy'])}{how}")
    return "\n".join(lines)


def baselines_table(results: Results, distilled: DistilledSet | None = None) -> str:
    """Baselines, and the distilled set that they are compared with if there is one, best first."""
    cells = [["trained on", "test accuracy", "± over", "chosen", "draws", "networks", "gradient steps"]]
    rows = [(NAMES[name], baseline) for name, baseline in results.items()]
    if distilled is not None:
        outer_steps = distilled.results.get("distillation", {}).get("outer_steps")
        own = {"gradient_steps": distilled.learning_rates.shape[1], "outer_steps": outer_steps}
        evaluation = distilled.results.get("evaluation", {}).get(distilled.recipe.init)
        rows += [("this distilled set", evaluation | own)] if evaluation else []
    for name, row in sorted(rows, key=lambda named: named[1]["mean"], reverse=True):
        chosen = "-"
        if "learning_rate" in row:
            chosen = f"rate {row['learning_rate']:g}"
        elif "neighbours" in row:
            chosen = f"k = {row['neighbours']}"
        elif "outer_steps" in row:
            chosen = "learned"
        over = row.get("sd_over", "networks") if row["sd"] else "-"
        counts = [str(row.get(key) or "-") for key in ("draws", "networks", "gradient_steps")]
        if "most_gradient_steps" in row:
            counts[-1] = f"up to {row['most_gradient_steps']}"
        cells.append([name, percent(row["mean"], row["sd"]), over, chosen, *counts])
    return aligned(cells, left=(0, 2, 3))
