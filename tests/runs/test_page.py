"""The page of a run shows its set, its log and, where they are at hand, its data."""

import json
import re

import pytest
from command import distil_command, tdd, write_data
from pages import Page, words_of

from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.vectors import load_vectors_of
from tdd.inspection.decode import decode


@pytest.fixture(scope="module")
def run(given, tmp_path_factory):
    """A run whose data lie where its recipe says."""
    folder = tmp_path_factory.mktemp("page")
    data = write_data(folder / "data.csv")
    assert tdd(*distil_command(data, given[1], folder / "run", epochs=2)).code == 0
    return folder / "run"


def written(run, *arguments) -> str:
    done = tdd("decode", run, "--format", "html", *arguments)
    assert done.code == 0, done.err
    assert done.out == f"written: {run / 'decoded.html'}\n"
    return (run / "decoded.html").read_text()


def test_it_holds_what_the_run_learned_and_what_the_data_say(run):
    text = written(run)
    found, distilled = Page(text), read_run(run)
    vectors = load_vectors_of(distilled)
    assert words_of(text) == [[near[0] for near in each.words] for each in decode(distilled, vectors, 5)]
    charts = [a["aria-label"] for a in found.having("svg", "aria-label")]
    assert charts == ["Learned learning rates", "Accuracy after each step", "Outer loss", "Validation"]
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert f"<td>{log[-1]['outer_loss']:.4g}</td>" in text
    # word10 to word19 are in texts of the class "bad" alone, word20 to word29 in those of "good".
    use = dict(zip(found.data["vocabulary"], found.data["use"], strict=True))
    classes = found.data["classes"]
    own = [(word, shares) for word, shares in use.items() if 10 <= int(word.removeprefix("word")) < 30 and shares]
    assert own
    for word, shares in own:
        assert [classes[place] for place, _ in shares] == ["bad" if int(word[4:]) < 20 else "good"]
    real = re.findall(r'cosine [\d.]+</span> <span dir="auto">([^<]*)</span>', text)
    lines = {line.rsplit(",", 1)[0] for line in (run.parent / "data.csv").read_text().splitlines()}
    assert len(real) == 3 * distilled.n and set(real) <= lines
    assert re.search(r"distilled \d+ \w+ 20\d\d .*Page made on \d+ \w+ 20\d\d", found.shown)
    assert str(run.parent) not in text


def test_a_public_one_holds_no_text_of_the_data(run):
    text = written(run, "--public")
    assert "cosine 0." not in text and "this page is for you" not in text
    for line in (run.parent / "data.csv").read_text().splitlines()[1:]:
        assert line.rsplit(",", 1)[0] not in text
    assert Page(text).data["use"]


def test_a_public_one_of_training_texts_says_that_it_shows_them(given, tmp_path):
    for samples, said in (("real", "the samples are examples of the training data"), ("phrases", "clauses of the")):
        run = tmp_path / samples
        assert tdd(*distil_command(*given, run, samples=samples)).code == 0
        done = tdd("decode", run, "--format", "html", "--public")
        assert done.code == 0 and said in done.err and "--public leaves out only the others" in done.err
        assert "the samples are" not in tdd("decode", run, "--format", "html").err


def test_without_the_data_it_says_what_is_left_out_and_reads_others_where_told(run, tmp_path):
    data = run.parent / "data.csv"
    content = data.read_bytes()
    data.unlink()
    try:
        text = written(run)
        found = Page(text)
        assert found.data["use"] is None and "real examples are left out, since the data are not at hand" in found.shown
        assert found.data["samples"][0]["importance"]
        elsewhere = tmp_path / "data.csv"
        elsewhere.write_bytes(content)
        assert Page(written(run, "--data", elsewhere)).data["use"]
        other = write_data(tmp_path / "other.csv", rows=80)
        done = tdd("decode", run, "--format", "html", "--data", other)
        assert done.code == 2 and "not those that the set was distilled from" in done.one_line()
    finally:
        data.write_bytes(content)


def test_data_on_the_hub_are_not_asked_for(run, hub):
    asked: list[str] = []
    hub.before(".", lambda: asked.append("a request"), 99)
    distilled = read_run(run)
    recipe = distilled.recipe.model_copy(update={"dataset": "owner/films", "data": None})
    recipe.save(run / "recipe.yaml")
    try:
        text = written(run)
    finally:
        distilled.recipe.save(run / "recipe.yaml")
    assert "the data are not at hand" in Page(text).shown and asked == []


def test_settings_of_the_page_are_refused_elsewhere(run):
    for arguments in (["--public"], ["--data", "films.csv"]):
        done = tdd("decode", run, *arguments)
        assert done.code == 2 and "add --format html" in done.one_line()


def test_images_have_the_same_page(tmp_path):
    run = tmp_path / "run"
    options = ["--set", "networks_at_once=2", "--set", "validation_networks=2", "--set", "batch_size=32"]
    done = tdd("distill", "digits", "--n", 10, "--outer-steps", 3, *options, "--output", run)
    assert done.code == 0, done.err
    text = written(run, "--first", 4)
    found = Page(text)
    assert len(found.having("article", "id")) == 4 and "The first 4 are shown" in found.shown
    assert len(found.having("img", "src")) == 4 * (2 + 3)
    assert "Accuracy after each step" in found.shown and "Words that matter" not in found.shown
