"""Checkpoints: signed notes of a log's state, which show what the log alone cannot."""

from __future__ import annotations

import base64
import hashlib
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drystone.errors import RegistryError, UsageError
from drystone.registry import GENESIS, Registry
from drystone.registry.log.checkpoints import LogState, checked_name, read_checkpoint, sign_checkpoint, verifier_key
from tests.registry.log.tamperings import ONLY_BY_CHECKPOINT, TAMPERINGS, filled

NAME = "example.org/registry"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LogState]:
    """A registry, and the checkpoint that somebody keeps elsewhere."""
    path = tmp_path_factory.mktemp("registry") / "registry.sqlite"
    with filled(str(path)) as registry:
        found = registry.audit()
        assert found.problems == ()
    return path, LogState(NAME, found.events, found.head)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_tampering_shows(kept: tuple[Path, LogState], tmp_path: Path, name: str) -> None:
    original, checkpoint = kept
    path = Path(shutil.copyfile(original, tmp_path / "registry.sqlite"))
    TAMPERINGS[name](path)
    with Registry(path) as registry:
        assert registry.audit(checkpoints=[checkpoint]).problems
        assert (not registry.audit().problems) == (name in ONLY_BY_CHECKPOINT)


def test_older_checkpoints_of_a_log_stay_true(kept: tuple[Path, LogState]) -> None:
    with Registry(kept[0]) as registry:
        states = [LogState(NAME, 0, GENESIS), *(LogState(NAME, e.seq, e.hash) for e in registry.events.all())]
        assert registry.audit(checkpoints=states).problems == ()
        more = LogState(NAME, len(states) + 1, "f" * 64)
        (problem,) = registry.audit(checkpoints=[more]).problems
        assert "the last 2 of them were removed" in problem


def test_a_note_is_what_c2sp_says(kept: tuple[Path, LogState]) -> None:
    key = Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes_raw()
    note = sign_checkpoint(kept[1], key)
    text, _, signatures = note.partition("\n\n")
    assert text.split("\n") == [NAME, str(kept[1].events), base64.b64encode(bytes.fromhex(kept[1].head)).decode()]
    mark, name, encoded = signatures.rstrip("\n").split(" ")
    signature = base64.b64decode(encoded)
    assert (mark, name) == ("\u2014", NAME)
    assert signature[:4] == hashlib.sha256(NAME.encode() + b"\n\x01" + raw).digest()[:4]
    key.public_key().verify(signature[4:], text.encode() + b"\n")
    assert verifier_key(NAME, key.public_key()) == (
        f"{NAME}+{signature[:4].hex()}+{base64.b64encode(bytes([1]) + raw).decode()}"
    )
    assert read_checkpoint(note.encode(), "it", key.public_key()) == kept[1]


def test_a_note_that_was_altered_is_refused(kept: tuple[Path, LogState]) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    note = sign_checkpoint(kept[1], key)
    number = f"\n{kept[1].events}\n"
    for text, why in (
        (note.replace(number, f"\n{kept[1].events - 1}\n"), "does not hold"),
        (note.replace(number, f"\n0{kept[1].events}\n"), "is no checkpoint"),
        (note[:-1], "is no checkpoint"),
        (note.replace("\u2014", "-"), "is no checkpoint"),
        (note + "x" * 70_000, "is no checkpoint"),
        (sign_checkpoint(kept[1], other), "not signed by this key"),
        ("", "is no checkpoint"),
    ):
        with pytest.raises(RegistryError, match=f"it: .*{why}"):
            read_checkpoint(text.encode(), "it", key.public_key())
    with pytest.raises(RegistryError, match="is no checkpoint"):
        read_checkpoint(b"\xff" + note.encode(), "it")
    # Others may sign beside the operator, as witnesses do.
    witnessed = note + sign_checkpoint(kept[1], other).partition("\n\n")[2]
    assert read_checkpoint(witnessed.encode(), "it", other.public_key()) == kept[1]


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\n"])
def test_names_that_a_note_cannot_hold(name: str) -> None:
    with pytest.raises(UsageError, match="no spaces and no plus sign"):
        checked_name(name)
