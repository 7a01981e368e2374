"""Release: canonical rows and Merkle roots against orjson row by row; writing and verifying a release of real files.

Rows are those of Python files in this environment's site-packages, written through the room's own writer.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pyarrow as pa

from benchmarks.harness import Figure, main
from drystone.release.checking.verify import verify
from drystone.release.manifest import ReleaseFacts
from drystone.release.merkle import LEFT_OUT, MerkleTree, leaf_hash, row_leaves
from drystone.release.schema import DATA, LEDGER, REPOSITORIES
from drystone.release.writing.finish import finish
from drystone.release.writing.writer import write_data_shard, write_ledger_part, write_repositories

_REPOSITORY = "0" * 64
_SHARD = 64 * 1024**2


def _files(limit: int) -> Iterator[tuple[str, bytes, str]]:
    """Yield (path, bytes, git blob hash) of distinct UTF-8 Python files, up to `limit` bytes."""
    seen: set[str] = set()
    total = 0
    for root in dict.fromkeys((sysconfig.get_path("purelib"), *(p for p in sys.path if p.endswith("site-packages")))):
        for path in sorted(Path(root).rglob("*.py")):
            data = path.read_bytes()
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            try:
                data.decode()
            except UnicodeDecodeError:
                continue
            if blob in seen or data.startswith(b"\xef\xbb\xbf"):
                continue
            seen.add(blob)
            total += len(data)
            yield "/" + path.relative_to(root).as_posix(), data, blob
            if total >= limit:
                return


def data_row(path: str, data: bytes, blob: str) -> dict[str, object]:
    """Return a row of data of a Python file, by its path, bytes and git blob hash."""
    evidence = {"expression": "MIT", "swhid": f"swh:1:cnt:{blob}", "path": "/LICENSE", "start_line": 1, "end_line": 20}
    return {
        **dict.fromkeys(DATA.names),
        "blob_id": hashlib.sha1(data).hexdigest(), "directory_id": blob, "path": path, "content_id": blob,
        "detected_licenses": ["MIT"], "license_type": "permissive", "repo_name": "site/packages",
        "visit_date": datetime(2026, 1, 2), "src_encoding": "UTF-8", "language": "Python", "is_vendor": False,
        "is_generated": False, "length_bytes": len(data), "extension": "py", "content": data.decode(),
        "swhid": f"swh:1:cnt:{blob}", "released_sha256": hashlib.sha256(data).hexdigest(), "origin": "site-packages",
        "repository_id": _REPOSITORY, "license_expression": "MIT", "redactions": [],
        "license_evidence": [evidence | {"rule": "text", "confidence": 0.98}], "is_documentation": False,
        "is_test": "test" in path, "is_configuration": False, "num_lines": data.count(b"\n"), "avg_line_length": 31.7,
        "max_line_length": 99, "alphanum_fraction": 0.61, "alpha_fraction": 0.58,
    }  # fmt: skip


def ledger_row(row: dict[str, object], shard: str) -> dict[str, object]:
    """Return the ledger's row of a kept file, by its row of data and its shard."""
    shared = {name: row[name] for name in LEDGER.names if name in row}
    decided = {"entry": 0, "kind": "file", "mode": 33188, "size": row["length_bytes"], "decision": "kept"}
    return {**dict.fromkeys(LEDGER.names), **shared, **decided, "stage": "release", "shard": shard}


def _write(folder: Path, limit: int) -> tuple[pa.Table, int, float]:
    """Write a release; return its first shard's rows, its text bytes, and the CPU seconds of writing data."""
    files = sorted(_files(limit), key=lambda f: f[2])
    count = max(1, sum(len(f[1]) for f in files) // _SHARD)
    entries, ledger, spent, first = [], [], 0.0, None
    for index in range(count):
        rows = [data_row(*file) for file in files[index::count]]
        table = pa.Table.from_pylist(rows, schema=DATA)
        first = table if first is None else first
        start = time.process_time()
        entries.append(write_data_shard(folder, "Python", index, count, [table]))
        spent += time.process_time() - start
        ledger += [ledger_row(row, entries[-1].path) for row in rows]
    ledger.sort(key=lambda row: str(row["path"]))
    for number, row in enumerate(ledger):
        row["entry"] = number
    entries.append(write_ledger_part(folder, 0, 1, [pa.Table.from_pylist(ledger, schema=LEDGER)]))
    repository = {**dict.fromkeys(REPOSITORIES.names), "repository_id": _REPOSITORY, "occurrences": len(ledger)}
    listed = pa.Table.from_pylist([repository | {"kept": len(ledger)}], schema=REPOSITORIES)
    entries.append(write_repositories(folder, [listed]))
    finish(folder, ReleaseFacts(name="site-packages", version="1.0.0", configuration={}), entries)
    assert first is not None
    return first, sum(e.text_bytes for e in entries), spent


def _plain(value: object) -> object:
    return (value - datetime(1970, 1, 1)) // timedelta(microseconds=1) if isinstance(value, datetime) else value


def _row_by_row(table: pa.Table) -> list[bytes]:
    rows = table.drop_columns(list(LEFT_OUT)).to_pylist()
    plain = ({name: _plain(value) for name, value in row.items()} for row in rows)
    return [leaf_hash(orjson.dumps(row, option=orjson.OPT_SORT_KEYS)) for row in plain]


def _seconds(work: Callable[[], object], times: int = 3) -> float:
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def _tree(table: pa.Table) -> None:
    MerkleTree().add_rows(table)


def measure(quick: bool) -> list[Figure]:
    """Release: rows to roots, and verifying, against the plainest way to do each."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "release"
        table, text, writing = _write(folder, 30_000_000 if quick else 250_000_000)
        assert row_leaves(table) == _row_by_row(table), "both ways give the same leaves"
        ours, theirs = _seconds(lambda: _tree(table)), _seconds(lambda: _row_by_row(table), 1)
        paths = sorted(folder.glob("data/*/*.parquet"))
        verifying = _seconds(lambda: _sound(folder), 2)
        grown = _peak(f"verify({str(folder)!r})") - _peak(f"verify({str(folder)!r}, quick=True)")
        stored = sum(p.stat().st_size for p in paths)
    rows = table.num_rows
    return [
        Figure("canonical row, leaf and tree", ours / rows * 1e6, "us/row", 8, 5, True, f"{rows:,} rows of 43 columns"),
        Figure("rows, against to_pylist and orjson", theirs / ours, "x", 2, 4),
        Figure("writing shards", text / writing / 1e6, "MB/s text", 60, 100, note=f"zstd 3, {text / stored:.1f} : 1"),
        Figure("verifying", text / verifying / 1e6, "MB/s text", 100, 200, note="per second of processor time"),
        Figure("memory that reading all rows adds", grown, "MiB", 300, 100, True, f"{text / 1e6:.0f} MB of text"),
    ]


def _peak(call: str) -> float:
    """Return the peak resident memory of a process that does only this, in MiB (of its own: not its parent's)."""
    program = f"from drystone.release.checking.verify import verify\n{call}\n"
    program += "print(next(x for x in open('/proc/self/status') if x.startswith('VmHWM')).split()[1])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout) / 1024


def _sound(folder: Path) -> None:
    report = verify(folder)
    assert report.holds, report.examples


if __name__ == "__main__":
    main(measure)
