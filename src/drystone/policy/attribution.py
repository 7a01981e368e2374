"""What must be said by whoever uses some rows of a release: licences with what they ask, texts, holders, places.

Facts from the release and from the licences' texts, not legal advice. Reads the release alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from drystone.detect.licenses.matching.references import facts as spdx_licenses
from drystone.errors import ReleaseError, UsageError
from drystone.policy.licensed import speaks_for
from drystone.policy.licenses import license_names
from drystone.policy.obligations import Obligations, obligations
from drystone.release.documents.covers import Folders
from drystone.release.documents.notice import Notice, RestingFiles, chosen, read_notices
from drystone.release.inspection.choosing import Condition, chosen_rows
from drystone.release.layout import shown
from drystone.release.read import Release

_COLUMNS: Final = (
    "origin", "repo_name", "path", "swhid", "blob_id", "license_expression", "license_evidence",
)  # fmt: skip
_OF_FILES: Final = (
    "origin", "path", "swhid", "language", "license_expression", "license_type", "license_basis", "license_confidence",
    "license_conflict",
)  # fmt: skip
#: What a licence can rest on, as `license_basis` has it; `conflict` and `unknown` are asked for like them.
BASES: Final = ("header", "metadata", "notice", "pattern", "readme", "review", "table", "text", "conflict", "unknown")


@dataclass(frozen=True, slots=True)
class UsedFile:
    """One file that is used: where it is from, its SWHID and the SHA-1 of its original bytes, and its licence.

    `texts`: the SWHIDs of the texts of its repository that it rests on.
    """

    origin: str
    name: str | None
    path: str
    swhid: str
    sha1: str
    license: str | None
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unaccompanied:
    """Files of one origin whose licences have no text in the release: they, a README or metadata name them.

    `licenses`: SPDX identifiers, joined by commas; None where no licence was found.
    """

    origin: str
    licenses: str | None
    files: RestingFiles


@dataclass(frozen=True, slots=True)
class ListedText:
    """The text of a licence (SPDX identifier) as the SPDX License List has it, with the list's blanks."""

    license: str
    text: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """What the use of some rows of a release asks to say. `asks`: each licence, and what it asks.

    `listed`: the texts of licences that ask to pass their text on, where the release has none of the repository's own.
    """

    title: str
    root: str
    files: tuple[UsedFile, ...]
    asks: tuple[tuple[str, Obligations], ...]
    notices: tuple[Notice, ...]
    unaccompanied: tuple[Unaccompanied, ...]
    listed: tuple[ListedText, ...] = ()


@dataclass(frozen=True, slots=True)
class LicensedFile:
    """A kept file, and what its licence rests on: the columns of `data` of these names."""

    origin: str
    path: str
    swhid: str
    language: str
    license_expression: str | None
    license_type: str
    license_basis: str | None
    license_confidence: float | None
    license_conflict: str | None


def attribution_of(release: Release, where: Sequence[Condition]) -> Attribution:
    """Return what must be said of the rows that fit. Raises `ReleaseError` where an older program wrote the release.

    Memory grows with the rows that fit.
    """
    notices = read_notices(release.path, release.manifest.format_version)
    if notices is None:
        raise ReleaseError(
            f"{shown(str(release.path))}: an older program wrote this release and did not say which files rest on "
            "which text; its NOTICE has the texts. Build it again for what single rows ask"
        )
    said = {(p.origin, p.swhid): license_names(one.expression) for one in notices for p in one.places if p.swhid}
    files: list[UsedFile] = []
    resting: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    alone: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table in chosen_rows(release, where, _COLUMNS):
        for row in table.to_pylist():
            origin, path, license_ = row["origin"], row["path"], row["license_expression"]
            pieces = row["license_evidence"] or ()
            named = {piece["swhid"] for piece in pieces if speaks_for(piece["expression"], license_)}
            texts = sorted(swhid for swhid in named if (origin, swhid) in said)
            files.append(UsedFile(origin, row["repo_name"], path, row["swhid"], row["blob_id"], license_, tuple(texts)))
            for swhid in texts:
                resting[origin, swhid].append(path)
            covered = {name for swhid in texts for name in said[origin, swhid]}
            missing = [name for name in license_names(license_) if name not in covered]
            if missing or not (texts or license_):
                alone[origin, ", ".join(missing)].append(path)
    files.sort(key=lambda file: (file.origin, file.path))
    folders = _folders(release, {file.origin for file in files})
    names = sorted({name for file in files for name in license_names(file.license)})
    facts = release.manifest.facts
    told = chosen(notices, {key: RestingFiles.of(paths, folders[key[0]]) for key, paths in resting.items()})
    lacking = [*(names for _, names in alone), *(one.expression or "" for one in told if one.text is None)]
    return Attribution(
        f"{facts.name} {facts.version}",
        release.root,
        tuple(files),
        tuple((name, obligations(name)) for name in names),
        tuple(told),
        tuple(
            Unaccompanied(origin, names or None, RestingFiles.of(paths, folders[origin]))
            for (origin, names), paths in sorted(alone.items())
        ),
        tuple(_listed(lacking)),
    )


def _listed(lacking: Iterable[str]) -> Iterator[ListedText]:
    """Yield the SPDX list's texts of some licences, those that ask for it; of an exception, the text of its licence."""
    named = {part for names in lacking for one in names.split(", ") for part in license_names(one)}
    bases = {name.partition(" WITH ")[0].removesuffix("+") for name in named}
    for base in sorted(bases):
        if base in spdx_licenses() and obligations(base).notice != "no":
            yield ListedText(base, spdx_licenses()[base]["text"])


def _folders(release: Release, origins: set[str]) -> dict[str, Folders]:
    """Return the folders of all kept files of some origins, so that a folder stands for the same as in NOTICE."""
    paths: dict[str, list[str]] = {origin: [] for origin in sorted(origins)}
    wanted = pc.is_in(pc.field("origin"), pa.array(list(paths), pa.string()))
    for table in release.data(columns=["origin", "path"]):
        for row in table.filter(wanted).to_pylist():
            paths[row["origin"]].append(row["path"])
    return {origin: Folders(each) for origin, each in paths.items()}


def files_by_basis(
    release: Release, where: Sequence[Condition], bases: Sequence[str], below: float | None
) -> Iterator[LicensedFile]:
    """Yield the kept files whose licence rests on nothing but `bases` (none: any), and is less sure than `below`.

    "conflict" also takes files whose places contradict each other, "unknown" those for which nothing speaks. Raises
    `UsageError` for another word, `ReleaseError` where the release does not say what licences rest on.
    """
    if wrong := [basis for basis in bases if basis not in BASES]:
        raise UsageError(f"'{shown(wrong[0])}' is nothing that a licence rests on; one of {', '.join(BASES)}")
    if "license_basis" not in release.columns("data"):
        raise ReleaseError(
            f"{shown(str(release.path))} does not say what licences rest on: it is of version "
            f"{release.manifest.format_version} of the format. Build it again"
        )
    for table in chosen_rows(release, where, _OF_FILES):
        for row in table.to_pylist():
            file = LicensedFile(**row)
            if _rests(file, bases) and _less_sure(file, below):
                yield file


def _less_sure(file: LicensedFile, below: float | None) -> bool:
    """Return whether a file's licence is less sure than a limit. How sure an unknown one is, nobody knows."""
    return below is None or (file.license_confidence is not None and file.license_confidence < below)


def _rests(file: LicensedFile, bases: Sequence[str]) -> bool:
    if not bases or ("conflict" in bases and file.license_conflict is not None):
        return True
    if file.license_basis is None:
        return "unknown" in bases
    return set(file.license_basis.split("+")) <= set(bases)
