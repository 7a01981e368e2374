"""Passwords, random literals and private keys: where a name or a mark says that they are ones."""

from __future__ import annotations

from tests.detect.secrets.generated import literal
from tests.detect.secrets.test_scanner import values


def test_passwords_in_urls_and_assignments() -> None:
    secret = "hu7Nter!2x" + "Q"
    assert values(f"postgres://app:{secret}@db.internal:5432/x") == [secret]
    assert values(f"DB_PASSWORD={secret}", ".env") == [secret]
    assert values(f'password = "{secret}"') == [secret]
    for harmless in (
        "postgres://user:password@localhost/x",
        "postgres://$USER:$PASSWORD@db/x",
        'password = os.environ["PASSWORD"]',
        'password = "${DB_PASSWORD}"',
        'password_field = "user_password1"',
        "password: str = field(default=None)",
    ):
        assert values(harmless, "x.env") == [], harmless


def test_random_literals_need_a_credential_beside_them() -> None:
    value = literal(32)
    assert values(f'api_key = "{value}"') == [value]
    for harmless in (
        f'sha256 = "{value}"',
        f'"integrity": "sha512-{value}"',
        f'public_key = "{value}"',
        f'x = "{value}"',
    ):
        assert values(harmless) == [], harmless
