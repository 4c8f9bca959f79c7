"""Results of runs and baselines as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.class_figures import is_at_majority
from tdd.evaluation.differences import difference_between, strongest, tested_alike
from tdd.evaluation.names import NAMES, NOT_OPPONENTS, PLAIN, SUBJECT, how_trained
from tdd.evaluation.pool_figures import of_network, pool_of
from tdd.system.formatting import aligned, counted, duration, percent

if TYPE_CHECKING:
    from tdd.runs.baselines_file import Results


def _beside_accuracy(evaluation: Mapping[str, Any]) -> Iterator[str]:
    """What else is known of a test, a line each."""
    if "interval" in evaluation:
        low, high = (100 * bound for bound in evaluation["interval"])
        yield (
            f"    95 % interval over test examples {low:.1f} to {high:.1f} %{_of_copies(evaluation)}, "
            f"macro-F1 {percent(evaluation['macro_f1']['mean'])}, most frequent class {percent(evaluation['majority'])}"
        )
    if is_at_majority(evaluation):
        yield "    this is no better than always naming the most frequent class, as far as can be told"
    if alone := evaluation.get("not_in_train"):
        accuracy = percent(alone["mean"], alone["sd"])
        yield f"    on the {alone['test_examples']:,} test examples that are not in train too: {accuracy}"


def _of_copies(evaluation: Mapping[str, Any]) -> str:
    """What an interval rests on, where some test examples are copies."""
    independent = evaluation.get("effective_examples")
    return f" (some are copies: as of {independent:,.0f} different test examples)" if independent else ""


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
    if cut := rows_left_out(distilled.results):
        lines.append(f"  {cut}")
    for part in distilled.results.get("distillation", {}).get("parts", []):
        lines.append(f"  {describe_part(part)}")
    for init, evaluation in distilled.results.get("evaluation", {}).items():
        line = f"  {init} initialisation: test accuracy {_accuracy(evaluation)}"
        line += _part_of_test(evaluation)
        if full and full["accuracy"]:
            line += f", distillation ratio {percent(evaluation['mean'] / full['accuracy'])}"
        lines += [line, *([f"    {other}"] if (other := protocol(distilled.recipe.init, init)) else [])]
        lines += _beside_accuracy(evaluation)
        for network, alone in evaluation.get("by_network", {}).items():
            line = f"    {network}: test accuracy {percent(alone['mean'], alone['sd'])}"
            if all_data := (full or {}).get("by_network", {}).get(network, {}).get("accuracy"):
                line += f", distillation ratio {percent(alone['mean'] / all_data)}"
            lines.append(line)
    for init, accuracies in distilled.results.get("decoded", {}).items():
        for key, labels in (("as_learned", "as learned"), ("refitted", "fitted to the words")):
            if key not in accuracies:
                continue
            accuracy = percent(accuracies[key]["mean"], accuracies[key]["sd"])
            lines.append(f"  nearest words, labels and rates {labels}, {init} initialisation: test accuracy {accuracy}")
    if full:
        how = f" ({text})" if (text := how_trained(full)) else ""
        which = "same networks" if "by_network" in full else "same network"
        lines.append(f"  all data, {which}: test accuracy {percent(full['accuracy'])}{how}")
    if cost := cost_of(distilled):
        lines.append(f"  {cost}")
    return "\n".join(lines)


def _accuracy(evaluation: Mapping[str, Any]) -> str:
    """The mean accuracy of an evaluation and what it is over; networks of a pool are no draws of one."""
    if "by_network" in evaluation:
        return f"{percent(evaluation['mean'])}, the mean over {', '.join(evaluation['by_network'])}"
    over = f" over {evaluation['networks']} networks" if evaluation["networks"] > 1 else ""
    return percent(evaluation["mean"], evaluation["sd"]) + over


def _part_of_test(evaluation: Mapping[str, Any]) -> str:
    """That an evaluation is of a part of the test split; nothing where it is not."""
    tested, whole = evaluation["test_examples"], evaluation["test_split"]
    return f" (on {tested:,} of {whole:,} test examples)" if tested < whole else ""


def cost_of(distilled: DistilledSet) -> str:
    """What a set costs: time of its outer steps, time to train a network, words; nothing where none is known."""
    known = distilled.results.get("distillation", {})
    seconds, training, changed = (known.get(name) for name in ("seconds", "train_seconds", "words_changed"))
    parts = [] if seconds is None else [f"{duration(seconds)} to distil"]
    if training is not None:
        parts.append(f"{duration(training) if training >= 10 else f'{training:.2f} s'} to train a network")
    others = "" if changed is None else f" ({changed:.0%} of them others than at the start)"
    return ", ".join([*parts, *([] if distilled.words is None else [f"{distilled.words:,} words{others}"])])


def rows_left_out(results: Mapping[str, Any]) -> str:
    """That a set was learned from a part of the data, to try things out; nothing where it was not."""
    fewer = results.get("data", {}).get("max_rows", {})
    read = ", ".join(f"{count['read']:,} of {count['of']:,} {split}" for split, count in fewer.items())
    return f"max_rows: a trial with a part of the rows, {read}" if read else ""


def describe_part(part: Mapping[str, Any]) -> str:
    """An earlier part of a run that went on, from its results, in a line."""
    test = "".join(f", test {percent(mean)} ({init})" for init, mean in part.get("test", {}).items())
    steps = counted(part["outer_steps"], "outer step")
    return f"went on after {steps}: held-out {percent(part['validation_accuracy'])}{test}"


def protocol(made_for: str, init: str) -> str:
    """What is to be known of a test where its networks are not those that a set was made for, in a line; else ""."""
    if (made_for, init) == ("fixed", "random"):
        return "fresh networks, though the set was made for one initialisation: it teaches that one best"
    if (made_for, init) == ("random", "fixed"):
        return "one initialisation, though the set was made for any"
    return ""


def baselines_table(results: Results, distilled: DistilledSet | None = None) -> str:
    """Baselines: the strongest first, then the distilled set that they are compared with if there is one, then others.

    Of a pool one such table of the mean over its networks, and one of each network. The strongest is that with the best
    held-out accuracy; the others stand by test accuracy. The difference is what the set has more than a baseline that
    was trained in the same way, with its 95 % interval, in points.
    """
    columns = ("trained on", "test accuracy", "± over", "set is better by", "chosen", "draws", "networks")
    cells = [[*columns, "gradient steps", "words", "seconds to train"]]
    pool = pool_of(results)
    own = _own_rows(distilled)
    first = strongest(results)
    others = [(NAMES[name], name, result) for name, result in results.items() if name != first] + own
    others.sort(key=lambda row: (row[1] != SUBJECT, -float(row[2]["mean"])))
    rows = ([(f"{NAMES[first]} (strongest held-out)", first, results[first])] if first else []) + others
    against = {name: result for _, name, result in own}
    for about, name, row in rows:
        ours = against.get(SUBJECT + PLAIN if name.endswith(PLAIN) else SUBJECT)
        compared = ours is not None and name not in {*against, *NOT_OPPONENTS} and tested_alike(ours, row)
        counts = [str(row.get(key) or "-") for key in ("draws", "networks", "gradient_steps", "words")]
        seconds = f"{row['train_seconds']:.2f}" if "train_seconds" in row else "-"
        over = row.get("sd_over", "networks") if row["sd"] else "-"
        better = str(difference_between(ours, row)) if ours is not None and compared else "-"
        cells.append([about, percent(row["mean"], row["sd"]), over, better, _chosen(row), *counts, seconds])
    table = aligned(cells, left=(0, 2, 3, 4))
    if not pool:
        return table
    of_each = [
        f"{network}\n{baselines_table(of_network(results, network), distilled and distilled.alone(network))}"
        for network in pool
    ]
    return "\n\n".join([f"{', '.join(pool)}: the mean over these\n{table}", *of_each])


def _own_rows(distilled: DistilledSet | None) -> list[tuple[str, str, Mapping[str, Any]]]:
    """The set itself: how it is told, its name, its result."""
    if distilled is None:
        return []
    steps = distilled.recipe.gradient_steps(len(distilled.samples))
    own = {"gradient_steps": steps, "outer_steps": distilled.recipe.outer_steps}
    evaluation = distilled.results.get("evaluation", {}).get(distilled.recipe.init)
    part = _part_of_test(evaluation) if evaluation else ""
    rows = [(f"this distilled set{part}", SUBJECT, evaluation | own | {"words": distilled.words})] if evaluation else []
    plain = distilled.results.get("plain")
    return rows + ([("this distilled set, plain training", SUBJECT + PLAIN, plain)] if plain else [])


def _chosen(row: Mapping[str, Any]) -> str:
    """What was chosen on held-out data."""
    if "teacher" in row:
        teacher = row["teacher"]
        labels = f", teacher of {counted(teacher['epoch'], 'epoch')} at {teacher['temperature']:g}"
    else:
        labels = ""
    if "learning_rate" in row:
        return f"rate {row['learning_rate']:g}{labels}"
    if "neighbours" in row:
        return f"k = {row['neighbours']}"
    return "learned" if "outer_steps" in row else "-"
