"""Whether what people and catalogs read of a release is what its manifest says: card, change log, citations.

Of a release that this version of the program wrote, every line that follows from the manifest alone must be there; of
others, whose wording may be another, the facts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import yaml

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.checking.folder import place_of
from drystone.release.documents import card, citations
from drystone.release.documents.notice import heading, read_notices, text_of
from drystone.release.manifest import FORMAT_VERSION, Manifest

#: Told (check, file, what is wrong), as by the other checks.
Add = Callable[[str, str, str], None]

#: No document of facts is larger; NOTICE and the lists of files may be.
_LARGEST: Final = 64 * 1024**2
_ROOT: Final = re.compile(r"^Root hash `([0-9a-f]{64})`\.$", re.MULTILINE)


def check_documents(folder: Path, manifest: Manifest, present: set[str], add: Add) -> None:
    """Tell of each fact of the manifest that a document does not tell, or tells otherwise."""
    own = manifest.format_version == FORMAT_VERSION and manifest.facts.program_version == version("drystone")
    told = {
        "README.md": _card,
        "CHANGELOG.md": _changelog,
        "CITATION.cff": _cff,
        "CITATION.bib": _bibtex,
        "citation.json": _csl,
        "datacite.json": _datacite,
        "croissant.json": _croissant,
    }
    places = {document.path: folder / place_of(folder, document) for document in manifest.documents}
    for name in sorted(told.keys() & present):
        try:
            for what in told[name](_text(places[name]), manifest, own):
                add("documents", name, what)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, yaml.YAMLError):
            add("documents", name, "cannot be read as what it is")
        except ReleaseError as error:
            add("documents", name, str(error))
    settled = all(places[name].name == name for name in ("NOTICE", layout.NOTICES) if name in places)
    if own and settled and {"NOTICE", layout.NOTICES} <= present:
        _notice(folder, manifest, add)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise ReleaseError(f"no such document is larger than {_LARGEST:,} bytes")
        return path.read_text("utf-8")
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}") from None


def _card(text: str, manifest: Manifest, own: bool) -> Iterator[str]:
    pieces = card.claims(manifest) if own else (f"Root hash: `{manifest.root}`\n",)
    for piece in pieces:
        if piece not in text:
            yield f'does not say what the manifest says: "{" ".join(piece.split())}"'
    if (manifest.facts.software_heritage is None) == (card.ARCHIVE_TITLE in text):
        yield "and the manifest do not agree on whether files come from the Software Heritage archive"


def _changelog(text: str, manifest: Manifest, own: bool) -> Iterator[str]:
    lineage = [manifest.root, *(line.root for line in manifest.facts.lineage)]
    if _ROOT.findall(text) != lineage:
        yield "does not tell of the versions that the manifest says came before, by their root hashes"
    if own and text != "".join(card.changelog(manifest.facts, manifest.root)):
        yield "is not what follows from the manifest"
    for line in manifest.facts.lineage:
        if line.retracted != (f"Version {line.version} is retracted" in text):
            yield f"and the manifest do not agree on whether version {line.version} was retracted"


def _cff(text: str, manifest: Manifest, own: bool) -> Iterator[str]:
    wanted = yaml.safe_load("".join(citations.citation_cff(manifest.facts, manifest.root)))
    names = ("title", "version", "authors", "license", "abstract", "url", "date-released")
    found = yaml.safe_load(text)
    yield from _unlike(found, wanted, names)
    if "identifiers" not in found and manifest.format_version == 1:
        return  # the first programs named none
    if f"sha256:{manifest.root}" not in [each["value"] for each in found["identifiers"]]:
        yield _other("root hash")


def _csl(text: str, manifest: Manifest, own: bool) -> Iterator[str]:
    ((found,), (wanted,)) = json.loads(text), json.loads("".join(citations.citation_csl(manifest.facts, manifest.root)))
    yield from _unlike(found, wanted, ("title", "version", "author", "custom", "abstract", "URL", "issued"))


def _datacite(text: str, manifest: Manifest, own: bool) -> Iterator[str]:
    found, wanted = json.loads(text), json.loads("".join(citations.datacite(manifest.facts, manifest.root)))
    names = ("titles", "creators", "version", "rightsList", "alternateIdentifiers", "descriptions", "url", "dates")
    yield from _unlike(found, wanted, names)


def _bibtex(text: str, manifest: Manifest, own: bool) -> Iterator[str]:
    if own and text != "".join(citations.citation_bibtex(manifest.facts, manifest.root)):
        yield "is not what follows from the manifest"
    elif f"sha256:{manifest.root}" not in text:
        yield _other("root hash")


def _croissant(text: str, manifest: Manifest, own: bool) -> Iterator[str]:
    facts, found = manifest.facts, json.loads(text)
    if found == {} and manifest.format_version == 1:
        return  # the first programs wrote an empty one
    wanted = {"name": facts.name, "version": facts.version, "url": facts.url, "datePublished": facts.date}
    if own:
        wanted["identifier"] = f"sha256:{manifest.root}"
        wanted["license"] = f"https://spdx.org/licenses/{facts.license}.html"
    yield from _unlike(found, wanted, tuple(wanted))
    files = {each["contentUrl"]: each["sha256"] for each in found["distribution"] if "sha256" in each}
    if files != {entry.place: entry.sha256 for entry in manifest.files}:
        yield _other("list of files")


def _notice(folder: Path, manifest: Manifest, add: Add) -> None:
    try:
        text = (folder / "NOTICE").read_text("utf-8")
        notices = read_notices(folder, manifest.format_version)
    except (ReleaseError, OSError, ValueError) as error:
        add("documents", "NOTICE", str(error))
        return
    if f"{manifest.facts.name} {manifest.facts.version}" not in text.partition("\n")[0]:
        add("documents", "NOTICE", _other("name or version"))
    lines = {line.removeprefix("|").strip() for line in text.split("\n")}
    for notice in notices or ():
        if not {line.strip() for line in text_of(notice).split("\n")} <= {"", *lines}:
            add("documents", "NOTICE", f"lacks a text that {layout.NOTICES} has: {heading(notice)}")


def _unlike(found: Mapping[str, Any], wanted: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if found.get(name) != wanted.get(name):
            yield _other(name)


def _other(name: str) -> str:
    return f"has another {name} than the manifest"
