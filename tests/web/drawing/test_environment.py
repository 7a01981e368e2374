"""What all templates may use."""

from __future__ import annotations

import sys

import pytest

from drystone._words import many
from drystone.errors import MissingExtraError
from drystone.web.drawing.environment import code, environment


def test_numbers_and_code_are_written_as_people_do() -> None:
    assert environment().globals["count"] is many
    assert code("run `a <b>` now") == "run <code>a &lt;b&gt;</code> now"


def test_without_jinja2_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match="server"):
        environment()
