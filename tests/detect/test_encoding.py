"""Bytes to text: never a character replaced, bounded work, memory speed for UTF-8."""

import codecs
import random
import time

import pytest
from drystone.detect._kernel import utf8_error
from hypothesis import given
from hypothesis import strategies as st

from drystone.detect.encoding import decode

GERMAN = "// Grüße aus Köln: naïve Zähler für Straßen\nint x = 0;\n"
RUSSIAN = "# Эта функция возвращает список всех файлов в каталоге, если он существует\ndef files():\n    pass\n"
JAPANESE = "/* これは日本語のコメントです。関数の説明を書きます。 */\nint main(void) { return 0; }\n"
CHINESE = "// 这是一个中文注释，用于说明这个函数的作用和参数\nvoid f() {}\n"


@pytest.mark.parametrize("text", [b"", b"plain ASCII\n", GERMAN.encode(), JAPANESE.encode(), "𝔘𝔫𝔦𝔠𝔬𝔡𝔢".encode()])
def test_utf8_is_returned_as_the_same_object(text: bytes) -> None:
    found = decode(text)
    assert found.text is text
    assert (found.encoding, found.binary, found.reason) == ("UTF-8", False, None)


@pytest.mark.parametrize(
    ("mark", "codec", "name"),
    [
        (codecs.BOM_UTF8, "utf-8", "UTF-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16LE"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16BE"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32LE"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32BE"),
    ],
)
@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, JAPANESE, "x"])
def test_byte_order_marks(mark: bytes, codec: str, name: str, text: str) -> None:
    found = decode(mark + text.encode(codec))
    assert (found.text, found.encoding) == (text.encode(), name)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_without_a_mark(codec: str) -> None:
    found = decode(GERMAN.encode(codec))
    assert found.text == GERMAN.encode()
    assert found.encoding == codec.upper().replace("-LE", "LE").replace("-BE", "BE")


@pytest.mark.parametrize(
    ("text", "codec", "names"),
    [
        (GERMAN, "latin_1", {"ISO-8859-1"}),
        ("it’s “quoted” — café €5\n", "cp1252", {"WINDOWS-1252"}),
        (RUSSIAN, "cp1251", {"WINDOWS-1251"}),
        (RUSSIAN, "koi8_r", {"KOI8-R", "KOI8-U"}),
        (JAPANESE, "shift_jis", {"SHIFT_JIS", "WINDOWS-31J"}),
        (JAPANESE, "euc_jp", {"EUC-JP"}),
        (CHINESE, "gb18030", {"GB18030"}),
        ("/* 한국어 주석입니다. 이 함수는 파일 목록을 돌려줍니다. */\n", "euc_kr", {"EUC-KR", "UHC"}),
    ],
)
def test_other_encodings(text: str, codec: str, names: set[str]) -> None:
    found = decode(text.encode(codec))
    assert found.text == text.encode()
    assert found.encoding in names


def test_binary_by_nul_and_by_controls() -> None:
    noise = random.Random(7).randbytes(4096)
    with_nul = decode(b"\x7fELF\x02\x01\0" + noise)
    assert (with_nul.text, with_nul.binary, with_nul.reason) == (None, True, "NUL bytes")
    without = decode(noise.replace(b"\0", b""))
    assert (without.text, without.binary) == (None, True)
    assert "control" in str(without.reason)


def test_text_with_one_nul_byte_is_binary_not_utf16() -> None:
    assert decode(b"int x;\n" * 100 + b"\0").binary


def test_damaged_utf8_is_said_not_guessed() -> None:
    found = decode(JAPANESE.encode() * 5 + b"\xff\n")
    assert found.text is None
    assert not found.binary
    assert "damaged UTF-8" in str(found.reason)
    assert str(len(JAPANESE.encode() * 5)) in str(found.reason)


@given(st.binary(max_size=300))
def test_validation_agrees_with_python(data: bytes) -> None:
    try:
        data.decode()
        wanted = -1
    except UnicodeDecodeError as error:
        wanted = error.start
    assert utf8_error(data) == wanted


@given(st.integers(0, 200), st.text(max_size=80), st.binary(max_size=4))
def test_validation_agrees_with_python_behind_ascii_blocks(count: int, text: str, tail: bytes) -> None:
    data = b"a" * count + text.encode() + tail
    try:
        data.decode()
        wanted = -1
    except UnicodeDecodeError as error:
        wanted = error.start
    assert utf8_error(data) == wanted


@given(st.binary(max_size=400))
def test_any_bytes_give_text_or_a_reason(data: bytes) -> None:
    found = decode(data)
    assert (found.text is None) == (found.reason is not None)
    if found.text is not None:
        found.text.decode()
        assert found.encoding is not None


@pytest.mark.parametrize(
    "data",
    [
        b"a" * 20_000_000 + b"\xe9",
        b"\xe9" + b"a" * 20_000_000,
        b"\xe9 " * 5_000_000,
        "é".encode() * 5_000_000 + b"\xff",
        b"\x80" * 10_000_000,
        b"x\0" * 5_000_000,
        b"\xef\xbb\xbf" + b"\xff" * 5_000_000,
    ],
    ids=["late", "early", "alternating", "utf8 then not", "one byte", "wide", "false mark"],
)
def test_large_and_hostile_bytes_take_bounded_time(data: bytes) -> None:
    start = time.process_time()
    decode(data)
    assert time.process_time() - start < 5


def test_utf8_is_faster_than_decoding_it() -> None:
    data = (b"    return x + y  # plain source text\n") * 300_000

    def best(work: object) -> float:
        times = []
        for _ in range(5):
            start = time.process_time()
            work(data)  # type: ignore[operator]
            times.append(time.process_time() - start)
        return min(times)

    assert best(decode) < 2 * best(lambda d: d.decode().encode())
