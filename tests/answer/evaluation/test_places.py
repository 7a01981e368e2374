from __future__ import annotations

from collections.abc import Callable

from drystone.answer.evaluation.places import GoldPlace, places_of, sources_of
from drystone.answer.evaluation.sets import GoldAnswer, LabelledQuestion
from drystone.release.read import Release

TEXT = "# Möbel\n\nPort 80, or 80 again.\n\nPort 443.\n"
TEXTS = {"/top/docs/a.md": TEXT, "/top/docs/b.md": TEXT + "More.\n", "/top/c.md": "Port 443.\n"}


def question(*golds: GoldAnswer, source: str = "") -> LabelledQuestion:
    return LabelledQuestion("1", "Which port?", golds, source, "", "")


def texts(release: Release) -> dict[str, bytes]:
    return {row["swhid"]: row["content"].encode() for row in release.files()}


def found(release: Release, *asked: LabelledQuestion) -> list[list[tuple[str, bytes, int]]]:
    """Return of each place the file, the bytes there, and where they begin."""
    paths = {row["swhid"]: row["path"] for row in release.files()}
    by_id = texts(release)
    return [
        sorted((paths[p.swhid], by_id[p.swhid][p.start : p.end], p.start) for p in places)
        for places in places_of(asked, [release])
    ]


def test_places_are_found_by_path_context_and_bytes(make: Callable[..., Release]) -> None:
    release = make(TEXTS, indexed=False)
    at = TEXT.encode().index(b"80")
    again = TEXT.encode().index(b"80", at + 1)
    by_context = GoldAnswer("80", "docs/a.md", "80, or 80 again", None, None, None)
    by_bytes = by_context._replace(context="", start=again, end=again + 2)
    second = by_context._replace(start=again, end=again + 2)
    moved = by_context._replace(context="Port 443", text="443", start=5, end=8)
    whole = by_context._replace(path="/top/docs/a.md")
    assert found(release, *map(question, (by_context, by_bytes, second, moved, whole))) == [
        [("/top/docs/a.md", b"80", at)],
        [("/top/docs/a.md", b"80", again)],
        [("/top/docs/a.md", b"80", again)],
        [("/top/docs/a.md", b"443", TEXT.encode().index(b"443"))],
        [("/top/docs/a.md", b"80", at)],
    ]


def test_without_a_path_every_file_is_looked_through(make: Callable[..., Release]) -> None:
    release = make(TEXTS, indexed=False)
    context = "öbel\n\nPort 80, or 80 again."
    everywhere = GoldAnswer("80", "", context, context.rindex("80"), None, None)
    (places,) = found(release, question(everywhere))
    assert [path for path, *_ in places] == ["/top/docs/a.md", "/top/docs/b.md"]
    assert {(text, at) for _, text, at in places} == {(b"80", TEXT.encode().rindex(b"80"))}


def test_what_the_release_does_not_hold_has_no_place(make: Callable[..., Release]) -> None:
    release = make(TEXTS, indexed=False)
    elsewhere = GoldAnswer("80", "docs/none.md", "80, or 80 again", None, None, None)
    assert found(
        release,
        question(elsewhere),
        question(elsewhere._replace(path="docs/a.md", context="80 gone")),
        question(elsewhere._replace(path="docs/a.md", context="", start=0, end=2)),
        question(elsewhere._replace(path="docs/a.md"), source="another"),
        question(),
    ) == [[], [], [], [], []]
    source = next(iter(release.files()))["origin"]
    assert source in sources_of([release])
    assert found(release, question(elsewhere._replace(path="docs/a.md"), source=source))[0]


def test_bytes_meet_a_place_and_hold_it() -> None:
    place = GoldPlace("swh:1:cnt:a", 10, 14)
    assert [place.meets("swh:1:cnt:a", *span) for span in ((8, 10), (8, 11), (13, 20), (14, 20))] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [place.inside("swh:1:cnt:a", *span) for span in ((10, 14), (11, 14), (10, 13), (0, 99))] == [
        True, False, False, True,
    ]  # fmt: skip
    assert not place.meets("swh:1:cnt:b", 10, 14)
    assert not place.inside("swh:1:cnt:b", 10, 14)
