"""The texts that facts rest on, kept by their hash, so that a quote can be found again where it was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from drystone.catalog.passports.passport import Passport, Reference
from drystone.release.layout import shown


def sha256_of(text: str) -> str:
    """Return the name of a text: the SHA-256 of its UTF-8, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def kept_by_hash(texts: Iterable[str]) -> dict[str, str]:
    """Return texts by their names."""
    return {sha256_of(text): text for text in texts}


@dataclass(frozen=True, slots=True)
class FoundQuote:
    """Whether a quote was found again.

    `stands`: it is in the kept text, from `offset` (characters); `not there`: the text is kept and does not hold it;
    `changed`: what is kept under this hash has another; `not kept`: nobody kept the text: read it at its source.
    """

    reference: Reference
    state: Literal["stands", "not there", "changed", "not kept"]
    offset: int | None = None

    @property
    def said(self) -> str:
        """Its words, their source and its state, in a sentence."""
        return (
            f"the quote “{shown(' '.join(self.reference.quote.split())[:80])}” of {self.reference.source}: {self.state}"
        )


def find_quotes(passport: Passport, texts: Mapping[str, str]) -> list[FoundQuote]:
    """Look for every quote of a passport in kept texts, which are given by their hashes."""
    return [_found(reference, texts.get(reference.sha256)) for reference in passport.references]


def _found(reference: Reference, text: str | None) -> FoundQuote:
    if text is None:
        return FoundQuote(reference, "not kept")
    if sha256_of(text) != reference.sha256:
        return FoundQuote(reference, "changed")
    at = text.find(reference.quote)
    return FoundQuote(reference, "stands", at) if at >= 0 else FoundQuote(reference, "not there")
