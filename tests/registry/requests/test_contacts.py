"""Contact data: apart, encrypted, erased."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from drystone.errors import RegistryError, UsageError
from drystone.registry import Registry
from tests.registry.conftest import accept, receive


def test_contact_data_are_apart_encrypted_and_erased(tmp_path: Path) -> None:
    path, key = tmp_path / "registry.sqlite", Fernet.generate_key().decode()
    secret = "ann@stonework-atelier.example"
    with Registry.open(path) as registry:
        plain = receive(registry, contact=secret, words="It is mine.")
        assert registry.contacts.get(plain.id) == {"contact": secret, "words": "It is mine."}
    with Registry.open(path, key) as registry:
        sealed = receive(registry, contact=secret)
        assert registry.contacts.encrypt_all() == 2
        assert registry.contacts.get(plain.id)["contact"] == secret
    everything = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert secret.encode() not in everything
    with Registry.open(path) as registry, pytest.raises(RegistryError, match="are encrypted"):
        registry.contacts.get(sealed.id)
    with (
        Registry.open(path, Fernet.generate_key().decode()) as registry,
        pytest.raises(RegistryError, match="not the key"),
    ):
        registry.contacts.get(sealed.id)
    with Registry.open(path, f"{Fernet.generate_key().decode()},{key}") as registry:
        assert registry.contacts.get(sealed.id) == {"contact": secret}
    with pytest.raises(UsageError, match="no key"):
        Registry.open(path, "not a key")


def test_erased_contact_data_are_gone_and_the_chain_is_whole(url: str, tmp_path: Path) -> None:
    secret = "ann@stonework-atelier.example"
    with Registry.open(url) as registry:
        request = accept(registry, receive(registry, contact=secret))
        before = registry.optouts.snapshot()
        assert registry.contacts.erase(request.id, "mo")
        assert not registry.contacts.erase(request.id, "mo")
        assert registry.contacts.get(request.id) == {}
        assert registry.audit().problems == ()
        assert registry.optouts.snapshot() == before
    assert all(secret.encode() not in p.read_bytes() for p in tmp_path.iterdir() if p.is_file())
