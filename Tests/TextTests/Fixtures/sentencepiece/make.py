#!/usr/bin/env python3
"""Trains small SentencePiece models on the sample and writes what the package makes of lines.txt.

Needs: pip install sentencepiece==0.2.3 protobuf. Run it from the root of the checkout; all files here are written anew.
"""

import gzip
import pathlib
import random
import tempfile
import unicodedata

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

HERE = pathlib.Path(__file__).parent
SAMPLE = pathlib.Path("pipelines/demo")
SETTINGS = {
    "unigram": dict(normalization_rule_tsv="rules.tsv"),
    "unigram-bytes": dict(byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity"),
    "unigram-spaces": dict(remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
                           normalization_rule_name="identity"),
    "unigram-symbols": dict(user_defined_symbols=["the", "ing", "Mr.", "<sep>", "不", "。。"],
                            control_symbols=["<ctl>"], normalization_rule_name="identity"),
    "unigram-phrases": dict(split_by_whitespace=False, normalization_rule_name="identity"),
    "unigram-unused": dict(normalization_rule_name="identity"),
    "unigram-unescaped": dict(normalization_rule_name="identity"),
    "bpe-folded": dict(model_type="bpe", normalization_rule_tsv="folding.tsv", byte_fallback=True),
    "bpe": dict(model_type="bpe", normalization_rule_name="identity", add_dummy_prefix=False),
    "bpe-suffix": dict(model_type="bpe", normalization_rule_name="identity", treat_whitespace_as_suffix=True),
    "bpe-symbols": dict(model_type="bpe", normalization_rule_name="identity",
                        user_defined_symbols=["the", "ing", "Mr.", "<sep>", "不", "。。"]),
    "bpe-unused": dict(model_type="bpe", normalization_rule_name="identity"),
}
CHARACTERS = [
    " ", "  ", ".", "..", "...", "-", "---", "e\u0301", "\u00a0", "\u3000", "\u200b", "\u200d", "\ufeff", "ﬁ",
    "Ｆ", "①", "ｶﾞ", "\u0301", "▁", "_", "😀", "👩\u200d👧", "İ", "ß", "ſ", "Å", "가", "ᄀ", "ᅡ", "a", "aa", "aaa",
    "the", "ing", "Mr.", "<sep>", "<ctl>", "<unk>", "<s>", "不", "。。", "。", "1", "22", "\u1234", "\u2028",
    "\u0085", "\x0b", "\x01", "﷽", "¼", "℡", "\u00ad",
]


def compressed(name, data):
    (HERE / name).write_bytes(gzip.compress(data, 9, mtime=0))


def lines():
    """Lines of the sample, as they are and with odd characters in them; odd characters; bytes that are no UTF-8."""
    random.seed(7)
    sample = (SAMPLE / "sample.test.txt").read_text(encoding="utf-8").split("\n")
    result = [line.encode() for line in sample[:60]]
    for number in range(140):
        if number % 3 == 0:
            text = "".join(random.choice(CHARACTERS) for _ in range(random.randrange(30)))
        else:
            text = list(random.choice(sample))
            for _ in range(random.randrange(8)):
                text.insert(random.randrange(len(text) + 1), random.choice(CHARACTERS))
            text = "".join(text)
        line = bytearray(text.encode())
        if number % 10 == 9 and line:
            line[random.randrange(len(line))] = random.choice([0x80, 0xFF, 0xC0, 0xE3, 0xF4, 0xED])
        result.append(bytes(line).replace(b"\n", b" "))
    return result


def rules(path, folds):
    """Mappings as those of nmt_nfkc (nfkc_cf if it `folds`), of the characters that the lines have and some more.

    The whole tables are 240 KB a model.
    """
    def mapped(text):
        text = unicodedata.normalize("NFKC", text)
        return unicodedata.normalize("NFKC", text.casefold()) if folds else text

    found = {"\x01": "", "\u200b": " ", "\u200d": "", "\ufeff": "", "\u00ad": "", "\x0b": " ", "\u0085": " ",
             "\u2028": " ", "ｶﾞ": "ガ", "ᄀ\u1161": "가"}
    for code in [*range(0x41, 0x250), *range(0x2000, 0x2070), *range(0x2100, 0x2200), *range(0x2460, 0x2474),
                 *range(0x3000, 0x3040), 0xFDFA, 0xFDFD, *range(0xFB00, 0xFB07), *range(0xFF01, 0xFFA0)]:
        text = chr(code)
        if mapped(text) != text:
            found.setdefault(text, mapped(text))
        parts = unicodedata.normalize("NFD", text)
        if len(parts) > 1 and mapped(parts) != parts:
            found.setdefault(parts, mapped(parts))
    with open(path, "w", encoding="utf-8") as file:
        for source, target in sorted(found.items()):
            codes = [" ".join(f"{ord(character):X}" for character in text) for text in (source, target)]
            file.write("\t".join(codes) + "\n")


def changed(name, model):
    """The model with what the trainer cannot be told."""
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model)
    proto.trainer_spec.ClearField("input")
    proto.trainer_spec.ClearField("model_prefix")
    proto.normalizer_spec.ClearField("normalization_rule_tsv")
    if name.endswith("-unescaped"):
        proto.normalizer_spec.escape_whitespaces = False
    if name.endswith("-unused"):
        random.seed(3)
        for piece in proto.pieces:
            if piece.type == piece.NORMAL and len(piece.piece) > 1 and random.random() < 0.3:
                piece.type = piece.UNUSED
    return proto.SerializeToString()


def pieces(processor, line):
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line
    found = processor.encode(text, out_type=str)
    return b" ".join(
        (piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogateescape"))
        .replace(b" ", "▁".encode()) for piece in found)


def main():
    texts = lines()
    compressed("lines.txt.gz", b"\n".join(texts) + b"\n")
    for name, settings in SETTINGS.items():
        with tempfile.TemporaryDirectory() as folder:
            prefix = f"{folder}/model"
            table = settings.get("normalization_rule_tsv")
            if table:
                rules(f"{folder}/{table}", folds=table == "folding.tsv")
                settings = {**settings, "normalization_rule_tsv": f"{folder}/{table}"}
            sentencepiece.SentencePieceTrainer.train(
                input=str(SAMPLE / "sample.train.txt"), model_prefix=prefix, num_threads=1, minloglevel=2,
                **{"vocab_size": 600, "model_type": "unigram", **settings})
            model = changed(name, pathlib.Path(prefix + ".model").read_bytes())
        compressed(f"{name}.model.gz", model)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        compressed(f"{name}.pieces.gz", b"".join(pieces(processor, line) + b"\n" for line in texts))


if __name__ == "__main__":
    main()
