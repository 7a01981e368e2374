from __future__ import annotations

import pickle
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.detect.secrets import KINDS, Scanner, ScanSettings
from drystone.detect.secrets.catalog import rules
from drystone.detect.secrets.finders import finders
from drystone.detect.secrets.kinds.commands import ARGUMENTS
from drystone.detect.secrets.kinds.context import spellings
from tests.detect.secrets.generated import beginnings, literal, private_key

HIGH = Scanner(ScanSettings(**dict.fromkeys(KINDS, "high")))
BALANCED = Scanner()


def kinds(text: str, path: str | None = None, scanner: Scanner = BALANCED) -> list[str]:
    return [span.kind for span in scanner.scan(text.encode(), path)]


def values(text: str, path: str | None = None, scanner: Scanner = BALANCED) -> list[str]:
    data = text.encode()
    return [data[span.start : span.end].decode() for span in scanner.scan(data, path)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mail to jane.doe@gmx" + ".de.", ["jane.doe@gmx.de"]),
        ('"\\nfoo@gmx' + '.de"', ["foo@gmx.de"]),
        ("git@github.com:user/repo.git", []),
        ("@decorator.name", []),
        ("pkg@1.2.3 icon@2x.png a@b.py", []),
        ("someone@example.com", []),
        ("https://user@host.example.org/", []),
        ("http://joan:pass%20pass@complex.gmx.de/path", []),
        ("https://forum.gmx.de?to=jane.doe@gmx" + ".de", ["jane.doe@gmx.de"]),
        ("ssh-rsa-cert-v01@openssh.com", []),
        ("listen on 93.184.215.14:80", ["93.184.215.14"]),
        ("host: 93.184.215.14", ["93.184.215.14"]),
        ("the server 93.184.215.14", ["93.184.215.14"]),
        ("version 10.4.21.7", []),
        ("chrome/93.184.215.14 driver v93.184.215.14", []),
        ("192.168.0.1 10.0.0.1 127.0.0.1 0.0.0.0 203.0.113.9 8.8.8.8", []),
        ("server 2a00:1450:4001:81b::200e up", ["2a00:1450:4001:81b::200e"]),
        ("fe80::1 ::1 2001:db8::1 std::cout a::b at 12:34:56", []),
        ("card 4539 1488 0343 6467", ["4539 1488 0343 6467"]),
        ("card 4539 1488 0343 6468", []),
        ("DE75 5121 0800 1245 1261 99", ["DE75 5121 0800 1245 1261 99"]),
        ("DE75 5121 0800 1245 1261 98", []),
        ("call +49 30 901820", ["+49 30 901820"]),
        ("почта: иван@пример-город.рф", ["иван@пример-город.рф"]),
        ("mail 用户@例子.公司", ["用户@例子.公司"]),
        ("josé.garcía@correo-ñandú.es", ["josé.garcía@correo-ñandú.es"]),
        ("电话: 010-6552-9988", ["010-6552-9988"]),
        ("電話番号: 03-3581-5111", ["03-3581-5111"]),
        ("전화: 02-730-5800", ["02-730-5800"]),
        ("Телефон: 8 (495) 739-70-00", ["8 (495) 739-70-00"]),
        ("ΤΗΛ: 210 7470000", ["210 7470000"]),
        ("by calling http://169.254.169.254/latest", []),
        ("x = 1234567890123456789", []),
    ],
)
def test_personal_data(text: str, found: list[str]) -> None:
    assert values(text) == found


def test_a_private_key_is_one_span_without_its_marks() -> None:
    text = f"key = '''{private_key()}'''"
    (span,) = BALANCED.scan(text.encode())
    assert span.kind == "private_key"
    assert "BEGIN" not in text[span.start : span.end]
    assert "PUBLIC" not in kinds(private_key().replace("PRIVATE", "PUBLIC"))
    assert kinds(private_key().replace("PRIVATE", "PUBLIC")) == []


@pytest.mark.parametrize(
    "line",
    [
        "poly 2450 2575 2775 2500 2700 2650 2800",  # a right check digit by chance, within a table
        "00006e0 6f69 2e6e 200a 7361 6573 7472 2028 3022",
        "uses: larsoner/circleci-artifacts-redirector-action@4e13a10d89177f4bfc8007a7064bdbeda848d8d1 # master",
        "phone='555-555-3949'",
        "key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).",
        'publicKeyToken="1fc8b3b9a1e18e3b"',
        "...  b'-----BEGIN EC PRIVATE" + " KEY-----'\n...  encoding=serialization.Encoding.PEM,\n" + "x = 1\n" * 40,
    ],
)  # fmt: skip
def test_what_ordinary_code_holds_is_no_finding(line: str) -> None:
    assert kinds(line) == []


def test_a_batch_finds_what_single_scans_find() -> None:
    texts = [b"", b"mail a.b@gmx" + b".de", private_key(3).encode(), b"x" * 100, f'token = "{literal(40)}"'.encode()]
    single = [BALANCED.scan(text) for text in texts]
    assert BALANCED.scan_batch(texts) == single
    assert BALANCED.scan_batch(pa.array(texts, pa.binary())) == single
    assert BALANCED.scan_batch(pa.chunked_array([pa.array([t.decode() for t in texts])])) == single
    assert BALANCED.scan_batch([]) == []
    assert sum(map(len, single)) == 3


def test_nothing_matches_across_texts() -> None:
    assert BALANCED.scan_batch([b"someone@gm", b"x.de"]) == [[], []]


def test_null_texts_have_no_spans() -> None:
    assert BALANCED.scan_batch(pa.array([None, b"a.b@gmx" + b".de"], pa.binary()))[0] == []


def test_settings_and_scanner_are_picklable() -> None:
    again = pickle.loads(pickle.dumps(BALANCED))
    assert again.settings == BALANCED.settings
    assert again.scan(b"a.b@gmx" + b".de") == BALANCED.scan(b"a.b@gmx" + b".de")


def test_a_kind_that_is_off_is_not_looked_for() -> None:
    off = Scanner(ScanSettings(**dict.fromkeys(KINDS, "off")))
    assert off.scan(b"a.b@gmx" + b".de") == []
    only = Scanner(ScanSettings(**dict.fromkeys(KINDS, "off") | {"email": "low"}))
    assert kinds(f'a.b@gmx.de password = "{literal(20)}"', scanner=only) == ["email"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=6))
def test_any_bytes_are_scanned(texts: list[bytes]) -> None:
    for text, found in zip(texts, HIGH.scan_batch(texts), strict=True):
        assert all(0 <= span.start < span.end <= len(text) for span in found)


PREFIXES = [
    b"A", b"0", b"-", b":", b".", b"@", b"a@", b"a@a.", b"a.a@a.aa ", b"1.1.1.", b"1.2.3.4 ", b"ff:1:", b"1::",
    b"+1 ", b"(415) 555-0132 ", b"4111-", b"4111111111111111 ", b"GB29 ", b"password=", b'password = "aaaaaa',
    b'token="aB3dE5fG7h', b"Authorization: Bearer ", b"Token: aaaaaaaa", b"://a:bb@", b"http://u:p4sswd@h/",
    b"curl -u a:bbb ", b"-----BEGIN RSA PRIVATE" + b" KEY-----", b"eyJ", b"eyJhbGciOiJIUzI1NiJ9.", b"ZXlK",
    b"key: 0f9a8b7c6d5e4f3a ", b"secret 9aK3jfL2qPz8XvB4nM7w ", b"Author: A b ", b"_authToken=", b"AAAA", b"xoxb-",
    b"heroku 123e4567-e89b-12d3-a456-426614174000 ", b"\xff", b"\\n",
]  # fmt: skip


def seconds(text: bytes, path: str = "x.env") -> float:
    start = time.thread_time()  # threads that other tests left take no part
    HIGH.scan(text, path)
    return time.thread_time() - start


@pytest.mark.parametrize("prefix", PREFIXES, ids=repr)
def test_time_is_linear_in_a_patterns_beginnings(prefix: bytes) -> None:
    HIGH.scan(b"warm up")
    small, large = (prefix * (size // len(prefix)) for size in (20_000, 160_000))
    # Eight times the text; thirty times the time would be superlinear, also on a busy machine.
    assert seconds(large) < 30 * max(seconds(small), 0.01)


def every_beginning() -> list[bytes]:
    """Return the beginnings of what each rule looks for: expressions, names with a format, arguments."""
    made = [form for finder in finders() for form in beginnings(finder.expression)]
    for rule in rules():
        if rule.near is not None:
            made += [f"{spellings(rule.near)[0]} = {form}" for form in beginnings(rule.pattern)]
    for place in ARGUMENTS:
        # The pattern ends in a value; without one it is a beginning too.
        for form in beginnings(place.pattern.pattern.decode("latin-1")):
            made += [place.tool + form, place.tool + form.rstrip("a\\\"'")]
    return sorted({form.encode("latin-1", "replace") for form in made if form.strip()})


#: Four times the text may take less than so many times as long.
LINEAR = 6


def ratio(prefix: bytes, path: str) -> float:
    """Return how many times as long four times the text takes; 0 where a tenth of a megabyte takes under 50 ms."""
    short, long = (prefix * (size // len(prefix)) for size in (100_000, 400_000))
    small = seconds(short, path)
    if small < 0.05:
        return 0.0
    # A busy machine disturbs single measurements, so one that is right is enough.
    for _ in range(3):
        found = seconds(long, path) / max(small, seconds(short, path))
        if found < LINEAR:
            break
    return found


@pytest.mark.parametrize(
    "prefix", [b"openssl -pass pass:", b"sqlplus a/", b"curl -u:aaaa ", b"machine a login b password ", b"BEGIN "]
)
def test_time_is_linear_in_how_many_passwords_there_are(prefix: bytes) -> None:
    assert ratio(prefix, "x.sh") < LINEAR


@pytest.mark.parametrize("blank", [b" ", b"\n"], ids=repr)
def test_white_space_between_arguments_is_read_in_one_way(blank: bytes) -> None:
    call = b"login(" + (blank * 20 + b"a,") * 4 + blank * 20 + b";"
    assert seconds(call * 200, "x.py") < 1


@pytest.mark.slow
def test_time_is_linear_in_the_beginnings_of_every_rule() -> None:
    forms = every_beginning()
    assert len(forms) > 1000
    HIGH.scan(b"warm up")
    assert [(form, found) for form in forms[::10] if (found := ratio(form, "x.env")) >= LINEAR] == []


@pytest.mark.slow
@pytest.mark.parametrize("prefix", PREFIXES, ids=repr)
def test_a_megabyte_of_a_beginning_takes_twice_as_long_as_half_of_it(prefix: bytes) -> None:
    HIGH.scan(b"warm up")
    half, whole = (prefix * (size // len(prefix)) for size in (500_000, 1_000_000))
    # What grows with the square of the text at ten megabytes shows at one; a busy machine disturbs single measurements.
    for _ in range(3):
        short, long = seconds(half), seconds(whole)
        if long < max(2.6 * short, 0.1):
            break
    assert long < max(2.6 * short, 0.1)
    assert long < 12


@pytest.mark.slow
def test_ten_megabytes_of_all_beginnings_are_scanned_in_bounded_time() -> None:
    text = b"\n".join(prefix * (10_000_000 // len(PREFIXES) // len(prefix)) for prefix in PREFIXES)
    assert len(text) > 9_900_000
    assert seconds(text) < 120


@pytest.mark.slow
def test_a_minified_file_of_100_megabytes() -> None:
    line = b'function(a,b){return a[b].c(1,2.5e3)+d.e("x",!0)};' * 2_000_000
    assert seconds(line) < 30
