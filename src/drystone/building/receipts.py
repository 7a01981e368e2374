"""What a build or an update says to those whose requests it applied, and writing receipts into a folder.

Knows what a receipt says, not how it is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drystone.registry import Applied
from drystone.release.files import write_whole
from drystone.release.manifest import Manifest
from drystone.release.versions.falls import Fallen
from drystone.release.versions.numbers import UPDATE
from drystone.release.versions.receipts import BUILD, LogEnd, Searched, Version, make_receipt, says_the_same


def of_build(
    made: Manifest,
    applied: Sequence[Applied],
    old: Manifest | None = None,
    fallen: Mapping[str, Fallen] | None = None,
) -> dict[str, list[Searched]]:
    """Return for each request that was applied what its receipt says of the one version that was made.

    `applied` is what the build left out of its sources. For an update `old` is the version before, and `fallen` what of
    it is out now.
    """
    left_out = {each.request: each for each in applied}
    gone = fallen or {}
    now = Version.of(made)
    before = Version.of(old) if old is not None else None
    found = {}
    for request in sorted({*left_out, *gone}):
        out = left_out.get(request, Applied(request))
        missing = Fallen(out.occurrences, 0, out.bytes, out.repositories)
        by = UPDATE if before is not None else BUILD
        found[request] = [Searched(before, now, gone.get(request, Fallen()), by, missing)]
    return found


def write_receipts(
    found: Mapping[str, Sequence[Searched]],
    head: str,
    *,
    folder: Path,
    key: Ed25519PrivateKey,
    mark: str = "",
    log: LogEnd | None = None,
) -> dict[str, Path]:
    """Write a signed receipt for each request, named by it and `mark`, but where one that says the same lies there."""
    issued = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    written: dict[str, Path] = {}
    for request, searched in found.items():
        path = folder / f"{request}{mark}.json"
        if not says_the_same(path, key.public_key(), searched):
            write_whole(path, make_receipt(request, searched, head, issued, key, log))
        written[request] = path
    return written


def signer(
    key: Ed25519PrivateKey, folder: Path, each: Callable[[str, Path], object]
) -> Callable[[Mapping[str, Sequence[Searched]], str, LogEnd | None], None]:
    """Return what writes receipts for a build that has found what fell; `each` is called with request and file.

    The files are named by request, and by version and root of the release that was made.
    """

    def sign(found: Mapping[str, Sequence[Searched]], head: str, log: LogEnd | None) -> None:
        made = [lines[0].now for lines in found.values()][:1]
        mark = "".join(f"-{version.version}-{version.root[:12]}" for version in made)
        for request, file in write_receipts(found, head, folder=folder, key=key, mark=mark, log=log).items():
            each(request, file)

    return sign
