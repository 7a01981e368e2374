"""The native pass that decides which heads are read: what is written one word at a time, found by plain patterns."""

import random
import re

import pytest
from drystone.detect._kernel import head_comments

from drystone.detect.licenses import detect_headers

LICENSING = re.compile(
    rb"licen|spdx-|redistribut|permission|gpl|c domain|propriet|confidential|unauthori|commercial|prohibited|"
    rb"rights reserved|be sold",
    re.IGNORECASE,
)
WORDS = (
    b"licen", b"LICENCE", b"spdx-", b"redistribut", b"permission", b"gpl", b"c domain", b"propriet", b"confidential",
    b"be sold", b"unauthori", b"commercial", b"prohibited", b"Rights Reserved", b"REUSE-IgnoreStart", b"MODULE_LICENSE",
    b"SPDX-SnippetBegin", b"__license__", b"@License", b"rdf:resource", b'rel="license', b"(c) a, MIT", b"copyright ;",
)  # fmt: skip
STATEMENTS = re.compile(
    rb"REUSE-IgnoreStart|__licen[sc]e__|[@\\:][lL]icen[sc]e|image\.licenses|rdf:resource|rel=[\"']?license"
)
ANYWHERE = re.compile(rb"MODULE_LICENSE|SPDX-SnippetBegin")


def _heads() -> list[bytes]:
    random.seed(7)
    heads = []
    for word in WORDS:
        for place in (*range(70), 250, 300, 16_380, 16_384, 20_000):
            heads.append(b"# " + bytes(random.choices(b"abelnrst ,|()\n", k=place)) + b" " + word + b" and more\n")
    return heads


def test_every_head_with_a_word_is_read_and_no_other() -> None:
    heads = [b"// " + head.replace(b"\n", b"\n// ") for head in _heads()]
    read = {index: (comments, beside) for index, comments, beside in head_comments(heads, [], 16 * 1024)}
    for index, text in enumerate(heads):
        head = text[: 16 * 1024]
        comments, beside = read.get(index, (b"", 0))
        assert bool(comments) == (LICENSING.search(head) is not None), text
        assert bool(beside & 2) == (ANYWHERE.search(text) is not None), text
        if STATEMENTS.search(head):
            assert beside & 5 == 5, text
        if re.search(rb"\((?i:c)\)[^\n]*[|,;]|[cC]opyright[^\n]*[|,;]", head[:2048]):
            assert beside & 1, text


@pytest.mark.parametrize(
    "first", [b"# Licensed under the MIT license\n", b"/* Licensed under the GNU GPL version 2\n * or later */\n"]
)
def test_code_behind_the_last_word_changes_nothing(first: bytes) -> None:
    alone = detect_headers([first], ["a.py"])
    assert detect_headers([first + b"x = 1\n# of course\n" * 200], ["a.py"]) == alone
    assert alone[0] is not None
