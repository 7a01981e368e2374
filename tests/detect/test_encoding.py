"""Bytes to text: never a character replaced, bounded work, memory speed for UTF-8."""

import codecs
import random
import time

import pytest
from drystone.detect._kernel import encoding_signs, utf8_error
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


@pytest.mark.parametrize(
    ("head", "text", "codec", "name"),
    [
        ('<?xml version="1.0" encoding="euc-kr"?>\n', "<title>년</title>", "euc_kr", "EUC-KR"),
        ('<?xml version="1.0" encoding="windows-1251"?>\n', "<title>Ђ</title>", "cp1251", "WINDOWS-1251"),
        ('<meta http-equiv="Content-Type"\ncontent="text/html; charset=x-sjis">\n', "<p>字", "cp932", "WINDOWS-31J"),
        ("#!/usr/bin/python\n# -*- coding: koi8-r -*-\n", "name = 'ж'\n", "koi8_r", "KOI8-R"),
        ("# -*- coding: latin-1 -*-\n", "name = 'þ'\n", "latin_1", "ISO-8859-1"),
        ('"Content-Type: text/plain; charset=macintosh\\n"\n', "é", "mac_roman", "MACINTOSH"),
    ],
)  # fmt: skip
def test_what_a_short_file_says_of_itself(head: str, text: str, codec: str, name: str) -> None:
    found = decode(head.encode() + text.encode(codec))
    assert (found.encoding, found.text) == (name, (head + text).encode())


@pytest.mark.parametrize(
    "head",
    [
        "# coding: utf-8\n", "# coding: unicode_escape\n", "# coding: nothing-known\n", "# coding: base64\n",
        'encoding = "euc-kr"\n', "x = 1\ny = 2\n# coding: euc-kr\n",
    ],
)  # fmt: skip
def test_what_a_file_says_of_others_or_in_vain_counts_not(head: str) -> None:
    assert decode(head.encode() + "년".encode("euc_kr")) == decode(b"#" * len(head) + "년".encode("euc_kr"))


def test_a_clear_text_is_not_what_it_wrongly_says() -> None:
    data = b"# coding: latin-1\n" + (RUSSIAN * 3).encode("cp1251")
    assert decode(data).text == ("# coding: latin-1\n" + RUSSIAN * 3).encode()
    short = b"# coding: latin-1\n" + "# Эта функция\n".encode("cp1251")
    assert decode(short).text is None or "функция".encode() in decode(short).text
    mixed = b"# coding: latin-1\n" + "é ".encode() + "é".encode("latin_1")
    assert decode(mixed).text is None


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


@given(st.lists(st.sampled_from([b"\0", b"\x1b", b"$", b"~", b"{", b"a", b"\xe9" * 40]), max_size=20).map(b"".join))
def test_signs_of_an_encoding_are_found_where_they_stand(data: bytes) -> None:
    signs = {1: b"\0", 2: b"\x1b$", 4: b"~{"}
    assert encoding_signs(data) == sum(bit for bit, sign in signs.items() if sign in data)


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


JAPANESE_LINES = ("ユーザー一覧を取得する", "接続が切れたら再試行する", "表の幅を調べる", "値がなければ既定値を使う")
CHINESE_LINES = ("获取用户列表", "连接断开后重试", "检查数组的长度", "没有配置时使用默认值")
TRADITIONAL_LINES = ("取得使用者清單", "連線中斷後重新嘗試", "檢查陣列的長度", "沒有設定時使用預設值")
KOREAN_LINES = (
    "사용자 목록을 가져온다",
    "연결이 끊기면 다시 시도",
    "배열의 길이를 확인",
    "설정이 없으면 기본값을 쓴다",
)
RUSSIAN_LINES = ("получить список", "повторить попытку", "проверить длину массива", "записать журнал в файл")
GREEK_LINES = ("επιστρέφει τη λίστα", "έλεγχος του μήκους", "γράψε το ημερολόγιο")
POLISH_LINES = ("pobierz listę użytkowników", "sprawdź długość tablicy", "jeśli brak, odmów żądania")
LEGACY = [
    ("shift_jis", JAPANESE_LINES),
    ("euc_jp", JAPANESE_LINES),
    ("iso2022_jp", JAPANESE_LINES),
    ("gb18030", CHINESE_LINES),
    ("hz", CHINESE_LINES),
    ("big5", TRADITIONAL_LINES),
    ("euc_kr", KOREAN_LINES),
    ("iso2022_kr", KOREAN_LINES),
    ("koi8_r", RUSSIAN_LINES),
    ("cp1251", RUSSIAN_LINES),
    ("cp866", RUSSIAN_LINES),
    ("iso8859_7", GREEK_LINES),
    ("cp1250", POLISH_LINES),
]


def _source(lines: tuple[str, ...], count: int, dense: bool) -> str:
    said = [lines[number % len(lines)] for number in range(count)]
    if dense:
        return "".join(f'puts("{line}"); /* {line} */\n' for line in said)
    return "".join(f"// {line}\nint f{n}(int a)\n{{\n    return a * {n};\n}}\n" for n, line in enumerate(said))


@pytest.mark.parametrize("dense", [True, False], ids=["dense", "sparse"])
@pytest.mark.parametrize(("codec", "lines"), LEGACY, ids=[codec for codec, _ in LEGACY])
@pytest.mark.parametrize("count", [20, 1000])
def test_source_files_with_legacy_comments_come_back(
    codec: str, lines: tuple[str, ...], count: int, dense: bool
) -> None:
    text = _source(lines, count, dense)
    found = decode(text.encode(codec))
    assert found.text == text.encode()


@pytest.mark.parametrize(("codec", "lines"), LEGACY, ids=[codec for codec, _ in LEGACY])
@pytest.mark.parametrize("line", range(3))
def test_a_short_file_is_right_or_undecodable_but_no_other_text(codec: str, lines: tuple[str, ...], line: int) -> None:
    text = f"x = 1  # {lines[line]}\n"
    found = decode(text.encode(codec))
    assert not found.binary
    assert found.text in (None, text.encode())


@pytest.mark.parametrize("length", [3000, 30_000])
def test_one_long_line_without_a_space_is_read_in_whole_characters(length: int) -> None:
    text = "".join(CHINESE_LINES) * (length // 30)
    assert decode(text.encode("gb18030")).text == text.encode()
    assert decode(("x" + text).encode("gb18030")).text == ("x" + text).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"\xed\xa0\x80",
        b"x = '\xed\xa0\x80\xed\xb0\x80'\n",
        "größer als é\n".encode() + b"\xff\n",
        "a é\n".encode() + b"\xe9",
    ],
)
def test_damaged_or_mixed_utf8_is_no_other_encoding(data: bytes) -> None:
    found = decode(data)
    assert (found.text, found.binary) == (None, False)


@pytest.mark.parametrize(
    "text", ["Müller, Ångström, François, Søren\n", "José\n", "© 2020, 5 µm ± 1 °C\n", "m² und ½\n"]
)
def test_western_names_and_signs(text: str) -> None:
    assert decode(text.encode("latin_1")).text == text.encode()


@pytest.mark.parametrize("data", [b"\x1b[31mred\x1b[0m\n", b"echo ~{foo}\n", b"a~{ab~}b\n", b"\x1b$ not shifted\n"])
def test_escapes_of_terminals_and_shells_are_ascii(data: bytes) -> None:
    assert decode(data).text is data
