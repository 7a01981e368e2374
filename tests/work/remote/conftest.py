"""An empty place in an object store of this process (fsspec's `memory://`), and mirrors that end with the test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from drystone.work import files
from drystone.work.remote import mirror


@pytest.fixture
def url() -> str:
    pytest.importorskip("fsspec", reason="the extra `s3` is not installed")
    return f"memory://{uuid.uuid4().hex}"


@pytest.fixture(autouse=True)
def _unmounted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(mirror, "_mounted", {})
    yield
    files.told_of_placed.clear()
