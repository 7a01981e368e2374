"""An attribution as others take it: text, an HTML page, an SPDX document (2.3, JSON). Reads and decides nothing.

What repositories say may be anything; in each form it stands as text and as nothing else.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from drystone._words import many
from drystone.detect.licenses.matching.references import facts as spdx_licenses
from drystone.policy.licenses import license_names
from drystone.release.documents.covers import line_text
from drystone.release.documents.notice import Notice, covers_text, heading, notice_text, place_text, text_of
from drystone.release.layout import shown

if TYPE_CHECKING:
    from drystone._json import Json
    from drystone.policy.attribution import Attribution, Unaccompanied, UsedFile
    from drystone.policy.obligations import Obligations

_NONE: Final = "NOASSERTION"
#: Lines of files that a page shows without being asked.
_UNFOLDED: Final = 10
_NO_TEXT: Final = "The text is not in the release."
_LISTED: Final = (
    "Of licences without a text here, as the list has them; the blanks for year and holder are the list's. Whose "
    "rights they are about, the files and repositories above say."
)
_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere;border-left:3px solid;padding-left:1rem}"
    "li,code,h1{overflow-wrap:anywhere}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0}"
    "div{overflow-x:auto}"
)


def notice_in(form: Literal["text", "html", "spdx"], found: Attribution, created: str) -> Iterator[str]:
    """Yield an attribution in a form. `created`: the time that an SPDX document must state (ISO 8601, UTC)."""
    if form == "spdx":
        return _spdx(found, created)
    return _html(found) if form == "html" else _text(found)


def _text(found: Attribution) -> Iterator[str]:
    yield from notice_text(found.title, found.notices)
    if found.unaccompanied:
        yield f"\n{'=' * 80}\nLicences without a text here\n{'=' * 80}\n\n"
        for alone in found.unaccompanied:
            yield f"{_alone_text(alone)}\n"
            yield covers_text(alone.files.covers)
    if found.listed:
        yield f"\n{'=' * 80}\nTexts of the SPDX License List\n{'=' * 80}\n\n{_LISTED}\n"
        for listed in found.listed:
            yield f"\n{shown(listed.license)}\n\n"
            yield "".join(f"| {line}".rstrip() + "\n" for line in listed.text.strip().split("\n"))
    yield f"\n{'=' * 80}\nWhat these licences ask\n{'=' * 80}\n\n"
    yield from (f"{shown(name)}: {asks_text(one)}\n" for name, one in found.asks)


def asks_text(one: Obligations) -> str:
    """Return what a licence asks in one line; what is not known is said to be unknown."""
    said = [f"attribution {one.attribution}", f"its text {one.notice}", f"share alike {one.share_alike}"]
    return ", ".join([*said, f"patents {one.patent}", *one.limits])


def _alone_text(one: Unaccompanied) -> str:
    return f"{shown(one.origin)}: {shown(one.licenses or 'no licence was found')}, {many(one.files.files, 'file')}"


def _html(found: Attribution) -> Iterator[str]:
    title = html.escape(f"Licences of {shown(found.title)}")
    yield f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
    yield f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n<h1>{title}</h1>\n'
    yield f"<p>{many(len(found.files), 'file')}. Root hash of the release: <code>{found.root}</code></p>\n"
    yield "<h2>What these licences ask</h2>\n<div><table>\n"
    yield "<tr><th>licence<th>attribution<th>text<th>share alike<th>patents\n"
    for name, one in found.asks:
        cells = (name, one.attribution, one.notice, one.share_alike, one.patent)
        yield f"<tr>{''.join(f'<td>{html.escape(shown(cell))}' for cell in cells)}\n"
    yield "</table></div>\n<h2>Texts</h2>\n"
    for notice in found.notices:
        yield f"<h3>{html.escape(shown(heading(notice)))}</h3>\n<ul>\n"
        for place in notice.places:
            lines = "".join(f"<br>{html.escape(shown(line))}" for line in place.holders)
            yield f"<li>{html.escape(place_text(place))}{lines}{_covers(place.covers)}\n"
        yield f"</ul>\n<pre>{html.escape(text_of(notice))}</pre>\n"
    if found.unaccompanied:
        yield "<h2>Licences without a text here</h2>\n<ul>\n"
        for alone in found.unaccompanied:
            yield f"<li>{html.escape(_alone_text(alone))}{_covers(alone.files.covers)}\n"
        yield "</ul>\n"
    if found.listed:
        yield f"<h2>Texts of the SPDX License List</h2>\n<p>{_LISTED}</p>\n"
        for listed in found.listed:
            yield f"<h3>{html.escape(shown(listed.license))}</h3>\n<pre>{html.escape(listed.text.strip())}</pre>\n"
    yield "</html>\n"


def _covers(paths: Sequence[str]) -> str:
    """Return the files that a text covers, to unfold where they are many."""
    lines = "".join(f"<br>{html.escape(shown(line_text(path)))}" for path in paths)
    if len(paths) <= _UNFOLDED:
        return lines
    return f"<details><summary>{many(len(paths), 'line')} of files</summary>{lines}</details>"


def _spdx(found: Attribution, created: str) -> Iterator[str]:
    numbers = {origin: n for n, origin in enumerate(dict.fromkeys(file.origin for file in found.files), 1)}
    holders: dict[str, dict[str, None]] = {}
    texts: dict[tuple[str, str], list[str]] = {}
    for notice in found.notices:
        for place in notice.places:
            texts.setdefault((place.origin, place.swhid or ""), []).append(place.path or "")
            holders.setdefault(place.origin, {}).update(dict.fromkeys(place.holders))
    files = [(f"SPDXRef-File-{number}", file) for number, file in enumerate(found.files, 1)]
    by_origin = {origin: list(each) for origin, each in groupby(files, lambda one: one[1].origin)}
    packages = [
        _package(origin, numbers[origin], each, list(holders.get(origin, ()))) for origin, each in by_origin.items()
    ]
    relations: list[Json] = [_relation("SPDXRef-DOCUMENT", "DESCRIBES", package["SPDXID"]) for package in packages]
    relations += [_relation(f"SPDXRef-Package-{numbers[file.origin]}", "CONTAINS", id_) for id_, file in files]
    title = shown(found.title)
    document: dict[str, Json] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": title,
        "documentNamespace": f"https://spdx.org/spdxdocs/{quote(title, safe='')}-{_digest(found)}",
        "creationInfo": {"created": created, "creators": ["Tool: drystone"]},
        "comment": f"Root hash of the release: sha256:{found.root}. Checksums are those of the original files.",
        "packages": [*packages],
        "files": [_file(id_, file, texts) for id_, file in files],
        "relationships": relations,
    }
    if extracted := _extracted(found):
        document["hasExtractedLicensingInfos"] = extracted
    yield json.dumps(document, indent=1) + "\n"  # ASCII: nothing in it acts on a terminal


def _package(origin: str, number: int, files: list[tuple[str, UsedFile]], holders: list[str]) -> dict[str, Json]:
    sums = sorted(file.sha1 for _, file in files)
    expressions: list[Json] = [*sorted({_expression(file.license) for _, file in files})]
    return {
        "SPDXID": f"SPDXRef-Package-{number}",
        "name": shown(files[0][1].name or origin),
        "downloadLocation": origin if re.fullmatch(r"(git\+)?https?://[!-~]+", origin) else _NONE,
        "filesAnalyzed": True,
        "packageVerificationCode": {
            "packageVerificationCodeValue": hashlib.sha1("".join(sums).encode(), usedforsecurity=False).hexdigest()
        },
        "licenseConcluded": _NONE,
        "licenseDeclared": _NONE,
        "licenseInfoFromFiles": expressions,
        "copyrightText": "\n".join(map(shown, holders)) or _NONE,
        "sourceInfo": f"origin {shown(origin)}",
    }


def _file(id_: str, file: UsedFile, texts: Mapping[tuple[str, str], list[str]]) -> Json:
    expression = _expression(file.license)
    names: list[Json] = [*(map(_identifier, license_names(file.license)))] if file.license else []
    rests = [f"{' and '.join(map(shown, texts[file.origin, swhid]))} ({swhid})" for swhid in file.texts]
    said: dict[str, Json] = {"licenseComments": f"Rests on {', '.join(rests)}."} if rests else {}
    return {
        **said,
        "SPDXID": id_,
        "fileName": f".{shown(file.path)}",
        "checksums": [{"algorithm": "SHA1", "checksumValue": file.sha1}],
        "licenseConcluded": expression,
        "licenseInfoInFiles": names or [_NONE],
        "copyrightText": _NONE,
        "comment": file.swhid,
    }


def _expression(license_: str | None) -> str:
    """Return an expression whose identifiers SPDX knows, or that this document explains."""
    if license_ is None:
        return _NONE
    return re.sub(r"[\w.+:-]+", lambda m: m[0] if m[0] in {"AND", "OR", "WITH"} else _identifier(m[0]), license_)


def _identifier(name: str) -> str:
    base = name.partition(" WITH ")[0].removesuffix("+")
    if base in spdx_licenses() or name.startswith("LicenseRef-"):
        return name
    return f"LicenseRef-{re.sub(r'[^A-Za-z0-9.-]', '-', name)}"


def _extracted(found: Attribution) -> list[Json]:
    """Return what the document says of licences that are not on SPDX's list: their text, where the release has it."""
    texts: dict[str, list[Notice]] = {}
    for notice in found.notices:
        for name in license_names(notice.expression):
            texts.setdefault(name, []).append(notice)
    every = sorted({name for file in found.files for name in license_names(file.license)})
    names = [name for name in every if _identifier(name).startswith("LicenseRef-")]
    return [
        {
            "licenseId": _identifier(name),
            "name": shown(name),
            "extractedText": "\n\n".join(notice.text or "" for notice in texts.get(name, [])) or _NO_TEXT,
        }
        for name in names
    ]


def _relation(one: Json, kind: str, other: Json) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _digest(found: Attribution) -> str:
    """Return a hash of which files the document is about, so that documents of other rows have other names."""
    return hashlib.sha256("\n".join([found.root, *(f.swhid for f in found.files)]).encode()).hexdigest()[:32]
