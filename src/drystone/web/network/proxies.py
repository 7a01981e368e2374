"""Whose request it is where proxies stand before the server. Trusts as many of them as the operator counts, no more."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send


class BehindProxies:
    """Takes a visitor's address from the header `X-Forwarded-For`, which each of `hops` proxies has added to.

    The last entry was written by the nearest proxy, so that of the visitor is the `hops`-th from the right: what stands
    before it is what the visitor said, and counts nothing. Without proxies the header counts nothing at all.
    """

    def __init__(self, app: ASGIApp, hops: int) -> None:
        self.app, self.hops = app, hops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its visitor's address."""
        if scope["type"] == "http" and self.hops:
            told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
            entries = told.decode("latin-1").split(",")
            if len(entries) >= self.hops and (found := _address(entries[-self.hops])) is not None:
                scope = {**scope, "client": (found, 0)}
        await self.app(scope, receive, send)


def network_of(address: str) -> str:
    """Return what is counted as one visitor: an IPv4 address, or the 64 bits of a network that an IPv6 address has."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped) if found.ipv4_mapped is not None else f"{IPv6Address(int(found) >> 64 << 64)}/64"


def _address(text: str) -> str | None:
    """Return the address of an entry, which some proxies write with a port; None where it is none."""
    text = text.strip()
    host = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0] if "." in text else text
    try:
        return str(ip_address(host))
    except ValueError:
        return None
