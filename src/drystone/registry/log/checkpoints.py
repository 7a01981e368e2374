"""Checkpoints of the log: how many events there are and the hash of the last one, signed, to be kept elsewhere.

The form is a signed note (C2SP, signed-note.md, Ed25519): the text, an empty line, and a line `— NAME SIGNATURE`. The
text has three lines, as a checkpoint of a transparency log has (C2SP, tlog-checkpoint.md): the name of the log, its
number of events, and in base64 a hash over all of them. That hash is the last event's, not the root of a Merkle tree.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drystone.errors import RegistryError, UsageError
from drystone.registry.log.events import Event
from drystone.registry.snapshot import GENESIS

#: The largest note that is read, in bytes.
LARGEST: Final = 64 * 1024
#: Kind of an Ed25519 signature in the id of a key (signed-note.md, "Signature types").
_ED25519: Final = b"\x01"
_NOTE: Final = re.compile(r"(?P<text>.+\n)\n(?P<signatures>(?:— [^\s+]+ [A-Za-z0-9+/]+=*\n)+)", re.DOTALL)
_TEXT: Final = re.compile(
    r"(?P<name>[^\n]+)\n(?P<events>0|[1-9][0-9]{0,17})\n(?P<head>[A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*"
)


@dataclass(frozen=True, slots=True)
class LogState:
    """A state of a log: its name, its number of events, and the hash of the last one (hex)."""

    name: str
    events: int
    head: str


def checked_name(name: str) -> str:
    """Return the name of a log or key as notes have it. Raises `UsageError` for one with spaces or a plus sign."""
    if not name or "+" in name or any(character.isspace() or not character.isprintable() for character in name):
        raise UsageError(f"{name!r}: a name in a checkpoint has no spaces and no plus sign, as example.org/registry")
    return name


def sign_checkpoint(state: LogState, key: Ed25519PrivateKey) -> str:
    """Return the signed note of a state; the key goes by the name of the log."""
    name = checked_name(state.name)
    text = f"{name}\n{state.events}\n{base64.b64encode(bytes.fromhex(state.head)).decode()}\n"
    signature = _key_id(name, key.public_key()) + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """Return a public key as programs for signed notes take it: name, id and key (signed-note.md, "Verifier keys")."""
    encoded = base64.b64encode(_ED25519 + key.public_bytes_raw()).decode()
    return f"{checked_name(name)}+{_key_id(name, key).hex()}+{encoded}"


def load_checkpoint(path: Path, key: Ed25519PublicKey | None = None) -> LogState:
    """Return the state in a file, as `read_checkpoint` does. Raises `UsageError` where the file cannot be read."""
    try:
        with path.open("rb") as file:
            return read_checkpoint(file.read(LARGEST + 1), str(path), key)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None


def read_checkpoint(data: bytes, called: str, key: Ed25519PublicKey | None = None) -> LogState:
    """Return the state in a signed note; with `key` one of its signatures must be of that key. `called` names the file.

    Raises `RegistryError` where it is no checkpoint, was altered, or is signed by other keys alone.
    """
    try:
        note = _NOTE.fullmatch(data.decode("utf-8")) if len(data) <= LARGEST else None
    except UnicodeDecodeError:
        note = None
    text = _TEXT.fullmatch(note["text"]) if note is not None else None
    if note is None or text is None:
        raise RegistryError(f"{called}: is no checkpoint, as drystone registry checkpoint writes one")
    state = LogState(text["name"], int(text["events"]), base64.b64decode(text["head"]).hex())
    if key is not None:
        _check(note, key, called)
    return state


def _check(note: re.Match[str], key: Ed25519PublicKey, called: str) -> None:
    for line in note["signatures"].splitlines():
        _, name, encoded = line.split(" ")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except ValueError:
            continue
        if signature[:4] == _key_id(name, key):
            try:
                key.verify(signature[4:], note["text"].encode())
            except InvalidSignature:
                break
            return
    else:
        raise RegistryError(f"{called}: is not signed by this key")
    raise RegistryError(f"{called}: the signature does not hold: the checkpoint was altered")


def watched(events: Iterable[Event], states: Sequence[LogState], problems: list[str]) -> Iterator[Event]:
    """Pass events on; at their end `problems` names each of the `states` that the log did not go through."""
    wanted = {state.events for state in states}
    hashes = {0: GENESIS}
    last = 0
    for event in events:
        last = event.seq
        if event.seq in wanted:
            hashes[event.seq] = event.hash
        yield event
    for state in states:
        if state.events > last:
            lost = state.events - last
            problems.append(
                f"checkpoint of {state.events} events: the log has {last}, so the last {lost} of them were removed"
            )
        elif hashes.get(state.events) != state.head:
            problems.append(
                f"checkpoint of {state.events} events: event {state.events} is another one, so the log was rewritten"
            )


def _key_id(name: str, key: Ed25519PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]
