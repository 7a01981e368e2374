from __future__ import annotations

from drystone.detect.secrets import Scanner, Span, report
from drystone.detect.secrets.tree import as_utf8


def test_a_mask_shows_a_quarter_and_at_most_four_characters() -> None:
    assert report.mask(b"abcdefgh") == "ab... (8 bytes)"
    assert report.mask(b"a" * 100) == "aaaa... (100 bytes)"
    assert report.mask(b"abc") == "... (3 bytes)"
    assert report.mask(b"\x1b[31mxyzxyzxyz") == "[3... (14 bytes)"


def test_lines_and_columns_count_from_1() -> None:
    data = b"x\n  abc\nq abc\ndef z"
    spans = [Span("token", "r", 4, 7, 0.9), Span("token", "r", 10, 17, 0.9)]
    first, second = report.findings("p", data, spans)
    assert (first.line, first.column, first.end_line, first.end_column) == (2, 3, 2, 6)
    assert (second.line, second.column, second.end_line, second.end_column) == (3, 3, 4, 4)


def test_fingerprints_depend_on_value_and_salt() -> None:
    assert report.fingerprint(b"a", b"1") == report.fingerprint(b"a", b"1")
    assert report.fingerprint(b"a", b"1") != report.fingerprint(b"a", b"2")
    assert report.fingerprint(b"a", b"1") != report.fingerprint(b"b", b"1")


def test_no_report_holds_the_secret() -> None:
    data = b"mail jane.doe@gmx" + b".de"
    found = report.findings("p", data, Scanner().scan(data), b"salt")
    assert len(found) == 1
    for text in (report.as_json(found, {}), report.as_sarif(found), repr(found)):
        assert "jane.doe" not in text and "gmx" not in text


def test_utf16_with_and_without_a_mark() -> None:
    text = "plain words, enough of them"
    assert as_utf8(text.encode("utf-16")) == (text.encode(), "utf-16-le")
    assert as_utf8(text.encode("utf-16-be")) == (text.encode(), "utf-16-be")
    assert as_utf8(text.encode()) == (text.encode(), None)
    assert as_utf8(b"\0\1\2\3" * 10) is None
    assert as_utf8(b"") == (b"", None)
