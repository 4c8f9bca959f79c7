"""What an owner has changed in a card survives a push; what tdd wrote is written anew."""

import pytest
import yaml
from command import tdd
from hub_server import HubServer
from publishing import commit, files_of, head

from tdd.publishing.marked_card import Card, has_body, is_written_by_tdd

METADATA = {"pretty_name": "a set", "tags": ["one"], "configs": [{"config_name": "default", "data_files": "a"}]}
SECTIONS = {"introduction": "# A set\n\nOf words.", "training": "## Train\n\nSo.", "limits": "## Limits\n\nMany."}


def front(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def changed(**sections: str) -> Card:
    return Card(METADATA | {"pretty_name": "another"}, SECTIONS | sections)


def test_a_card_over_itself_is_itself():
    card = Card(METADATA, SECTIONS)
    assert card.text(card.text()) == card.text() and is_written_by_tdd(card.text())
    assert front(card.text()) == METADATA


def test_what_tdd_wrote_is_written_anew_in_its_place():
    text = changed(training="## Train\n\nOtherwise.").text(Card(METADATA, SECTIONS).text())
    assert text == changed(training="## Train\n\nOtherwise.").text()


def test_an_edited_section_and_what_stands_between_stay_and_the_rest_is_new():
    first = Card(METADATA, SECTIONS).text()
    edited = first.replace("Of words.", "Of my words.").replace(
        "<!-- tdd's section: limits", "My own.\n\n<!-- tdd's section: limits"
    )
    for _ in range(2):  # and once more
        edited = changed(introduction="# New", training="## Train\n\nNew.", limits="## Limits\n\nNone.").text(edited)
        assert "Of my words." in edited and "# New" not in edited and "My own.\n" in edited
        assert "## Train\n\nNew." in edited and "## Limits\n\nNone." in edited and "So." not in edited
        assert edited.index("Of my words.") < edited.index("New.") < edited.index("My own.") < edited.index("None.")


def test_a_section_that_the_owner_took_away_stays_away_and_a_new_one_comes():
    first = Card(METADATA, SECTIONS).text()
    start, end = first.index("<!-- tdd's section: training"), first.index("<!-- tdd's section: limits")
    edited = first[:start] + first[end:]
    for _ in range(2):
        edited = Card(METADATA, {"introduction": "# A set", "training": "## Train", "samples": "## Samples"}).text(
            edited
        )
        assert "## Train" not in edited and "## Samples" in edited and "Many." not in edited
        assert edited.index("# A set") < edited.index("## Samples")


def test_sections_of_several_words_and_with_empty_lines_are_ours_after_any_number_of_pushes():
    scripts = {"any learner": "## Train anything\n\n```python\nx = 1\n\n\ndef f():\n    pass\n```"}
    card = Card(METADATA, SECTIONS | scripts).text("---\nlicense: mit\n---\n")
    for number in range(3):
        card = changed(**{"any learner": scripts["any learner"].replace("x = 1", f"x = {number}")}).text(card)
        assert f"x = {number}\n\n\ndef f()" in card and card.count("## Train anything") == 1
    assert "## Train anything" not in changed().text(card)


def test_metadata_of_the_owner_stay_and_ours_are_new():
    first = Card(METADATA | {"license": "mit"}, SECTIONS).text()
    mine = first.replace("- one", "- mine").replace("pretty_name: a set", "pretty_name: a set\nlanguage: en")
    mine = mine.replace("configs:\n", "configs:\n- config_name: own\n  data_files: mine.csv\n")
    found = front(changed().text(mine))
    assert found["tags"] == ["mine"] and found["language"] == "en" and found["pretty_name"] == "another"
    assert [each["config_name"] for each in found["configs"]] == ["default", "own"]
    assert "license" not in found  # was carried over by tdd, which has none to carry any more


@pytest.mark.parametrize("card", ["", "---\nlicense: mit\n---\n", "---\r\nlicense: mit\r\n---\r\n\r\n"])
def test_a_card_of_metadata_alone_is_completed(card: str):
    assert not has_body(card)
    text = Card(METADATA, SECTIONS).text(card)
    assert front(text) == METADATA | ({"license": "mit"} if card else {}) and "Of words." in text


def test_a_second_push_keeps_what_the_owner_wrote(hub: HubServer, published: str, run):
    card = files_of(hub, published)["README.md"].decode()
    mine = card.replace("## Limits", "## What it cannot do").replace(
        "## Accuracy", "## Accuracy\n\nMeasured with care."
    )
    mine = mine.replace("tags:\n", "tags:\n- my-tag\n")
    commit(hub, published, {"README.md": mine.encode()})
    assert tdd("push", run, published).code == 0
    again = files_of(hub, published)["README.md"].decode()
    assert "## What it cannot do" in again and "Measured with care." in again and "- my-tag" in again
    assert "## Limits" not in again and again.count("## Accuracy") == 1


OWN = {
    "a card": {"README.md": b"# My data set\n\nCollected in 1999.\n"},
    "a card, and files like ours": {"README.md": b"---\nlicense: mit\n---\n# Mine", "results.json": b"{}"},
    "data": {"data/train.csv": b"text,label\n"},
    "data, and a card of metadata": {"README.md": b"---\nlicense: mit\n---\n", "train.parquet": b"PAR1"},
}


@pytest.mark.parametrize("what", OWN)
def test_a_repository_with_someones_own_card_or_data_is_refused_unless_overwrite_is_said(
    what: str, hub: HubServer, run, repo: str
):
    hub.store.create("dataset", repo)
    commit(hub, repo, OWN[what])
    before, files = head(hub, repo), files_of(hub, repo)
    done = tdd("push", run, repo)
    assert done.code == 2 and done.one_line().endswith(": choose another name, or overwrite it (--overwrite)")
    assert head(hub, repo) == before
    assert tdd("push", run, repo, "--overwrite").code == 0
    after = files_of(hub, repo)
    card = after["README.md"].decode()
    assert "Collected" not in card and "# Mine" not in card and "distilled to 4 samples" in card
    assert ("license: mit" in card) == (b"license" in files.get("README.md", b""))
    assert all(after[name] == files[name] for name in files if name.endswith((".csv", "/train.csv")))
    assert tdd("push", run, repo).code == 0
