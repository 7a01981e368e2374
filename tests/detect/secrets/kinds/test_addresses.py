"""Addresses: private ones count with high sensitivity alone."""

from __future__ import annotations

from tests.detect.secrets.test_scanner import HIGH, values


def test_high_sensitivity_also_finds_private_addresses() -> None:
    assert values("192.168.0.1 and fe80::1", scanner=HIGH) == ["192.168.0.1", "fe80::1"]
