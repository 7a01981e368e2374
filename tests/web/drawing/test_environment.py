"""What all templates may use."""

from __future__ import annotations

import sys

import pytest

from drystone.errors import MissingExtraError
from drystone.web.drawing.environment import code, count_text, environment


def test_numbers_and_code_are_written_as_people_do() -> None:
    assert (count_text(1, "file"), count_text(2000, "file"), count_text(0, "entry", "entries")) == (
        "1 file", "2,000 files", "0 entries",
    )  # fmt: skip
    assert code("run `a <b>` now") == "run <code>a &lt;b&gt;</code> now"


def test_without_jinja2_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match="server"):
        environment()
