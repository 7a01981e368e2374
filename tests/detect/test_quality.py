"""The measures against a slow reference that follows the definitions word by word."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.detect.quality import measures, visible_text

_PATTERNS = (
    re.compile(r"[a-zA-Z0-9+/\n=]{64,}"),
    re.compile(r"(?:\b(?:0x|\\x)?[0-9a-fA-F]{2}(?:,|\b\s*)){8,}", re.ASCII),
    re.compile(r"(?:\\u[0-9a-fA-F]{4}){8,}"),
)


def _base64(run: str) -> list[int]:
    """Return the lengths of lines of at least 32 characters, each with the line that follows them."""
    found, size = [], 0
    lines = run.split("\n")
    for number, line in enumerate(lines):
        if len(line) >= 32:
            size += len(line) + (number + 1 < len(lines))
            continue
        found += [size + len(line)] if size else []
        size = 0
    return [length for length in (*found, size) if length >= 64]


def _reference(text: str) -> dict[str, float]:
    lines = re.split(r"\r\n|\n|\r", text)
    if lines[-1] == "":
        lines.pop()
    characters = sum(map(len, lines))
    letters = sum(c.isascii() and c.isalpha() for c in text)
    digits = sum(c.isascii() and c.isdigit() for c in text)
    found = [[len(m.group().encode()) for m in pattern.finditer(text)] for pattern in _PATTERNS]
    found[0] = [length for match in _PATTERNS[0].finditer(text) for length in _base64(match.group())]
    return {
        "num_lines": len(lines),
        "max_line_length": max(map(len, lines), default=0),
        "avg_line_length": characters / max(len(lines), 1),
        "alpha_fraction": letters / max(characters, 1),
        "alphanum_fraction": (letters + digits) / max(characters, 1),
        "encoded_longest": max((max(lengths, default=0) for lengths in found), default=0),
        "encoded_fraction": max(sum(lengths) for lengths in found) / max(len(text.encode()), 1),
    }


def _measure(*texts: str) -> list[dict[str, float]]:
    return measures(pa.array([text.encode() for text in texts], pa.large_binary())).to_pylist()


_encoded = st.one_of(
    st.text("ab0,x\\ \n\r+/=_u\t", max_size=40),
    st.lists(st.sampled_from(["4f", "0x4f", "\\x4f", ",", " ", "\n", "\\u00e9", "word", "_", "0", "\r\n", "4F,"])).map(
        "".join
    ),
    st.text("abcdef0123456789", min_size=60, max_size=70),
)


@given(st.lists(_encoded, max_size=6).map("".join))
def test_measures_equal_the_reference(text: str) -> None:
    assert _measure(text)[0] == pytest.approx(_reference(text), rel=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\r\n\r\n",
        "one\rtwo",
        " ".join(["4f"] * 8),
        ",".join(["0x4f"] * 9),
        "x" + "\\x4f" * 8,
        "\\x4f" * 9,
        "\\u00e9" * 8,
        "\\u00e" + "\\u00e9" * 8,
        "A" * 63 + "\r\n" + "B" * 63,
        "A" * 40 + "\n" + "B" * 40,
        "A" * 40 + "\n" + "B" * 30 + "\n" + "C" * 70,
        "\n" + "A" * 31 + "\n" + "B" * 32 + "\n" + "C" * 31 + "\n",
        "\n" + "A" * 32 + "\n" + "B" * 32 + "\n\n",
        "4f 4f 4f 4f 4f 4f 4f 4fg",
    ],
)
def test_edges_equal_the_reference(text: str) -> None:
    assert _measure(text)[0] == pytest.approx(_reference(text), rel=1e-6)


def test_a_list_of_words_is_no_base64() -> None:
    words = "\n".join(f"word{number:x}" for number in range(500))
    assert _measure(words)[0]["encoded_longest"] == 0
    data = "\n".join(["QUJD" * 19] * 20)
    assert _measure(data)[0]["encoded_fraction"] == 1.0


def test_each_text_is_measured_on_its_own() -> None:
    texts = ["a\nb", "", "0x41," * 9, "x" * 70]
    assert _measure(*texts) == [_measure(text)[0] for text in texts]


def test_a_slice_of_an_array_is_measured_as_itself() -> None:
    array = pa.array([b"first text", b"second\ntext", b"third"], pa.large_binary())
    assert measures(array.slice(1)).to_pylist() == _measure("second\ntext", "third")


def test_letters_beyond_ascii_count_and_symbols_do_not() -> None:
    assert _measure("дом")[0]["alpha_fraction"] == 1.0
    assert _measure("数据")[0]["alpha_fraction"] == 1.0
    assert _measure("→→→─")[0]["alpha_fraction"] == 0.0
    assert _measure("😀")[0]["alpha_fraction"] == 0.0
    assert _measure("дом")[0]["max_line_length"] == 3


def test_one_line_of_many_megabytes_takes_linear_time() -> None:
    row = _measure("4f" * 10_000_000)[0]
    assert row["num_lines"] == 1
    assert row["encoded_longest"] == 20_000_000


def test_visible_text_leaves_scripts_and_markup_out() -> None:
    html = b"<html><head><style>p{}</style><script>var x = 1;</script></head><body><p>Seen  text</p></body></html>"
    assert visible_text(html) == (len("Seen text"), len("Seen text") / len(html))
    assert visible_text(b"") == (0, 0.0)
    assert visible_text(b"\xff\x00<p>")[0] >= 0
