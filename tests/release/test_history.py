"""A file is followed through its revisions, under each name that it had, and no further."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from drystone.errors import ReleaseError
from drystone.release.inspection.history import file_history
from drystone.release.manifest import present_columns
from drystone.release.read import Release
from drystone.release.schema import SCHEMAS
from drystone.release.writing.writer import write_single
from tests.release.sample import write_sample


def change(what: str, path: str, before: str | None = None) -> dict[str, Any]:
    return {"change": what, "path": path, "content_id": path[1:], "before_path": before, "before_content_id": before}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("history")
    manifest = write_sample(folder)
    changes = [
        [change("added", "/old.py"), change("added", "/other.py")],
        [change("renamed", "/a/new.py", "/old.py")],
        [change("added", "/old.py")],  # another file, under the name that the first one had
        [change("changed", "/a/new.py", "/a/new.py"), change("removed", "/other.py", "/other.py")],
    ]
    rows = [
        {"origin": "git:walls", "generation": at, "revision_id": f"{at}", "parents": [], "changes": each}
        for at, each in enumerate([[], *changes])
    ]
    entry = write_single(folder, "history", [pa.Table.from_pylist(rows, SCHEMAS["history"])])
    files = tuple(sorted((*manifest.files, entry), key=lambda file: file.path))
    return Release(folder, manifest.model_copy(update={"files": files, "columns": present_columns(files)}))


def told(release: Release, query: str, **more: Any) -> list[tuple[str, str, str]]:
    return [(each.revision_id, each.change, each.path) for each in file_history(release, query, **more)]


def test_renames_are_followed_back(release: Release) -> None:
    whole = [("4", "changed", "/a/new.py"), ("2", "renamed", "/a/new.py"), ("1", "added", "/old.py")]
    assert told(release, "a/new.py") == told(release, "new.py") == told(release, "/a/n*.py") == whole
    assert told(release, "new.py", limit=2) == whole[:2]
    assert told(release, "other.py") == [("4", "removed", "/other.py"), ("1", "added", "/other.py")]
    # Asked for by its old name, it is what had that name.
    assert told(release, "old.py") == [("3", "added", "/old.py"), ("1", "added", "/old.py")]


def test_what_is_not_there_is_said(release: Release) -> None:
    with pytest.raises(ReleaseError, match=r"no revision of this release changed a file .nowhere\.py"):
        file_history(release, "nowhere.py")
    with pytest.raises(ReleaseError, match="no revision"):
        file_history(release, "nobody:new.py")
    bare = Release(release.path, release.manifest.model_copy(update={"files": ()}))
    with pytest.raises(ReleaseError, match=r"has no histories; build it with history = true"):
        file_history(bare, "new.py")
