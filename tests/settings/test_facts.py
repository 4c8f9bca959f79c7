"""What is known of a setting is said once, on its field, and every list of settings goes by it."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
import yaml
from command import tdd
from tiny import tiny_corpus, tiny_recipe

import tdd as package
from tdd.cli.app import app
from tdd.distillation.made_from import MadeFrom
from tdd.evaluation import full_data
from tdd.settings.fields import LARGEST, Setting, Settings, setting, settings_of
from tdd.settings.inner_parts import PlainLoopSettings
from tdd.settings.networks import NETWORKS
from tdd.settings.parts import PARTS, AllSettings, ExchangeSettings, WordSettings
from tdd.settings.recipe import RESUMED, Recipe, all_settings, settings_that_keep_the_run

RUN = [known for known in all_settings() if known.part in PARTS]
# Numbers that count nothing.
COUNTLESS = {"seed"}
OTHERS = {
    "n": 40,
    "steps": 4,
    "sample_length": 8,
    "neighbours": 4,
    "excluded_words": ["x"],
    "unlabelled": ["x"],
    "network": "mean_pool",
    "device": "cpu",
    "full_search": "usual",
    "pool": ["lstm", "gru"],
    "pool_weights": [1.0],
    "initialisation": ["torch"],
    "found": {"max_length": 8},
    "max_rows": 5,
    "inner_steps": [3, 4],
}
# Without which a setting has nothing to say.
NEEDED = {name: {"pool": ["lstm"]} for name in ("pool_order", "pool_weights", "pool_choice")}
NEEDED |= {name: {"inner": "plain"} for name in PlainLoopSettings.model_fields}
NEEDED |= {name: {"samples": "phrases"} for name in ExchangeSettings.model_fields}


def groups() -> Iterator[tuple[type[Settings], str, Any]]:
    for group in (*PARTS.values(), *(entry.options for entry in NETWORKS.values())):
        for name, field in group.model_fields.items():
            yield group, name, field


def other_value(known: Setting) -> Any:
    """A value of a setting that is not its default and that goes with the defaults of all others."""
    if known.name in OTHERS:
        return OTHERS[known.name]
    first, *choices = [kind for kind in known.kind.split(" | ") if kind != "none"]
    if first == "int":
        return (known.default or 2) + 1
    if first == "float":
        return (known.default or 0.0) / 2 + 0.25
    if first == "bool":
        return not known.default
    return "x" if first == "str" else next(choice for choice in (first, *choices) if choice != known.default)


def test_every_setting_has_a_description_and_what_counts_something_a_unit():
    for group, name, field in groups():
        assert field.description and not field.description.endswith("."), name
        if field.json_schema_extra is None:
            assert issubclass(type(field.get_default(call_default_factory=True)), Settings), name
            continue
        known = Setting.of(name, field, "")
        if "int" in known.kind.split(" | ") and name not in COUNTLESS:
            assert known.unit, f"{group.__name__}.{name}"
        assert "; none:" not in known.description, name
        if known.default is None and name != "image_column":
            assert known.none, name


def test_every_setting_of_a_recipe_belongs_to_a_part_and_to_one_only():
    names = [known.name for known in RUN]
    assert len(set(names)) == len(names)
    assert {*names, "options"} == set(Recipe.model_fields)
    assert list(Recipe().model_dump()) == list(AllSettings.model_fields)
    # In the order of the parts, as a recipe is written.
    assert [name for name in Recipe.model_fields if name != "options"] == names


def test_a_setting_in_a_line():
    class Group(Settings):
        """Some."""

        rows: int | None = setting(None, "how many", none="all", unit="rows", source="paper 3", ge=1)
        max_share: float = setting(0.5, "how much", flag=True, short="s", gt=0, le=1)
        kind: list[str] = setting(["a"], "which")

    assert [known.line() for known in settings_of(Group, "group")] == [
        "rows: int | none = none (rows, at least 1). how many; none: all [paper 3]",
        "max_share: float = 0.5 (above 0, at most 1). how much; --max-share, -s",
        "kind: list of str = ['a']. which",
    ]


def test_the_flags_of_the_command_line_are_the_settings_that_say_so():
    flags = {known.name for known in RUN if known.flag}
    assert {"n", "steps", "epochs", "init", "samples", "network", "seed", "device", "threads", "max_minutes"} <= flags
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for verb in ("distill", "baselines", "size"):
        parameters = {parameter.name: parameter for parameter in commands[verb].params}
        assert flags <= parameters.keys()
        for known in RUN:
            if known.flag:
                option = parameters[known.name]
                assert f"--{known.name.replace('_', '-')}" in option.opts
                assert option.help.lower() == f"{known.about}.".lower()
    assert "-n" in {opt for parameter in commands["distill"].params for opt in parameter.opts}


def test_a_flag_reaches_its_setting():
    # Of two that exclude each other one alone.
    left_out = ("image_column", "inner", "pool", "no_exchange")
    values = {known.name: other_value(known) for known in RUN if known.flag and known.name not in left_out}
    arguments = [
        part
        for name, value in values.items()
        for part in ((f"--{name.replace('_', '-')}",) if value is True else (f"--{name.replace('_', '-')}", value))
    ]
    done = tdd("distill", "data.csv", *arguments, "--dry-run")
    assert done.code == 0, done.err
    printed = yaml.safe_load(done.out)
    assert {name: printed[name] for name in values} == values


def test_settings_of_words_are_those_that_a_set_of_other_samples_refuses():
    for known in settings_of(WordSettings, "words"):
        with pytest.raises(package.TddError, match=f"{known.name} is a setting of sentences of words"):
            Recipe.build({known.name: other_value(known)})
        assert getattr(Recipe.build({known.name: other_value(known), "samples": "words"}), known.name) != known.default


def test_every_setting_of_the_training_on_all_data_has_a_part_in_what_is_kept_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path))
    trained: list[Any] = []
    monkeypatch.setattr(full_data, "_train_on_all", lambda *given: trained.append(given) or {"accuracy": 0.5})
    corpus, names = tiny_corpus(), [known for known in RUN if known.part == "full"]
    for settings in ({}, *({known.name: other_value(known)} for known in names)):
        full_data.train_on_all(tiny_recipe(**settings), corpus)
    assert len(trained) == 1 + len(names) > 4


def test_the_state_of_a_run_outlives_the_settings_that_do_not_change_it_and_no_other():
    corpus = tiny_corpus()
    # On which every other setting may be changed.
    base = {"samples": "words", "init": "random", "window": 2, "max_length": 30}
    for known in RUN:
        of = {"network": "lenet"} if known.name in ("shift", "flip") else base | NEEDED.get(known.name, {})
        others = {"samples": "free", "init": "fixed", "window": 3, "max_length": 31, "restarts": [3]}
        changed = others.get(known.name, other_value(known))
        before, after = (MadeFrom.of(Recipe.build(of | more), corpus).digest() for more in ({}, {known.name: changed}))
        # How far a run goes is checked by its plan, since a finished one may go on: see `Schedule.follows`.
        kept_elsewhere = known.name in ("outer_steps", "restarts")
        assert (before == after) == (kept_elsewhere or not known.changes_run), known.name
    assert settings_that_keep_the_run() == {known.name for known in RUN if not known.changes_run}


def test_a_run_is_resumed_with_the_flags_that_do_not_change_it():
    assert set(RESUMED) == {known.name for known in RUN if known.flag and not known.changes_run}
    reading = {"data", "encoding", "delimiter", "quote", "no_header"}
    assert set(RESUMED) == {*reading, "device", "threads", "max_minutes", "report_to"}


def test_the_help_of_the_recipe_holds_every_setting():
    text = inspect.getdoc(package.Recipe)
    assert text is not None
    for known in all_settings():
        assert f"\n  {known.line()}\n" in f"{text}\n", known.name
    for network, entry in NETWORKS.items():
        assert (f"\noptions of {network}:\n" in text) == bool(entry.options.model_fields)


@pytest.mark.parametrize("name", ["n", "outer_steps", "max_length", "options.filters", "networks_at_once", "steps"])
def test_a_number_that_nothing_has_so_many_of_is_refused_in_a_line(name: str):
    for value in (LARGEST + 1, 10**30):
        done = tdd("distill", "data.csv", "--set", f"{name}={value}", "--dry-run")
        assert (done.code, done.one_line()) == (
            2,
            f"settings: {name}: no number of a run is larger than {LARGEST} (given: {value})",
        )


def test_settings_are_read_without_torch():
    code = (
        "import sys, tdd.settings.recipe, tdd.settings.recipes, tdd.cli.app\n"
        "print({'torch', 'numpy', 'datasets', 'gensim', 'accelerate'} & set(sys.modules) or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "none\n"
    assert re.search(r"^from torch import", inspect.getsource(full_data), re.M)  # which others do import
