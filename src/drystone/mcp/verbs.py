"""Releases as tools for programs: the verbs of this room, light to load and each with its defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from drystone.mcp.limits import TIMEOUT, Client
from drystone.reader.options import DEFAULT_MODEL

if TYPE_CHECKING:
    from drystone._json import Json
    from drystone.reader.verbs import AnyModel
    from drystone.release.verbs import AnyPath


def serve_mcp(
    releases: Iterable[AnyPath],
    *,
    model: AnyModel = DEFAULT_MODEL,
    http: bool = False,
    host: str = "127.0.0.1",
    port: int = 8090,
    names: Iterable[str] = (),
    tokens: AnyPath | None = None,
    catalog: str | None = None,
    timeout: float = TIMEOUT,
    tell: Callable[[str], object] = lambda line: None,
) -> None:
    """Serve releases to programs that speak the Model Context Protocol, as eight tools (docs/mcp.md).

    Over standard input and output until the client is gone; or, with `http`, over streamable HTTP at `/mcp` until the
    process is told to stop. `releases`: folders; each is opened anew when it changes. `model` answers questions, and is
    loaded by the first. `names`: hosts, besides this machine's own, under which clients reach the server; they are
    needed where `host` is no address of this machine alone. `tokens`: file of bearer tokens, besides those in
    DRYSTONE_TOKENS. `catalog`: a file or database URL of passports, where searches for artifacts are counted (default:
    those that come with the program). `timeout`: seconds until a call is stopped. `tell` is called with what is served,
    and where. Raises `UsageError`, `ReleaseError`, `MissingExtraError`.
    """
    from functools import partial
    from pathlib import Path

    from drystone.catalog.shelf.shelf import Shelf
    from drystone.errors import UsageError
    from drystone.mcp.server import PATH, HttpAddress, run_http, run_stdio
    from drystone.mcp.shelf import ReleaseShelf
    from drystone.reader.verbs import load_reader
    from drystone.web.tokens import read_tokens

    at = HttpAddress(host, port, tuple(names))
    if http and not at.names and host not in {"127.0.0.1", "localhost", "::1"}:
        raise UsageError(f"{host} is reached by others: say by which name with --name, as in --name mcp.example.org")
    if not http and (tokens is not None or at.names):
        raise UsageError("--tokens and --name are about HTTP: give --http, too")
    shelf = ReleaseShelf([Path(release) for release in releases], partial(load_reader, model), Shelf(catalog))
    served = ", ".join(shelf.names)
    if http:
        known = read_tokens(Path(tokens) if tokens is not None else None)
        tell(f"serving {served} at http://{host}:{port}{PATH}" + (", to those who bring a token" if known else ""))
        run_http(shelf, timeout, at, known)
    else:
        tell(f"serving {served} on standard input and output; a program speaks there, see --settings")
        run_stdio(shelf, timeout)


def mcp_settings(
    client: Client,
    releases: Iterable[AnyPath],
    *,
    model: AnyModel = DEFAULT_MODEL,
    http: bool = False,
    host: str = "127.0.0.1",
    port: int = 8090,
    tokens: AnyPath | None = None,
) -> tuple[str, Json]:
    """Return where a program looks for its settings, and those by which it starts or (`http`) reaches `serve_mcp`.

    Arguments as there. Nothing is opened; a token itself is not written.
    """
    import os
    from pathlib import Path

    from drystone.mcp.settings import PLACES, http_settings, settings

    if http:
        known = tokens is not None or bool(os.environ.get("DRYSTONE_TOKENS"))
        return PLACES[client], http_settings(client, f"http://{host}:{port}/mcp", token=known)
    asked = [str(Path(release).resolve()) for release in releases]
    return PLACES[client], settings(client, [*asked, *(["--model", str(model)] if model != DEFAULT_MODEL else [])])
