"""Signatures of a release by its publisher, in the form of SSH (openssh: PROTOCOL.sshsig, Ed25519).

Signed is the manifest, which names every other file by its SHA-256, and each tombstone. Anybody checks them with
`ssh-keygen -Y verify`; `drystone verify --key` does the same. Knows nothing of whose key it is.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.files import write_whole
from drystone.release.location import Folder, Location, locked, open_location
from drystone.release.manifest import read_manifest

#: Namespace of the signatures: one that was made for something else does not count here.
NAMESPACE: Final = "drystone-release"

_MAGIC: Final = b"SSHSIG"
_KIND: Final = b"ssh-ed25519"
_HASH: Final = "sha512"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_LARGEST: Final = 16 * 1024
_TOMBSTONE: Final = re.compile(r"tombstones/[^/]+\.json")


def signed_names(names: Iterable[str]) -> list[str]:
    """Return those of a release's files that are signed: the manifest, and each tombstone."""
    return sorted(name for name in names if name == layout.MANIFEST or _TOMBSTONE.fullmatch(name))


def sign_place(place: str, key: Ed25519PrivateKey) -> list[str]:
    """Sign the release in a folder or at a URL, as `sign_release` does, while nobody else writes it anew."""
    with ExitStack() as stack:
        location = stack.enter_context(open_location(place))
        if isinstance(location, Folder):
            stack.enter_context(locked(location.mirror))
        location.fetch(layout.MANIFEST)
        read_manifest(location.mirror)
        return sign_release(location, key)


def sign_release(location: Location, key: Ed25519PrivateKey) -> list[str]:
    """Write the signatures of the release that lies there, and return their names. Raises `ReleaseError`."""
    written = []
    for name in signed_names(location.names()):
        signature = make_signature(location.fetch(name).read_bytes(), key)
        write_whole(location.mirror / (name + layout.SIGNATURE), signature.encode())
        location.put(name + layout.SIGNATURE)
        written.append(name + layout.SIGNATURE)
    return written


def unsign(location: Location) -> bool:
    """Take away the signature of the manifest, which is about to change; return whether there was one."""
    there = layout.MANIFEST + layout.SIGNATURE in location.names()
    if there:
        location.remove(layout.MANIFEST + layout.SIGNATURE)
    return there


def make_signature(message: bytes, key: Ed25519PrivateKey) -> str:
    """Return the armoured signature of a file's bytes."""
    signature = _strings(_KIND, key.sign(_signed(message, _HASH)))
    blob = _MAGIC + struct.pack(">I", 1) + _strings(
        _public(key.public_key()), NAMESPACE.encode(), b"", _HASH.encode(), signature
    )  # fmt: skip
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def check_signature(message: bytes, signature: bytes, key: Ed25519PublicKey | None = None) -> str:
    """Return the name of the key that made a signature of these bytes, as `ssh-keygen -l` tells it.

    With `key` it must be that one. Raises `ReleaseError` where the signature is damaged, of something else, or by
    another key.
    """
    public, namespace, algorithm, value = _parsed(signature)
    if namespace != NAMESPACE.encode():
        raise ReleaseError(f"is a signature for {layout.shown(namespace.decode('utf-8', 'replace'))}, not {NAMESPACE}")
    if key is not None and public.public_bytes_raw() != key.public_bytes_raw():
        raise ReleaseError(f"is signed by key {key_name(public)}, not {key_name(key)}")
    if algorithm not in (b"sha256", b"sha512"):
        raise ReleaseError("is a signature over a hash that is not known")
    try:
        public.verify(value, _signed(message, algorithm.decode()))
    except InvalidSignature:
        raise ReleaseError("does not hold: what is signed was altered since, or is of another release") from None
    return key_name(public)


def key_name(key: Ed25519PublicKey) -> str:
    """Return the name of a key, as `ssh-keygen -l` tells it: SHA256 and the hash in base64."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(_public(key)).digest()).decode().rstrip("=")


def ssh_line(key: Ed25519PublicKey) -> str:
    """Return a public key as a line that SSH's programs read."""
    return f"{_KIND.decode()} {base64.b64encode(_public(key)).decode()}"


def _public(key: Ed25519PublicKey) -> bytes:
    return _strings(_KIND, key.public_bytes_raw())


def _signed(message: bytes, algorithm: str) -> bytes:
    return _MAGIC + _strings(NAMESPACE.encode(), b"", algorithm.encode(), hashlib.new(algorithm, message).digest())


def _strings(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _parsed(signature: bytes) -> tuple[Ed25519PublicKey, bytes, bytes, bytes]:
    """Return public key, namespace, hash algorithm and signature. Raises `ReleaseError`."""
    try:
        text = signature.decode("ascii").strip() if len(signature) <= _LARGEST else ""
        if not (text.startswith(_BEGIN) and text.endswith(_END)):
            raise ValueError
        blob = base64.b64decode("".join(text.removeprefix(_BEGIN).removesuffix(_END).split()), validate=True)
        if blob[:10] != _MAGIC + struct.pack(">I", 1):
            raise ValueError
        public, namespace, reserved, algorithm, signed = _read(blob[10:], 5)
        kind, value = _read(signed, 2)
        of_key, raw = _read(public, 2)
        if reserved or kind != _KIND or of_key != _KIND:
            raise ValueError
        return Ed25519PublicKey.from_public_bytes(raw), namespace, algorithm, value
    except (ValueError, struct.error):
        raise ReleaseError("is no SSH signature of an Ed25519 key") from None


def _read(data: bytes, count: int) -> Iterator[bytes]:
    """Yield so many strings, which must be all there is."""
    for _ in range(count):
        (length,) = struct.unpack_from(">I", data)
        if len(data) < 4 + length:
            raise ValueError
        yield data[4 : 4 + length]
        data = data[4 + length :]
    if data:
        raise ValueError
