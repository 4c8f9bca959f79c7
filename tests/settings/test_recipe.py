"""Settings are kept exactly, and what is said about wrong ones is one line."""

import pytest
from command import tdd

from tdd.errors import UsageError
from tdd.settings.files import read_settings
from tdd.settings.recipe import Recipe


def test_a_dry_run_prints_yaml_that_loads_back_to_the_same_recipe(tmp_path):
    done = tdd("distill", "a: b.csv", "--init", "random", "--set", "networks=3", "--set", "widths=[2, 9]", "--dry-run")
    path = tmp_path / "printed.yaml"
    path.write_text(done.out)
    expected = Recipe(dataset="a: b.csv", init="random", networks=3, options={"widths": [2, 9]})
    assert Recipe.load(path) == expected
    assert tdd("distill", "--recipe", path, "--dry-run").out == done.out


@pytest.mark.parametrize("dataset", ["yes", "null", "1", "ünï côdé", "#x", "'", "a\nb", "[1]"])
def test_yaml_keeps_awkward_names(tmp_path, dataset):
    Recipe(dataset=dataset).save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml").dataset == dataset


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "outer_step=3"], "settings: unknown setting 'outer_step'; did you mean 'outer_steps'?"),
        (["--set", "zzz=3"], "settings: unknown setting 'zzz'; tdd settings lists them all"),
        (["--set", "widths=[2, x]"], "settings: options.widths.1: Input should be a valid integer"),
        (["--set", "widths=[]"], "settings: options.widths: "),
        (["--set", "widths=[2, 2]"], "filter widths must be different positive numbers"),
        (["--set", "widths=3"], "settings: options.widths: Input should be a valid list (given: 3)"),
        (["--set", "n=many"], "settings: n: Input should be a valid integer"),
        (["--set", "n=2.5"], "settings: n: "),
        (["--set", "n=true"], "settings: n: true is not a value this setting takes"),
        (["--set", "n="], "settings: n: "),
        (["--n", "-3"], "settings: n: Input should be greater than or equal to 1 (given: -3)"),
        (["--set", "dropout=1"], "settings: options.dropout: Input should be less than 1"),
        (["--set", "samples_lr=.inf"], "settings: samples_lr: Input should be a finite number"),
        (["--set", "samples_lr=.nan"], "settings: samples_lr: Input should be a finite number"),
        (["--set", "seed=-1"], "settings: seed: "),
        (
            ["--set", "network=perceptron"],
            "no network 'perceptron'; choose from alexcifarnet, bag_of_words, convnet, gru",
        ),
        (["--set", "dataset=[a]"], None),  # outdone by the argument
        (["--n", "5", "--steps", "2"], "n = 5 does not split into 2 steps; choose steps that divide n"),
        (["--set", "max_length=4"], "max_length = 4 is shorter than the widest filter (5)"),
        (["--set", "networks=3"], "networks > 1 needs init: random"),
        (["--samples", "sentences"], "Invalid value for '--samples': 'sentences' is not one of 'free', 'words'"),
        (["--samples", "words", "--network", "lenet"], "samples: words makes sentences, and lenet reads images"),
        (["--set", "vocabulary=1"], "settings: vocabulary: Input should be greater than or equal to 2"),
        (["--set", "excluded_words=[3]"], "settings: excluded_words.0: Input should be a valid string"),
        (["--set", "commitment=-1"], "settings: commitment: Input should be greater than or equal to 0"),
        (["--set", "padding=start"], "settings: padding: Input should be 'none' or 'end'"),
        (["--set", "n"], "--set takes name=value, not 'n'"),
        (["--set", "=3"], "--set takes name=value, not '=3'"),
        (["--set", "n=[1"], "--set n: '[1' is not a valid value"),
        (["--set", "options={filters: 7, filters: 8}"], "--set options: 'filters' is set twice (line 1); leave one of"),
        (["--set", "data="], None),  # as if it were left out
        (["--data", ""], "settings: data: an empty text names nothing: leave it out (given: '')"),
        (["--set", "vectors='  '"], "settings: vectors: an empty text names nothing: leave it out (given: ' ')"),
        (
            ["--samples", "words", "--set", "vocabulary_file=''"],
            "settings: vocabulary_file: an empty text names nothing",
        ),
        (
            ["--set", f"n={[*range(99)]}"],
            "(given: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20",
        ),
        (["--recipe", "imbd"], "no recipe 'imbd'; did you mean 'imdb'?, or name a YAML file"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(arguments, message):
    done = tdd("distill", "data.csv", *arguments, "--dry-run")
    if message is None:
        assert done.code == 0
    else:
        assert (done.code, message in done.one_line()) == (2, True), done.err
        assert len(done.one_line()) < 300


def test_a_data_set_without_a_name_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("dataset: ''\n")
    done = tdd("distill", "--recipe", path, "--dry-run")
    assert (done.code, done.one_line()) == (
        2,
        f"{path}: dataset: an empty text names nothing: leave it out (given: '')",
    )
    for arguments in (["", "--dry-run"], ["", "--recipe", "imdb", "--dry-run"]):
        done = tdd("distill", *arguments)
        told = "settings: dataset: an empty text names nothing: leave it out (given: '')"
        assert (done.code, done.one_line()) == (2, told)
    assert (
        tdd("distill", "", "--resume", "run").one_line().startswith("--resume goes on with the run as it was started")
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not hold settings"),
        (b"# nothing but a comment\n", "does not hold settings"),
        (b"- n\n- 3\n", "does not hold settings"),
        (b"20\n", "does not hold settings"),
        (b"n: 3\nlabels: [\n", "is not valid YAML (line 3)"),
        (b"n: 3\n\tseed: 2\n", "is not valid YAML (line 2)"),
        (b"n: \xff\xfe\n", "is not valid YAML"),
        (b"n: 3\x00\n", "is not valid YAML"),
        (b"n: !!python/object/apply:os.getcwd []\n", "is not valid YAML"),
        (b"sampels_lr: 1\n", "unknown setting 'sampels_lr'; did you mean 'samples_lr'?"),
        (b"3: 1\n", "unknown setting '3'"),
        (b"n: [3]\n", "n: Input should be a valid integer (given: [3])"),
        (b"n: 7\nsteps: 2\n", "n = 7 does not split"),
        (b"n: 7\nseed: 1\nn: 8\n", "'n' is set twice (line 3); leave one of them out"),
        (b"options:\n  filters: 7\n  'filters': 7\n", "'filters' is set twice (line 3); leave one of them out"),
        (b"? [n]\n: 3\n", "is not valid YAML"),
        (b"zzz: 1\n", "unknown setting 'zzz'; tdd settings lists them all"),
    ],
)
def test_a_wrong_recipe_file_is_one_line_that_names_the_file(tmp_path, content, message):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    done = tdd("distill", "data.csv", "--recipe", path, "--dry-run")
    line = done.one_line()
    assert done.code == 2
    assert line.startswith(str(path))
    assert message in line


def test_a_recipe_that_cannot_be_read_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read the recipe .*Is a directory"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("n", "steps", "classes", "expected"),
    [
        (20, None, 2, (10, 2)),
        (60, None, 6, (10, 6)),
        (10, None, 10, (1, 10)),
        (5, None, 10, (5, 1)),
        (20, None, 3, (10, 2)),
        (20, None, 26, (10, 2)),
        (23, None, 2, (23, 1)),
        (7, None, 2, (7, 1)),
        (50, None, 5, (10, 5)),
        (500, None, 50, (10, 50)),
        (22, None, 2, (2, 11)),
        (20, 5, 2, (5, 4)),
        (2, None, 2, (1, 2)),
    ],
)
def test_n_splits_into_steps_and_samples(n, steps, classes, expected):
    assert Recipe(n=n, steps=steps).split(classes) == expected


def test_hard_labels_need_a_sample_for_each_class():
    assert Recipe(n=3, labels="hard").split(3) == (1, 3)
    with pytest.raises(UsageError, match="hard labels need a sample for each of the 3 classes, n is 2"):
        Recipe(n=2, labels="hard").split(3)


def test_settings_that_play_no_part_are_known():
    assert {"inner_rate", "padding", "exchanges", "image_column"} <= Recipe().unused
    text = Recipe(samples="words", inner="plain")
    assert not {"inner_rate", "padding"} & text.unused and "exchanges" in text.unused
    for settings in (Recipe(), text, Recipe(network="lenet"), Recipe(samples="real")):
        # What is left makes the same recipe.
        said = settings.model_dump(exclude={"found", *settings.unused})
        assert Recipe.build(said) == settings


def test_rates_start_low_where_images_are_read_whatever_the_network_says_of_itself():
    own = Recipe(dataset="mine", network="python:m:Net")
    assert own.settled(100).learning_rate == own.settled(100, text_column="text").learning_rate == 0.5
    assert own.settled(100, image_column="picture").learning_rate == 0.05
    assert Recipe(dataset="mine", network="python:m:Net", image_column="x").settled(100).learning_rate == 0.05


def test_images_alone_are_mirrored():
    with pytest.raises(UsageError, match="flip mirrors images and text_cnn reads text; leave it out"):
        Recipe.build({"flip": True})
    assert Recipe(network="lenet", flip=True).flip


def test_images_alone_are_shifted():
    with pytest.raises(UsageError, match="shift moves images and text_cnn reads text; leave it at 0"):
        Recipe.build({"shift": 2})
    assert Recipe(network="lenet", shift=2).shift == 2


def test_words_are_dropped_from_text_alone():
    with pytest.raises(UsageError, match="word_dropout drops words and lenet reads images; leave it at 0"):
        Recipe.build({"network": "lenet", "word_dropout": 0.1})
    assert Recipe(word_dropout=0.1).word_dropout == 0.1


def test_an_end_that_moves_needs_a_window():
    with pytest.raises(UsageError, match="window_end: random moves a window; set window"):
        Recipe.build({"window_end": "random"})


def test_every_setting_has_a_description():
    assert all(field.description for field in Recipe.model_fields.values())
