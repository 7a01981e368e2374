"""The one table of columns: what a row of each of a release's files holds, column by column, in their order.

A row as Python has it is a `DataRow`, a `LedgerRow` or a `RepositoryRow`; the annotation of each key says the column's
Arrow type, meaning and origin. Schemas, writer, update, retraction, comparison, Croissant and docs/release-format.md
take all of it from here: a new column needs its line here and the place that computes it. Knows nothing of how rows
come about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Annotated, Final, Literal, NotRequired, TypedDict, get_origin, get_type_hints

import pyarrow as pa

#: Kinds of Parquet files, as the manifest has them.
Kind = Literal["data", "ledger", "repositories", "repository_duplicates", "history"]
#: Those that a release has only where they were asked for.
OPTIONAL: Final[frozenset[Kind]] = frozenset({"repository_duplicates", "history"})


class ColumnOrigin(Enum):
    """What a value belongs to, and so when it may differ from one version of a release to the next."""

    #: The repository: the same in all its rows, and in its row of repositories.parquet.
    REPOSITORY = "repository"
    #: The place of the file, and what was decided of it.
    OCCURRENCE = "occurrence"
    #: The bytes: with the same program and settings, they always give the same value.
    BLOB = "bytes"
    #: Other columns of the same row.
    DERIVED = "row"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `name` is that of the key which it annotates.

    `stack_v2`: The Stack v2 has it, under this name and type. `distinct`: values differ from row to row, so that a
    dictionary of them would be built for nothing. `compared`: `drystone diff` tells of an occurrence where it differs.
    `since`: the first version of the format that has it. Those of version 1 are in every release; a later one may be
    missing in a release that an older program wrote, and is then read as null.
    """

    type: pa.DataType
    origin: ColumnOrigin
    meaning: str
    stack_v2: bool = False
    distinct: bool = False
    compared: bool = False
    since: int = 1
    name: str = ""


_TEXT: Final = pa.string()
_WHOLE: Final = pa.int64()
_SHARE: Final = pa.float32()
_TIME: Final = pa.timestamp("us")

#: One piece of evidence for a licence: which text (SWHID, path, lines from 1, inclusive) says so, by which rule, and
#: with which confidence (0 to 1).
LICENSE_EVIDENCE: Final = pa.list_(
    pa.struct(
        [
            ("expression", pa.string()),
            ("swhid", pa.string()),
            ("path", pa.string()),
            ("start_line", pa.int32()),
            ("end_line", pa.int32()),
            ("rule", pa.string()),
            ("confidence", pa.float32()),
        ]
    )
)

#: One span that was replaced in `content`: byte offsets into the UTF-8 text before redaction, never the secret itself.
REDACTIONS: Final = pa.list_(
    pa.struct(
        [
            ("kind", pa.string()),
            ("rule", pa.string()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("confidence", pa.float32()),
        ]
    )
)


def _repository(type_: pa.DataType, meaning: str, *, stack_v2: bool = False) -> Column:
    return Column(type_, ColumnOrigin.REPOSITORY, meaning, stack_v2)


def _related(type_: pa.DataType, meaning: str) -> Column:
    return Column(type_, ColumnOrigin.REPOSITORY, meaning, since=2)


def _told(type_: pa.DataType, meaning: str) -> Column:
    """Return a column of The Stack v2 that a source tells of a whole repository."""
    return _repository(type_, meaning, stack_v2=True)


def _decided(
    type_: pa.DataType, meaning: str, *, stack_v2: bool = False, compared: bool = False, since: int = 1
) -> Column:
    return Column(type_, ColumnOrigin.OCCURRENCE, meaning, stack_v2, compared=compared, since=since)


def _found(type_: pa.DataType, meaning: str, *, stack_v2: bool = False, since: int = 1) -> Column:
    return Column(type_, ColumnOrigin.BLOB, meaning, stack_v2, since=since)


def _named(meaning: str, *, stack_v2: bool = False) -> Column:
    """Return a column that identifies the bytes of a file, and differs in every row."""
    return Column(_TEXT, ColumnOrigin.BLOB, meaning, stack_v2, distinct=True)


def _follows(type_: pa.DataType, meaning: str, *, stack_v2: bool = False) -> Column:
    return Column(type_, ColumnOrigin.DERIVED, meaning, stack_v2)


_SAYS_LANGUAGE: Final = (
    "What says so: `attributes` (.gitattributes), `name`, `shebang`, `modeline`, `pattern`, or `content` (a guess)."
)

#: Columns that several tables have.
_RepositoryId = Annotated[
    str, _decided(_TEXT, "SHA-256 of origin, revision and directory, hex; key of repositories.parquet.")
]
_Place = Annotated[str, _repository(_TEXT, "Where the repository comes from: a URL, or a name with its kind.")]
_DirectoryId = Annotated[str | None, _told(_TEXT, "Git tree hash of the repository's root, hex.")]
_RepoName = Annotated[str | None, _told(_TEXT, "Name of the repository.")]
_SnapshotId = Annotated[str | None, _told(_TEXT, "Snapshot of the repository in the Software Heritage archive, hex.")]
_RevisionId = Annotated[str | None, _told(_TEXT, "Git commit that was read, hex.")]
_BranchName = Annotated[str | None, _told(_TEXT, "Branch that was read, as `refs/heads/...`.")]
_Visited = Annotated[datetime | None, _told(_TIME, "When the repository was visited.")]
_Revised = Annotated[datetime | None, _told(_TIME, "When the revision was written, by its author's clock.")]
_Committed = Annotated[datetime | None, _told(_TIME, "When the revision was committed.")]
_GithubId = Annotated[int | None, _told(_WHOLE, "GitHub's number of the repository.")]
_Stars = Annotated[int | None, _told(_WHOLE, "Stars, as the source counts them (The Stack v2: from GHArchive).")]
_Forks = Annotated[int | None, _told(_WHOLE, "Forks, as the source counts them (The Stack v2: from GHArchive).")]
_GhaLicense = Annotated[str | None, _told(_TEXT, "Licence of the repository as the hosting site tells it.")]
_GhaEvent = Annotated[datetime | None, _told(_TIME, "When the latest event of the repository in GHArchive took place.")]
_GhaCreated = Annotated[datetime | None, _told(_TIME, "When the repository was made, as the hosting site tells it.")]
_GhaLanguage = Annotated[str | None, _told(_TEXT, "Main language of the repository as the hosting site tells it.")]


class LicensePiece(TypedDict):
    """One piece of `license_evidence`."""

    expression: str | None
    swhid: str | None
    path: str | None
    start_line: int | None
    end_line: int | None
    rule: str | None
    confidence: float | None


class Redaction(TypedDict):
    """One span of `redactions`."""

    kind: str
    rule: str
    start: int
    end: int
    confidence: float | None


class DataRow(TypedDict):
    """One row is one file of the release. Sorted by `swhid` within a shard; a SWHID occurs once in a release."""

    blob_id: Annotated[str, _named("SHA-1 of the original bytes, hex.", stack_v2=True)]
    directory_id: _DirectoryId
    path: Annotated[str, _decided(_TEXT, "Path of the file in its repository; it begins with `/`.", stack_v2=True)]
    content_id: Annotated[str, _named("Git blob hash of the original bytes, hex.", stack_v2=True)]
    detected_licenses: Annotated[
        list[str],
        _follows(pa.list_(pa.string()), "SPDX identifiers that `license_expression` names.", stack_v2=True),
    ]
    license_type: Annotated[str, _decided(_TEXT, "`permissive`, `no_license` or `non_permissive`.", stack_v2=True)]
    repo_name: _RepoName
    snapshot_id: _SnapshotId
    revision_id: _RevisionId
    branch_name: _BranchName
    visit_date: _Visited
    revision_date: _Revised
    committer_date: _Committed
    github_id: _GithubId
    star_events_count: _Stars
    fork_events_count: _Forks
    gha_license_id: _GhaLicense
    gha_event_created_at: _GhaEvent
    gha_created_at: _GhaCreated
    gha_language: _GhaLanguage
    src_encoding: Annotated[str, _found(_TEXT, "Encoding of the original bytes, by IANA's name.", stack_v2=True)]
    language: Annotated[str, _decided(_TEXT, "Language, by Linguist's name.", stack_v2=True)]
    is_vendor: Annotated[
        bool,
        _decided(
            pa.bool_(), "Whether the path, or .gitattributes, says that it is taken over from others.", stack_v2=True
        ),
    ]
    is_generated: Annotated[
        bool,
        _decided(pa.bool_(), "Whether a program wrote the file, by its name and marks in its text.", stack_v2=True),
    ]
    length_bytes: Annotated[int, _found(_WHOLE, "Bytes of the UTF-8 text before redaction.", stack_v2=True)]
    extension: Annotated[
        str,
        _follows(_TEXT, "What follows the last dot of the file's name; empty where nothing does.", stack_v2=True),
    ]
    #: Read only where it is asked for.
    content: NotRequired[Annotated[str, _named("The text, with secrets and personal data that were found replaced.")]]
    language_evidence: Annotated[str, _decided(_TEXT, _SAYS_LANGUAGE, since=2)]
    language_confidence: Annotated[float, _decided(_SHARE, "How sure the language is, from 0 to 1.", since=2)]
    script_language: Annotated[
        str | None,
        _found(
            _TEXT,
            "Of a notebook whose cells are released as a script: the script's language; null for all else.",
            since=2,
        ),
    ]
    swhid: Annotated[str, _named("SWHID (ISO/IEC 18670) of the original bytes: `swh:1:cnt:` and the git blob hash.")]
    released_sha256: Annotated[str, _named("SHA-256 of `content` as UTF-8, hex.")]
    origin: _Place
    repository_id: _RepositoryId
    license_expression: Annotated[
        str | None, _decided(_TEXT, "SPDX expression that applies to the file; null where no licence was found.")
    ]
    license_evidence: Annotated[
        list[LicensePiece], _decided(LICENSE_EVIDENCE, "Which texts say so: SWHID, path, lines, rule, confidence.")
    ]
    license_basis: Annotated[
        str | None,
        _decided(
            _TEXT,
            "What kinds of places say so, sorted and joined by `+`: `header` (of the file), `metadata`, `notice`, "
            "`pattern` (REUSE.toml, debian/copyright, a `.license` file), `readme`, `review` (a person's decision), "
            "`table` (the word of a table whose licence files did not travel), `text`; "
            "null where nothing says anything, or what does is not in the release.",
            since=2,
        ),
    ]
    license_confidence: Annotated[
        float | None,
        _decided(_SHARE, "How sure the least sure of these places is, from 0 to 1; null as the basis is.", since=2),
    ]
    license_conflict: Annotated[
        str | None,
        _decided(_TEXT, "What contradicts what, where places contradict each other; null where none do.", since=2),
    ]
    redactions: Annotated[
        list[Redaction],
        _found(REDACTIONS, "Spans of the text that were replaced: kind, rule, byte offsets, confidence."),
    ]
    near_duplicate_cluster: Annotated[
        str | None, _decided(_TEXT, "SWHID of the smallest member of the file's cluster of near duplicates.")
    ]
    is_documentation: Annotated[
        bool, _decided(pa.bool_(), "Whether the path, or .gitattributes, says that it is documentation.")
    ]
    is_test: Annotated[bool, _follows(pa.bool_(), "Whether the path is that of a test.")]
    is_configuration: Annotated[bool, _follows(pa.bool_(), "Whether the path is that of configuration.")]
    num_lines: Annotated[int, _found(_WHOLE, "Lines of the text.")]
    avg_line_length: Annotated[float, _found(_SHARE, "Characters of a line, on average.")]
    max_line_length: Annotated[int, _found(_WHOLE, "Characters of the longest line.")]
    alphanum_fraction: Annotated[float, _found(_SHARE, "Share of letters and digits among the characters.")]
    alpha_fraction: Annotated[float, _found(_SHARE, "Share of letters among the characters.")]
    line_endings: Annotated[
        str | None,
        _found(_TEXT, "How lines of the text end: `lf`, `crlf`, `cr` or `mixed`; null where none ends.", since=2),
    ]


class LedgerRow(TypedDict):
    """One row is one occurrence: kept or dropped, at which stage, why, and on what evidence.

    Sorted by (`repository_id`, `path`, `entry`).
    """

    repository_id: _RepositoryId
    origin: _Place
    path: Annotated[
        str, _decided(_TEXT, r"Path; it begins with `/`, and bytes that are not UTF-8 are written as `\xNN`.")
    ]
    path_raw: Annotated[bytes | None, _decided(pa.binary(), "The path's bytes where they are not UTF-8, else null.")]
    entry: Annotated[int, _decided(pa.int32(), "0, or 1, 2, ... where a source lists one path several times.")]
    kind: Annotated[str, _decided(_TEXT, "`file`, `symlink`, `submodule`, `device` or `unreadable`.")]
    mode: Annotated[int | None, _decided(pa.int32(), "Mode of the file, as git has it.")]
    swhid: Annotated[
        str | None,
        _decided(
            _TEXT, "SWHID of the content, or of a submodule's revision; null where bytes were not read.", compared=True
        ),
    ]
    size: Annotated[int | None, _decided(_WHOLE, "Bytes of the original; null where unknown.", compared=True)]
    decision: Annotated[str, _decided(_TEXT, "`kept` or `dropped`.", compared=True)]
    stage: Annotated[str, _decided(_TEXT, "The stage that decided; `release` for what is kept.", compared=True)]
    reason: Annotated[str | None, _decided(_TEXT, "Why it was dropped; null for what is kept.", compared=True)]
    evidence: Annotated[
        str | None,
        _decided(_TEXT, "What the decision rests on, as a JSON object; null where the reason says it all."),
    ]
    language: Annotated[
        str | None,
        _decided(_TEXT, "Language, by Linguist's name; null where none is settled, or none was asked.", compared=True),
    ]
    language_evidence: Annotated[str | None, _decided(_TEXT, _SAYS_LANGUAGE, since=2)]
    language_confidence: Annotated[float | None, _decided(_SHARE, "How sure the language is, from 0 to 1.", since=2)]
    license_type: Annotated[
        str | None, _decided(_TEXT, "`permissive`, `no_license` or `non_permissive`.", compared=True)
    ]
    license_expression: Annotated[
        str | None, _decided(_TEXT, "SPDX expression that applies; null where none was found.", compared=True)
    ]
    kept_repository_id: Annotated[
        str | None, _decided(_TEXT, "Of duplicates: the repository of the occurrence that stands for this one.")
    ]
    kept_path: Annotated[str | None, _decided(_TEXT, "Of duplicates: the path of that occurrence.")]
    kept_swhid: Annotated[str | None, _decided(_TEXT, "Of duplicates: the SWHID of that occurrence.", compared=True)]
    similarity: Annotated[
        float | None,
        _decided(pa.float64(), "Of near duplicates: the exact Jaccard similarity with the kept file.", compared=True),
    ]
    shard: Annotated[str | None, _decided(_TEXT, "Of what is kept: the file under `data/` that holds it.")]


class RepositoryRow(TypedDict):
    """One row is one repository that was read. Sorted by `repository_id`."""

    repository_id: _RepositoryId
    origin: _Place
    kind: Annotated[str, _repository(_TEXT, "Kind of source: `git`, `archive`, `pypi`, `folder`, ...")]
    repo_name: _RepoName
    directory_id: _DirectoryId
    revision_id: _RevisionId
    snapshot_id: _SnapshotId
    branch_name: _BranchName
    visit_date: _Visited
    revision_date: _Revised
    committer_date: _Committed
    github_id: _GithubId
    star_events_count: _Stars
    fork_events_count: _Forks
    gha_license_id: _GhaLicense
    gha_event_created_at: _GhaEvent
    gha_created_at: _GhaCreated
    gha_language: _GhaLanguage
    license_expression: Annotated[
        str | None, _repository(_TEXT, "What the root declares, in SPDX; null where nothing was found.")
    ]
    license_type: Annotated[
        str | None, _repository(_TEXT, "The policy's verdict on that; null where nothing could be read.")
    ]
    occurrences: Annotated[int, _repository(_WHOLE, "Rows of the ledger.")]
    kept: Annotated[int, _repository(_WHOLE, "Kept rows among them.")]
    metadata: Annotated[
        str,
        _repository(_TEXT, "What else the source knows (author, message, archive hash, ...), as a JSON object."),
    ]
    status: Annotated[
        str, _repository(_TEXT, "`read`, `empty`, `unreadable`, or `duplicate`: another repository stands for it.")
    ]
    problem: Annotated[str | None, _repository(_TEXT, "Of what was not read: why.")]


class RepositoryDuplicateRow(TypedDict):
    """One row is one pair of repositories that are mirrors, forks or copies of each other.

    The second is the one that is preferred. Sorted by (`repository_id`, `other_repository_id`).
    """

    repository_id: Annotated[str, _related(_TEXT, "The repository: key of repositories.parquet.")]
    origin: Annotated[str, _related(_TEXT, "Where it comes from.")]
    other_repository_id: Annotated[str, _related(_TEXT, "The repository that is preferred to it.")]
    other_origin: Annotated[str, _related(_TEXT, "Where that one comes from.")]
    relation: Annotated[
        str,
        _related(
            _TEXT,
            "`same_directory`: the root directories are one; `mirror`: all revisions of one are those of the other; "
            "`fork`: some are; `copy`: files are the same, no revision is known to be.",
        ),
    ]
    files: Annotated[int | None, _related(_WHOLE, "Its distinct contents; null where nothing of it was read.")]
    other_files: Annotated[int | None, _related(_WHOLE, "Distinct contents of the other.")]
    common_files: Annotated[int | None, _related(_WHOLE, "Contents that both have.")]
    share: Annotated[float, _related(_SHARE, "Share of its contents that the other has, from 0 to 1.")]
    similarity: Annotated[float, _related(_SHARE, "Jaccard similarity of the two sets of contents.")]
    revisions: Annotated[int | None, _related(_WHOLE, "Revisions that lead to it; null where no history was read.")]
    other_revisions: Annotated[int | None, _related(_WHOLE, "Revisions that lead to the other.")]
    common_revisions: Annotated[int | None, _related(_WHOLE, "Revisions that lead to both.")]
    decision: Annotated[str, _related(_TEXT, "`kept`, or `collapsed`: nothing of it is kept, for the other's sake.")]


#: One file that a revision changed against its parent.
CHANGES: Final = pa.list_(
    pa.struct(
        [
            ("change", pa.string()),
            ("path", pa.string()),
            ("content_id", pa.string()),
            ("before_path", pa.string()),
            ("before_content_id", pa.string()),
        ]
    )
)


class ChangedFile(TypedDict):
    """A row of `changes`: `added`, `changed`, `removed` or `renamed`; what was before is null of what was added."""

    change: str
    path: str
    content_id: str | None
    before_path: str | None
    before_content_id: str | None


class HistoryRow(TypedDict):
    """One row is one revision that leads to a repository of the release. Sorted by (origin, generation, revision)."""

    origin: Annotated[str, _related(_TEXT, "Where the repository comes from, as in repositories.parquet.")]
    generation: Annotated[
        int, _related(_WHOLE, "1 for a revision without known parents, else one more than the largest of theirs.")
    ]
    revision_id: Annotated[str, _related(_TEXT, "The revision: git commit, hex.")]
    parents: Annotated[list[str], _related(pa.list_(pa.string()), "Its parents, in order.")]
    committer_date: Annotated[datetime | None, _related(_TIME, "When it was committed, by the committer's clock.")]
    revision_date: Annotated[datetime | None, _related(_TIME, "When it was written, by the author's clock.")]
    author: Annotated[
        list[str] | None,
        _related(
            pa.list_(pa.string()),
            "Who wrote it, as `secrets.people` says: hashes of address and of name and address; null where dropped.",
        ),
    ]
    message: Annotated[str | None, _related(_TEXT, "What its author said of it, redacted as metadata are.")]
    changes: Annotated[
        list[ChangedFile],
        _related(
            CHANGES,
            "Files that it added, changed, removed or renamed (moved without change) against its first parent; none "
            "of a merge.",
        ),
    ]


def type_text(kind: pa.DataType) -> str:
    """Return a type for people: `list of string`, `struct`."""
    if pa.types.is_list(kind):
        return f"list of {type_text(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else str(kind)


def _columns(row: type) -> tuple[Column, ...]:
    hints = get_type_hints(row, include_extras=True)
    told = {name: hint.__args__[0] if get_origin(hint) is NotRequired else hint for name, hint in hints.items()}
    return tuple(replace(hint.__metadata__[0], name=name) for name, hint in told.items())


DATA: Final = _columns(DataRow)
LEDGER: Final = _columns(LedgerRow)
REPOSITORIES: Final = _columns(RepositoryRow)
REPOSITORY_DUPLICATES: Final = _columns(RepositoryDuplicateRow)
HISTORY: Final = _columns(HistoryRow)
#: The tables by kind of file.
TABLES: Final[dict[Kind, tuple[Column, ...]]] = {
    "data": DATA,
    "ledger": LEDGER,
    "repositories": REPOSITORIES,
    "repository_duplicates": REPOSITORY_DUPLICATES,
    "history": HISTORY,
}
