"""Pretrained encoders of a few random numbers, in folders as transformers and the Hub keep them."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from tdd.data.corpus import Corpus, load_corpus
from tdd.data.protocols import InputSpace
from tdd.embeddings.encoder import encoder_tokens
from tdd.networks.learner import Learner, make_learner
from tdd.settings.recipe import Recipe

SIZES = {"vocab_size": 60, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 3, "intermediate_size": 12}
LENGTH = 24
CLASSES, L = 3, 9
EXACT: Any = {"rtol": 1e-10, "atol": 1e-12}
ROUNDED: Any = {"rtol": 1e-3, "atol": 1e-5}
# Its softmax is one of float32, which knows no double's least number.
SINGLE = ("modernbert",)
TEXTS = ["good film", "a bad play s", "the playing books"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["good", "bad", "film", "play", "##ing", "##s", "a", "the", "##o", "##k", *"bcdefghijklmnopqrstuvwxyz"]
WORDS += ["##r", "##d", *(f"##{digit}" for digit in range(10))]

KINDS = {
    "bert": ("BertConfig", {}),
    "roberta": ("RobertaConfig", {"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3}),
    "distilbert": ("DistilBertConfig", {"dim": 8, "n_heads": 2, "n_layers": 3, "hidden_dim": 12}),
    "electra": ("ElectraConfig", {"embedding_size": 6}),
    "albert": ("AlbertConfig", {"embedding_size": 6}),
    "mpnet": ("MPNetConfig", {"pad_token_id": 1}),
    "deberta-v2": (
        "DebertaV2Config",
        {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "max_relative_positions": 8},
    ),
    "modernbert": ("ModernBertConfig", {"pad_token_id": 0, "local_attention": 4, "global_attn_every_n_layers": 2}),
}
_FROM_1 = {"pad_token_id": 1}
OTHERS = {
    "bigbird": ("BigBirdConfig", {"attention_type": "original_full"}),
    "camembert": ("CamembertConfig", _FROM_1),
    "data2vec": ("Data2VecTextConfig", _FROM_1),
    "deberta": ("DebertaConfig", {"relative_attention": True, "pos_att_type": ["c2p"], "max_relative_positions": 8}),
    "ernie": ("ErnieConfig", {}),
    "longformer": ("LongformerConfig", {"attention_window": 4} | _FROM_1),
    "luke": ("LukeConfig", {"entity_vocab_size": 5, "entity_emb_size": 4} | _FROM_1),
    "megatron": ("MegatronBertConfig", {}),
    "rembert": ("RemBertConfig", {"input_embedding_size": 6}),
    "roformer": ("RoFormerConfig", {"embedding_size": 8}),
    "splinter": ("SplinterConfig", {}),
    "squeezebert": (
        "SqueezeBertConfig",
        {f"{part}_groups": 1 for part in ("q", "k", "v", "post_attention", "intermediate", "output")}
        | {"embedding_size": 8},
    ),
    "xlm-roberta": ("XLMRobertaConfig", _FROM_1),
    "xmod": ("XmodConfig", {"languages": ["en_XX"], "default_language": "en_XX"} | _FROM_1),
}
"""Kinds that are tried as a whole alone."""
REFUSED = {
    "convbert": ("ConvBertConfig", {"embedding_size": 8, "conv_kernel_size": 3, "head_ratio": 1}),
    "esm": ("EsmConfig", {"mask_token_id": 4} | _FROM_1),
    "fnet": ("FNetConfig", {}),
    "yoso": ("YosoConfig", {}),
}
"""Kinds that cannot be used."""


@cache
def tiny_encoder(kind: str = "bert") -> str:
    """The name, ``hf:FOLDER``, of a random encoder of this kind with three layers, which splits words into pieces."""
    folder = Path(tempfile.mkdtemp(prefix=f"tdd-{kind}-"))
    save_encoder(folder, kind)
    return f"hf:{folder}"


def save_encoder(folder: Path, kind: str = "bert", seed: int = 0, **settings) -> None:
    """Write a random encoder into a folder."""
    config_class, more = (KINDS | OTHERS | REFUSED)[kind]
    config = getattr(transformers, config_class)(**SIZES, max_position_embeddings=LENGTH, **more, **settings)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModel.from_config(config).eval()
        for parameter in model.parameters():  # those of small initial size too
            parameter.data += 0.3 * torch.randn(parameter.shape)
    model.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordPiece({word: row for row, word in enumerate(SPECIAL + WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.enable_truncation(4)  # as files of others do
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(folder / "tokenizer.json"))


def tiny_text_corpus() -> Corpus:
    kinds = ["good film", "a good play", "bad film s", "the bad playing", "good book", "bad book"]
    texts = [f"{kind} {'bcdef'[copy]}" for copy in range(5) for kind in kinds]
    recipe = Recipe(dataset="films", network=tiny_encoder(), max_length=LENGTH - 2)
    return load_corpus(recipe, data=(texts, ["pos", "pos", "neg", "neg", "pos", "neg"] * 5))


def films(good: str = "good film", bad: str = "bad film") -> tuple[list[str], list[str]]:
    """Eighteen different texts of two classes, and their labels."""
    return [f"{kind} {letter}" for letter in "bcdefghij" for kind in (good, bad)], ["a", "b"] * 9


def learner_of(kind: str, train: str, pooling: str = "mean", device: str = "cpu") -> Learner:
    """A tiny encoder of this kind for texts of at most L pieces and CLASSES classes."""
    name = tiny_encoder(kind)
    tokens = encoder_tokens(name)
    space = InputSpace("text", (L, tokens.dim), tokens.checksum)
    return make_learner(name, {"train": train, "pooling": pooling}, space, CLASSES, device)
