from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.answer.citing import CitedRelease
from drystone.identity.swhid import parse
from drystone.release.read import Release, open_release
from drystone.search import index
from tests.answer.conftest import GUIDE
from tests.release.sample import Row, write_sample

TEXTS = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("\n\r\té\U0001f600"), min_size=1, max_size=80
)


@settings(max_examples=15, deadline=None)
@given(st.data(), TEXTS)
def test_a_citation_reads_its_bytes_again_and_no_other_quote_is_cited(data: st.DataObject, text: str) -> None:
    text = text.removeprefix("\ufeff") or "a"
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    row = Row("pypi/click", "/a.md", text.encode(), "Markdown")
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder) / "release", [row])
        cited = CitedRelease(open_release(Path(folder) / "release"))
        low, high = (len(text[:at].encode()) for at in (start, end))
        found = cited.cite(row.swhid, "Markdown", low, high, text[start:end])
        assert found is not None
        assert text.encode()[slice(*found.bytes)].decode() == found.quote == text[start:end]
        assert found.lines == (text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1)
        assert found.prefix + found.quote + found.suffix in text
        assert found.prefix.split("\n") == text[:start].split("\n")[-3:]
        assert found.suffix.split("\n") == text[end:].split("\n")[:3]
        assert cited.cite(row.swhid, "Markdown", low, high, text[start:end] + "x") is None
        assert cited.cite(row.swhid, "No such language", low, high, text[start:end]) == found
        assert cited.cite("swh:1:cnt:" + "0" * 40, "Markdown", low, high, text[start:end]) is None


def test_a_citation_says_where_and_under_which_licence(release: Release) -> None:
    row = Row("pypi/click", "/guide.rst", GUIDE.encode(), "Markdown")
    start = GUIDE.index("Ada Mason")
    found = CitedRelease(release).cite(row.swhid, "Markdown", start, start + 9, "Ada Mason")
    assert found is not None
    facts = release.manifest.facts
    assert (found.release, found.version, found.root) == (facts.name, facts.version, release.root)
    assert (found.repository, found.path, found.license) == ("pypi/click", "/guide.rst", "MIT")
    assert found.bytes == (start, start + 9)
    assert found.attribution == "pypi/click, guide.rst. Copyright (c) 2020 Pallets. licensed under MIT."
    named = parse(found.swhid)
    assert (str(named.core), named.path, named.lines) == (row.swhid, b"/guide.rst", found.lines)
    line = GUIDE.count("\n", 0, start) + 1
    assert found.lines == (line, line)


def test_what_stands_around_a_quote_is_cut_where_lines_are_long(make: Callable[..., Release]) -> None:
    text = "é" * 900 + "stone" + "ü" * 900 + "\n"
    found = CitedRelease(make({"/a.md": text}, indexed=False)).cite(
        Row("", "", text.encode(), None).swhid, "", 1800, 1805, "stone"
    )
    assert found is not None
    assert (found.prefix, found.quote, found.suffix) == ("é" * 200, "stone", "ü" * 200)


def test_what_has_no_licence_says_so(make: Callable[..., Release]) -> None:
    made = make({"/a.md": "A text.\n"}, indexed=False, license=None)
    found = CitedRelease(made).cite(Row("", "", b"A text.\n", None).swhid, "", 2, 6, "text")
    assert found is not None
    assert found.license is None
    assert found.attribution.endswith("no licence was found.")


def test_citing_opens_the_one_shard_that_holds_the_file(tmp_path: Path) -> None:
    rows = [Row("pypi/click", f"/{n}.py", f"value_{n} = {n}\n".encode(), "Python") for n in range(40)]
    for indexed in (True, False):
        folder = tmp_path / str(indexed)
        write_sample(folder, rows, shards=20)
        if indexed:
            index.build(open_release(folder))
        release = open_release(folder)
        (shard,) = (
            table["shard"][at].as_py()
            for table in release.ledger()
            for at, path in enumerate(table["path"].to_pylist())
            if path == "/7.py"
        )
        for entry in release.manifest.of_kind("data"):
            if entry.path != shard:
                (folder / entry.place).unlink()
        kept = CitedRelease(release).kept(rows[7].swhid, at=("https://example.org/pypi/click", "/7.py"))
        assert kept is not None
        assert kept.data == b"value_7 = 7\n"
