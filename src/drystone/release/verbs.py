"""What can be done with releases: the verbs of this room, light to load and each with its defaults.

A release is given as its folder, or opened (`open_release`). Faces parse, call these and print; they add nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drystone.release.exports.forms import Form, SplitBy
from drystone.release.exports.tokens.choice import DocumentOf, FimOrder, FimSplit, Inexact

if TYPE_CHECKING:
    from drystone.release.columns import LedgerRow
    from drystone.release.exports.export import Export
    from drystone.release.inspection.diff import Change, Diff
    from drystone.release.inspection.history import PastChange
    from drystone.release.inspection.lookup import Holding, LookupQuery
    from drystone.release.inspection.losses import Losses
    from drystone.release.inspection.score import Scored
    from drystone.release.inspection.stats import Stats
    from drystone.release.read import Release
    from drystone.release.versions.receipts import Receipt

    AnyRelease = Release | str | os.PathLike[str]
    AnyPath = str | os.PathLike[str]


def stats(release: AnyRelease, *, picture: AnyPath | None = None) -> Stats:
    """Count a release by stage, reason, language and licence.

    `picture`: a file to draw it into, `.svg` or `.png` (default: none). Raises `ReleaseError` where the ledger is
    damaged, `UsageError` for a picture of another kind.
    """
    from drystone.release.inspection.stats import stats as count

    found = count(opened(release))
    if picture is not None:
        from drystone.release.documents.picture import draw

        draw(found, Path(picture))
    return found


def losses(release: AnyRelease) -> Losses:
    """Return what sources promised of a release and did not give, by kind and cause; each is a row of its ledger.

    Raises `ReleaseError` where the ledger is damaged.
    """
    from drystone.release.inspection.losses import losses_of

    return losses_of(opened(release))


def occurrences(
    release: AnyRelease, what: str | None = None, *, limit: int = 100, reason: str | None = None
) -> list[LedgerRow]:
    """Return the ledger rows that `what` names, in the order of the ledger.

    `what`: a SWHID or a link to one, a path (whole, its end, or a glob), or REPOSITORY:PATH (default: every row).
    `limit`: rows at most. `reason`: only those dropped for it. Raises `ReleaseError` where nothing matches,
    `UsageError` for a reason that the release does not have.
    """
    from drystone.release.inspection.why import find

    return find(opened(release), what, limit=limit, reason=reason)


def history(release: AnyRelease, what: str, *, limit: int = 100) -> list[PastChange]:
    """Return what revisions did to a file, the newest first within each repository; renames are followed.

    `what`: a path (whole, its end, or a glob), or REPOSITORY:PATH. `limit`: changes at most. Raises `ReleaseError`
    where the release was built without histories, or nothing matches.
    """
    from drystone.release.inspection.history import file_history

    return file_history(opened(release), what, limit=limit)


def diff(old: AnyRelease, new: AnyRelease, *, each: Callable[[Change], object] | None = None) -> Diff:
    """Compare two releases: totals by language, licence, repository and reason.

    `each` is called with every occurrence that was added, removed or decided differently (default: none is listed).
    Raises `ReleaseError` where a ledger is damaged.
    """
    from drystone.release.inspection.diff import diff as compare

    return compare(opened(old), opened(new), each=each or (lambda change: None))


def export(
    release: AnyRelease,
    form: Form,
    output: AnyPath,
    *,
    columns: Sequence[str] = (),
    split: Sequence[str] = (),
    split_by: SplitBy = "hash",
    seed: int = 0,
    shuffle: bool = False,
    limit: int | None = None,
    tokenizer: AnyPath | None = None,
    documents: DocumentOf = "file",
    sequence_length: int | None = None,
    fim_rate: float = 0.0,
    fim_order: FimOrder = "psm",
    fim_split: FimSplit = "character",
    special: Sequence[str] = (),
    inexact: Inexact = "refuse",
    replace: bool = False,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Export:
    """Write a release as rows, in the columns of The Stack v2 or v3, or as what models train on; say what was written.

    `output`: folder of the export. For the first three: `columns`, their names ("all" for every one); `split`, names
    with weights such as "train=0.9" (default: one split, train); `split_by`, what stays in one split, the same bytes
    ("hash") or a "repository"; `seed` of splits and of `shuffle`; `limit`, rows at most.
    For documents and tokens: `tokenizer`, a tokenizer.json; `documents`, whether one is a "file" or a "repository" with
    imported files first; `sequence_length`, tokens of a sample, into which documents are packed (default: a sample is a
    document); `fim_rate`, share of files cut for filling in the middle, `fim_order` ("psm", "spm", "both"),
    `fim_split`, where they are cut ("character", or "syntax": around nodes of their trees); `special`, names of special
    tokens such as "file_sep=<|file|>"; `inexact`, whether a file that tokens do not give back stops the export
    ("refuse") or is left out and listed ("skip"). `split`, `split_by` and `seed` hold for them too.
    `replace`: an earlier export in it may go. `dry_run`: check and plan only. `progress` is called with rows done and
    all rows. Raises `UsageError` where `output` holds anything else, or for what cannot be chosen, `ReleaseError` for a
    damaged release and where the disk is full.
    """
    from drystone.release.exports.export import export as write
    from drystone.release.exports.forms import RowChoice, parse_splits
    from drystone.release.exports.tokens.choice import TokenChoice, parse_special

    report = progress or (lambda done, total: None)
    choice = RowChoice(tuple(columns), parse_splits(split), split_by, seed, shuffle, limit)
    tokens = TokenChoice(
        tokenizer, documents, sequence_length, fim_rate, fim_order, fim_split, parse_special(special), inexact
    )
    return write(
        opened(release), form, output, choice=choice, tokens=tokens, replace=replace, dry_run=dry_run, progress=report
    )


def score(
    release: AnyRelease,
    output: AnyPath,
    *,
    replace: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Scored:
    """Score each kept file from 0 to 5 for how readable and instructive it is; count the scores.

    `output`: a Parquet file beside the release, with SWHID, `quality_score` and `quality_model`. `replace`: a file that
    lies there may go. `progress` is called with files done and all files. Nothing is dropped: a mixture may ask for a
    least score. Raises `UsageError` where `output` is there already, `ReleaseError` for a damaged release.
    """
    from drystone.release.inspection.score import score as write

    return write(opened(release), Path(output), replace=replace, progress=progress or (lambda done, total: None))


def lookup(
    releases: Sequence[AnyPath], what: str, *, limit: int = 20, cache: AnyPath | None = None
) -> tuple[LookupQuery, list[Holding]]:
    """Say which releases hold files of an owner or a repository, or the bytes of a file.

    `what`: an owner (a name on GitHub, or HOST/NAME), a repository (OWNER/NAME, a URL, or its origin in the ledger), a
    SWHID, a file of this machine, or a path of the releases (whole, its end, or a glob). `limit`: places to name for
    each release. `cache`: where indexes are kept (default: the user's cache folder). Returns what was asked, as it was
    understood, and one answer for each release. Raises `UsageError` where there is no release to look into or `what` is
    none of these, `ReleaseError` where no release has a file at the path.
    """
    from drystone.errors import ReleaseError, UsageError
    from drystone.release.inspection.lookup import ask, open_index, parse
    from drystone.release.layout import shown

    if not releases:
        raise UsageError("name at least one release, and last what to look up")
    query = parse(what, files=True)
    folder = Path(cache) if cache is not None else None
    query, answers = ask([open_index(each, folder) for each in releases], query, limit)
    if query.kind == "path" and not any(answer.occurrences for answer in answers):
        raise ReleaseError(f"{shown(what)}: no such file on this machine, and no release has a file at such a path")
    return query, answers


def new_receipt_key(file: AnyPath) -> tuple[Path, str]:
    """Make a key pair for receipts: `file`, readable by its owner only, and FILE.pub; return the latter and its hash.

    The private key is encrypted where DRYSTONE_KEY_PASSWORD is set. The hash is the SHA-256 of the public key, hex.
    Raises `UsageError` where a file is there already.
    """
    from drystone.release.versions import receipts, signed

    public = receipts.new_key(Path(file))
    return public, signed.fingerprint(receipts.load_public(public))


def verify_receipt(receipt: AnyPath, key: AnyPath) -> Receipt:
    """Check a receipt with the publisher's public key, a file; return what it says.

    Raises `ReleaseError` where it was altered or signed by another key, `UsageError` where `key` is no public key.
    """
    from drystone.release.versions import receipts

    return receipts.verify_receipt(Path(receipt), receipts.load_public(Path(key)))


@dataclass(frozen=True, slots=True)
class Signed:
    """A release that was signed: its place, the signatures' names, and the key as SSH's programs read and name it."""

    place: str
    signatures: tuple[str, ...]
    public_key: str
    key: str


def sign(releases: Sequence[AnyPath], key: AnyPath) -> list[Signed]:
    """Sign releases (folders, or URLs such as s3://bucket/prefix) with the publisher's private key.

    Signed are the manifest, which names every other file by its SHA-256, and each tombstone, in the form that
    `ssh-keygen -Y verify` checks. A release is signed anew after a retraction, an update in its place or a new index.
    Raises `UsageError` where `key` is no private Ed25519 key, `ReleaseError` where there is no release.
    """
    from drystone.release.versions.receipts import load_private
    from drystone.release.versions.signatures import key_name, sign_place, ssh_line

    private = load_private(Path(key))
    public = private.public_key()
    return [
        Signed(os.fspath(place), tuple(sign_place(os.fspath(place), private)), ssh_line(public), key_name(public))
        for place in releases
    ]


def opened(release: AnyRelease) -> Release:
    """Return a release opened, whichever way it was given. Raises `ReleaseError` where the folder is none."""
    from drystone.release.read import Release, open_release

    return release if isinstance(release, Release) else open_release(release)
