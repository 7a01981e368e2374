"""Whose request it is, behind proxies and without; and whom a limit counts as one."""

from __future__ import annotations

import asyncio

import pytest

from drystone.errors import UsageError
from drystone.web.network.proxies import BehindProxies, network_of
from drystone.web.serve import Address


@pytest.mark.parametrize(
    ("hops", "headers", "client"),
    [
        (0, ["1.1.1.1"], "9.9.9.9"),
        (1, [], "9.9.9.9"),
        (1, ["1.1.1.1"], "1.1.1.1"),
        (1, ["6.6.6.6, 1.1.1.1"], "1.1.1.1"),  # what a visitor says before it counts nothing
        (1, ["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
        (2, ["6.6.6.6, 1.1.1.1, 2.2.2.2"], "1.1.1.1"),
        (2, ["1.1.1.1"], "9.9.9.9"),  # not by way of both
        (1, ["1.1.1.1:4711"], "1.1.1.1"),
        (1, ["[2001:db8::1]:4711"], "2001:db8::1"),
        (1, ["2001:db8::1"], "2001:db8::1"),
        (1, ["unknown"], "9.9.9.9"),
    ],
)
def test_as_many_proxies_are_believed_as_the_operator_counts(hops: int, headers: list[str], client: str) -> None:
    seen = []

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        seen.append(scope["client"][0])

    given = [(b"x-forwarded-for", each.encode()) for each in headers]
    scope = {"type": "http", "client": ("9.9.9.9", 1), "headers": given}
    asyncio.run(BehindProxies(app, hops)(scope, None, None))  # type: ignore[arg-type]
    assert seen == [client]


def test_one_visitor_is_an_address_or_a_network() -> None:
    assert network_of("192.0.2.7") == network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("testclient") == "testclient"


@pytest.mark.parametrize(
    "url", ["data.example.org", "ftp://a.example", "https://a.example/pages", "https://u:p@a.example", "https://[::1",
            "https://a.example:99999", ""],
)  # fmt: skip
def test_a_public_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--public-url"):
        Address("127.0.0.1", 0, public_url=url)


def test_a_public_url_is_scheme_and_host() -> None:
    assert Address("127.0.0.1", 0, public_url="https://Data.Example.org/").public_url == "https://data.example.org"
