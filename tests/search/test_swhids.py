from __future__ import annotations

from typing import Any

import pytest

from drystone.identity.swhid import parse
from drystone.search.swhids import swhid_of


@pytest.mark.parametrize("path", ["/src/a.py", "/a b;c%.py", "/\u00e9\U0001f600.py", ""])
@pytest.mark.parametrize("lines", [None, (3, 3), (3, 9)])
def test_a_name_is_read_back(path: str, lines: tuple[int, int] | None) -> None:
    values: dict[str, Any] = {"swhid": bytes(range(20)), "origin": "https://example.org/a;b", "path": path}
    named = parse(swhid_of(lambda name, _: values[name], 0, lines))
    assert named.origin == values["origin"]
    assert (named.path or b"").decode() == (path or "/")
    assert named.lines == lines
    assert str(named.core) == "swh:1:cnt:" + bytes(range(20)).hex()
