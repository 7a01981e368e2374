from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.errors import ReleaseError, UsageError
from drystone.identity.swhid import parse as parse_swhid
from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.search.query import QueryError
from drystone.search.results.found import Found, SearchResult
from drystone.search.search import TABLE, Searcher
from tests.release.sample import Row, sample_rows
from tests.search.conftest import write
from tests.search.strategies import Pattern, as_python_finds, quick_patterns


def paths(answer: SearchResult) -> set[tuple[str, str]]:
    found = [(one.origin, one.path) for one in answer]
    assert len(found) == len(set(found)) == answer.files
    return set(found)


@pytest.fixture(scope="session")
def rows(release: Release) -> list[dict[str, Any]]:
    """Everything that the release holds."""
    return list(release.files(columns=["origin", "path", "content", "language", "license_expression", "is_vendor"]))


@settings(max_examples=150, deadline=None)
@given(quick_patterns)
def test_the_files_found_are_those_that_a_full_scan_finds(
    rows: list[dict[str, Any]], searcher: Searcher, pattern: Pattern
) -> None:
    expected = as_python_finds(
        lambda found: {(row["origin"], row["path"]) for row in rows if found.search(row["content"])}, pattern
    )
    query = "case:yes content:/" + pattern.ours.replace("/", "\\/") + "/"
    answer = searcher.search(query, limit=None, lines=0)
    assert paths(answer) == expected
    assert answer.exact
    assert answer.reason is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_pieces_of_the_texts_are_found_whatever_their_case(
    rows: list[dict[str, Any]], searcher: Searcher, data: st.DataObject
) -> None:
    lines = [line for row in rows[:: max(1, len(rows) // 60)] for line in row["content"].split("\n") if len(line) > 5]
    line = data.draw(st.sampled_from(lines))
    start = data.draw(st.integers(0, len(line) - 4))
    piece = line[start : start + data.draw(st.integers(3, 30))]
    quoted = '"' + piece.swapcase().replace("\\", "\\\\").replace('"', '\\"') + '"'
    found = paths(searcher.search(f"case:no content:{quoted}", limit=None, lines=0))
    assert {(r["origin"], r["path"]) for r in rows if piece in r["content"]} <= found


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("lang:python", lambda r: r["language"] == "Python"),
        ("lang:c++ std::", lambda r: r["language"] == "C++" and "std::" in r["content"].lower()),
        ("lang:py", lambda r: r["language"] == "Python"),
        ("-lang:python", lambda r: r["language"] != "Python"),
        ("lang:toml or lang:markdown", lambda r: r["language"] in {"TOML", "Markdown"}),
        ("file:init repo:click", lambda r: "init" in r["path"] and "click" in r["origin"]),
        ("license:mit is:vendor", lambda r: r["license_expression"] == "MIT" and r["is_vendor"]),
        ("license:none", lambda r: r["license_expression"] is None),
        ('license:"MIT and mit"', lambda r: r["license_expression"] == "MIT"),
        ("case:yes content:KELVIN", lambda r: "KELVIN" in r["content"]),
        ("content:kelvin -content:needle", lambda r: "kelvin" in r["content"].lower().replace("\u212a", "k")),
        ("type:filename queryset", lambda r: "queryset" in r["path"]),
        ("(content:class content:import) -(is:vendor or lang:toml)",
         lambda r: "class" in r["content"].lower() and "import" in r["content"].lower() and not r["is_vendor"]
         and r["language"] != "TOML"),
        ("-content:e", lambda r: "e" not in r["content"].lower()),
        ("content:needle", lambda r: "needle" in r["content"].lower()),
    ],
)  # fmt: skip
def test_fields(rows: list[dict[str, Any]], searcher: Searcher, query: str, test: Callable[..., bool]) -> None:
    expected = {(r["origin"], r["path"]) for r in rows if test(r)}
    assert expected or "queryset" in query
    assert paths(searcher.search(query, limit=None)) == expected


@pytest.mark.parametrize(
    ("query", "column", "expected"),
    [
        ("x lang:pyton", 8, "did you mean 'Python'?"),
        ("lang:qwertzuiop", 6, "expected a language as Linguist names it"),
        ("license:Apache2.0", 9, "did you mean 'Apache-2.0'?"),
        ("license:qwertzuiop", 9, "expected permissive, non_permissive, copyleft, none or an SPDX identifier"),
    ],
)
def test_names_that_nothing_has_are_errors(searcher: Searcher, query: str, column: int, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        searcher.search(query)
    assert caught.value.column == column
    assert expected in caught.value.expected


def test_definitions_come_before_uses_and_code_before_vendored_code(searcher: Searcher) -> None:
    found = list(searcher.search("case:yes content:get_queryset"))
    assert [one.path for one in found] == ["/defines.py", "/two.py", "/vendored/uses.py"]
    assert [one.why for one in found] == ["definition", "definition", "text"]
    assert found[2].flags == ("vendor",)


def test_a_result_has_lines_spans_and_an_identifier_with_lines(searcher: Searcher) -> None:
    (found,) = searcher.search("case:yes repo:hard content:/def get_\\w+/", context=1)
    (before, line, after) = found.lines
    assert (before.number, before.text, before.spans) == (3, "", ())
    assert (line.number, line.text) == (4, "def get_queryset(self):")
    assert [line.text[a:b] for a, b in line.spans] == ["def get_queryset"]
    assert after.text == "    return os"
    swhid = parse_swhid(found.swhid)
    assert (swhid.kind, swhid.path, swhid.lines) == ("cnt", b"/defines.py", (4, 4))
    assert swhid.origin == found.origin


def test_a_long_line_is_cut_around_its_match(searcher: Searcher) -> None:
    (found,) = searcher.search("content:needle")
    (line,) = found.lines
    assert line.cut
    assert len(line.text) == 400
    assert [line.text[a:b] for a, b in line.spans] == ["needle"]


def test_lines_of_windows_have_no_carriage_return(searcher: Searcher) -> None:
    (found,) = searcher.search("sym:Second")
    assert [(line.number, line.text) for line in found.lines] == [(4, "class Second:")]


def test_what_was_not_looked_at_is_said(searcher: Searcher, release: Release) -> None:
    answer = searcher.search("content:import", limit=3)
    assert len(list(answer)) == 3
    assert (answer.exact, answer.reason) == (False, "limit")
    total, _ = searcher.count("content:import")
    assert total.exact
    assert 3 < total.files <= 3 + answer.at_most
    late = searcher.search("content:import", limit=None, seconds=1e-9)
    assert list(late) == []
    assert (late.exact, late.reason) == (False, "time")
    assert searcher.search("content:import count:2", limit=9).results is not None
    assert len(list(searcher.search("content:import count:2"))) == 2


def test_counts_by_language(searcher: Searcher, release: Release) -> None:
    answer, counts = searcher.count("lang:python or lang:toml", by="language")
    assert answer.exact
    assert sum(counts.values()) == answer.files
    assert list(counts) == ["Python", "TOML"]


def test_a_table_has_the_files_of_the_results(searcher: Searcher) -> None:
    answer, table = searcher.table("content:import or lang:toml")
    assert answer.exact
    assert table.schema == TABLE
    rows = set(zip(table.column("origin").to_pylist(), table.column("path").to_pylist(), strict=True))
    assert rows == paths(searcher.search("content:import or lang:toml", limit=None, lines=0))
    assert searcher.table("zzzzqq")[1].num_rows == 0
    assert searcher.table("content:import", limit=2)[1].num_rows == 2


def test_repositories_are_told_once(searcher: Searcher) -> None:
    found = list(searcher.search("type:repo content:import", limit=None))
    assert len({one.origin for one in found}) == len(found) > 1


def test_several_releases_at_once(release: Release, tmp_path: Path) -> None:
    row = Row("own/other", "/other.py", b"def only_there(): pass\n", "Python")
    other = write(tmp_path / "other", [*sample_rows()[:20], row])
    index.build(other)
    both = Searcher([release, other])
    (found,) = both.search("only_there")
    assert (found.release, found.path) == (other.manifest.facts.name, "/other.py")
    assert {one.path for one in both.search("sym:only_there or sym:get_queryset")} == {
        "/other.py", "/two.py", "/defines.py",
    }  # fmt: skip


def test_a_release_without_files_answers_that_there_are_none(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty", [Row("own/empty", "/x.bin", b"\0", None, "encoding.binary")])
    assert index.build(empty).segments == 0
    answer = Searcher([empty]).search("anything")
    assert list(answer) == []
    assert answer.exact


def test_quoted_text_with_signs_is_told_apart_from_a_pattern(searcher: Searcher) -> None:
    answer = searcher.search('"get.*set"')
    assert list(answer) == []
    assert "between slashes" in answer.notes[0]


def test_texts_that_changed_after_indexing_are_an_error(copy: Release) -> None:
    (segment,) = index.open_segments(copy)
    shard, page = segment.pages[0]
    path = copy.path / segment.entries[shard].place
    data = bytearray(path.read_bytes())
    data[page.place + page.compressed // 2] ^= 0xFF
    path.write_bytes(data)
    searcher = Searcher([copy])
    with pytest.raises(ReleaseError, match="does not hold the text"):
        list(searcher.search("-content:zzzzzz", limit=None))


@pytest.mark.slow
def test_a_query_of_a_hundred_kilobytes_is_answered_or_refused(searcher: Searcher) -> None:
    assert list(searcher.search("content:" + "a" * 99_000)) == []
    with pytest.raises(UsageError, match="100,001 characters"):
        searcher.search("a" * 100_001)
    with pytest.raises(UsageError, match="deep"):
        searcher.search("(" * 5000)
    many = " or ".join(f"content:zq{n}z" for n in range(3000))
    assert list(searcher.search(many, lines=0)) == []


def test_results_come_one_by_one(searcher: Searcher) -> None:
    results = iter(searcher.search("content:import", limit=None))
    assert isinstance(next(results), Found)


def test_there_is_no_answer_without_an_index(tmp_path: Path) -> None:
    write(tmp_path / "none", sample_rows()[:5])
    with pytest.raises(ReleaseError, match="drystone index"):
        Searcher([open_release(tmp_path / "none")])


def test_a_search_loads_no_library_that_it_does_not_need(release: Release) -> None:
    """Pandas alone would take longer than the search."""
    code = (
        "import sys\nfrom drystone.release.read import open_release\nfrom drystone.search.search import Searcher\n"
        "found = Searcher([open_release(sys.argv[1])])\n"
        "print(found.table('import')[1].num_rows, found.count('import', by='language')[0].files,"
        " sum(1 for _ in found.search('import', context=1)))\n"
        "print([name for name in ('pandas', 'duckdb', 'daft', 'torch', 'ray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(release.path)], check=True, capture_output=True, text=True)
    found, loaded = done.stdout.splitlines()
    assert found.split()[0] == found.split()[1] != "0"
    assert loaded == "[]"


def test_a_search_ends_where_nobody_waits_for_it_any_more(searcher: Searcher, release: Release) -> None:
    from drystone.search.occurrences.ledger import search as search_ledger

    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 2

    answer = searcher.search("/[a-z]{3}[0-9]/", limit=None, stopped=stopped)
    assert len(list(answer)) < len(list(searcher.search("/[a-z]{3}[0-9]/", limit=None)))
    assert (answer.exact, answer.reason) == (False, "time")
    ledger = search_ledger([release], "kept:yes", limit=None, stopped=lambda: True)
    assert (list(ledger), ledger.exact, ledger.reason) == ([], False, "time")
