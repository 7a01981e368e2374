"""Every provider rule is whole: its pattern compiles, its check exists, its confidence is one."""

from __future__ import annotations

import re

from drystone.detect.secrets.catalog import rules
from drystone.detect.secrets.checks import CHECKS


def test_every_rule_is_whole() -> None:
    ids = [rule.id for rule in rules()]
    assert ids == sorted(set(ids))
    for rule in rules():
        assert re.compile(rule.pattern.encode()).groups <= 1, rule.id
        assert rule.check is None or rule.check in CHECKS, rule.id
        assert 0 < rule.confidence <= 1, rule.id
        assert 0 <= rule.entropy < 8, rule.id
        assert rule.context is None or rule.near is not None, rule.id
        assert rule.id.startswith(rule.provider)
