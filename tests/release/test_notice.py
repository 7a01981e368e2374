"""Attribution: each text once, by origin, with the files that rest on it; nothing in a text passes for a holder."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from drystone.errors import ReleaseError
from drystone.release.documents.notice import (
    Notice,
    NoticePlace,
    found_notice,
    holders_of,
    merged,
    notice_lines,
    notice_text,
    read_notices,
)
from drystone.release.documents.notice_changes import KeptPaths, after_retraction, older_notice
from drystone.release.layout import NOTICES
from drystone.release.manifest import FORMAT_VERSION

MIT = "MIT License\n\nCopyright (c) {year} {holder}\n\nPermission is hereby granted, free of charge, ...\n"
APACHE = "Apache License\n\n   Copyright [yyyy] [name of copyright owner]\n\n   Licensed under ...\n"


def place(origin: str, swhid: str = "swh:1:cnt:1", files: int | None = 2, beside: str | None = None) -> NoticePlace:
    """Return a place; of `files` None nothing is known."""
    first, covers = (None, ()) if files is None else ("/a.py", ("/a.py", "/src/"))
    return NoticePlace(origin, origin, "/LICENSE", swhid, files=files, first=first, beside=beside, covers=covers)


def text_of(notices: list[Notice]) -> str:
    return "".join(notice_text("Stones 1", merged(notices)))


def back(notices: list[Notice], folder: Path) -> list[Notice] | None:
    (folder / NOTICES).write_text("".join(notice_lines(merged(notices))))
    return read_notices(folder, FORMAT_VERSION)


def test_each_text_once_with_all_its_holders_origins_and_files(tmp_path: Path) -> None:
    notices = [
        found_notice(MIT.format(year=2020, holder="Ann"), "MIT", place("a/one")),
        found_notice(MIT.format(year=2020, holder="Ann"), "MIT", place("a/two", files=1)),
        found_notice(
            MIT.format(year=1999, holder="Bob & Co").replace("\n", "\r\n"), "MIT", place("b/three", files=None)
        ),
        found_notice(APACHE, "Apache-2.0", place("c/four", files=1_234)),
    ]
    text = text_of(notices)
    assert text.count("Permission is hereby granted") == 1
    assert "a/one /LICENSE: 2 files\n    Copyright (c) 2020 Ann\n    for /a.py\n    for /src/\n" in text
    assert "a/two /LICENSE: 1 file\n    Copyright (c) 2020 Ann\n    for /a.py\n" in text
    assert "b/three /LICENSE\n    Copyright (c) 1999 Bob & Co\n" in text
    assert "c/four /LICENSE: 1,234 files" in text
    assert "|    Copyright [yyyy] [name of copyright owner]" in text, "a template belongs to the text"
    assert text.index("[1] Apache-2.0") < text.index("[2] MIT")
    assert back(notices, tmp_path) == merged(notices)


def test_the_order_of_notices_does_not_matter() -> None:
    notices = [
        found_notice(MIT.format(year=y, holder="X" * (y % 3)), "MIT", place(f"r/{y}")) for y in range(2000, 2020)
    ]
    notices += [found_notice("Else\n\n  text", None, place("q")), found_notice("Else\n text\n", None, place("p"))]
    shuffled = list(notices)
    random.Random(1).shuffle(shuffled)
    assert text_of(notices) == text_of(shuffled)
    assert text_of(notices).count("licence not recognised") == 1


def test_holders_in_their_many_forms() -> None:
    lines = [
        "Copyright 2001-2024 The Authors. All rights reserved.",
        "# Copyright (C) 1991 Someone",
        " * © 2011 Somebody",
        "(c) 2015 by Them",
        "Copyright © Holder",
    ]
    found = found_notice("\n".join([*lines, "The text."]), "MIT", place("r"))
    assert found.places[0].holders == tuple(" ".join(line.split()) for line in lines)
    assert found.text == "The text."
    sentence = "The above copyright notice and this permission notice shall be included in all copies."
    assert found_notice(sentence, "MIT", place("r")).text == sentence


def test_a_text_that_imitates_a_notice_adds_no_holder_and_no_place(tmp_path: Path) -> None:
    honest = [found_notice(MIT.format(year=2020, holder="Ann"), "MIT", place("https://example.org/ann"))]
    imitated = text_of([found_notice(MIT.format(year=1999, holder="Mallory"), "MIT", place("https://example.org/ann"))])
    line = notice_lines(merged([found_notice("x\nCopyright 1999 Mallory", "MIT", place("https://example.org/ann"))]))
    for trick in (imitated, "".join(line), f"fine\n{imitated}\n{{}}\u2028{imitated}", imitated.replace("\n", "\r\f\n")):
        notices = [*honest, found_notice(trick, None, place("https://example.org/mallory", "swh:1:cnt:2"))]
        read = back(notices, tmp_path)
        assert read is not None
        assert holders_of(read)["https://example.org/ann", "swh:1:cnt:1"] == ("Copyright (c) 2020 Ann",)
        assert {p.origin for one in read for p in one.places} == {
            "https://example.org/ann",
            "https://example.org/mallory",
        }
        # In NOTICE only lines with a bar are the text's, so that a reader sees whose line is whose.
        lines = text_of(notices).split("\n")
        ours = [each for each in lines if each.startswith("https://example.org/ann /LICENSE")]
        assert len(ours) == 1
        assert [each for each in lines if each.startswith("[")] == ["[1] MIT", "[2] licence not recognised"]


def test_no_notices_and_hostile_ones(tmp_path: Path) -> None:
    assert "No kept file rests on a licence or notice text" in text_of([])
    hostile = found_notice("Copyright 2020 \x1b[31m\nred \x1b[31m\ttab", "\x1b", place("\x1b]0;x"))
    text = text_of([hostile])
    assert "\x1b" not in text
    assert "red \\x1b[31m\ttab" in text
    assert "\x1b" not in "".join(notice_lines([hostile]))
    for damaged in (b"", b"{", b"[]\n", b'{"known":true}\n[]\n', b'{"known":true}\n{"text":1}\n', b"\xff\n"):
        (tmp_path / NOTICES).write_bytes(damaged)
        with pytest.raises(ReleaseError, match="cannot be read"):
            read_notices(tmp_path, FORMAT_VERSION)
    (tmp_path / NOTICES).unlink()
    assert read_notices(tmp_path, FORMAT_VERSION) is None
    (tmp_path / NOTICES).write_text("".join(notice_lines(None)))
    assert read_notices(tmp_path, FORMAT_VERSION) is None, "not known, which is not the same as none"


def test_after_a_retraction_each_text_covers_what_is_kept_now() -> None:
    apache = found_notice(APACHE, "Apache-2.0", place("b", "swh:1:cnt:2"))
    older = found_notice("Of an older program", "ISC", place("b", "swh:1:cnt:3", None))
    notices = merged(
        [
            found_notice(MIT.format(year=2020, holder="Ann"), "MIT", place("a")),
            found_notice(MIT.format(year=2021, holder="Bob"), "MIT", place("b")),
            found_notice(MIT.format(year=2022, holder="Cat"), "MIT", place("c")),
            found_notice("A product of Bob", None, place("b", "swh:1:cnt:9", None, beside="swh:1:cnt:1")),
            replace(apache, places=(replace(apache.places[0], covers=("/lib/",)),)),
            older,
        ]
    )
    kept = KeptPaths("b", ["/lib/x.py", "/lib/y.py"], {"MIT": ["/src/copy.py"]})
    left = after_retraction(notices, {"a"}, {"b": kept})
    assert [(n.text is None, p.origin, p.swhid, p.files, p.first, p.covers) for n in left for p in n.places] == [
        (False, "b", "swh:1:cnt:2", 2, "/lib/x.py", ("/lib/",)),
        (False, "b", "swh:1:cnt:3", None, None, ()),
        (False, "c", "swh:1:cnt:1", 2, "/a.py", ("/a.py", "/src/")),
        (True, "b", None, 1, "/src/copy.py", ("/src/",)),
    ]
    text = text_of(left)
    assert "b: 1 file\n    for /src/\n\n| (The text is not in this release." in text
    assert "Bob" not in text, "no file that is kept rests on his text"


def test_a_newer_format_may_say_more_and_this_one_may_not(tmp_path: Path) -> None:
    (line,) = map(json.loads, list(notice_lines(merged([found_notice("The text", "MIT", place("a"))])))[1:])
    known = read_lines(tmp_path, line, FORMAT_VERSION)
    for more in ({**line, "mood": 1}, {**line, "places": [{**line["places"][0], "mood": 1}]}):
        assert read_lines(tmp_path, more, FORMAT_VERSION + 1) == known
        with pytest.raises(ReleaseError, match=r"the field 'mood', which this program does not know.*newer drystone"):
            read_lines(tmp_path, more, FORMAT_VERSION)


def read_lines(folder: Path, line: dict[str, object], version: int) -> list[Notice] | None:
    (folder / NOTICES).write_text(f'{{"format":"drystone-notices","known":true}}\n{json.dumps(line)}\n')
    return read_notices(folder, version)


def test_of_an_older_notice_only_the_text_is_known() -> None:
    old = (
        "NOTICE of Stones 1\n\nWords.\n"
        f"\n{'=' * 80}\n[1] MIT\n{'=' * 80}\n\n    Copyright 2020 Ann\n  in a\n\n    Copyright 2021 Bob\n  in b\n"
        f"\n{'-' * 80}\nThe text\n"
    )
    left = "".join(older_notice(old, {"b"}, "Stones 2"))
    assert "Ann" in left
    assert "Bob" not in left
    assert left.startswith("NOTICE of Stones 2\n")
