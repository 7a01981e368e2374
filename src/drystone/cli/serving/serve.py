"""`drystone serve`: answer questions over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from drystone.cli._registry import DEFAULT_REGISTRY
from drystone.cli.asking.reader._options import load, model_options


@click.command()
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="[NAME=]MODEL",
    help="Folder or Hub id; repeat for several models. The first answers at /.",
)
@click.option(
    "--release",
    "releases",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="RELEASE",
    help="Release to serve pages about: its files, am I in it, ask for removal. Repeat for every version.",
)
@click.option(
    "--registry",
    envvar="DRYSTONE_REGISTRY",
    show_envvar=True,
    help=f"Registry that takes the requests (default: {DEFAULT_REGISTRY}).",
)
@click.option(
    "--moderators",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of who may decide requests in the browser; see drystone moderator add.",
)
@click.option("--https", is_flag=True, help="The pages are reached over https, through a proxy that ends TLS.")
@click.option(
    "--visit",
    type=click.Choice(["public", "anywhere"]),
    help="Let requesters have their challenges checked: the server then visits repositories that they name, on public "
    "hosts by http(s), or on any host.  [default: none is visited]",
)
@click.option("--cache", type=click.Path(path_type=Path), help="Where indexes of releases are kept.")
@model_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port; 0 picks one.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=30.0,
    show_default=True,
    help="Seconds until a request is dropped with 504.",
)
@click.option(
    "--max-waiting",
    type=click.IntRange(1, 1_000_000),
    default=1024,
    show_default=True,
    help="Windows in the queue before requests get 429.",
)
@click.option(
    "--max-body",
    type=click.IntRange(min=1024),
    default=10 * 2**20,
    show_default="10 MiB",
    help="Bytes a request may have.",
)
@click.option(
    "--tokens",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of tokens, one a line, one of which every request but health and metrics must bring; DRYSTONE_TOKENS "
    "(separated by commas) does the same.",
)
def command(
    models: tuple[str, ...],
    releases: tuple[Path, ...],
    registry: str | None,
    moderators: Path | None,
    https: bool,
    visit: Literal["public", "anywhere"] | None,
    cache: Path | None,
    host: str,
    port: int,
    timeout: float,
    max_waiting: int,
    max_body: int,
    tokens: Path | None,
    **settings: Any,
) -> None:
    """Serve readers and releases in one process, to browsers and to programs.

    A reader answers the Hugging Face task at /, /v1/answer, the Open Inference Protocol at /v2, and a page. A release
    has pages of its own: what it holds, its repositories and files with their text and why they are in or out; there
    people look themselves up, ask for removal and follow a request; for moderators there is the queue.

    \b
    Examples:
      drystone serve --release releases/walls-1.0 --release releases/walls-1.1 --registry registry.sqlite
      drystone serve --model distilbert-base-cased-distilled-squad
      drystone serve --model small=./minilm --model large=./deberta --precision int8 --port 8000
      drystone serve --model ./minilm --release releases/walls-1.1 --tokens tokens.txt
    """
    from drystone.errors import UsageError
    from drystone.web.serve import Address, read_tokens, serve

    opened = read_tokens(tokens)
    readers: dict[str, Any] = {}
    for model in models:
        name, separator, where = model.partition("=")
        where = where if separator else model
        name = name if separator else Path(model).name
        if name in readers:
            raise UsageError(f"--model: two models are called {name!r}; write NAME=MODEL.")
        readers[name] = load(where, **settings)
        readers[name].warm()
    serve(
        readers,
        releases,
        registry=(registry or DEFAULT_REGISTRY) if releases else None,
        moderators=moderators,
        visit=visit,
        cache=cache,
        tokens=opened,
        timeout=timeout,
        max_waiting=max_waiting,
        max_body=max_body,
        at=Address(host, port, https),
        tell=lambda line: click.echo(f"drystone: {line}", err=True),
    )
