"""Certificates, digests, lock files and printed vectors are no secrets."""

from __future__ import annotations

import base64
import random

import pytest

from drystone.detect.secrets.kinds.public import digest, published
from tests.detect.secrets.generated import literal
from tests.detect.secrets.test_scanner import values

BODY = "\n".join("AKC" + base64.b64encode(random.Random(line).randbytes(45)).decode() for line in range(4))


@pytest.mark.parametrize("label", ["CERTIFICATE", "PUBLIC KEY", "X509 CRL", "PGP SIGNATURE", "CERTIFICATE REQUEST"])
def test_the_body_of_a_public_block_stays(label: str) -> None:
    assert values(f"-----BEGIN {label}-----\n{BODY}\n-----END {label}-----\n", "a.pem") == []


def test_a_secret_behind_a_public_block_is_one() -> None:
    secret = literal(32)
    text = f'-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----\napi_key = "{secret}"\n'
    assert values(text, "a.py") == [secret]


def test_sums_in_lock_files_and_manifests() -> None:
    sha1, sha256 = literal(40, "0123456789abcdef"), base64.b64encode(bytes(range(32))).decode()
    for path, text in (
        ("go.sum", f"example.org/oauth2/token v1.0.0 h1:{sha256}\n"),
        ("yarn.lock", f'  resolved "https://registry.example.org/token.tgz#{sha1}"\n'),
        ("token_1.0.bb", f'SRCREV_token = "{sha1}"\n'),
        ("x/RECORD", f"auth/token.py,sha256=AKC{sha256[3:]},120\n"),
        ("conf.py", f"KEY_COMMIT = '{sha1}'\n"),
    ):
        assert values(text, path) == [], path


def test_vectors_that_standards_print() -> None:
    assert digest(b"9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60") in published()
    key = literal(64, "0123456789abcdef")
    assert values(f'secret_key = "{key}"', "a.go") == [key]
    assert values(f'// RFC 9999, test 4\nsecret_key = "{key}"', "a.go") == []


def test_records_that_test_a_cipher() -> None:
    key, data = (random.Random(size).randbytes(size).hex() for size in (16, 32))
    assert values(f"{{ key: '{key}', iv: '00', pt: '89b7', ct: '{data}' }}", "cbc.js") == []
    assert values(f"{{ key: '{key}', iv: '00', ct: '{data}' }}", "cbc.js") == [key]
    assert values(f"key = '{key}'", "test/cbc_vectors.js") == []
    assert values(f"key = '{key}'", "test/vector.js") == [key]


def test_names_of_programs_are_no_literals() -> None:
    for path, text in (
        ("a.h", "SECStatus PK11_TokenKeyGen(PK11SlotInfo *slot);"),
        ("a.c", 'fprintf(f, "MagicKey = 0x%02hhX%02hhX%02hhX%02hhX", k[0], k[1], k[2], k[3]);'),
        ("a.js", "if (this.encryptionKey) { const a = i.pbkdf2Sync(this.encryptionKey) }"),
        ("README.md", "Release GPG key: D18B73405292AF9A9F4DCEE8916F3A07FB323BE4"),
    ):
        assert values(text, path) == [], path
