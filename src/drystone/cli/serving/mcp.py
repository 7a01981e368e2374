"""`drystone mcp`: releases as tools for assistants and editors (MCP)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from drystone.cli import _options
from drystone.cli._out import echo, print_json
from drystone.mcp import limits, verbs


@click.command()
@click.argument("releases", nargs=-1, required=True, metavar="RELEASE...", type=click.Path(path_type=Path))
@_options.option_of(verbs.serve_mcp, "--model", help="What answers questions: a folder, Hub id or installed model.")
@click.option("--http", is_flag=True, help="Listen for streamable HTTP, in place of standard input and output.")
@_options.option_of(verbs.serve_mcp, "--host", help="Address to listen on.")
@_options.option_of(verbs.serve_mcp, "--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="HOST",
    help="A name, besides this machine's own, under which clients reach the server; others are refused.",
)
@click.option(
    "--tokens",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of tokens, one a line, one of which every request over HTTP must bring; DRYSTONE_TOKENS (separated by "
    "commas) does the same.",
)
@_options.catalog
@_options.option_of(
    verbs.serve_mcp, "--timeout", type=click.FloatRange(0.1, 3600), help="Seconds until a call is stopped."
)
@click.option(
    "--settings",
    "client",
    type=click.Choice(get_args(limits.Client)),
    help="Print what this program's settings need, and serve nothing.",
)
def command(releases: tuple[Path, ...], client: limits.Client | None, **given: Any) -> None:
    """Serve releases to programs (assistants, editors) as tools, and a catalog of datasets and readers besides.

    The tools: search, ask, read, why, licenses; of the catalog find, compare, passport.
    A program starts this command and speaks to it; --settings prints what it must be told. Tools change no release.
    Every result has line numbers and a citation, at most 10 KiB, and a cursor for the rest.

    \b
    Examples:
      drystone mcp --settings claude releases/walls-1.1
      drystone mcp releases/walls-1.0 releases/walls-1.1
      drystone mcp releases/walls-1.1 --http --port 8090 --tokens tokens.txt
    """
    if client is not None:
        asked = {name: given[name] for name in ("model", "http", "host", "port", "tokens")}
        place, settings = verbs.mcp_settings(client, releases, **asked)
        echo(f"drystone: for {place}", err=True)
        print_json(settings)
        return
    verbs.serve_mcp(releases, tell=lambda line: echo(f"drystone: {line}", err=True), **given)
