"""Where a bucket answers, and how long a server asks to wait."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from drystone.errors import UsageError
from drystone.sources.software_heritage.http import _retry_after, s3_address, s3_parameters


@pytest.fixture(autouse=True)
def nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("location", "base"),
    [
        ("s3://softwareheritage/content", "https://softwareheritage.s3.us-east-1.amazonaws.com/content"),
        ("s3://walls?anonymous=true&region=eu-west-3", "https://walls.s3.eu-west-3.amazonaws.com"),
        ("s3://dotted.walls/a/?anonymous=true", "https://s3.us-east-1.amazonaws.com/dotted.walls/a"),
        ("s3://walls/a?anonymous=true&endpoint=http://127.0.0.1:9/", "http://127.0.0.1:9/walls/a"),
    ],
)
def test_where_a_bucket_answers(location: str, base: str) -> None:
    found = s3_address(location)
    assert (found.base, found.sign) == (base, None)


def test_the_environment_gives_what_the_location_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert s3_parameters("s3://walls/a/b/") == (
        "walls", "a/b", {"endpoint": "http://127.0.0.1:9", "region": "eu-west-1", "anonymous": "false"}
    )  # fmt: skip
    assert s3_parameters("s3://walls?region=x&endpoint=y")[2] == {"endpoint": "y", "region": "x", "anonymous": "false"}


@pytest.mark.parametrize("location", ["s3://", "s3:///prefix", "s3://walls?depth=1", "s3://user:secret@walls"])
def test_locations_that_are_none_are_refused_without_their_secrets(location: str) -> None:
    with pytest.raises(UsageError) as refused:
        s3_parameters(location)
    assert "secret" not in str(refused.value)


def test_a_server_may_say_how_long_in_seconds_or_by_a_date() -> None:
    assert _retry_after({"Retry-After": " 7 "}) == 7
    later = _retry_after({"Retry-After": formatdate(time.time() + 60, usegmt=True)})
    assert later is not None
    assert 55 < later <= 60
    assert _retry_after({"Retry-After": formatdate(time.time() - 60, usegmt=True)}) == 0
    assert _retry_after({"Retry-After": "soon"}) is None
    assert _retry_after({}) is None
