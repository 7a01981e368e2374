"""Personal names, only where they are asked for."""

from __future__ import annotations

from drystone.detect.secrets import Scanner, ScanSettings
from tests.detect.secrets.test_scanner import values


def test_names_only_where_they_are_asked_for() -> None:
    line = "# Copyright (c) 2020 Margarethe Hilferding, All rights reserved"
    assert values(line) == []
    assert values(line, scanner=Scanner(ScanSettings(name="balanced"))) == ["Margarethe Hilferding"]
    assert values("Copyright 2020 Google LLC", scanner=Scanner(ScanSettings(name="balanced"))) == []
