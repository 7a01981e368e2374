"""Receipts: what was searched and what fell for one request, signed by the publisher (Ed25519, RFC 8032).

A receipt can be checked with the publisher's public key alone. It names the request by its id and nobody else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, NotRequired, TypedDict, cast

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drystone.errors import ReleaseError, UsageError
from drystone.release.layout import shown
from drystone.release.manifest import Manifest
from drystone.release.versions.falls import Fallen, total_of
from drystone.release.versions.numbers import RETRACTION, FallenCounts, FileCounts, SupersededBy
from drystone.release.versions.signed import SignedKind, read_signed, sign

#: What applied a request where it was neither an update nor a retraction.
BUILD: Final = "build"
_KIND: Final = SignedKind("drystone-receipt", "receipt", 16 * 1024**2)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a release: its name, number, root hash, and how many occurrences and kept files it has."""

    release: str
    version: str
    root: str
    occurrences: int
    files: int

    @classmethod
    def of(cls, manifest: Manifest) -> Version:
        """Return the version that a manifest describes."""
        facts, counts = manifest.facts, manifest.counts
        return cls(facts.name, facts.version, manifest.root, counts.occurrences, counts.kept)


@dataclass(frozen=True, slots=True)
class Searched:
    """One version that was searched for a request, what fell of it, and what stands in its place now.

    `by` says what did it. A build from sources alone has no version before; what it left out of its sources, as an
    update does, is `left_out`.
    """

    before: Version | None
    now: Version
    fell: Fallen
    by: str = RETRACTION
    left_out: Fallen | None = None


class LeftOutCounts(TypedDict):
    """How much a build left out of its sources."""

    repositories: int
    occurrences: int
    bytes: int


class ReceiptLine(FileCounts):
    """One version that was searched: what it held (version and root are null where there was none), and what fell."""

    release: str
    version: str | None
    root: str | None
    fell: FallenCounts
    now: SupersededBy
    by: str
    left_out: NotRequired[LeftOutCounts]


class LogEnd(TypedDict):
    """Number and hash of the last event of a registry's log: with it a log that lacks events, or other ones, shows."""

    event: int
    hash: str


class Receipt(TypedDict):
    """What a receipt says; the signature is over all of it but itself."""

    format: str
    format_version: int
    request: str
    issued: str
    program_version: str
    registry_head: str
    searched: list[ReceiptLine]
    fell: FallenCounts
    log: NotRequired[LogEnd]
    key: str
    signature: NotRequired[str]


def make_receipt(
    request: str,
    searched: Iterable[Searched],
    registry_head: str,
    issued: str,
    key: Ed25519PrivateKey,
    log: LogEnd | None = None,
) -> bytes:
    """Return the text of a signed receipt. `issued` is a time, ISO 8601 in UTC; `log` was its last event then."""
    versions = list(searched)
    total = total_of(each.fell for each in versions)
    content: dict[str, object] = {
        "request": request,
        "issued": issued,
        "program_version": version("drystone"),
        "registry_head": registry_head,
        "searched": [_line(each) for each in versions],
        "fell": _fell(total),
    }
    if log is not None:
        content["log"] = log
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(sign(_KIND, content, key), option=options)


def says_the_same(path: Path, key: Ed25519PublicKey, searched: Iterable[Searched]) -> bool:
    """Whether a receipt under `path`, signed by this key, says already what was searched and what fell."""
    try:
        said = verify_receipt(path, key)["searched"]
    except ReleaseError:
        return False
    return bool(said == [_line(each) for each in searched])


def verify_receipt(path: Path, key: Ed25519PublicKey) -> Receipt:
    """Return what a receipt says. Raises `ReleaseError` where it is damaged, altered, or signed by another key."""
    return cast(Receipt, read_signed(path, key, _KIND))


def _line(each: Searched) -> ReceiptLine:
    before, now, out = each.before, each.now, each.left_out
    line: ReceiptLine = {
        "release": now.release if before is None else before.release,
        "version": None if before is None else before.version,
        "root": None if before is None else before.root,
        "occurrences": 0 if before is None else before.occurrences,
        "files": 0 if before is None else before.files,
        "fell": _fell(each.fell),
        "now": {"version": now.version, "root": now.root},
        "by": each.by,
    }
    if out is not None:
        line["left_out"] = {"repositories": out.repositories, "occurrences": out.occurrences, "bytes": out.bytes}
    return line


def _fell(fell: Fallen) -> FallenCounts:
    return {
        "occurrences": fell.occurrences,
        "files": fell.files,
        "bytes": fell.bytes,
        "repositories": fell.repositories,
    }


def new_key(path: Path) -> Path:
    """Write a new private key to `path`, readable by its owner only, and the public one beside it; return the latter.

    The private key is encrypted where DRYSTONE_KEY_PASSWORD is set. Raises `UsageError` where a file is there already.
    """
    key = Ed25519PrivateKey.generate()
    password = os.environ.get("DRYSTONE_KEY_PASSWORD", "").encode()
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    public_path = path.with_name(path.name + ".pub")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
        pem, info = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        public_path.write_bytes(key.public_key().public_bytes(pem, info))
    except FileExistsError:
        raise UsageError(f"{shown(str(path))}: is there already; a key is never overwritten") from None
    except OSError as error:
        raise UsageError(f"{shown(str(path))}: cannot be written: {error.strerror}") from None
    return public_path


def load_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key, PEM or one of SSH (Ed25519).

    Raises `UsageError` where it is none, or DRYSTONE_KEY_PASSWORD does not open it.
    """
    password = os.environ.get("DRYSTONE_KEY_PASSWORD", "").encode() or None
    data = _read(path)
    try:
        key = _private(data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError(
            f"{shown(str(path))}: is no private key that can be read; where it is encrypted, set DRYSTONE_KEY_PASSWORD"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{shown(str(path))}: is not an Ed25519 key; make one with drystone receipt key")
    return key


def _private(data: bytes, password: bytes | None) -> object:
    if b"BEGIN OPENSSH PRIVATE KEY" not in data:
        return serialization.load_pem_private_key(data, password if b"ENCRYPTED" in data else None)
    try:
        return serialization.load_ssh_private_key(data, None)
    except TypeError:  # it is encrypted
        return serialization.load_ssh_private_key(data, password)


def load_public(path: Path) -> Ed25519PublicKey:
    """Read a public key, PEM or a line as SSH has it. Raises `UsageError` where it is none."""
    data = _read(path)
    load = serialization.load_ssh_public_key if data.startswith(b"ssh-") else serialization.load_pem_public_key
    try:
        key = load(data)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{shown(str(path))}: is not a public key (PEM); it is the file that ends in .pub") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{shown(str(path))}: is not an Ed25519 key")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{shown(str(path))}: cannot be read: {error.strerror}") from None
