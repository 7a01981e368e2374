"""Tokens and similarities without the kernel's hashes; texts in scripts that are written without spaces."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest

from drystone.dedup import _kernel
from drystone.dedup.explain import explain, tokens
from drystone.dedup.method import RULE_VERSION, Method
from drystone.dedup.near import keep
from drystone.dedup.sketches import dressed
from tools import make_word_ranges

from . import reference

CHINESE = ("这个函数返回所有文件的列表如果它存在", "连接断开后重试三次再报告错误信息", "没有配置时使用默认值并写入日志")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def naïve_x(a1):", ["def", "naïve_x", "a1"]),
        ("gate—hinge “latch”", ["gate", "hinge", "latch"]),
        ("漢字とカナ", ["漢", "字", "と", "カナ"]),
        ("か\u3099き", ["か\u3099", "き"]),
        ("사용자 목록을", ["사용자", "목록을"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ("привет, мир", ["привет", "мир"]),
        ("x日y", ["x", "日", "y"]),
        ("🚪 open", ["open"]),
    ],
)
def test_tokens_are_words_by_unicode(text: str, expected: list[str]) -> None:
    assert tokens(text.encode()) == expected
    assert len(_kernel.token_hashes(text.encode(), 1)) == len(expected)


def test_tokens_of_ascii_are_those_of_the_first_rule() -> None:
    assert RULE_VERSION == 2
    assert tokens(b"if (a_1 >= 0x1F) { return b->c; }") == [
        "if", "a_1", "0x1F", "return", "b", "c",
    ]  # fmt: skip


def test_hashes_stand_for_these_tokens(nasty: list[bytes]) -> None:
    for text in nasty:
        if len(text) < 20_000:
            expected = [token.encode("utf-8", "surrogateescape") for token in tokens(text)]
            assert reference.tokens(text) == expected
            assert len(_kernel.token_hashes(text, 1)) == len(expected)


def test_chinese_texts_that_differ_in_few_characters_are_similar() -> None:
    lines = [CHINESE[n % 3] + CHINESE[(n // 3) % 3][: 3 + n % 9] for n in range(40)]
    changed = [line if n % 4 else "某" + line[1:] for n, line in enumerate(lines)]
    found = explain("\n".join(lines).encode(), "\n".join(changed).encode(), Method())
    assert 0.7 <= found["similarity"] < 1
    assert explain(CHINESE[0].encode(), CHINESE[0].encode(), Method())["similarity"] == 1
    assert explain(CHINESE[0].encode(), CHINESE[1].encode(), Method())["similarity"] == 0


def test_the_table_of_characters_is_what_the_tool_prints() -> None:
    table = Path(__file__).parents[2] / "kernel/dedup/words.inc"
    if unicodedata.unidata_version not in table.read_text().splitlines()[0]:
        pytest.skip("this Python has another Unicode than the table")
    assert _kernel.word_ranges() == make_word_ranges.ranges()


SUM = """def total(values, limit):
    # Sum up.
    result = 0
    for value in values:
        if value < limit:
            result += value * 3
    return result
"""
OTHER = """def somme(liste, borne):
    r = 7  # Additionne.
    for x in liste:
        if x<borne: r += x*99
    return r
"""


def test_code_in_another_dress_is_the_same_by_renamed_tokens_and_not_by_words() -> None:
    told = explain(SUM.encode(), OTHER.encode(), Method(tokens="renamed"))
    assert (told["similarity"], told["near"]) == (1.0, True)
    assert not explain(SUM.encode(), OTHER.encode(), Method())["near"]
    table = pa.table({"content": [SUM, OTHER, SUM.replace("+=", "-=").replace("<", ">=")]})
    kept = keep(table, Method(tokens="renamed"))
    assert kept.column("keep").to_pylist()[:2] == [True, False]
    assert kept.column("similarity").to_pylist()[1] == told["similarity"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = foo.bar(x, 1)", "i0_3d i0_2e bar_28 i3_2c n_29"),
        ("# only\n/* no */ 'text' // code", "s"),
        ('"""doc"""\nif a and b: pass', "if i0 and i0_3a pass"),
        ("call(a,\n     b,\n)", "i0_28 i0_2c i0_29"),
        ("a walk along the old wall", "i0 i0 along the old wall"),
        ("it's = 1", "i0_3d n"),
        ("", ""),
    ],
)
def test_words_of_code_are_told_by_their_class(text: str, words: str) -> None:
    assert dressed(pa.array([text]), Method(tokens="renamed")).to_pylist()[0].decode().split() == words.split()


def test_prose_and_data_keep_what_they_say() -> None:
    renamed = Method(tokens="renamed")
    for a, b in (
        ("the old wall stands on four dry stones", "a new gate hangs by one rusty old hinge"),
        ('{"a": [1, 2, 3, 4, 5, 6, 7, 8]}', '{"a": [8, 7, 6, 5, 4, 3, 2, 1]}'),
    ):
        assert not explain(a.encode() * 3, b.encode() * 3, renamed)["near"]
