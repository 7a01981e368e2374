"""An attribution as a page and as an SPDX document says the same, and nothing in it runs or passes for else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from drystone.policy import verbs
from drystone.policy.attribution import Attribution


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def hostile(found: Attribution) -> Attribution:
    file = dataclasses.replace(found.files[0], origin="<script>x\x1b", name="<b>", path="/<i>", license="Foo<!-- 1")
    (notice,) = found.notices
    place = dataclasses.replace(notice.places[0], origin="<script>x\x1b", holders=("<u>Copyright 1</u>",))
    notice = dataclasses.replace(notice, text="</pre><script>alert(1)</script>", places=(place,))
    return dataclasses.replace(found, files=(file,), notices=(notice,), title="<title>")


def test_the_page_says_the_same_and_runs_nothing(attributed: Path) -> None:
    found = verbs.attribution(attributed, where=["origin=https://example.org/pypi/rich"])
    text = verbs.write_attribution(found, "html")
    assert "Copyright (c) 2020 Will McGugan" in text
    assert found.root in text
    assert "<br>for /\n" in text
    some = verbs.write_attribution(verbs.attribution(attributed, where=["origin=*", "path=*.py", "path!=*_*"]), "html")
    assert re.search(r"<details><summary>\d+ lines of files</summary><br>(?:for|except) /", some)
    page = _Page()
    page.feed(verbs.write_attribution(hostile(found), "html"))
    assert not {"script", "b", "i", "u"} & set(page.tags)
    assert "\x1b" not in verbs.write_attribution(hostile(found), "text")


def test_the_spdx_document_is_whole(attributed: Path) -> None:
    """The rules are those of SPDX 2.3, clauses 6 to 11."""
    for found in (verbs.attribution(attributed), hostile(verbs.attribution(attributed, where=["origin=*/rich"]))):
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
        for file, used in zip(document["files"], found.files, strict=True):
            said = file.get("licenseComments", "")
            assert bool(said) == bool(used.texts)
            assert all(f"/LICENSE ({swhid})" in said for swhid in used.texts)
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
