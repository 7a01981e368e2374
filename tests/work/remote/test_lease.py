"""A place in an object store has one holder at a time; one that is gone is followed by the next."""

from __future__ import annotations

import os
import subprocess
import threading

import orjson
import pytest

from drystone.errors import BuildError
from drystone.work.remote import lease
from drystone.work.remote.lease import held
from drystone.work.remote.objects import Objects, host


def _left_behind(store: Objects, **by: object) -> None:
    store.write("lock", orjson.dumps({"host": host(), "process": os.getpid(), "token": "other", **by}))


def test_a_second_holder_is_told_who_is_at_work(url: str) -> None:
    store = Objects(url)
    with held(store, "lock"):
        who = rf"another build is at work here \(host {host()}, process {os.getpid()}\)"
        with pytest.raises(BuildError, match=rf"{url}: {who}.*is free in \d+ seconds"), held(store, "lock"):
            pass
    with held(store, "lock"):
        pass
    assert store.sizes() == {}


def test_one_that_is_gone_is_followed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_AFTER", 0)
    store = Objects(url)
    with subprocess.Popen(["true"]) as ended:
        pass
    _left_behind(store, process=ended.pid)  # of this host, where one can look
    with held(store, "lock"):
        pass
    _left_behind(store, host="elsewhere")
    with pytest.raises(BuildError, match="host elsewhere"), held(store, "lock"):
        pass
    monkeypatch.setattr(lease, "_GONE", 0)
    with held(store, "lock"):
        pass


def test_a_holder_learns_that_it_was_followed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_EVERY", 0.01)
    store = Objects(url)
    with held(store, "lock") as mine:
        mine.check()
        _left_behind(store, host="elsewhere")
        for _ in range(500):
            if mine._lost:
                break
            mine._ended.wait(0.01)
        with pytest.raises(BuildError, match="host elsewhere has taken this place over"):
            mine.check()
    assert store.read("lock") is not None  # that of the other stays


def test_a_write_under_way_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_EVERY", 0.01)
    store, under_way, last = Objects(url), threading.Event(), threading.Event()
    write = Objects.write

    def slow(self: Objects, name: str, data: bytes) -> None:
        under_way.set()
        last.wait(0.2)
        write(self, name, data)

    monkeypatch.setattr(Objects, "write", slow)
    with held(store, "lock"):
        assert under_way.wait(10)
    last.wait(0.4)  # until a write that nobody waited for would have ended
    assert store.sizes() == {}


def test_a_holder_that_cannot_say_so_does_not_count_on_its_place(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_EVERY", 0.01)
    store, asked = Objects(url), threading.Event()

    def refused(self: Objects, name: str, data: bytes) -> None:
        asked.set()
        raise BuildError("the store does not answer")

    with held(store, "lock") as mine:
        monkeypatch.setattr(Objects, "write", refused)
        assert asked.wait(30)
        mine.check()  # for a while nobody takes it over
        monkeypatch.setattr(lease, "_GONE", 0)
        with pytest.raises(BuildError, match=f"{url}: for .* others may have begun"):
            mine.check()
