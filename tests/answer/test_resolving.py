"""What became of quotes: each state in real releases, with an index and without, and after a real retraction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drystone.answer import verbs
from drystone.answer.citing import CitedRelease
from drystone.answer.permalinks import SCHEME, parse_permalink
from drystone.answer.shapes import CheckedCitation, Citation
from drystone.building.retract import retract
from drystone.errors import ReleaseError, UsageError
from drystone.release import layout
from drystone.release.manifest import EarlierVersion
from drystone.release.read import Release, open_release
from drystone.search import index
from tests.release.sample import FACTS, Row, write_sample
from tests.release.test_retract import Table

QUOTE = "The keystone of {} was cut in 1852."


def text(name: str, before: str = "", behind: str = "") -> bytes:
    return f"# {name}\n\n{before}{QUOTE.format(name)}{behind}\n".encode()


def doc(repository: str, name: str, data: bytes, dropped: str | None = None, **more: object) -> Row:
    return Row(repository, f"/{name}.md", data, "Markdown", dropped, license="MIT", **more)  # type: ignore[arg-type]


COPY = doc("own/c", "copy", text("copied"))
OLD = [
    doc("own/a", name, text(name))
    for name in ("stays", "shifted", "rewritten", "denied", "asked", "copied", "renamed", "removed")
] + [doc("own/b", "gone", text("gone")), doc("own/d", "taken", text("taken"))]
NEW = [
    doc("own/a", "stays", text("stays")),
    doc("own/a", "shifted", text("shifted", "A line more.\n" * 3)),
    doc("own/a", "rewritten", b"# rewritten\n\nNothing was cut.\n"),
    doc("own/a", "denied", text("denied"), "license.denied_license"),
    doc("own/a", "asked", text("asked"), "opted_out.opted_out"),
    COPY,
    doc("own/a", "copied", text("copied"), "exact_duplicates.exact_duplicate", like=COPY),
    doc("own/a", "new/renamed", text("renamed")),
    doc("own/d", "taken", text("taken")),
]


def release(folder: Path, version: str, of: list[Row], *, indexed: bool, **facts: object) -> Release:
    write_sample(folder, of, FACTS.model_copy(update={"version": version, **facts}))
    if indexed:
        index.build(open_release(folder))
    return open_release(folder)


@pytest.fixture(scope="module", params=["indexed", "plain"])
def versions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Release]:
    """Versions 1.9.0 and 1.10.0 of a release."""
    home, indexed = tmp_path_factory.mktemp("versions"), request.param == "indexed"
    old = release(home / "old", "1.9.0", OLD, indexed=indexed)
    lineage = EarlierVersion(version="1.9.0", root=old.root)
    return [old, release(home / "new", "1.10.0", NEW, indexed=indexed, previous=lineage)]


def cite(of: Release, name: str, quote: str | None = None) -> Citation:
    row = next(row for row in [*OLD, *NEW] if row.path == f"/{name}.md")
    words = quote or QUOTE.format(name)
    start = row.data.index(words.encode())
    found = CitedRelease(of).cite(row.swhid, "Markdown", start, start + len(words), words)
    assert found is not None
    return found


def resolve(citation: Citation, *releases: Release) -> CheckedCitation:
    found = verbs.resolve_permalink(citation.permalink, releases)
    if found.now is not None:
        (of,) = [one for one in releases if one.manifest.facts.version == found.now.version]
        kept = CitedRelease(of).kept(found.now.swhid.partition(";")[0])
        assert kept is not None
        assert kept.data[slice(*found.now.bytes)].decode() == found.now.quote == citation.quote
    return found


@pytest.mark.parametrize(
    ("name", "state", "path", "said"),
    [
        ("stays", "stands", "/stays.md", "are the quote; it was cited from version 1.9.0"),
        ("shifted", "moved", "/shifted.md", "line 6: not in 1.10.0: other bytes lie at its path"),
        ("renamed", "moved", "/new/renamed.md", "the same bytes lie at /new/renamed.md in it"),
        ("copied", "moved", "/copy.md", "/copy.md stands for it"),
        ("rewritten", "changed", None, "the quote is not in the text any more: not in 1.10.0: other bytes"),
        ("asked", "withdrawn", None, "it was taken out of the release: not in 1.10.0: it was opted out"),
        ("denied", "gone", None, "it is dropped for denied_license"),
        ("removed", "gone", None, "its repository has no such file any more"),
        ("gone", "gone", None, "its repository is not in it"),
    ],
)
def test_each_state_in_a_later_version(
    versions: list[Release], name: str, state: str, path: str | None, said: str
) -> None:
    found = resolve(cite(versions[0], name), *versions)
    assert (found.state, found.now and found.now.path) == (state, path)
    assert said in found.said
    assert (found.release, found.version, found.path) == ("Sample stones", "1.10.0", f"/{name}.md")
    assert found.quote == (found.now.quote if found.now else None)


def test_the_version_that_is_cited_says_whether_it_was_ever_there(versions: list[Release]) -> None:
    old, new = versions
    one = cite(old, "stays")
    assert resolve(one, old).state == "stands"
    link = parse_permalink(one.permalink)
    wrong = f"{SCHEME}{link.query}".replace(link.quote.sha256, "0" * 64)
    assert verbs.resolve_permalink(wrong, [old]).state == "never_there"
    assert verbs.resolve_permalink(wrong, [new]).state == "changed"
    nowhere = f"{SCHEME}{link.query}".replace(link.swhid.hash, "0" * 40)
    assert verbs.resolve_permalink(nowhere, [old]).state == "never_there"
    stranger = f"{SCHEME}{link.query}".replace(old.root, "0" * 64).replace("stays", "never")
    unknown = verbs.resolve_permalink(stranger.replace(link.swhid.hash, "0" * 40), [new])
    assert unknown.state == "gone"
    assert "whether it ever was in the release is not known" in unknown.said


def test_a_release_of_another_name_is_refused_and_the_newest_version_answers(versions: list[Release]) -> None:
    old, new = versions
    one = cite(old, "shifted")
    assert [resolve(one, *order).version for order in ([old, new], [new, old], [old])] == ["1.10.0", "1.10.0", "1.9.0"]
    with pytest.raises(UsageError, match=r"is of the release 'Other', which is not here; here: Sample stones"):
        verbs.resolve_permalink(one.permalink.replace("Sample+stones", "Other"), versions)
    with pytest.raises(UsageError, match="which is not here; here: none"):
        verbs.resolve_permalink(one.permalink, [])


def test_a_withdrawn_files_permalink_says_so_and_by_which_request(tmp_path: Path) -> None:
    old = release(tmp_path / "release", "1.0.0", OLD, indexed=True)
    links = {name: cite(old, name) for name in ("taken", "asked", "stays")}
    asked = next(row.swhid for row in OLD if row.path == "/asked.md")
    retract([str(old.path)], Table(repositories=("own/d",), contents={asked}), "head-2")
    now = open_release(old.path)
    assert now.manifest.index, "the retraction keeps the index"
    taken, asked_out = resolve(links["taken"], now), resolve(links["asked"], now)
    assert (taken.state, asked_out.state, resolve(links["stays"], now).state) == ("withdrawn", "withdrawn", "stands")
    assert taken.said == "it was taken out of the release: not in 1.0.1: its repository was taken back"
    assert taken.lost is not None
    assert asked_out.lost is not None
    assert (taken.lost.by, taken.lost.evidence) == ("retracted", {"requests": ["request-1", "request-3"]})
    assert (asked_out.lost.by, asked_out.lost.evidence) == ("opted_out", {"request": "request-3"})

    # An update of that version: what was taken out whole leaves no row that tells it from what was left out.
    later = release(
        tmp_path / "later", "1.1.0", [row for row in OLD if row.path in {"/stays.md", "/removed.md"}], indexed=False,
        previous=EarlierVersion(version="1.0.1", root=now.root), earlier=now.manifest.facts.lineage,
    )  # fmt: skip
    alone = resolve(links["taken"], later)
    assert alone.state == "gone"
    assert "between the two something was retracted" in alone.said
    assert resolve(links["taken"], later, now).state == "withdrawn", "an older version that can tell does"
    assert resolve(links["stays"], later, now).version == "1.1.0"


def test_a_text_that_is_not_the_released_one_is_never_cited(make: Callable[..., Release]) -> None:
    one = make({"/a.md": "The keystone was cut.\n"}, indexed=False)
    row = Row("", "", b"The keystone was cut.\n", None)
    found = CitedRelease(one).cite(row.swhid, None, 4, 12, "keystone")
    assert found is not None
    (shard,) = one.manifest.of_kind("data")
    tampered = make({"/a.md": "The keystone was lost.\n"}, indexed=False)
    rows = next(tampered.rows(tampered.manifest.of_kind("data")[0])).to_pylist()
    rows[0] |= {"swhid": row.swhid, "released_sha256": found.released_sha256}
    from drystone.release.writing.writer import write_data_shard
    from tests.release.sample import DATA, table

    (one.path / shard.place).unlink()
    write_data_shard(one.path, "Markdown", 0, 1, [table(rows, DATA)])
    damaged = Release(one.path, one.manifest)
    with pytest.raises(ReleaseError, match=r"is not the one that its row names; run drystone verify"):
        CitedRelease(damaged).cite(row.swhid, None, 4, 12, "keystone")
    with pytest.raises(ReleaseError, match="run drystone verify"):
        resolve(found, damaged)


def test_a_stale_or_foreign_index_is_not_asked_and_that_is_said(make: Callable[..., Release]) -> None:
    one, other = make({"/a.md": "The keystone was cut.\n"}), make({"/b.md": "Nothing was cut.\n"})
    row = Row("", "", b"The keystone was cut.\n", None)
    for file in (one.path / layout.INDEX).iterdir():
        foreign = next(p for p in (other.path / layout.INDEX).iterdir() if p.suffix == file.suffix)
        file.write_bytes(foreign.read_bytes())
    cited = CitedRelease(open_release(one.path))
    found = cited.cite(row.swhid, None, 4, 12, "keystone")
    assert found is not None
    checked = resolve(found, open_release(one.path))
    assert (checked.state, checked.notes) == ("stands", tuple(cited.notes))
    assert "of other bytes, or damaged, and was not used" in checked.notes[0]
    index.build(open_release(one.path))
    assert resolve(found, open_release(one.path)).notes == ()
