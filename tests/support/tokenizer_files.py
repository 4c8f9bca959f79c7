"""Tokenizers of the library `tokenizers` in files, as models on the Hub have them."""

from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors


def save_tokenizer(path: Path, kind: str, words: list[str]) -> str:
    """Write a tokenizer that knows these words; returns the path.

    Args:
        path: of the file.
        kind: "words", which splits at spaces and Chinese characters; "metaspace", which marks a word's begin by ▁; or
            "bytes", whose pieces are spelled in bytes.
        words: without spaces.
    """
    if kind == "bytes":
        pieces = sorted({*pre_tokenizers.ByteLevel.alphabet()})
        tokenizer = Tokenizer(models.BPE({piece: row for row, piece in enumerate(pieces)}, []))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        marked = [f"▁{word}" for word in words] if kind == "metaspace" else []
        vocabulary = {word: row for row, word in enumerate(["[UNK]", "[CLS]", *marked, *words])}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
        if kind == "metaspace":
            tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
        else:
            chinese = pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated")
            tokenizer.normalizer = normalizers.NFC()
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), chinese])
        tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A", special_tokens=[("[CLS]", 1)])
        tokenizer.add_special_tokens(["[CLS]"])
    tokenizer.enable_truncation(4)  # as files of others do
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(path))
    return str(path)
