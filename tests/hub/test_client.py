"""A Hub that is not there or fails is said at once, and no secret is printed."""

import pytest
from hub_server import HubServer
from huggingface_hub import constants

from tdd.data.corpus import load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError
from tdd.settings.recipe import Recipe


def test_a_hub_that_is_down_is_said_at_once(vectors: WordVectors):
    message = (
        r"cannot reach the Hub at http://127.* \(ConnectError\), and owner/any is not in the cache .*: read a copy"
    )
    with pytest.raises(TddError, match=message) as caught:
        load_corpus(Recipe(dataset="owner/any"), vectors)
    assert "HF_HUB_OFFLINE=1" in str(caught.value) and "HF_ENDPOINT" in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_that_fails_gets_a_single_request(status: int, hub: HubServer, vectors: WordVectors):
    hub.fail("/", status, times=99)
    with pytest.raises(TddError, match=rf"cannot reach the Hub at http.* \(it answers {status}\)"):
        load_corpus(Recipe(dataset="owner/any"), vectors)
    assert len(hub.requests) == 1


def test_a_password_in_the_address_of_the_hub_is_not_printed(vectors: WordVectors, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "ENDPOINT", constants.ENDPOINT.replace("://", "://me:secret@"))
    with pytest.raises(TddError, match=r"cannot reach the Hub at http://127") as caught:
        load_corpus(Recipe(dataset="owner/any"), vectors)
    assert "secret" not in str(caught.value)
