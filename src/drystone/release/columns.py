"""The one table of columns: what a release's files hold, column by column, in their order.

Schemas, writer, update, retraction, comparison, Croissant and docs/release-format.md take names, types and meanings
from here. A new column needs its line here and the place that computes it. Knows nothing of how rows come about.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import pyarrow as pa


class Origin(Enum):
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
    """One column.

    `stack_v2`: The Stack v2 has it, under this name and type. `distinct`: values differ from row to row, so that a
    dictionary of them would be built for nothing. `compared`: `drystone diff` tells of an occurrence where it differs.
    """

    name: str
    type: pa.DataType
    origin: Origin
    meaning: str
    stack_v2: bool = False
    distinct: bool = False
    compared: bool = False


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


def _told(name: str, type_: pa.DataType, meaning: str) -> Column:
    """Return a column of The Stack v2 that a source tells of a whole repository."""
    return Column(name, type_, Origin.REPOSITORY, meaning, stack_v2=True)


def _found(name: str, type_: pa.DataType, meaning: str, *, stack_v2: bool = False) -> Column:
    return Column(name, type_, Origin.BLOB, meaning, stack_v2=stack_v2)


def _named(name: str, meaning: str, *, stack_v2: bool = False) -> Column:
    """Return a column that identifies the bytes of a file, and differs in every row."""
    return Column(name, _TEXT, Origin.BLOB, meaning, stack_v2=stack_v2, distinct=True)


def _follows(name: str, type_: pa.DataType, meaning: str, *, stack_v2: bool = False) -> Column:
    return Column(name, type_, Origin.DERIVED, meaning, stack_v2=stack_v2)


def _decided(name: str, type_: pa.DataType, meaning: str, *, stack_v2: bool = False, compared: bool = False) -> Column:
    return Column(name, type_, Origin.OCCURRENCE, meaning, stack_v2=stack_v2, compared=compared)


_ORIGIN: Final = Column(
    "origin", _TEXT, Origin.REPOSITORY, "Where the repository comes from: a URL, or a name with its kind."
)
_REPOSITORY_ID: Final = _decided(
    "repository_id", _TEXT, "SHA-256 of origin, revision and directory, hex; key of repositories.parquet."
)
_DIRECTORY: Final = _told("directory_id", _TEXT, "Git tree hash of the repository's root, hex.")
_REPO_NAME: Final = _told("repo_name", _TEXT, "Name of the repository.")
_SNAPSHOT: Final = _told("snapshot_id", _TEXT, "Snapshot of the repository in the Software Heritage archive, hex.")
_REVISION: Final = _told("revision_id", _TEXT, "Git commit that was read, hex.")
_BRANCH: Final = _told("branch_name", _TEXT, "Branch that was read, as `refs/heads/...`.")
#: What a source tells of a repository, in the order that all tables have it in.
_TOLD: Final = (
    _told("visit_date", _TIME, "When the repository was visited."),
    _told("revision_date", _TIME, "When the revision was written, by its author's clock."),
    _told("committer_date", _TIME, "When the revision was committed."),
    _told("github_id", _WHOLE, "GitHub's number of the repository."),
    _told("star_events_count", _WHOLE, "Stars, as the source counts them (The Stack v2: from GHArchive)."),
    _told("fork_events_count", _WHOLE, "Forks, as the source counts them (The Stack v2: from GHArchive)."),
    _told("gha_license_id", _TEXT, "Licence of the repository as the hosting site tells it."),
    _told("gha_event_created_at", _TIME, "When the latest event of the repository in GHArchive took place."),
    _told("gha_created_at", _TIME, "When the repository was made, as the hosting site tells it."),
    _told("gha_language", _TEXT, "Main language of the repository as the hosting site tells it."),
)

#: One row is one file of the release. Sorted by `swhid` within a shard; a SWHID occurs once in a release.
DATA: Final = (
    _named("blob_id", "SHA-1 of the original bytes, hex.", stack_v2=True),
    _DIRECTORY,
    _decided("path", _TEXT, "Path of the file in its repository; it begins with `/`.", stack_v2=True),
    _named("content_id", "Git blob hash of the original bytes, hex.", stack_v2=True),
    _follows(
        "detected_licenses", pa.list_(pa.string()), "SPDX identifiers that `license_expression` names.", stack_v2=True
    ),
    _decided("license_type", _TEXT, "`permissive`, `no_license` or `non_permissive`.", stack_v2=True),
    _REPO_NAME,
    _SNAPSHOT,
    _REVISION,
    _BRANCH,
    *_TOLD,
    _found("src_encoding", _TEXT, "Encoding of the original bytes, by IANA's name.", stack_v2=True),
    _decided("language", _TEXT, "Language, by Linguist's name.", stack_v2=True),
    _follows("is_vendor", pa.bool_(), "Whether the path is that of code taken over from others.", stack_v2=True),
    _decided(
        "is_generated",
        pa.bool_(),
        "Whether a program wrote the file, by its name and marks in its text.",
        stack_v2=True,
    ),
    _found("length_bytes", _WHOLE, "Bytes of the UTF-8 text before redaction.", stack_v2=True),
    _follows(
        "extension", _TEXT, "What follows the last dot of the file's name; empty where nothing does.", stack_v2=True
    ),
    _named("content", "The text, with secrets and personal data that were found replaced."),
    _named("swhid", "SWHID (ISO/IEC 18670) of the original bytes: `swh:1:cnt:` and the git blob hash."),
    _named("released_sha256", "SHA-256 of `content` as UTF-8, hex."),
    _ORIGIN,
    _REPOSITORY_ID,
    _decided("license_expression", _TEXT, "SPDX expression that applies to the file; null where no licence was found."),
    _decided("license_evidence", LICENSE_EVIDENCE, "Which texts say so: SWHID, path, lines, rule, confidence."),
    _found("redactions", REDACTIONS, "Spans of the text that were replaced: kind, rule, byte offsets, confidence."),
    _decided("near_duplicate_cluster", _TEXT, "SWHID of the smallest member of the file's cluster of near duplicates."),
    _follows("is_documentation", pa.bool_(), "Whether the path is that of documentation."),
    _follows("is_test", pa.bool_(), "Whether the path is that of a test."),
    _follows("is_configuration", pa.bool_(), "Whether the path is that of configuration."),
    _found("num_lines", _WHOLE, "Lines of the text."),
    _found("avg_line_length", _SHARE, "Characters of a line, on average."),
    _found("max_line_length", _WHOLE, "Characters of the longest line."),
    _found("alphanum_fraction", _SHARE, "Share of letters and digits among the characters."),
    _found("alpha_fraction", _SHARE, "Share of letters among the characters."),
)

#: One row per occurrence: kept or dropped, at which stage, why, and on what evidence. Sorted by
#: (`repository_id`, `path`, `entry`).
LEDGER: Final = (
    _REPOSITORY_ID,
    _ORIGIN,
    _decided("path", _TEXT, r"Path; it begins with `/`, and bytes that are not UTF-8 are written as `\xNN`."),
    _decided("path_raw", pa.binary(), "The path's bytes where they are not UTF-8, else null."),
    _decided("entry", pa.int32(), "0, or 1, 2, ... where a source lists one path several times."),
    _decided("kind", _TEXT, "`file`, `symlink`, `submodule`, `device` or `unreadable`."),
    _decided("mode", pa.int32(), "Mode of the file, as git has it."),
    _decided(
        "swhid",
        _TEXT,
        "SWHID of the content, or of a submodule's revision; null where bytes were not read.",
        compared=True,
    ),
    _decided("size", _WHOLE, "Bytes of the original; null where unknown.", compared=True),
    _decided("decision", _TEXT, "`kept` or `dropped`.", compared=True),
    _decided("stage", _TEXT, "The stage that decided; `release` for what is kept.", compared=True),
    _decided("reason", _TEXT, "Why it was dropped; null for what is kept.", compared=True),
    _decided("evidence", _TEXT, "What the decision rests on, as a JSON object; null where the reason says it all."),
    _decided("language", _TEXT, "Language, by Linguist's name.", compared=True),
    _decided("license_type", _TEXT, "`permissive`, `no_license` or `non_permissive`.", compared=True),
    _decided("license_expression", _TEXT, "SPDX expression that applies; null where none was found.", compared=True),
    _decided("kept_repository_id", _TEXT, "Of duplicates: the repository of the occurrence that stands for this one."),
    _decided("kept_path", _TEXT, "Of duplicates: the path of that occurrence."),
    _decided("kept_swhid", _TEXT, "Of duplicates: the SWHID of that occurrence.", compared=True),
    _decided(
        "similarity",
        pa.float64(),
        "Of near duplicates: the exact Jaccard similarity with the kept file.",
        compared=True,
    ),
    _decided("shard", _TEXT, "Of what is kept: the file under `data/` that holds it."),
)


def _of_repository(name: str, type_: pa.DataType, meaning: str) -> Column:
    return Column(name, type_, Origin.REPOSITORY, meaning)


#: One row per repository that was read. Sorted by `repository_id`.
REPOSITORIES: Final = (
    _REPOSITORY_ID,
    _ORIGIN,
    _of_repository("kind", _TEXT, "Kind of source: `git`, `archive`, `pypi`, `folder`, ..."),
    _REPO_NAME,
    _DIRECTORY,
    _REVISION,
    _SNAPSHOT,
    _BRANCH,
    *_TOLD,
    _of_repository("license_expression", _TEXT, "What the root declares, in SPDX; null where nothing was found."),
    _of_repository("license_type", _TEXT, "The policy's verdict on that; null where nothing could be read."),
    _of_repository("occurrences", _WHOLE, "Rows of the ledger."),
    _of_repository("kept", _WHOLE, "Kept rows among them."),
    _of_repository(
        "metadata", _TEXT, "What else the source knows (author, message, archive hash, ...), as a JSON object."
    ),
    _of_repository("status", _TEXT, "`read`, `empty` or `unreadable`."),
    _of_repository("problem", _TEXT, "Of empty and unreadable ones: why."),
)
