"""`drystone serve`: readers and releases over HTTP, to browsers and programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from drystone.cli import _options
from drystone.cli._out import echo
from drystone.cli.asking.reader._options import load, model_options
from drystone.registry.place import DEFAULT_REGISTRY, VARIABLE
from drystone.web import limits, verbs


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
    help=f"Registry that takes the requests.  [default: {VARIABLE}, else {DEFAULT_REGISTRY}]",
)
@click.option(
    "--catalog",
    is_flag=False,
    flag_value="",
    help="Serve pages that compare artifacts: of a catalog's file or URL; without a value Drystone's own.",
)
@click.option(
    "--publisher-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="DRYSTONE_PUBLISHER_KEY",
    show_envvar=True,
    help="The publisher's private key, to sign the passports of what /v1/resolve chooses.",
)
@click.option(
    "--moderators",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of who may decide requests in the browser; see drystone moderator add.",
)
@click.option("--https", is_flag=True, help="The pages are reached over https, through a proxy that ends TLS.")
@_options.option_of(
    verbs.serve,
    "--hops",
    type=click.IntRange(0, 10),
    help="How many proxies stand before the server, each of which adds to X-Forwarded-For for whom it asks.",
)
@click.option(
    "--public-url",
    metavar="URL",
    help="How visitors reach the pages, such as https://data.example.org, where a proxy asks under another name.",
)
@click.option(
    "--visit",
    type=click.Choice(get_args(limits.Visit)),
    help="Let requesters have their challenges checked: the server then visits repositories that they name, on public "
    "hosts by http(s), or on any host.  [default: none is visited]",
)
@click.option("--cache", type=click.Path(path_type=Path), help="Where indexes of releases are kept.")
@model_options
@_options.option_of(verbs.serve, "--host", help="Address to listen on.")
@_options.option_of(verbs.serve, "--port", type=click.IntRange(0, 65535), help="Port; 0 picks one.")
@_options.option_of(
    verbs.serve,
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    help="Seconds until a request is dropped with 504.",
)
@_options.option_of(
    verbs.serve,
    "--max-waiting",
    type=click.IntRange(1, 1_000_000),
    help="Windows in the queue before requests get 429.",
)
@_options.option_of(
    verbs.serve,
    "--max-body",
    type=click.IntRange(min=1024),
    help="Bytes a request may have.",
)
@click.option(
    "--cors",
    multiple=True,
    metavar="ORIGIN",
    help="Let pages of this site ask from a browser (https://app.example.org, or *); repeat for several.",
)
@click.option(
    "--tokens",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of tokens, one a line, one of which every request but health and metrics must bring; DRYSTONE_TOKENS "
    "(separated by commas) does the same.",
)
def command(models: tuple[str, ...], releases: tuple[Path, ...], **given: Any) -> None:
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
      drystone serve --catalog
    """
    loading = {name: given.pop(name) for name in ("revision", "offline", "runtime", "precision", "threads", "device")}
    verbs.serve(
        models,
        releases,
        load=lambda model: load(model, **loading),
        tell=lambda line: echo(f"drystone: {line}", err=True),
        **given,
    )
