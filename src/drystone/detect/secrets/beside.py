"""Texts beside content, without what they must not say: paths, commit messages, evidence, notices, people.

What a release says about files is text too, and leaves a build with them. Knows no release.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from drystone.detect.secrets.settings import People, ScanSettings

if TYPE_CHECKING:
    from drystone.detect.secrets.scanner import Scanner

#: Paths name files, so only what is surely a person's or a secret goes: words and hashes in them are no secrets.
_OF_PATHS: Final = ScanSettings(private_key="off", high_entropy="off", ip_address="off")
#: Evidence is full of hashes and names of files, which are no secrets; the words that it quotes are those of texts.
_OF_EVIDENCE: Final = ScanSettings(high_entropy="off", ip_address="off", phone="low")
_IN_A_PATH = re.compile(rb"@|[Pp]ass|[Pp]wd|\+\d")
#: A run of so many characters, a digit among them, may be a token.
_RUN = re.compile(rb"[A-Za-z0-9_-]{16,}")
_DIGIT = re.compile(rb"\d")
_ENDING = re.compile(rb"(?:(?<=\.[A-Za-z]{2})|(?<=\.[A-Za-z]{3}))\.(?=[A-Za-z0-9]{1,8}(?:/|$))")
#: Keys of metadata whose values are people.
_PERSON = re.compile(
    r"(?i)^(?:author|committer|tagger|maintainer|owner|publisher|uploader|contributor|creator|packager|developer|signer|reviewer)s?"
    r"(?:[_-]?(?:name|e?mail|login|contact))?$|^e?-?mail$|^(?:bugs|support|funding|contact)[_-]?(?:e?mail)?$"
)
_TRAILER = re.compile(
    r"(?m)^([ \t]*[A-Z][A-Za-z-]{1,30}(?:-by|-to)?:[ \t]*|[ \t]*)([^<>\n:]{2,80}?)([ \t]*)(?=<?<EMAIL>)"
)
_HEADER = re.compile(r"(?m)^((?:tagger|author|committer) )([^<>\n]{1,200}?)( ?<[^<>\n]*>)")
_HASHED = re.compile(r"[0-9a-f]{64}")


@lru_cache(8)
def _scanner(settings: ScanSettings) -> Scanner:
    from drystone.detect.secrets.scanner import Scanner  # noqa: PLC0415  Hyperscan takes a while to load

    return Scanner(settings)


def without(text: str, settings: ScanSettings) -> str:
    """Return a text beside content without the spans that the settings want replaced."""
    return without_all([text], settings)[0]


def without_all(texts: Sequence[str], settings: ScanSettings) -> list[str]:
    """Return texts beside content without the spans that the settings want replaced; scanned together."""
    from drystone.detect.secrets.redaction import redact  # noqa: PLC0415  with the scanner

    data = [text.encode("utf-8", "surrogatepass") for text in texts]
    found = _scanner(settings).scan_batch(data)
    return [
        redact(each, spans, settings)[0].decode("utf-8", "surrogatepass") if spans else text
        for text, each, spans in zip(texts, data, found, strict=True)
    ]


def evidence_without(texts: Sequence[str]) -> list[str]:
    """Return pieces of evidence without addresses and secrets, each JSON or plain text; JSON stays JSON."""
    return without_all(texts, _OF_EVIDENCE)


@lru_cache(65536)
def shown_path(path: bytes) -> bytes:
    """Return a path whose addresses and secrets are placeholders with eight digits of a hash: `<EMAIL-1f2e3d4c>`.

    The digits keep paths apart that differ in nothing else, in this version and the next.
    """
    if _IN_A_PATH.search(path) is None and not any(_DIGIT.search(run) for run in _RUN.findall(path)):
        return path
    parts, at = [], 0
    # A file's ending is no part of an address before it: `jane@stonework.fr.py`.
    for span in _scanner(_OF_PATHS).scan(_ENDING.sub(b"/", path)):
        mark = hashlib.sha256(path[span.start : span.end]).hexdigest()[:8]
        parts += [path[at : span.start], f"<{span.kind.upper()}-{mark}>".encode()]
        at = span.end
    return b"".join([*parts, path[at:]])


def person_hashes(person: str) -> list[str]:
    """Return the SHA-256 (hex) of a person's e-mail address in small letters, and of `Name <address>` as it stands.

    These are the hashes by which an opt-out registry knows an author, and Software Heritage's exports (swh.model's
    anonymized full names). A text that is such a hash stays.
    """
    text = person.strip()
    if _HASHED.fullmatch(text):
        return [text]
    named = re.search(r"<([^<>]*)>", text)
    address = (named[1] if named else text).strip().lower()
    hashed = [hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()]
    return [*hashed, hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()] if named else hashed


def metadata_without(metadata: Mapping[str, Any], settings: ScanSettings, people: People) -> dict[str, Any]:
    """Return what a source tells of a repository, without spans in its texts and with people as `people` says."""
    return {
        key: told
        for key, value in metadata.items()
        if (told := _told(key, value, settings, people)) is not None or value is None
    }


def messages_without(texts: Sequence[str], settings: ScanSettings, people: People) -> list[str]:
    """Return what people said of revisions as `metadata_without` has it; scanned together."""
    bare = [_without_headers(text) if people != "keep" and "<" in text else text for text in texts]
    found = without_all(bare, settings)
    return [_without_names(text) if people != "keep" and "<EMAIL>" in text else text for text in found]


def _without_headers(text: str) -> str:
    return _HEADER.sub(lambda m: f"{m[1]}{' '.join(_hashed(m[2] + ' ' + m[3].strip()))}", text)


def _without_names(text: str) -> str:
    """Return a text without names beside addresses: `Signed-off-by: Jane Doe <EMAIL>`."""
    return _TRAILER.sub(r"\1<NAME>\3", text)


def _told(key: str, value: Any, settings: ScanSettings, people: People) -> Any:
    if people != "keep" and _PERSON.search(key):
        return None if people == "drop" else _hashed(value)
    if isinstance(value, Mapping):
        return metadata_without(value, settings, people)
    if isinstance(value, list):
        return [_told("", each, settings, people) for each in value]
    if not isinstance(value, str):
        return value
    return messages_without([value], settings, people)[0]


def _hashed(value: Any) -> Any:
    if isinstance(value, Mapping):
        name, address = value.get("name"), value.get("email")
        if isinstance(address, str) and address:
            return person_hashes(f"{name} <{address}>" if isinstance(name, str) and name else address)
        return [hashed for each in value.values() if isinstance(each, str) for hashed in person_hashes(each)]
    if isinstance(value, list):
        return [_hashed(each) for each in value]
    return person_hashes(value) if isinstance(value, str) and value else None
