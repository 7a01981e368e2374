"""Matching against a snapshot of opt-outs."""

from __future__ import annotations

import hashlib
import pickle

import numpy as np

from drystone.registry import OptOuts

BLOBS = sorted(hashlib.sha1(b"%d" % i).digest() for i in range(1000))
SNAPSHOT = OptOuts(
    owners={"github.com/ann": "R1"},
    repositories={"github.com/ben/x": "R2", "git:walls": "R3"},
    paths={"github.com/cat/y": ((b"src/a", "R4"), ("é".encode(), "R5"))},
    directories={b"\1" * 20: "R6"},
    authors={hashlib.sha256(b"dan@example.org").hexdigest(): "R7"},
    blobs=b"".join(BLOBS[::2]),
    blob_requests=np.zeros(500, np.int32).tobytes(),
    requests=("R8",),
    forks=frozenset({"R2", "R4"}),
    aliases={"github.com/ann": ("github.com/old-ann",), "github.com/old-ann": ("github.com/ann",),
             "github.com/ben/x": ("github.com/eve/x",), "github.com/eve/x": ("github.com/ben/x",)},
    parents={"github.com/eve/fork": ("github.com/eve/x",), "github.com/fay/fork": ("github.com/eve/fork",)},
)  # fmt: skip


def test_repositories_by_owner_name_rename_fork_and_author() -> None:
    find = SNAPSHOT.repository
    assert find("https://github.com/Ann/anything.git") == "R1"
    assert find("git@github.com:old-ann/anything") == "R1"
    assert find("https://github.com/annette/x") is None
    assert find("https://github.com/eve/x") == "R2"
    assert find("https://github.com/eve/fork") == "R2"
    assert find("https://github.com/fay/fork") == "R2"
    assert find("https://github.com/gus/fork", forked_from="ben/x") == "R2"
    assert find("https://github.com/gus/fork", forked_from="ann/x") is None, "forks of R1 do not follow"
    assert find("git:walls") == "R3"
    assert find("git:fences", ["Dan <Dan@Example.org>"]) == "R7"
    assert find("git:fences", ["dan@example.org"]) == "R7"
    assert find("git:fences", [hashlib.sha256(b"dan@example.org").hexdigest()]) == "R7"
    assert find("git:fences", ["Dan <dan@example.com>", ""]) is None


def test_a_folder_is_out_under_each_name_that_it_may_have_and_under_no_other() -> None:
    both = OptOuts(repositories={"git:a/repo": "R1", "git:walls": "R2"}, paths={"git:c/repo": ((b"src", "R3"),)})
    assert [both.repository(f"git:{name}") for name in ("a/repo", "x/a/repo", "b/repo", "a/repo/sub")] == [
        "R1", "R1", None, None,
    ]  # fmt: skip
    assert both.repository("git:repo") == "R1", "alone in a build, it may be the one"
    assert both.repository("file:///home/ann/a/repo.git") == "R1"
    assert [both.repository(f"git:{name}") for name in ("walls", "old/walls", "drywalls")] == ["R2", "R2", None]
    assert [both.path(f"git:{name}", b"src/x.py") for name in ("c/repo", "repo", "b/repo")] == ["R3", "R3", None]


def test_paths_by_whole_parts() -> None:
    origin = "https://github.com/cat/y"
    assert SNAPSHOT.path(origin, b"src/a") == "R4"
    assert SNAPSHOT.path(origin, b"src/a/b.py") == "R4"
    assert SNAPSHOT.path(origin, b"src/ab.py") is None
    assert SNAPSHOT.path(origin, b"lib/src/a") is None
    assert SNAPSHOT.path(origin, "e\u0301/x".encode()) == "R5"
    assert SNAPSHOT.path(origin, b"\xff\xfe") is None
    assert SNAPSHOT.path("github.com/gus/y", b"src/a", forked_from=origin) == "R4"
    assert SNAPSHOT.path("github.com/gus/y", "é".encode(), forked_from=origin) is None


def test_contents_and_directories() -> None:
    assert [SNAPSHOT.content(f"swh:1:cnt:{id_.hex()}") for id_ in BLOBS] == ["R8", None] * 500
    assert SNAPSHOT.content(f"swh:1:cnt:{BLOBS[0].hex()};path=/a") == "R8"
    found = SNAPSHOT.contents(np.array(BLOBS, "S20"))
    assert found.tolist() == [0, -1] * 500
    assert SNAPSHOT.contents(np.array([], "S20")).tolist() == []
    assert SNAPSHOT.directory("swh:1:dir:" + "01" * 20) == "R6"
    assert SNAPSHOT.directory("swh:1:dir:" + "02" * 20) is None


def test_a_snapshot_is_a_value() -> None:
    again = pickle.loads(pickle.dumps(SNAPSHOT))
    assert again == SNAPSHOT
    assert again.sha256 == SNAPSHOT.sha256 != OptOuts().sha256
    assert SNAPSHOT
    assert not OptOuts()


def test_nothing_matches_an_empty_snapshot() -> None:
    empty = OptOuts()
    assert empty.repository("github.com/ann/x", ["dan@example.org"]) is None
    assert empty.path("github.com/cat/y", b"src/a") is None
    assert empty.content("swh:1:cnt:" + "00" * 20) is None
    assert empty.directory("swh:1:dir:" + "01" * 20) is None


def test_names_that_go_round_end() -> None:
    ring = OptOuts(
        owners={"h.org/z": "R1"},
        aliases={f"h.org/{a}": (f"h.org/{b}",) for a, b in zip("abcz", "bcza", strict=True)},
    )
    assert ring.repository("https://h.org/a/x") == "R1"
