"""Settings of a scan: wrong ones are refused all at once, and levels are ordered."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from drystone.detect.secrets import KINDS, ScanSettings
from drystone.errors import SettingsError


def test_every_kind_has_a_level() -> None:
    assert {f.name for f in fields(ScanSettings)} == {*KINDS, "keep", "replacement"}
    assert ScanSettings().least_confidence("name") > 1, "names are off"


def test_a_higher_level_asks_for_less() -> None:
    asked = [ScanSettings(email=level).least_confidence("email") for level in ("off", "low", "balanced", "high")]  # type: ignore[arg-type]
    assert asked == sorted(asked, reverse=True)
    assert len(set(asked)) == 4


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        ScanSettings(email="loud", keep=("tokens",), replacement="stars")  # type: ignore[arg-type]
    assert len(refused.value.problems) == 3
    assert "loud" in str(refused.value)
    assert "tokens" in str(refused.value)
    assert "stars" in str(refused.value)


def test_they_are_json() -> None:
    settings = ScanSettings(name="high", keep=("email",))
    assert json.loads(json.dumps(settings.as_dict())) == settings.as_dict()
    assert settings.as_dict()["keep"] == ["email"]
