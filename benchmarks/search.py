"""Figures of search: an index's size and time, patterns against ripgrep, csearch, DuckDB, BM25 against tantivy, bm25s.

One thread, CPU time of the process (and its children). Texts are those of a release of real packages, read by every
peer: ripgrep and csearch from files, DuckDB from the Parquet, the others from a list of passages. csearch is measured
where `cindex` is installed, Zoekt nowhere: it is Go source alone. The store behind latency is in search_store.py,
recall on questions in search_questions.py.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import search_questions, search_store
from benchmarks.builds import build as build_release
from benchmarks.builds import workplace
from benchmarks.corpus import load
from benchmarks.harness import Figure, main, peer
from drystone.release import layout
from drystone.release.read import Release, open_release
from drystone.search import _kernel, index
from drystone.search.search import Searcher

#: From rare to common, literal to none: as ripgrep 13 and RE2 read them alike.
PATTERNS = (
    "get_queryset", "TestCase", "import os", "return None", "self", "malloc", "zzqxv", "ValueError",
    "def __init__", "std::vector", "license", "TODO", "0x[0-9a-f]{8}", "[0-9]{3}-[0-9]{4}", "func[a-z]*_[a-z]+_index",
    "class [A-Z][a-z]+Error", r"def [a-z_]+\(self, [a-z]+=None\):", "^import numpy", "^from [a-z.]+ import", ";$",
    "(?i)copyright", "(?i)getvalue", "(?i)error: ", "foo|bar|baz", "(?:read|write)_(?:bytes|text)", r"\bassert\b",
    "[A-Z]{5,}_[A-Z]{5,}", "[a-z]+[0-9]+[a-z]+", "x.y", "^.{200,}$", "[^a-z]if[^a-z]", r"\([^)]*\) -> [A-Z]",
)  # fmt: skip
WORDS = (
    "parse json number", "sparse matrix multiplication", "open file for reading", "certificate chain verification",
    "memory leak", "sql query compiler", "http request timeout", "regular expression engine", "unicode normalization",
    "thread pool executor", "date range frequency", "how are migrations applied", "token stream parser",
    "random number generator seed", "convert string to integer", "where is the cache cleared",
)  # fmt: skip
#: Settings that keep what a release by the default settings leaves out: only the amount of text matters here.
_MUCH = '[licenses]\nprofile = "stack-v2"\n[near_duplicates]\nscope = "off"\n'
_PEERS = Path(__file__).with_name("search_peers.py")


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _milliseconds(work: Callable[[], object]) -> float:
    start = _cpu()
    work()
    return 1000 * (_cpu() - start)


def _p(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _index(release: Path) -> dict[str, float]:
    """Index in a process of its own: CPU seconds, peak bytes."""
    code = (
        "import json, resource, sys, time\n"
        "from drystone.release.read import open_release\nfrom drystone.search.index import build\n"
        "release = open_release(sys.argv[1])\nstart = time.process_time()\nmade = build(release)\n"
        "print(json.dumps({'seconds': time.process_time() - start, 'index': made.index_bytes, 'text': made.text_bytes, "
        "'segments': made.segments, 'files': made.files, "
        "'peak': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))"
    )
    shutil.rmtree(release / layout.INDEX, ignore_errors=True)
    done = subprocess.run([sys.executable, "-c", code, str(release)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _write_texts(release: Release, folder: Path) -> list[str]:
    """Write the text of each file into a folder, under its number; return the texts."""
    texts = []
    for table in release.data(columns=["content"]):
        texts += table.column(0).to_pylist()
    for number, text in enumerate(texts):
        path = folder / f"{number // 1000:03}" / f"{number % 1000:03}"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text.encode())
    return texts


def _ripgrep(folder: Path, pattern: str) -> set[int]:
    command = ["rg", "-l", "-j1", "-a", "--no-ignore", "--hidden", "-E", "none", "-e", pattern, str(folder)]
    return _numbers(subprocess.run(command, check=False, capture_output=True, text=True).stdout)


def _numbers(listed: str) -> set[int]:
    return {int(a) * 1000 + int(b) for a, b in (line.split("/")[-2:] for line in listed.splitlines())}


def _ours(searcher: Searcher, pattern: str, limit: int | None = None) -> list[tuple[str, str]]:
    searcher._plan.cache_clear()  # a query counts as one that was not asked before
    query = "case:yes content:/" + pattern.replace("/", "\\/") + "/"
    _, table = searcher.table(query, limit=limit)
    return list(zip(table.column("origin").to_pylist(), table.column("path").to_pylist(), strict=True))


def _lost(searcher: Searcher, texts: list[str], places: list[tuple[str, str]], listed: dict[str, set[int]]) -> int:
    """Return how many files ripgrep or Python's own engine finds and a search does not, or the other way."""
    lost = 0
    for pattern in PATTERNS:
        compiled = re.compile(
            pattern.replace("[^a-z]", r"[^a-z\n]").replace("[^)]", r"[^)\n]"), re.MULTILINE | re.ASCII
        )
        expected = {places[number] for number, text in enumerate(texts) if compiled.search(text)}
        found = set(_ours(searcher, pattern))
        lost += len(expected ^ found) + len({places[n] for n in listed.get(pattern, set())} - found)
    return lost


def _rebuilt(release: Path) -> float:
    """Remove one segment and bring the index up to date: CPU seconds for 64 MiB of text."""
    opened = open_release(release)
    by_path = {entry.path: entry.text_bytes for entry in opened.manifest.of_kind("data")}
    files = [file for file in opened.manifest.index if file.path.endswith(".segment")]
    one = max(files, key=lambda file: sum(by_path[path] for path in file.of))
    (release / one.path).unlink()
    start = _cpu()
    index.build(opened)
    return (_cpu() - start) / sum(by_path[path] for path in one.of) * (64 << 20)


def measure(quick: bool) -> list[Figure]:
    """Search against ripgrep, csearch, DuckDB, tantivy and bm25s."""
    os.environ["OMP_NUM_THREADS"] = "1"
    sources, _ = load(60 if quick else 1100)
    with workplace() as folder:
        build_release(sources, folder, cores=2, tables=_MUCH)
        release = open_release(folder / "release")
        made = _index(release.path)
        text = made["text"]
        of = f"{text / 1e6:,.0f} MB of text, {made['files']:,.0f} files, {made['segments']:.0f} segments"
        release = open_release(folder / "release")
        figures = [
            Figure("index over text, trigrams + BM25 + symbols", made["index"] / text, "", 0.34, 0.28, True, of),
            Figure("build, MB/s a core, both indexes", text / 1e6 / made["seconds"], "MB/s", 40, 80),
            Figure("peak memory of the build", made["peak"] / 1e6, "MB", 700, 500, True),
        ]
        texts = _write_texts(release, folder / "texts")
        places = [
            (origin, path)
            for table in release.data(columns=["origin", "path"])
            for origin, path in zip(*(column.to_pylist() for column in table.columns), strict=True)
        ]
        searcher = Searcher([release], memory=4 << 30)
        # Texts are in memory, as ripgrep's files are in the page cache.
        _ours(searcher, "-content-that-unpacks-all.*x|.")
        figures += _patterns(searcher, folder, texts, places)
        figures += _many(release, len(texts))
        figures += _passages(searcher, texts, folder)
        figures.append(Figure("segment rebuilt after a retraction, 64 MiB", _rebuilt(release.path), "s", 3, 1.5, True))
        figures += search_store.figures(open_release(release.path).path, PATTERNS)
    return figures + search_questions.measure(quick)


def _patterns(searcher: Searcher, folder: Path, texts: list[str], places: list[tuple[str, str]]) -> list[Figure]:
    _ripgrep(folder / "texts", "warm")
    listed: dict[str, set[int]] = {}
    theirs, ours, first = [], [], []
    for pattern in PATTERNS:
        theirs.append(_milliseconds(lambda p=pattern: listed.update({p: _ripgrep(folder / "texts", p)})))
        ours.append(min(_milliseconds(lambda p=pattern: _ours(searcher, p)) for _ in range(2)))
        first.append(min(_milliseconds(lambda p=pattern: _ours(searcher, p, 50)) for _ in range(3)))
    rg, us = _p(theirs, 0.95), _p(ours, 0.95)
    note = f"p50 {statistics.median(ours):.1f}, p95 {us:.0f} ms; ripgrep {statistics.median(theirs):.0f}, {rg:.0f} ms"
    return [
        Figure("all files that match, 32 patterns, p95: ripgrep over ours", rg / us, "times", 6, 10, note=note),
        Figure("first 50 files, p50", statistics.median(first), "ms", 2, 1, True),
        Figure("first 50 files, p95", _p(first, 0.95), "ms", 25, 10, True),
        Figure(
            "files lost against ripgrep and a full scan", _lost(searcher, texts, places, listed), "files", 0, 0, True
        ),
        *_csearch(folder, listed),
        *_duckdb(folder),
    ]


def _csearch(folder: Path, listed: dict[str, set[int]]) -> list[Figure]:
    if shutil.which("cindex") is None:
        return []
    environment = {**os.environ, "CSEARCHINDEX": str(folder / "csearchindex")}
    texts = folder / "texts"
    indexing = ["cindex", str(texts)]
    seconds = _milliseconds(lambda: subprocess.run(indexing, check=True, env=environment, capture_output=True)) / 1000
    size = (folder / "csearchindex").stat().st_size
    total = sum(path.stat().st_size for path in texts.rglob("*") if path.is_file())
    times, lost = [], 0
    for pattern in PATTERNS:
        found: set[int] = set()

        def run(p: str = pattern, into: set[int] = found) -> None:
            done = subprocess.run(["csearch", "-l", p], check=False, env=environment, capture_output=True, text=True)
            into |= _numbers(done.stdout)

        times.append(_milliseconds(run))
        lost += len(listed[pattern] - found)
    return [
        Figure("csearch: all files, p95", _p(times, 0.95), "ms", note=f"lost {lost} files"),
        Figure("csearch: index over text", size / total, "", note=f"{total / 1e6 / seconds:.0f} MB/s"),
    ]


def _duckdb(folder: Path) -> list[Figure]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        files = f"read_parquet('{folder}/release/data/*/*.parquet')"
        sql = f"SELECT count(*) FROM {files} WHERE regexp_matches(content, ?, 'm')"
        times = [_milliseconds(lambda p=p: connection.execute(sql, [p]).fetchall()) for p in PATTERNS[::8]]
    return [Figure("DuckDB: all files", statistics.median(times), "ms", note="over the Parquet, median of 4 patterns")]


def _many(release: Release, files: int) -> list[Figure]:
    """A million files: the same segments opened again and again, texts in memory."""
    copies = -(-1_000_000 // files)
    searcher = Searcher([release] * copies, memory=1 << 30)
    for pattern in PATTERNS:
        _ours(searcher, pattern, 50)
    times = [min(_milliseconds(lambda p=p: _ours(searcher, p, 50)) for _ in range(2)) for p in PATTERNS]
    note = f"{copies} times {files:,} files, {len(searcher.segments):,} segments"
    return [
        Figure("1,000,000 files: first 50, p95", _p(times, 0.95), "ms", 40, 20, True, note),
        Figure("1,000,000 files: first 50, max", max(times), "ms", 100, 50, True),
    ]


def _passages(searcher: Searcher, texts: list[str], folder: Path) -> list[Figure]:
    for words in WORDS:
        searcher.passages(words)
    times = [min(_milliseconds(lambda w=w: searcher._ranking.best(w, 10)) for _ in range(3)) for w in WORDS]
    figures = [Figure("BM25 query, p95", _p(times, 0.95), "ms", 3, 1, True, f"p50 {statistics.median(times):.2f} ms")]
    cut = []
    for text in texts:
        data, start = text.encode(), 0
        for end in _kernel.passages(data):
            cut.append(data[start:end].decode())
            start = end
    job = folder / "passages.json"
    job.write_text(json.dumps({"passages": cut, "words": WORDS}))
    for name, packages in (("tantivy", ["tantivy==0.27.0"]), ("bm25s", ["bm25s==0.3.16", "numpy"])):
        command = [str(peer(name, packages)), str(_PEERS), name, str(job), str(folder / name)]
        done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        note = f"index {done['bytes'] / sum(map(len, cut)):.2f} of the text, {done['megabytes_a_second']:.0f} MB/s"
        figures.append(Figure(f"{name}: query, p95", _p(done["milliseconds"], 0.95), "ms", note=note))
    return figures


if __name__ == "__main__":
    main(measure)
