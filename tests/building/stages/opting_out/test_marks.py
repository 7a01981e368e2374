"""The stage of opt-outs alone: what is out is marked with its request, and nothing after it asks for the bytes."""

from __future__ import annotations

from pathlib import Path

from drystone.building.stages.opting_out import marks as optouts
from drystone.building.stages.snapshots import save
from drystone.registry import OptOuts
from drystone.work.store import Stage
from tests.building.stages.conftest import Line, rows_of


def run(line: Line, folder: Path, out: OptOuts) -> dict[str, optouts.Marked]:
    members = [f"p{at}" for at in range(len(line.sources))]
    done = optouts.run(Stage(folder), "o", line.inventory.folder, members, save(Stage(folder), out))
    found: dict[str, optouts.Marked] = done["members"]
    return found


def content(line: Line, path: bytes) -> bytes:
    return next(row["id"] for file in line.listed for row in rows_of(file) if row["path"] == path)


def of_contents(*ids: bytes, settled: bool = False) -> OptOuts:
    positions = b"".join((0).to_bytes(4, "little") for _ in ids)
    firm = frozenset(ids if settled else ())
    return OptOuts(blobs=b"".join(sorted(ids)), blob_requests=positions, requests=("request-1",), settled=firm)


def test_where_nothing_is_out_no_listing_is_written(line: Line, tmp_path: Path) -> None:
    assert run(line, tmp_path, of_contents(bytes(20))) == {}
    assert list(tmp_path.glob("*.parquet")) == []


def test_bytes_that_are_out_are_marked_wherever_they_lie(line: Line, tmp_path: Path) -> None:
    id_ = content(line, b"walls/stack.py")
    found = run(line, tmp_path, of_contents(id_))
    assert set(found) == {"p0", "p1"}  # the fences have a copy
    for member, told in found.items():
        rows = rows_of(tmp_path / f"{member}.parquet")
        marked = [row for row in rows if row["opted_out"] is not None]
        assert [(row["id"], row["opted_out"], row["readable"]) for row in marked] == [(id_, "request-1", False)]
        assert told["rows"] == len(rows)
        assert told["requests"] == {"request-1": [1, marked[0]["size"]]}


def test_a_repository_that_is_out_leaves_the_listing(line: Line, tmp_path: Path) -> None:
    origin = line.repositories()[2]["origin"]
    found = run(line, tmp_path, OptOuts(repositories={origin: "request-2"}))
    assert found["p2"]["rows"] == 0
    assert rows_of(tmp_path / "p2.parquet") == []


def test_a_licence_file_that_is_out_stays_readable_for_the_files_around_it(line: Line, tmp_path: Path) -> None:
    (tmp_path / "by the way").mkdir()
    assert run(line, tmp_path / "by the way", of_contents(content(line, b"LICENSE"))) == {}, "it is nobody's work"
    run(line, tmp_path, of_contents(content(line, b"LICENSE"), settled=True))
    (row,) = [row for row in rows_of(tmp_path / "p0.parquet") if row["opted_out"]]
    assert (row["path"], row["readable"]) == (b"LICENSE", True)


def test_what_is_out_has_a_digest_of_its_own(line: Line, tmp_path: Path) -> None:
    digests = set()
    for at, path in enumerate((b"walls/stack.py", b"walls/gather.py")):
        (tmp_path / str(at)).mkdir()
        digests.add(run(line, tmp_path / str(at), of_contents(content(line, path)))["p0"]["digest"])
    assert len(digests) == 2
