"""A served release that can be asked, a version of it without an index, and a reader before a queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

import drystone
from drystone.reader import Reader
from drystone.reader.batcher import Batcher
from tests.release.sample import FACTS, Row, write_sample
from tests.web.pages import Site, site

ODD = "/<script>alert('p')</script>\u202e.md"
TEXTS = {
    "/guide.md": "# Serving\n\nThe server listens on port `8080` unless `--port` names another one.\n\n"
    "## Workers\n\nFour workers serve requests by default.\n",
    "/history.md": "# History\n\nThe keystone was cut by *Ada Mason*, and lies in the arch.\n",
    "/copy.md": "# Who made it\n\nAda Mason cut the keystone of the bridge.\n",
    ODD: "# Quarry\n\nThe quarry is guarded by <script>alert(1)</script> \u202e\x1b[2J at night.\nevent: answers\n",
}
CODE = "PORT = 8080\n\n\ndef listen(port=PORT):\n    pass\n\n\n# "
#: A question that the release answers, and what it says.
QUESTION, ANSWER = "Who cut the keystone?", "Ada Mason"


def rows(leave: str = "") -> list[Row]:
    found = [Row("own/arch", path, text.encode(), "Markdown") for path, text in TEXTS.items() if path != leave]
    found += [
        Row("own/code", f"/{name}.py", CODE.encode() + name.encode() + b"\n", "Python") for name in ("one", "two")
    ]
    return found


@contextmanager
def ask_site(folder: Path, model: Reader | None, **values: Any) -> Iterator[Site]:
    """Serve an indexed release and a version without an index; `model` reads."""
    first, second = folder / "releases/stones-1.0.0", folder / "releases/stones-1.1.0"
    write_sample(first, rows()[:2])
    write_sample(second, rows(), FACTS.model_copy(update={"version": "1.1.0"}))
    drystone.index_release(second)
    readers = {} if model is None else {"small": Batcher(model)}
    with site(folder, places=[first, second], readers=readers, **values) as running:
        yield running


def installed() -> Reader:
    """The reader that is installed; skips where none is."""
    from drystone.reader.model.installed import installed as names

    if "mini" not in names():
        pytest.skip("not installed: pip install ./models/mini")
    return Reader.load("mini", threads=1)


def ask(here: Site, headers: dict[str, str] | None = None, **asked: Any) -> requests.Response:
    return requests.get(f"{here.url}/v1/ask", params=asked, headers=headers, timeout=60)
