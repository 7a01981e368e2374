"""`drystone serve`: answer questions over HTTP."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    help="Serve pages about releases instead: am I in it, ask for removal. Repeat for every version.",
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
    help="Bytes a request may have (default: 8 MiB, for pages about releases 10 MiB).",
)
@click.option(
    "--tokens",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of bearer tokens, one a line; DRYSTONE_TOKENS (separated by commas) does the same.",
)
def command(
    models: tuple[str, ...],
    releases: tuple[Path, ...],
    registry: str | None,
    moderators: Path | None,
    https: bool,
    visit: str | None,
    cache: Path | None,
    host: str,
    port: int,
    timeout: float,
    max_waiting: int,
    max_body: int | None,
    tokens: Path | None,
    **settings: Any,
) -> None:
    """Serve readers: the Hugging Face task at /, /v1/answer, the Open Inference Protocol at /v2, a page in the browser.

    With --release, pages for people instead: look up a name or a file in all versions, ask for removal, follow a
    request; for moderators the queue.

    \b
    Examples:
      drystone serve --release releases/walls-1.0 --release releases/walls-1.1 --registry registry.sqlite
      drystone serve --model distilbert-base-cased-distilled-squad
      drystone serve --model small=./minilm --model large=./deberta --precision int8 --port 8000
    """
    from drystone.errors import MissingExtraError, UsageError

    try:
        import uvicorn
    except ImportError:
        raise MissingExtraError("uvicorn", "server") from None
    if bool(models) == bool(releases):
        raise UsageError("give --model to answer questions, or --release for pages about releases; not both, not none")
    if releases:
        app: Any = _pages(releases, registry or DEFAULT_REGISTRY, moderators, https, visit, cache, max_body)
        click.echo(f"drystone: pages about {len(releases)} releases at http://{host}:{port}", err=True)
        uvicorn.run(app, host=host, port=port, log_level="warning", proxy_headers=https, server_header=False)
        return
    from drystone.reader.engines.batcher import Batcher
    from drystone.web.app import create_app

    known = frozenset(t for t in os.environ.get("DRYSTONE_TOKENS", "").split(",") if t.strip())
    if tokens:
        known |= {line.strip() for line in tokens.read_text(encoding="utf-8").splitlines() if line.strip()}
        if not known:
            raise UsageError(f"{tokens}: holds no token; a server without tokens is one without --tokens.")
    batchers: dict[str, Batcher] = {}
    for model in models:
        name, separator, where = model.partition("=")
        where = where if separator else model
        name = name if separator else Path(model).name
        if name in batchers:
            raise UsageError(f"--model: two models are called {name!r}; write NAME=MODEL.")
        reader = load(where, **settings)
        reader.warm()
        batchers[name] = Batcher(reader, max_waiting)
    click.echo(f"drystone: serving {', '.join(batchers)} at http://{host}:{port}", err=True)
    app = create_app(batchers, tokens=known, timeout=timeout, max_body=max_body or 8 * 2**20)
    uvicorn.run(
        app, host=host, port=port, log_level="warning", timeout_keep_alive=30, h11_max_incomplete_event_size=65536
    )


def _pages(
    releases: tuple[Path, ...],
    registry: str,
    moderators: Path | None,
    https: bool,
    visit: str | None,
    cache: Path | None,
    max_body: int | None,
) -> Any:
    """Return the application of pages about releases; indexes that are not in the cache are built first."""
    from drystone.registry import Registry
    from drystone.release.inspection.lookup import open_index
    from drystone.verification import VISITOR
    from drystone.web.governance import MAX_BODY, create_pages
    from drystone.web.sessions import Moderators

    indexes = [open_index(release, cache) for release in releases]
    people = Moderators(moderators) if moderators is not None else None
    opened = Registry(registry)
    name = indexes[-1].release
    reach = None if visit is None else replace(VISITOR, private=visit == "anywhere")
    return create_pages(
        indexes, opened, moderators=people, name=name, secure=https, max_body=max_body or MAX_BODY, reach=reach
    )
