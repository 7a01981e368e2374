"""Lines of standard input."""

from __future__ import annotations

import os
import threading

import pytest

from drystone.mcp.stdin import TOO_LONG, lines


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []), (b"a\nb\n", ["a", "b"]), (b"a\n\nb", ["a", "", "b"]), (b"\xff\xc3\xa9\n", ["\ufffdé"]),
        (b"x" * 100 + b"\ny\n", ["x" * 100, "y"]), (b"x" * 101 + b"\ny\n", [TOO_LONG, "y"]),
        (b"x" * 1_000_000 + b"\ny", [TOO_LONG, "y"]), (b"x" * 1_000_000, [TOO_LONG]),
    ],
)  # fmt: skip
def test_lines_come_whole_and_one_that_is_too_long_as_such(data: bytes, expected: list[str]) -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as out:
            out.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    assert list(lines(reading, 100)) == expected
    thread.join()
    os.close(reading)
