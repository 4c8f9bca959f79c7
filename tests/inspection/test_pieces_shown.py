"""Word pieces are put together where they are a text, and stand apart where every position is looked at."""

import json
import re

import pytest
import torch
from pages import words_of
from tiny_encoders import tiny_encoder

from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.encoder import encoder_tokens
from tdd.inspection.decode import decode
from tdd.inspection.page import page
from tdd.inspection.show import show
from tdd.publishing.tables import readable_table
from tdd.settings.recipe import Recipe

TEXTS = ["the playing books", "a good play"]
PIECES = [["the", "play", "##ing", "b", "##o", "##o", "##k", "##s"], ["a", "good", "play"]]


def made(words: bool, network: str = "") -> DistilledSet:
    """Two sentences of pieces; free ones are a little beside them."""
    tokens = encoder_tokens(tiny_encoder())
    ids = torch.zeros(1, 2, 8, dtype=torch.int32)
    for row, text in zip(ids[0], TEXTS, strict=True):
        encoded = tokens.encode(text)
        row[: len(encoded)] = torch.tensor(encoded)
    sentences = Sentences.of(ids, tokens)
    recipe = Recipe(
        dataset="films",
        network=network or tokens.name,
        vectors=tokens.name,
        n=2,
        max_length=8,
        samples="words" if words else "free",
    )
    samples, labels = sentences.embed(tokens), torch.tensor([[[1.5, -0.5], [0.0, 1.0]]])
    parts = labels, torch.ones(1, 1), ["bad", "good"], recipe, {"vectors_checksum": tokens.checksum}
    if words:
        return DistilledSet(samples, *parts, sentences=sentences, mask=ids > 0)
    return DistilledSet(samples + 0.01 * (ids > 0)[..., None], *parts, mask=ids > 0)


@pytest.mark.parametrize("words", [True, False])
def test_texts_are_put_together_and_positions_are_not(words):
    distilled = made(words)
    sentences = decode(distilled, encoder_tokens(tiny_encoder()))
    assert [[near for (near,) in sentence.words] for sentence in sentences] == PIECES
    assert [sentence.text for sentence in sentences] == TEXTS
    assert show(distilled, format="text").splitlines() == TEXTS
    assert [sentence["text"] for sentence in json.loads(show(distilled, format="json"))] == TEXTS
    lines = show(distilled).splitlines()[1::3]
    bare = [re.sub(r"\(.*?\)", "", line) for line in lines]
    assert bare == (TEXTS if words else [" ".join(pieces) for pieces in PIECES])
    # Looked at closely, every position shows its pieces.
    assert "##ing(" in show(distilled, k=2)


@pytest.mark.parametrize("words", [True, False])
def test_a_page_shows_positions_and_below_them_the_text_where_that_is_another(words):
    distilled = made(words)
    shown = page(distilled, decode(distilled, encoder_tokens(tiny_encoder())))
    assert words_of(shown) == PIECES
    assert shown.count('<p class="soft" dir="auto">') == 1
    assert f'<p class="soft" dir="auto">{TEXTS[0]}</p>' in shown


@pytest.mark.parametrize("words", [True, False])
def test_a_published_text_holds_the_pieces_themselves(words):
    distilled = made(words)
    texts = readable_table(distilled)["text"]
    assert [text.split(" ") for text in texts] == PIECES
    again = Sentences.read(list(texts), 1, 8, encoder_tokens(tiny_encoder()))
    assert torch.equal(again.tokens, made(True).sentences.tokens)
