"""Objects of a store: made once, tried again where that may help, and named with the host where it does not."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from drystone.errors import BuildError
from drystone.work.remote import objects
from drystone.work.remote.objects import Objects, place_text, url_of


def test_what_is_a_url() -> None:
    assert url_of(Path("s3://bucket/a")) == url_of("s3://bucket/a") == "s3://bucket/a"
    assert [url_of(each) for each in (Path("a/b"), "C:/a", "./s3:/a", "file:///a")] == [None] * 4
    assert place_text(Path("s3://key:secret@bucket/a")) == "s3://bucket/a"


def test_objects_are_written_read_and_made_once(url: str, tmp_path: Path) -> None:
    store = Objects(url)
    assert store.create("lock", b"mine")
    assert not store.create("lock", b"yours")
    assert store.create("lock", b"mine")  # as where the first answer was lost
    store.write("folder/a", b"12345")
    (tmp_path / "b").write_bytes(b"1")
    store.put(tmp_path / "b", "folder/b")
    assert store.sizes("folder") == {"folder/a": 5, "folder/b": 1}
    assert store.folders() == ["folder"]
    assert store.read_all(["folder/a", "none", "folder/b"]) == [b"12345", None, b"1"]
    store.remove(["none"])
    store.remove(["folder/a", "folder/b"])
    assert (store.read("folder/a"), store.size("folder/b"), store.get("folder/b", tmp_path / "c")) == (
        None,
        None,
        False,
    )


def test_passing_failures_are_tried_again_and_lasting_ones_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_WAIT", 0)
    store = Objects(url)
    raised: list[Exception] = []
    pipe = store._files.pipe_file

    def failing(*given: object, **named: object) -> None:
        if raised:
            raise raised.pop()
        pipe(*given, **named)

    monkeypatch.setattr(store._files, "pipe_file", failing, raising=True)
    raised[:] = [OSError(16, "SlowDown")] * 4
    store.write("a", b"a")
    raised[:] = [OSError(16, "SlowDown")] * 5
    where = rf"host {platform.node()}, {url}/a"
    with pytest.raises(BuildError, match=rf"{where}: .*SlowDown; see that it answers, and run the command again"):
        store.write("a", b"a")
    raised[:] = [PermissionError("ExpiredToken: The provided token has expired.")] * 2
    with pytest.raises(BuildError, match=rf"{where}: ExpiredToken.*renew the credentials.*what is finished is kept"):
        store.write("a", b"a")
    assert len(raised) == 1  # a second try does not make a token younger
