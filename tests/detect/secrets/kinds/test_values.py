"""What a value says of itself."""

from __future__ import annotations

import pytest

from drystone.detect.secrets.kinds.values import drawn, passphrase, reference, stand_in, strength


@pytest.mark.parametrize(
    "value", [b"River!4821", b"kXbQwzRtLpMn", b"woSwY*sqc154", b"x$Kq9!zPw2", b"3h1ZBZRyIXmCz3rNh4no"]
)
def test_what_somebody_chose_or_drew(value: bytes) -> None:
    assert strength(value) >= 0.7


@pytest.mark.parametrize(
    "value", [b"password123", b"P@ssw0rd", b"changeme", b"test1234", b"mysecretpassword", b"admin1234!", b"xxxxxxxx"]
)
def test_stand_ins(value: bytes) -> None:
    assert stand_in(value)
    assert strength(value) < 0.6


@pytest.mark.parametrize(
    "value",
    [
        b"${DB_PASSWORD}",
        b"{{ vault }}",
        b"$password",
        b"%PASSWORD%",
        b"os.environ['X']",
        b"/run/secrets/db",
        b"DB_PASSWORD",
        b"s3:GetBucketPolicy",
        b"https://a.b/c",
        b"getpass()",
        b"{password}",
        b"#{password}",
        b"<password>",
        b"%02hhX",
        b"20/m/ip",
        b"5/minute",
        b"tests.settings.OwnPBKDF2PasswordHasher",
    ],
)
def test_references(value: bytes) -> None:
    assert reference(value)


def test_dots_and_slashes_alone_make_no_reference() -> None:
    for value in (b"walnut.harbour.violet.canyon", b"q7Zk.x9Tw.Lm3p", b"20/Kx9wLm3pQ"):
        assert not reference(value), value
    assert strength(b"walnut.harbour.violet.canyon") >= 0.6


def test_words_and_letters() -> None:
    assert passphrase(b"walnut-harbour-violet-canyon")
    assert not passphrase(b"enter-your-new-password")
    assert drawn(b"ntddflYXePcjeGaGqtRVEplVNIiQ")
    assert not drawn(b"callFunctionCheckIfFieldAlreadyExists")
    assert strength("Contraseña".encode()) < 0.6
