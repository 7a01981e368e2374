from __future__ import annotations

import pytest

from drystone.detect.secrets import Scanner, ScanSettings
from drystone.detect.secrets.catalog import Rule, rules
from drystone.detect.secrets.kinds.context import spellings
from tests.detect.secrets.generated import token

SCANNER = Scanner()
HIGH = Scanner(ScanSettings(token="high"))


def test_there_are_at_least_150_provider_rules() -> None:
    assert len(rules()) >= 150
    assert len({rule.id for rule in rules()}) == len(rules())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_random_token_of_the_format_is_found(rule: Rule) -> None:
    for seed in range(3):
        made = token(rule, seed)
        name = spellings(rule.near)[0] if rule.near else "value"
        # A rule with a context needs one of its words as well.
        text = (
            f"{name}_{'secret' if rule.near else ''} = '{made}'\n" if rule.check != "basic_auth" else "{" + made + "}\n"
        )
        found = (SCANNER if rule.confidence >= 0.6 else HIGH).scan(text.encode(), "settings.txt")
        assert found, (rule.id, len(text))
        assert any(span.kind in ("token", "high_entropy", "password") for span in found)


def test_a_masked_token_is_none() -> None:
    for example in (
        "ghp_" + "x" * 36,
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "xoxb-" + "0" * 12 + "-" + "0" * 12 + "-" + "X" * 24,
    ):
        assert Scanner().scan(example.encode()) == []


def test_a_token_inside_a_longer_word_is_none() -> None:
    rule = next(rule for rule in rules() if rule.id == "github-pat")
    made = token(rule, 1)
    assert [s.rule for s in SCANNER.scan(f"'{made}'".encode())] == ["github-pat"]
    assert [s.rule for s in SCANNER.scan(f"'\\n{made}'".encode())] == ["github-pat"]
    assert not [s for s in SCANNER.scan(f"abc{made}def".encode()) if s.rule == "github-pat"]
