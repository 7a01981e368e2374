"""The settings that common programs want, so that they start or reach this server. Knows no server.

Formats as documented by each in 2026: Claude Code (`.mcp.json`) and Claude Desktop, Cursor (`.cursor/mcp.json`), Visual
Studio Code (`.vscode/mcp.json`).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from drystone._json import Json
from drystone.mcp.limits import Client

#: Where a program looks for these settings.
PLACES: dict[Client, str] = {
    "claude": ".mcp.json in a project's folder (Claude Code), or claude_desktop_config.json (Claude Desktop)",
    "cursor": ".cursor/mcp.json in a project's folder, or ~/.cursor/mcp.json",
    "vscode": ".vscode/mcp.json in a workspace's folder",
}


def settings(client: Client, arguments: Sequence[str]) -> Json:
    """Return the settings by which a program starts `drystone mcp` with these arguments."""
    server: dict[str, Json] = {"command": _program(), "args": ["mcp", *arguments]}
    if client != "cursor":
        server = {"type": "stdio", **server}
    return {"servers" if client == "vscode" else "mcpServers": {"drystone": server}}


def http_settings(client: Client, address: str, *, token: bool) -> Json:
    """Return the settings by which a program reaches the server at an address; `token`: it wants one."""
    server: dict[str, Json] = {"url": address}
    if client != "cursor":
        server = {"type": "http", **server}
    if token:
        server["headers"] = {"Authorization": "Bearer TOKEN"}
    return {"servers" if client == "vscode" else "mcpServers": {"drystone": server}}


def _program() -> str:
    """Return the whole path of this program: those who start it may know another PATH."""
    beside = Path(sys.executable).parent / "drystone"
    return str(beside) if beside.is_file() else shutil.which("drystone") or "drystone"
