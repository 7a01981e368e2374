"""What must be said by whoever uses some rows: their texts and holders, no others; in text, HTML and SPDX."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from drystone.errors import ReleaseError, UsageError
from drystone.policy import verbs
from drystone.policy.attribution import Attribution
from drystone.release.documents.notice import notice_lines
from drystone.release.layout import NOTICES
from drystone.release.read import open_release
from tests.release.sample import sample_rows, write_sample


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attribution") / "release"
    rows = [r for r in sample_rows() if r.repository == "own/special" or len(r.data) < 3000]
    for row in rows:
        if row.path == "/latin.py":
            row.license = "Beerware AND LicenseRef-scancode-public-domain"
            row.extra = {"license_basis": "header+readme", "license_confidence": 0.5, "license_conflict": "a says b"}
    write_sample(folder, rows)
    return folder


def test_only_the_texts_of_the_rows_that_are_used_are_said(release: Path) -> None:
    every = verbs.attribution(release)
    assert len(every.files) == open_release(release).manifest.counts.kept
    found = verbs.attribution(release, where=["origin=https://example.org/pypi/rich"])
    (notice,) = found.notices
    assert [(p.origin, p.holders) for p in notice.places] == [
        ("https://example.org/pypi/rich", ("Copyright (c) 2020 Will McGugan",))
    ]
    assert notice.places[0].files == len(found.files) > 0
    assert notice.places[0].first == min(file.path for file in found.files)
    assert [name for name, _ in found.asks] == ["MIT"]
    assert found.unaccompanied == ()
    assert verbs.attribution(release, where=["path=/not-there"]).files == ()


def test_licences_without_a_text_are_said_by_origin(release: Path) -> None:
    found = verbs.attribution(release, where=["origin=https://example.org/own/special"])
    assert found.notices == ()
    alone = {one.licenses: one for one in found.unaccompanied}
    assert set(alone) == {"MIT", None, "Beerware, LicenseRef-scancode-public-domain"}
    assert alone[None].first == "/bare.py"
    assert sum(one.files for one in found.unaccompanied) == len(found.files)


def test_files_are_listed_by_what_their_licence_rests_on(release: Path) -> None:
    def paths(**asked: object) -> set[str]:
        return {file.path for file in verbs.license_files(release, **asked)}  # type: ignore[arg-type]

    every = paths()
    assert paths(basis=["text"]) == every - {"/latin.py", "/bare.py"}
    assert paths(basis=["readme"]) == set(), "it rests on a header, too"
    assert paths(basis=["readme", "header"]) == paths(basis=["conflict"]) == paths(below=0.75) == {"/latin.py"}
    assert paths(basis=["unknown"]) == {"/bare.py"}
    assert paths(basis=["conflict"], below=0.4) == set()
    assert paths(where=["path=/bom.*"]) == {"/bom.py"}
    with pytest.raises(UsageError, match="one of header, metadata"):
        paths(basis=["hearsay"])


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def hostile(found: Attribution) -> Attribution:
    import dataclasses

    file = dataclasses.replace(found.files[0], origin="<script>x\x1b", name="<b>", path="/<i>", license="Foo<!-- 1")
    (notice,) = found.notices
    place = dataclasses.replace(notice.places[0], origin="<script>x\x1b", holders=("<u>Copyright 1</u>",))
    notice = dataclasses.replace(notice, text="</pre><script>alert(1)</script>", places=(place,))
    return dataclasses.replace(found, files=(file,), notices=(notice,), title="<title>")


def test_the_page_says_the_same_and_runs_nothing(release: Path) -> None:
    found = verbs.attribution(release, where=["origin=https://example.org/pypi/rich"])
    text = verbs.write_attribution(found, "html")
    assert "Copyright (c) 2020 Will McGugan" in text
    assert found.root in text
    page = _Page()
    page.feed(verbs.write_attribution(hostile(found), "html"))
    assert not {"script", "b", "i", "u"} & set(page.tags)
    assert "\x1b" not in verbs.write_attribution(hostile(found), "text")


def test_the_spdx_document_is_whole(release: Path) -> None:
    """The rules are those of SPDX 2.3, clauses 6 to 11."""
    for found in (verbs.attribution(release), hostile(verbs.attribution(release, where=["origin=*/rich"]))):
        document = json.loads(verbs.write_attribution(found, "spdx"))
        assert document["spdxVersion"] == "SPDX-2.3"
        assert document["dataLicense"] == "CC0-1.0"
        assert re.fullmatch(r"https://spdx\.org/spdxdocs/[A-Za-z0-9.%_~-]+", document["documentNamespace"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"])
        ids = [each["SPDXID"] for each in (*document["packages"], *document["files"])]
        assert len(set(ids)) == len(ids) == len(found.files) + len({file.origin for file in found.files})
        assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", id_) for id_ in ids)
        related = {
            (r["spdxElementId"], r["relationshipType"], r["relatedSpdxElement"]) for r in document["relationships"]
        }
        assert {other for _, kind, other in related if kind == "CONTAINS"} == {f["SPDXID"] for f in document["files"]}
        sums: dict[str, list[str]] = {}
        by_id = {file["SPDXID"]: file for file in document["files"]}
        for one, kind, other in related:
            if kind == "CONTAINS":
                sums.setdefault(one, []).append(by_id[other]["checksums"][0]["checksumValue"])
        for package in document["packages"]:
            code = hashlib.sha1("".join(sorted(sums[package["SPDXID"]])).encode()).hexdigest()
            assert package["packageVerificationCode"]["packageVerificationCodeValue"] == code
            assert re.fullmatch(r"NOASSERTION|(git\+)?https?://[!-~]+", package["downloadLocation"])
        explained = {one["licenseId"] for one in document.get("hasExtractedLicensingInfos", ())}
        named = {
            name for file in document["files"] for name in file["licenseInfoInFiles"] if name.startswith("LicenseRef-")
        }
        assert named == explained
        assert all(re.fullmatch(r"LicenseRef-[A-Za-z0-9.-]+", name) for name in explained)


def test_an_older_release_says_that_it_does_not_know(release: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(release, tmp_path / "copy"))
    (copy / NOTICES).write_text("".join(notice_lines(None)))
    with pytest.raises(ReleaseError, match="did not say which files rest on which text"):
        verbs.attribution(copy)
