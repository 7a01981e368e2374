"""Numbers with the thing that they count, as people write them. Knows nothing else."""

from __future__ import annotations


def many(number: int, thing: str, things: str | None = None) -> str:
    """Return "1 file", "2 files", "1,234 repositories"; `things` where the plural is not `thing` with an s."""
    plural = things or (f"{thing[:-1]}ies" if thing.endswith("y") and thing[-2] not in "aeiou" else f"{thing}s")
    return f"{number:,} {thing if number == 1 else plural}"
