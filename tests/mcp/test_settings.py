"""What programs must be told, in the form that each documents."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from drystone.mcp.limits import Client
from drystone.mcp.settings import PLACES, http_settings, settings


@pytest.mark.parametrize(("client", "key"), [("claude", "mcpServers"), ("cursor", "mcpServers"), ("vscode", "servers")])
def test_a_program_is_told_what_to_start_or_where_to_go(client: Client, key: str) -> None:
    started: Any = settings(client, ["/releases/mine"])
    server = started[key]["drystone"]
    assert Path(server["command"]).name == "drystone"
    assert Path(server["command"]).is_absolute()
    assert server["args"] == ["mcp", "/releases/mine"]
    assert server.get("type") == (None if client == "cursor" else "stdio")
    reached: Any = http_settings(client, "http://127.0.0.1:8090/mcp", token=True)
    assert reached[key]["drystone"]["url"] == "http://127.0.0.1:8090/mcp"
    assert reached[key]["drystone"]["headers"] == {"Authorization": "Bearer TOKEN"}
    assert "headers" not in http_settings(client, "http://a/mcp", token=False)[key]["drystone"]  # type: ignore[call-overload,index]
    assert PLACES[client]


def test_the_page_shows_what_is_printed() -> None:
    page = (Path(__file__).parents[2] / "docs/mcp.md").read_text()
    blocks = re.findall(r"For `(\w+)`.*?```json\n(.*?)```", page, re.DOTALL)
    assert [client for client, _ in blocks] == list(PLACES)
    for client, block in blocks:
        shown = json.loads(block)
        printed: Any = settings(client, ["/home/ada/drystone/demo/release"])
        (servers,) = printed.values()
        servers["drystone"]["command"] = "/home/ada/drystone/.venv/bin/drystone"
        assert shown == printed
