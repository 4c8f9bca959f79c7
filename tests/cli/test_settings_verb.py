"""``tdd settings`` prints what can be set: all of it, a part, a network's own, or one."""

import pytest
from command import Done, tdd

from tdd.settings.networks import NETWORKS
from tdd.settings.recipe import all_settings

KNOWN = list(all_settings())
PARTS = list(dict.fromkeys(known.part for known in KNOWN))


def said(done: Done) -> dict[str, str]:
    """What is printed below each heading, its lines joined where they were broken."""
    assert (done.code, done.err) == (0, "")
    blocks: dict[str, str] = {}
    for line in done.out.splitlines():
        if line.startswith("  "):
            blocks[list(blocks)[-1]] += f" {line.strip()}" if line.startswith("      ") else f"\n{line.strip()}"
        else:
            blocks[line.removesuffix(":")] = ""
        assert len(line) <= 110
    return blocks


def lines_of(part: str) -> str:
    return "".join(f"\n{known.line()}" for known in KNOWN if known.part == part)


def test_all_settings_are_printed_part_by_part():
    found = said(tdd("settings"))
    assert list(found) == PARTS
    assert {part: lines_of(part) for part in PARTS} == found
    assert (
        "\nn: int = 20 (samples, at least 1). number of distilled samples, steps x samples per step; --n, -n"
        in found["set"]
    )
    assert "\nvalidation: float = 0.1 (above 0, below 1). share of the training split" in found["data"]


@pytest.mark.parametrize(
    ("which", "part"), [("words", "words"), ("outer", "outer"), ("mean_pool", "options of mean_pool"), ("run", "run")]
)
def test_a_part_or_a_network_is_printed_alone(which: str, part: str):
    assert said(tdd("settings", which)) == {part: lines_of(part)}


def test_the_options_of_all_networks_are_printed_together():
    found = said(tdd("settings", "options"))
    assert list(found) == [part for part in PARTS if part.startswith("options of ")]
    assert found["options of text_cnn"] == lines_of("options of text_cnn")


def test_a_single_setting_is_printed_wherever_it_belongs():
    assert said(tdd("settings", "widths")) == {
        "options of text_cnn": lines_of("options of text_cnn").split("\nfilters")[0]
    }
    having = [f"options of {name}" for name, entry in NETWORKS.items() if "dropout" in entry.options.model_fields]
    assert list(said(tdd("settings", "dropout"))) == having and len(having) > 1
    assert said(tdd("settings", "max_length"))["data"].endswith("[paper 3.3]")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("hiden", "hidden"), ("word", "words"), ("mean_pol", "mean_pool"), ("outer_step", "outer_steps")],
)
def test_a_typo_is_one_line_that_offers_the_nearest(typed: str, meant: str):
    done = tdd("settings", typed)
    assert (done.code, done.one_line()) == (
        2,
        f"no setting and no part of them is called '{typed}'; did you mean '{meant}'?",
    )
    done = tdd("settings", "zzz")
    told = "no setting and no part of them is called 'zzz'; tdd settings lists them all"
    assert (done.code, done.one_line()) == (2, told)


def test_a_network_without_options_says_so():
    for name in ("lenet", "alexcifarnet"):
        done = tdd("settings", name)
        assert (done.code, done.out, done.err) == (0, f"{name} has no options\n", "")


def test_an_option_is_found_by_its_path_too():
    assert tdd("settings", "options.widths").out == tdd("settings", "widths").out
    done = tdd("settings", "options.hiden")
    told = "no setting and no part of them is called 'options.hiden'; did you mean 'hidden'?"
    assert (done.code, done.one_line()) == (2, told)
    assert tdd("settings", "options.n").code == 2  # no option
