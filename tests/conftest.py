"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

#: Labelled data for measurement; it is not part of the repository, so tests that use it skip where it is missing.
SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("labelled data (../shared/data) is not here")
    return folder


def pytest_make_parametrize_id(val: object) -> str | None:
    """
    A long text gives its beginning and length in place of all of it: pytest puts the id of the running test into the
    environment, and with more than 128 KiB there Linux starts no program.
    """
    if isinstance(val, str | bytes) and len(val) > 100:
        text = val if isinstance(val, str) else val[:40].decode("latin-1")
        return f"{text[:40]}...{len(val)}"
    return None


#: Rooms whose files of tests take longest.
_LONG = ("end_to_end", "reader", "web", "building", "release")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that none of them is left to one process at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    home = Path(__file__).parent
    items.sort(key=lambda item: (item.path not in slow, item.path.relative_to(home).parts[0] not in _LONG))
