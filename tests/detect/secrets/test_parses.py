"""Whether a text still parses, and when that need not be asked."""

from __future__ import annotations

import pytest

from drystone.detect.secrets.parses import may_break, parses


@pytest.mark.parametrize(
    ("data", "path", "said"),
    [
        (b"x = 1\n", "a.py", True),
        (b"x = = 1\n", "a.py", False),
        (b'{"a": [1]}', "a.JSON", True),
        (b"{'a': 1}", "a.json", False),
        (b"a: [1, 2]\n", "a.yml", True),
        (b"a: [1, 2\n", "a.yaml", False),
        (b"anything", "a.txt", None),
        (b"anything", None, None),
        (b"(" * 100_000, "a.py", False),
    ],
)
def test_what_parses(data: bytes, path: str | None, said: bool | None) -> None:
    assert parses(data, path) is said


@pytest.mark.parametrize(
    ("data", "path", "wanted", "said"),
    [
        (b'x = "secret"\n', "a.py", b"secret", False),
        (b"x = 12345\n", "a.py", b"12345", True),
        (b'x = f"{secret}"\n', "a.py", b"secret", True),
        (b'{"a": "secret"}', "a.json", b"secret", False),
        (b"a: secret\n", "a.yaml", b"secret", True),
        (b"secret", "a.txt", b"secret", False),
    ],
)
def test_changes_within_literals_break_nothing(data: bytes, path: str, wanted: bytes, said: bool) -> None:
    at = data.index(wanted)
    assert may_break(data, [(at, at + len(wanted), b"<TOKEN>")], path) is said


def test_what_goes_without_a_stand_in_may_break_a_literal() -> None:
    assert may_break(b'x = "secret"\n', [(5, 11, b"")], "a.py")
