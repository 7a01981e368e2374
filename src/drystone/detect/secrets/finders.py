"""The list of all finders, and the Hyperscan database over their expressions, compiled once.

A finder has a `kind`, an `expression` (what Hyperscan looks for, ends only) and `spans(text, hit, path)`, which judges
one hit: the byte offset behind a match of the expression. It knows no batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, Protocol

import hyperscan

from drystone.detect.patterns import compiled
from drystone.detect.secrets.catalog import rules
from drystone.detect.secrets.kinds import accounts, addresses, assignments, commands, names, passwords
from drystone.detect.secrets.kinds.tokens import Token
from drystone.detect.secrets.spans import Span


class Judge(Protocol):
    """What judges the hits of one kind."""

    @property
    def kind(self) -> str:
        """The kind of the spans."""
        ...

    @property
    def most(self) -> float:
        """The highest confidence of its spans."""
        ...

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        ...


class Finder(Judge, Protocol):
    """What judges the hits of one expression."""

    @property
    def expression(self) -> str:
        """What Hyperscan looks for."""
        ...


@cache
def finders() -> tuple[Finder, ...]:
    """Return all finders; a finder's index is its id in the database."""
    return (
        *(Token(rule) for rule in rules() if rule.near is None),
        passwords.PrivateKey(),
        passwords.UrlPassword(),
        assignments.AssignedPassword(),
        passwords.AssignedCredential(),
        passwords.CurlCredentials(),
        passwords.AuthorizationHeader(),
        commands.CommandPassword(),
        commands.LoginPassword(),
        commands.EntryPassword(),
        commands.BearerToken(),
        names.Name(),
    )


#: The finders of what the kernel finds, by the kernel's numbers for them.
KERNEL_FINDERS: Final[tuple[Judge, ...]] = (
    addresses.Email(),
    addresses.Ipv4(),
    addresses.Ipv6(),
    accounts.CreditCard(),
    accounts.Iban(),
    accounts.Phone(),
    addresses.Ipv6Local(),
)


@cache
def database(kinds: frozenset[str]) -> Any:
    """Return the compiled database of the finders of these kinds; None where there are none."""
    chosen = [(i, finder) for i, finder in enumerate(finders()) if finder.kind in kinds]
    if not chosen:
        return None
    expressions = [finder.expression.encode("latin-1") for _, finder in chosen]
    return compiled(expressions, [i for i, _ in chosen], hyperscan.HS_FLAG_MULTILINE)
