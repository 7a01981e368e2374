"""Tokenizers made from the vocabulary files of older checkpoints: the ids of the libraries that wrote those files."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from drystone.errors import ModelError, UsageError
from drystone.reader import Reader
from drystone.reader.model.tokenization import read_tokenizer
from tests.reader.checkpoints import byte_level, prose, wordpiece, write_checkpoint

TEXT = "Der Käse: naïve CAFÉS in 1964,  “quoted” and 東京!\n"


def built(folder: Path, kind: str, **settings: Any) -> Tokenizer:
    return Tokenizer.from_str(read_tokenizer(folder, {"model_type": kind}, settings))


def same(one: Tokenizer, two: Tokenizer) -> None:
    for given in ((TEXT,), ("Why?", TEXT), *((text[:300],) for text in prose()[:6] if text)):
        a, b = one.encode(*given), two.encode(*given)
        assert (a.ids, a.type_ids, a.offsets) == (b.ids, b.type_ids, b.offsets)


@pytest.mark.parametrize("lowercase", [True, False])
def test_vocab_txt_alone(tmp_path: Path, lowercase: bool) -> None:
    expected = wordpiece(lowercase=lowercase)
    words = sorted(expected.get_vocab(), key=expected.get_vocab().__getitem__)
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n")
    same(built(tmp_path, "bert", do_lower_case=lowercase), expected)


def test_added_tokens_have_the_numbers_that_are_written(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n")
    (tmp_path / "added_tokens.json").write_text('{"<two>": 7, "[MASK]": 4, "<One>": 6}')
    assert built(tmp_path, "bert").encode("a <One><two> a", add_special_tokens=False).ids == [5, 6, 7, 5]
    for text, said in (
        ('{"<one>": 9}', "'<one>' has the number 9, which it cannot have here: 6"),
        ('{"a": 6}', "'a' has the number 6, which it cannot have here: 5"),
        ('{"a": "6", "b": 7}', "no tokenizer can be made"),
        ("[]", "holds a list"),
    ):
        (tmp_path / "added_tokens.json").write_text(text)
        with pytest.raises(ModelError, match=said):
            built(tmp_path, "bert")


def test_vocab_json_and_merges(tmp_path: Path) -> None:
    expected = byte_level()
    model = json.loads(expected.to_str())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [" ".join(merge) if isinstance(merge, list) else merge for merge in model["merges"]]
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    found = built(tmp_path, "roberta")
    assert found.encode(TEXT, add_special_tokens=False).ids == expected.encode(TEXT, add_special_tokens=False).ids
    pair = found.encode("a", "a")
    ids = found.token_to_id
    letter = ids("a")
    assert pair.ids == [ids("<s>"), letter, ids("</s>"), ids("</s>"), letter, ids("</s>")]
    assert set(pair.type_ids) == {0}


def test_sentencepiece(tmp_path: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece")
    written = io.BytesIO()
    sentences = [line.strip() for text in prose() for line in text.splitlines() if line.strip()]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=written, vocab_size=400, minloglevel=2, hard_vocab_limit=False
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    texts = [*(line for line in sentences[:60] if "  " not in line), TEXT.strip()]
    for kind, name, shift in (("xlm-roberta", "sentencepiece.bpe.model", 1), ("deberta-v2", "spm.model", 0)):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / name).write_bytes(written.getvalue())
        special = {} if shift else {"cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>", "pad_token": "<unk>"}
        found = built(tmp_path / kind, kind, **special)
        for text in texts:
            ids = [i for i in processor.encode(text) if i != processor.unk_id()]
            ours = found.encode(text, add_special_tokens=False).ids
            assert [i for i in ours if i != (3 if shift else processor.unk_id())] == [i + shift for i in ids], text
    assert built(tmp_path / "xlm-roberta", "xlm-roberta").encode("a", "a").ids.count(2) == 3


def test_what_tokenizer_config_says_counts(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model", "bert")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    for stated in ({"do_lower_case": False}, {"do_lower_case": False, "strip_accents": True}):
        (folder / "tokenizer_config.json").write_text(json.dumps(settings | stated))
        reader = Reader.load(folder, threads=1)
        normalizer = json.loads(reader.windower.tokenizer_json)["normalizer"]
        assert normalizer["lowercase"] is False
        assert normalizer["strip_accents"] is stated.get("strip_accents")


def test_a_token_without_an_embedding_is_refused_where_a_text_holds_it(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model", "bert")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["<name>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    reader = Reader.load(folder, threads=1)
    assert reader.answer("Who?", "One two.")
    with pytest.raises(UsageError, match=r"context: holds '<name>', a token of which .* has no embedding"):
        reader.answer("Who?", "One <name> two.")


def test_a_token_that_joins_pairs_has_an_embedding(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model", "bert")
    text = (folder / "tokenizer.json").read_text()
    tokenizer = json.loads(text)
    beyond = len(tokenizer["model"]["vocab"])
    tokenizer["added_tokens"].append(
        {"id": beyond, "content": "<far>", "special": True, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False}
    )  # fmt: skip
    joined = tokenizer["post_processor"]["special_tokens"]
    [name] = [name for name in joined if name == "[SEP]"]
    joined[name] |= {"ids": [beyond], "tokens": ["<far>"]}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ModelError, match=r"joins pairs with '<far>', a token of which the model has no embedding"):
        Reader.load(folder, threads=1)


def test_a_tokenizer_that_panics_is_named(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model", "bert")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "AAAAAA=="}  # an empty table
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ModelError, match=r"tokenizer\.json cannot be used \(index out of bounds"):
        Reader.load(folder, threads=1)


@pytest.mark.parametrize(("text", "said"), [("[]", "holds a list"), ("[" * 100_000, "not readable JSON")])
def test_names_of_special_tokens_that_cannot_be_read_are_no_defaults(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "vocab.txt").write_text("[CLS]\n[SEP]\n[UNK]\na\n")
    (tmp_path / "special_tokens_map.json").write_text(text)
    with pytest.raises(ModelError, match=rf"special_tokens_map\.json: {said}"):
        built(tmp_path, "bert")


def test_a_folder_without_vocabulary_is_refused_with_what_would_do(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model", "bert")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"no tokenizer\.json, and none of vocab\.txt, vocab\.json with merges\.txt"):
        Reader.load(folder)
    (folder / "vocab.txt").write_text("only\nwords\n")
    with pytest.raises(ModelError, match=r"no tokenizer can be made .*\[CLS\]"):
        Reader.load(folder)
    shutil.rmtree(folder)
