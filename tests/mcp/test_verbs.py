"""Settings for programs from Python."""

from __future__ import annotations

from pathlib import Path

import pytest

import drystone


def test_settings_have_whole_paths_and_only_what_is_not_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place, found = drystone.mcp_settings("claude", ["releases/mine"])
    assert ".mcp.json" in place
    assert found["mcpServers"]["drystone"]["args"] == ["mcp", str(tmp_path / "releases/mine")]  # type: ignore[call-overload,index]


def test_a_token_itself_is_never_in_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRYSTONE_TOKENS", "secret")
    assert "secret" not in str(drystone.mcp_settings("vscode", [tmp_path], http=True))
