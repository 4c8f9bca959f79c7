"""The files of pretrained encoders: what cannot be used is one line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import transformers
from tiny_encoders import save_encoder, tiny_encoder
from tokenizers import Tokenizer, decoders

from tdd.data.corpus import load_corpus
from tdd.embeddings.encoder import encoder_tokens
from tdd.errors import TddError, UsageError
from tdd.settings.recipe import Recipe


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "config.json").unlink(), "is no model of transformers: it has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json is damaged, or not that of a model"),
        (lambda folder: (folder / "model.safetensors").unlink(), "it has no weights; name a model or revision with"),
        (
            lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
            "its weights are pickled, which may run code; name a model",
        ),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(
                (folder / "model.safetensors").read_bytes()[:999]
            ),
            "cannot be loaded by transformers, get a fresh copy: ",
        ),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "its tokenizer cannot be read"),
        (lambda folder: change(folder, is_decoder=True), "is a bert with a decoder; name an encoder of texts"),
        (lambda folder: change(folder, model_type="nonsense"), "cannot be loaded by transformers, get a fresh copy: "),
        (
            shutil.rmtree,
            "no such folder; a pretrained encoder is named hf:folder or hf:owner/name",
        ),
    ],
)
def test_an_encoder_that_cannot_be_used_is_one_line(tmp_path, spoil, told):
    folder = tmp_path / "encoder"
    save_encoder(folder)
    spoil(folder)
    with pytest.raises(TddError, match=told) as error:
        load_corpus(
            Recipe(dataset="films", network=f"hf:{folder}", max_length=8), data=(["good", "bad"] * 9, ["a", "b"] * 9)
        )
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            "GPT2Config",
            "is a gpt2, which does not let the first word see the others, as where text is read from left to",
        ),
        ("ViTConfig", "is a vit, which has no table of tokens; name an encoder of texts, as BERT is"),
        ("T5Config", "is a t5 with a decoder; name an encoder of texts"),
    ],
)
def test_a_model_that_is_no_encoder_of_texts_is_one_line(tmp_path, config, told):
    save_encoder(tmp_path)  # for its tokenizer
    small = {
        "n_embd": 8,
        "n_layer": 1,
        "n_head": 2,
        "d_model": 8,
        "d_kv": 4,
        "d_ff": 8,
        "num_layers": 1,
        "num_heads": 2,
    }
    small |= {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    settings = getattr(transformers, config)(**small, vocab_size=60)
    transformers.AutoModel.from_config(settings).save_pretrained(tmp_path)
    with pytest.raises(UsageError, match=told):
        encoder_tokens(f"hf:{tmp_path}")


@pytest.mark.parametrize(
    ("decoder", "pieces", "text"),
    [
        (decoders.WordPiece(), ["the", "play", "##ing", "book", "##s"], "the playing books"),
        (decoders.WordPiece(), ["##ing", "play"], "##ing play"),
        (decoders.ByteLevel(), ["Ġthe", "Ġplay", "ing", "CafÃ©"], "the playingCafé"),
        (decoders.Metaspace(), ["▁the", "▁play", "ing"], "the playing"),
        (None, ["the", "play"], "the play"),
        (decoders.WordPiece(), [], ""),
    ],
)
def test_pieces_are_put_together_by_the_tokenizer_itself(tmp_path, decoder, pieces, text):
    save_encoder(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    if decoder is None:
        saved = json.loads((tmp_path / "tokenizer.json").read_text())
        (tmp_path / "tokenizer.json").write_text(json.dumps(saved | {"decoder": None}))
    else:
        tokenizer.decoder = decoder
        tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert encoder_tokens(f"hf:{tmp_path}").join(pieces) == text


def test_pieces_that_stand_for_anything_unknown_count_as_none():
    recipe, labels = Recipe(dataset="films", network=tiny_encoder(), max_length=8), ["a", "b"] * 9
    corpus = load_corpus(recipe, data=([f"good {'房' * i} film" for i in range(1, 19)], labels))
    assert corpus.train.coverage().known[0] == corpus.train.coverage().unknown[0] * 2
    assert 0 not in corpus.train.ids and corpus.train.describe().startswith("66.7% of word")
    with pytest.raises(UsageError, match=r"have 0\.0% of the words of column 'text': choose vectors for its language"):
        load_corpus(recipe, data=(["房 " * i for i in range(1, 19)], labels))


def change(folder: Path, **values: Any) -> None:
    """Change the configuration in a folder."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))
