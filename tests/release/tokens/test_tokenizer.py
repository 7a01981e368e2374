from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drystone.errors import UsageError
from drystone.release.exports.tokens.choice import TokenChoice, parse_special
from drystone.release.exports.tokens.tokenizer import PROBES, TextTokenizer
from tests.release.sample import files_of

tokenizers = pytest.importorskip("tokenizers", reason="the extra tokens is not installed")


def changed(file: Path, place: Path, **parts: Any) -> Path:
    place.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **parts}), "utf-8")
    return place


LLAMA = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
STEPS = {
    "gpt-2": {**BYTES, "use_regex": True},
    "starcoder": {
        "type": "Sequence",
        "pretokenizers": [{"type": "Digits", "individual_digits": True}, {**BYTES, "use_regex": True}],
    },
    "llama 3": {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": LLAMA}, "behavior": "Isolated", "invert": False},
            BYTES,
        ],
    },
}


@pytest.mark.parametrize("kind", STEPS)
def test_words_that_are_looked_up_give_the_tokens_that_tokenizers_gives(
    kind: str, tokenizer_file: Path, tmp_path: Path
) -> None:
    place = changed(tokenizer_file, tmp_path / "t.json", pre_tokenizer=STEPS[kind])
    mine = TextTokenizer(TokenChoice(place))
    assert mine._words is not None
    whole = tokenizers.Tokenizer.from_file(str(place))
    whole.encode_special_tokens = True
    texts = [*PROBES, *(data.decode("utf-8", "replace") for _, data in files_of("click")), "a\n'top' \n\t 'x'"]
    for text, ids in zip(texts, mine.encode(texts), strict=True):
        assert ids is not None
        assert ids.dtype == np.uint32
        assert ids.tolist() == whole.encode(text, add_special_tokens=False).ids
        assert mine.decode(ids) == text


def test_special_tokens_that_a_text_spells_are_text(tokenizer_file: Path) -> None:
    mine = TextTokenizer(TokenChoice(tokenizer_file))
    (ids,) = mine.encode(["a<|endoftext|>b<fim_middle>"])
    assert ids is not None
    assert not set(ids.tolist()) & set(mine.special.values())


def test_a_tokenizer_that_loses_something_is_refused_with_what_it_loses(tokenizer_file: Path, tmp_path: Path) -> None:
    place = changed(tokenizer_file, tmp_path / "nfc.json", normalizer={"type": "NFC"})
    with pytest.raises(UsageError, match=r"nfc\.json: does not give texts back byte for byte, its normalizer is NFC"):
        TextTokenizer(TokenChoice(place))
    mine = TextTokenizer(TokenChoice(place, inexact="skip"))
    assert [ids is None for ids in mine.encode(["plain\n", "cafe\u0301"])] == [False, True]


def test_added_words_that_are_no_special_tokens_are_found_as_tokenizers_finds_them(
    tokenizer_file: Path, tmp_path: Path
) -> None:
    made = tokenizers.Tokenizer.from_file(str(tokenizer_file))
    made.add_tokens(["        "])
    made.save(str(tmp_path / "t.json"))
    mine = TextTokenizer(TokenChoice(tmp_path / "t.json"))
    text = "def f():\n        return 1\n"
    (ids,) = mine.encode([text])
    assert ids is not None
    assert made.token_to_id("        ") in ids.tolist()
    assert mine.decode(ids) == text


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b'{"model": {"type": "BPE"}}'])
def test_what_is_no_tokenizer_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"t\.json: is no tokenizer\.json"):
        TextTokenizer(TokenChoice(tmp_path / "t.json"))


def test_special_tokens_are_found_by_their_known_names_or_as_told(tokenizer_file: Path) -> None:
    known = TextTokenizer(TokenChoice(tokenizer_file)).special
    parts = ["end", "repo_name", "file_sep", "fim_prefix", "fim_suffix", "fim_middle", "pad"]
    assert known == {part: id_ for id_, part in enumerate(parts)}
    told = TextTokenizer(TokenChoice(tokenizer_file, special=parse_special(["end=<pad>"])))
    assert told.of("end") == 6
    with pytest.raises(UsageError, match="has no token <none>"):
        TextTokenizer(TokenChoice(tokenizer_file, special={"pad": "<none>"}))
