"""Serving, and who may decide in the browser: the verbs of this room, light to load and each with its defaults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from drystone.errors import UsageError
from drystone.web.limits import MAX_BODY, MAX_WAITING, TIMEOUT, Visit

if TYPE_CHECKING:
    from drystone.catalog.comparing.shapes import Comparison
    from drystone.reader import Reader

    AnyPath = str | os.PathLike[str]


def serve(
    models: Iterable[str] = (),
    releases: Iterable[AnyPath] = (),
    *,
    registry: str | None = None,
    catalog: str | None = None,
    publisher_key: AnyPath | None = None,
    moderators: AnyPath | None = None,
    visit: Visit | None = None,
    cache: AnyPath | None = None,
    tokens: AnyPath | None = None,
    host: str = "127.0.0.1",
    port: int = 8080,
    https: bool = False,
    hops: int = 0,
    public_url: str | None = None,
    timeout: float = TIMEOUT,
    max_waiting: int = MAX_WAITING,
    max_body: int = MAX_BODY,
    cors: Iterable[str] = (),
    load: Callable[[str], Reader] | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> None:
    """Serve readers and releases over HTTP until the process is told to stop.

    `models`: MODEL or NAME=MODEL, folders or Hub ids, the first answers at `/`; `load` loads one (default:
    `load_reader`). `releases`: folders. `registry`: takes the requests to opt out (default, where there are
    releases: DRYSTONE_REGISTRY, or `drystone-registry.sqlite` here). `catalog`: a file or database URL of passports
    to show and compare, empty for those that come with the program alone (default: no such pages). `publisher_key`:
    the private key that passports are signed with (default: they are not). `moderators`: file of who may decide.
    `visit`: what may be visited to check challenges (default: nothing). `cache`: where indexes of releases are kept
    (default: the user's). `tokens`: file of bearer tokens, besides those in DRYSTONE_TOKENS. `port`: 0 picks one.
    `https`: a proxy before it ends TLS. `hops`: how many proxies stand before it and tell in X-Forwarded-For for whom
    they ask. `public_url`: how visitors reach it, where a proxy asks under another name. `timeout`: seconds until a
    request is dropped; `max_waiting`: windows in a model's queue; `max_body`: bytes of a request. `cors`: origins of
    sites whose pages may ask this server from a browser, or "*" (default: none). `tell` is called with what is served,
    and where. Raises `UsageError` where nothing is served, `MissingExtraError`, `ModelError`, `ReleaseError`,
    `RegistryError`.
    """
    from drystone.registry.place import place_to_use
    from drystone.web.serve import Address, run
    from drystone.web.tokens import read_tokens

    places = list(map(Path, releases))
    run(
        _readers(models, load),
        places,
        registry=place_to_use(registry) if places else None,
        catalog=catalog,
        publisher=_path(publisher_key),
        moderators=_path(moderators),
        visit=visit,
        cache=_path(cache),
        tokens=read_tokens(_path(tokens)),
        timeout=timeout,
        max_waiting=max_waiting,
        max_body=max_body,
        cors=_origins(cors),
        at=Address(host, port, https, hops, public_url),
        tell=tell,
    )


def export_catalog(folder: AnyPath, *, catalog: AnyPath | None = None) -> list[str]:
    """Write all pages of a catalog into a new folder, to be looked at without a server. Return their names.

    `catalog`: a file or database URL of passports (default: those that come with the program alone). Raises
    `UsageError` where the folder holds something, `MissingExtraError`.
    """
    from drystone.catalog.passports.texts import find_quotes
    from drystone.catalog.shelf.shelf import Shelf
    from drystone.web.drawing.leaflets import write_catalog

    with Shelf(None if catalog is None else os.fspath(catalog)) as shelf:
        return write_catalog(Path(folder), [(one, find_quotes(one, shelf.texts(one))) for one in shelf.passports()])


def draw_comparison(found: Comparison) -> str:
    """Return a comparison as one HTML file that needs no server. Raises `MissingExtraError`."""
    from drystone.web.drawing.leaflets import comparison_page

    return comparison_page(found)


def _readers(models: Iterable[str], load: Callable[[str], Reader] | None) -> dict[str, Reader]:
    from drystone.reader.verbs import load_reader

    readers: dict[str, Reader] = {}
    for model in models:
        name, separator, where = model.partition("=")
        name, where = (name, where) if separator else (Path(model).name, model)
        if name in readers:
            raise UsageError(f"--model: two models are called {name!r}; write NAME=MODEL.")
        readers[name] = (load or load_reader)(where)
        readers[name].warm()
    return readers


def add_moderator(file: AnyPath, name: str, password: str) -> None:
    """Add a moderator to a file, or give one another password. Only a hash of it is kept (Argon2id).

    Raises `UsageError` for a name or password that cannot be, `MissingExtraError`.
    """
    from drystone.errors import MissingExtraError

    try:
        from drystone.web.sessions import add_moderator as add
    except ImportError:
        raise MissingExtraError("argon2-cffi", "server") from None
    add(Path(file), name, password)


def _origins(cors: Iterable[str]) -> list[str]:
    found = list(cors)
    for origin in found:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query):
            raise UsageError(f"--cors: {origin!r} is not an origin such as https://app.example.org, nor *.")
    return found


def _path(path: AnyPath | None) -> Path | None:
    return Path(path) if path is not None else None
