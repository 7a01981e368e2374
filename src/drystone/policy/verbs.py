"""What can be asked of licences and of opt-outs: the verbs of this room, light to load and each with its defaults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from drystone.policy.attribution import Attribution, LicensedFile
    from drystone.policy.compatibility import LicenseReport
    from drystone.policy.reach import RequestReach
    from drystone.registry import Request
    from drystone.registry.verbs import AnyRegistry
    from drystone.release.verbs import AnyPath, AnyRelease

#: Blue Oak's list and the public domain; or The Stack v2's rule, which also takes files without a licence.
PolicyName = Literal["permissive", "stack-v2"]
#: Forms of an attribution: text, an HTML page, an SPDX document.
NoticeForm = Literal["text", "html", "spdx"]
#: The one that is judged by where nobody says.
POLICY: Final[PolicyName] = "permissive"


@dataclass(frozen=True, slots=True)
class Resting:
    """How many files of a release rest on one text: those kept, and those dropped."""

    kept: int
    dropped: int


def count_files_on_text(release: AnyPath, text_sha256: str) -> Resting:
    """Count the files of a release whose licence rests on a text that a person should read, or has decided on.

    `text_sha256`: the hash under which the review queue has it. A decision changes these files in the next build. Reads
    the ledger's evidence. Raises `ReleaseError` where there is no readable ledger.
    """
    from pathlib import Path

    import pyarrow.compute as pc

    from drystone.policy.decision import KEPT
    from drystone.release.read import open_release

    counts = {True: 0, False: 0}
    for table in open_release(Path(release)).ledger(["decision", "evidence"]):
        about = pc.fill_null(pc.match_substring(table.column("evidence"), f'"{text_sha256}"'), False)
        for decision in table.filter(about).column("decision").to_pylist():
            counts[decision == KEPT.decision] += 1
    return Resting(counts[True], counts[False])


def license_files(
    release: AnyRelease, *, basis: Iterable[str] = (), below: float | None = None, where: Iterable[str] = ()
) -> list[LicensedFile]:
    """List kept files by what their licence rests on, in the order of the release.

    `basis`: only files whose licence rests on nothing but these: "header", "metadata", "notice", "pattern", "readme",
    "review", "table", "text"; "conflict" also takes files whose places contradict each other, "unknown" those of which
    nothing is known (default: all files). `below`: only those that are less sure than this, from 0 to 1. `where`:
    conditions on columns of data, such as "language=Python" or "path=/src/*"; all must fit. Raises `UsageError`,
    `ReleaseError`.
    """
    from drystone.policy.attribution import files_by_basis
    from drystone.release.inspection.choosing import conditions
    from drystone.release.verbs import opened

    return list(files_by_basis(opened(release), conditions(where), tuple(basis), below))


def attribution(release: AnyRelease, *, where: Iterable[str] = ()) -> Attribution:
    """Say what must be said by whoever uses some rows of a release: licences, texts, holders, and the files they cover.

    `where`: conditions as for `license_files` (default: all rows). Facts from the release and from the licences' texts,
    not legal advice. Raises `UsageError`, `ReleaseError`.
    """
    from drystone.policy.attribution import attribution_of
    from drystone.release.inspection.choosing import conditions
    from drystone.release.verbs import opened

    return attribution_of(opened(release), conditions(where))


def write_attribution(found: Attribution, form: NoticeForm) -> str:
    """Return an attribution as text, as an HTML page, or as an SPDX document (2.3, JSON), which states when."""
    from datetime import UTC, datetime

    from drystone.policy.notice_forms import notice_in

    return "".join(notice_in(form, found, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))


def licenses(
    release: AnyRelease, *, policy: PolicyName = POLICY, allow: Iterable[str] = (), deny: Iterable[str] = ()
) -> LicenseReport:
    """Say which licences a release holds, what each asks, and whether one policy covers everything that was kept.

    `allow` and `deny`: SPDX identifiers, or pairs "A WITH B", that are accepted or refused besides. Facts from the
    licences' texts, not legal advice; what is unknown is said to be unknown. Raises `UsageError` for an identifier that
    is none, `ReleaseError` where there is no readable ledger.
    """
    from drystone.errors import UsageError
    from drystone.policy.compatibility import POLICIES, licenses_of_release
    from drystone.policy.licenses import unknown_identifiers

    allowed, denied = tuple(sorted(allow)), tuple(sorted(deny))
    if wrong := unknown_identifiers((*allowed, *denied)):
        raise UsageError(f"{', '.join(wrong)}: no SPDX identifier. See https://spdx.org/licenses/.")
    chosen = POLICIES[policy].model_copy(update={"allow": allowed, "deny": denied})
    return licenses_of_release(release, chosen)


def optout_reach(
    request: str, releases: Iterable[AnyPath], *, registry: AnyRegistry = None
) -> tuple[Request, list[RequestReach]]:
    """Return a request and, for each release, who else would lose files if all of it were accepted.

    `request`: its id, or the first letters. Others are repositories that the request does not name, the older ones
    first; `common` are the files that stay with them, since too many have each. Raises `UsageError`, `RegistryError`,
    `ReleaseError`.
    """
    from pathlib import Path

    from drystone.policy.reach import reach_of
    from drystone.registry.verbs import using
    from drystone.release.read import open_release

    with using(registry) as opened:
        found = opened.requests.get(request)
        optouts = opened.optouts.snapshot(only=found.id)
    return found, [reach_of(open_release(Path(each)), optouts) for each in releases]
