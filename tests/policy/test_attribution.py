"""What must be said by whoever uses some rows: their texts and holders, no others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.errors import ReleaseError, UsageError
from drystone.policy import verbs
from drystone.release.documents.notice import notice_lines
from drystone.release.layout import NOTICES
from drystone.release.read import open_release
from tests.release.sample import sample_rows, write_sample


def test_only_the_texts_of_the_rows_that_are_used_are_said(attributed: Path) -> None:
    every = verbs.attribution(attributed)
    assert len(every.files) == open_release(attributed).manifest.counts.kept
    found = verbs.attribution(attributed, where=["origin=https://example.org/pypi/rich"])
    (notice,) = found.notices
    assert [(p.origin, p.holders) for p in notice.places] == [
        ("https://example.org/pypi/rich", ("Copyright (c) 2020 Will McGugan",))
    ]
    assert notice.places[0].files == len(found.files) > 0
    assert notice.places[0].covers == ("/",), "all that the release has of it"
    assert [file.texts for file in found.files] == [(notice.places[0].swhid,)] * len(found.files)
    (one,) = verbs.attribution(attributed, where=[f"swhid={found.files[0].swhid}"]).notices
    assert (one.places[0].files, one.places[0].covers) == (1, (found.files[0].path,)), "the others are not used"
    assert [name for name, _ in found.asks] == ["MIT"]
    assert found.unaccompanied == ()
    assert verbs.attribution(attributed, where=["path=/not-there"]).files == ()


def test_licences_without_a_text_are_said_by_origin(attributed: Path) -> None:
    found = verbs.attribution(attributed, where=["origin=https://example.org/own/special"])
    assert found.notices == ()
    alone = {one.licenses: one for one in found.unaccompanied}
    assert set(alone) == {"MIT", None, "Beerware, LicenseRef-scancode-public-domain"}
    assert alone[None].files.covers == ("/bare.py",)
    assert sum(one.files.files for one in found.unaccompanied) == len(found.files)
    (mit, beerware) = sorted(found.listed, key=lambda one: one.license != "MIT")
    assert (mit.license, beerware.license) == ("MIT", "Beerware"), "the public domain asks nobody to pass a text on"
    assert "Permission is hereby granted" in mit.text
    for form in ("text", "html"):
        written = verbs.write_attribution(found, form)
        assert written.index("Texts of the SPDX License List") < written.index("Permission is hereby granted")
        assert written.count("Permission is hereby granted") == 1
    assert verbs.attribution(attributed, where=["origin=*/rich"]).listed == ()


def test_files_are_listed_by_what_their_licence_rests_on(attributed: Path) -> None:
    def paths(**asked: object) -> set[str]:
        return {file.path for file in verbs.license_files(attributed, **asked)}  # type: ignore[arg-type]

    every = paths()
    assert paths(basis=["text"]) == every - {"/latin.py", "/bare.py"}
    assert paths(basis=["readme"]) == set(), "it rests on a header, too"
    assert paths(basis=["readme", "header"]) == paths(basis=["conflict"]) == paths(below=0.75) == {"/latin.py"}
    assert paths(basis=["unknown"]) == {"/bare.py"}
    assert paths(basis=["conflict"], below=0.4) == set()
    assert paths(where=["path=/bom.*"]) == {"/bom.py"}
    with pytest.raises(UsageError, match="one of header, metadata"):
        paths(basis=["hearsay"])


def test_a_confidence_of_0_is_less_than_any_other(tmp_path: Path) -> None:
    rows = [row for row in sample_rows() if row.repository == "own/special"]
    for row in rows:
        if row.path == "/latin.py":
            row.extra = {"license_basis": "readme", "license_confidence": 0.0}
    write_sample(tmp_path / "release", rows)
    found = verbs.license_files(tmp_path / "release", below=0.01)
    assert [(file.path, file.license_confidence) for file in found] == [("/latin.py", 0.0)]


def test_an_older_release_says_that_it_does_not_know(attributed: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(attributed, tmp_path / "copy"))
    (copy / NOTICES).write_text("".join(notice_lines(None)))
    with pytest.raises(ReleaseError, match="did not say which files rest on which text"):
        verbs.attribution(copy)
