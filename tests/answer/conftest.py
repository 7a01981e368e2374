from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drystone.reader import Reader
from drystone.release.read import Release, open_release
from drystone.search import index
from tests.release.sample import Row, write_sample

GUIDE = """\
Serving
=======

The server listens on port ``8080`` unless ``--port`` names another one.

.. option:: --workers

    How many processes serve requests. Default: ``4``.

Stones
------

The keystone was cut by Ada Mason in 1852. It weighs **90 kilograms**.
"""
COPY = "# History\n\nThe keystone was cut by *Ada Mason*, and lies in the arch.\n"


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Release]:
    """Write a release of texts by path, with an index unless told otherwise."""

    def written(texts: dict[str, str], *, indexed: bool = True, license: str | None = "MIT") -> Release:
        folder = tmp_path_factory.mktemp("answers") / "release"
        write_sample(
            folder,
            [Row("pypi/click", path, text.encode(), "Markdown", license=license) for path, text in texts.items()],
        )
        if indexed:
            index.build(open_release(folder))
        return open_release(folder)

    return written


@pytest.fixture(scope="session")
def release(make: Callable[..., Release]) -> Release:
    """A release with an index. Read only."""
    return make({"/guide.rst": GUIDE, "/history.md": COPY})


@pytest.fixture(scope="session")
def mini() -> Reader:
    """The installed reader."""
    from drystone.reader.model.installed import installed

    if "mini" not in installed():
        pytest.skip("not installed: pip install ./models/mini")
    return Reader.load("mini", threads=1)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of random weights: what it answers is nonsense, and must hold all laws."""
    pytest.importorskip("tokenizers", reason="needs the extra `reader`")
    pytest.importorskip("onnx", reason="needs the extra `reader`")
    from tests.reader.checkpoints import write_checkpoint

    return write_checkpoint(tmp_path_factory.mktemp("model"), "bert")
