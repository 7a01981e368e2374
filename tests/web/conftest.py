"""A real server on loopback, in a process of its own, over a small checkpoint."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

_READER = ("tokenizers", "onnx", "fastapi", "uvicorn", "prometheus_client")
_PAGES = ("argon2", "fastapi", "jinja2", "prometheus_client", "pygments", "python_multipart", "uvicorn")
#: What modules of tests need beyond the core, where it is not what all pages need.
_NEEDS = {
    "test_reader.py": _READER,
    "test_ask.py": _READER,
    "test_serve.py": (*_READER, *_PAGES),
    "test_screenshots.py": (*_READER, *_PAGES),
    "test_deployment.py": _READER,
    "test_soak.py": _READER,
    "test_readme.py": _READER,
    "test_browser.py": (*_PAGES, "selenium"),
    "test_schema.py": (*_PAGES, "schemathesis"),
}
if TYPE_CHECKING:
    from tests.web.pages import Site, Visitor

MISSING = not all(map(importlib.util.find_spec, _READER))
if not MISSING:
    from tests.reader.checkpoints import write_checkpoint


class _Missing(pytest.Module):
    """A test module that cannot even be imported here."""

    def collect(self) -> list[pytest.Item]:
        needed = ", ".join(
            name for name in _NEEDS.get(self.path.name, _PAGES) if importlib.util.find_spec(name) is None
        )
        pytest.skip(f"an extra is not installed: {needed}", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    there = all(map(importlib.util.find_spec, _NEEDS.get(module_path.name, _PAGES)))
    return None if there else _Missing.from_parent(parent, path=module_path)


Start = Callable[..., "Server"]


class Server:
    def __init__(self, url: str, process: subprocess.Popen[bytes]) -> None:
        self.url, self.process = url, process


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from drystone.cli import main; main()", "serve", "--port", str(port), *arguments]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1800):
            assert process.poll() is None, "the server stopped"
            try:
                if requests.get(f"{url}/v2/health/ready", timeout=5).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        else:
            raise AssertionError("the server does not answer")
        yield Server(url, process)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("serve") / "small", "bert")


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("serve") / "other", "roberta", seed=3)


@pytest.fixture(scope="session")
def server(small: Path, other: Path) -> Iterator[Server]:
    with running("--model", f"small={small}", "--model", f"other={other}", "--max-body", "100000") as found:
        yield found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with all pages, for the tests of a file; files that need another one have a `here` of their own."""
    from tests.web.pages import site

    with site(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture
def visitor(here: Site) -> Visitor:
    """Somebody new on the site."""
    from tests.web.pages import Visitor

    return Visitor(here.url)
