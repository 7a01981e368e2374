"""The pages about releases on a real server: uvicorn in a thread, over two versions and an SQLite registry."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import uvicorn

from drystone.registry import Registry
from drystone.release.inspection.browse import Watched, named
from drystone.verification import Reach
from drystone.web.app import create_app
from drystone.web.sessions import Moderators, RateLimit, add_moderator
from drystone.web.state import RateLimits, ServerState
from tests.release.sample import FACTS, Row, sample_rows, write_sample

PASSWORD = "a wall of found stones"
#: Names as hostile as a ledger may hold them.
SCRIPT = '/<script>alert("x")</script>\u202e.py'


@dataclass
class Site:
    url: str
    registry: Registry
    releases: list[Path]
    app: Any


def releases(folder: Path, *, whole: bool = False) -> list[Path]:
    rows = [r for r in sample_rows() if whole or (r.repository.startswith("own/") and r.like is None)]
    rows.append(Row("own/special", SCRIPT, b"alert = 'x'\n", "Python"))
    first, second = folder / "stones-1.0.0", folder / "stones-1.1.0"
    write_sample(first, rows[:-6])
    write_sample(second, rows, FACTS.model_copy(update={"version": "1.1.0"}))
    return [first, second]


def unlimited() -> RateLimits:
    return RateLimits(*(RateLimit(10**9, 1) for _ in range(7)))


@contextmanager
def site(
    folder: Path,
    limits: RateLimits | None = None,
    *,
    reach: Reach | None = None,
    place: str | None = None,
    whole: bool = False,
    places: list[Path] | None = None,
    **values: Any,
) -> Iterator[Site]:
    places = places or releases(folder / "releases", whole=whole)
    add_moderator(folder / "moderators.txt", "ada", PASSWORD)
    registry = Registry(place or folder / "registry.sqlite")
    state = ServerState(
        name="Sample stones",
        releases=named((place, Watched(place, folder / "cache")) for place in places),
        registry=registry,
        moderators=Moderators(folder / "moderators.txt"),
        limits=limits or unlimited(),
        reach=reach,
        **values,
    )
    app = create_app(state)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", server_header=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield Site(f"http://127.0.0.1:{port}", registry, places, app)
    finally:
        server.should_exit = True
        thread.join()
        registry.close()


class Visitor:
    """A browser without scripts: keeps cookies, and sends a form with what its page put into it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=30, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, data=data, timeout=30, **options)

    def send(self, page: str, action: str, **fields: Any) -> requests.Response:
        """Open a page and send its form."""
        text = self.get(page).text
        assert f'action="{action}"' in text, text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
        return self.post(action, {**hidden, **fields})

    def ask(self, **fields: Any) -> str:
        """File a request; return the path of its status page."""
        form = {"kind": "repository", "subject": "octocat/hello-world", "copies": "yes", "forks": "yes", **fields}
        response = self.send("/request", "/request", **form)
        assert response.status_code == 200, response.text
        return response.url.removeprefix(self.url)

    def log_in(self) -> None:
        assert self.send("/login", "/login", name="ada", password=PASSWORD).url.endswith("/queue")
