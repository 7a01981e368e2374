"""`drystone serve`: answer questions over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from drystone.cli.reader import load, model_options


@click.command()
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="[NAME=]MODEL",
    help="Folder or Hub id; repeat for several models. The first answers at /.",
)
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
    "--max-body", type=click.IntRange(min=1024), default=8 * 2**20, show_default=True, help="Bytes a request may have."
)
@click.option(
    "--tokens",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of bearer tokens, one a line; DRYSTONE_TOKENS (separated by commas) does the same.",
)
def command(
    models: tuple[str, ...],
    host: str,
    port: int,
    timeout: float,
    max_waiting: int,
    max_body: int,
    tokens: Path | None,
    **settings: Any,
) -> None:
    """Serve readers: the Hugging Face task at /, /v1/answer, the Open Inference Protocol at /v2, a page in the browser.

    \b
    Examples:
      drystone serve --model distilbert-base-cased-distilled-squad
      drystone serve --model small=./minilm --model large=./deberta --precision int8 --port 8000
    """
    from drystone.errors import MissingExtraError, UsageError  # noqa: PLC0415  help must not wait for the server

    try:
        import uvicorn  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("uvicorn", "server") from None
    from drystone.reader.batcher import Batcher  # noqa: PLC0415
    from drystone.web.app import create_app  # noqa: PLC0415

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
    app = create_app(batchers, tokens=known, timeout=timeout, max_body=max_body)
    uvicorn.run(
        app, host=host, port=port, log_level="warning", timeout_keep_alive=30, h11_max_incomplete_event_size=65536
    )
