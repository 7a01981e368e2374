"""Columns of a release: `data/`, `ledger/` and `repositories.parquet`.

The first 26 columns of `DATA` are those of The Stack v2, under its names and types, in its order, so that code
written for it runs unchanged. Knows nothing of how rows come about.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

_TIME = pa.timestamp("us")

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

#: The 26 columns of bigcode/the-stack-v2.
STACK_V2: Final = pa.schema(
    [
        ("blob_id", pa.string()),  # SHA-1 of the bytes, hex
        ("directory_id", pa.string()),  # git tree hash of the repository's root, hex
        ("path", pa.string()),  # begins with "/"
        ("content_id", pa.string()),  # git blob hash of the bytes, hex
        ("detected_licenses", pa.list_(pa.string())),
        ("license_type", pa.string()),  # permissive, no_license or non_permissive
        ("repo_name", pa.string()),
        ("snapshot_id", pa.string()),
        ("revision_id", pa.string()),
        ("branch_name", pa.string()),
        ("visit_date", _TIME),
        ("revision_date", _TIME),
        ("committer_date", _TIME),
        ("github_id", pa.int64()),
        ("star_events_count", pa.int64()),
        ("fork_events_count", pa.int64()),
        ("gha_license_id", pa.string()),
        ("gha_event_created_at", _TIME),
        ("gha_created_at", _TIME),
        ("gha_language", pa.string()),
        ("src_encoding", pa.string()),
        ("language", pa.string()),
        ("is_vendor", pa.bool_()),
        ("is_generated", pa.bool_()),
        ("length_bytes", pa.int64()),  # bytes of the UTF-8 text before redaction
        ("extension", pa.string()),
    ]
)

#: One row is one file of the release. Sorted by `swhid` within a shard; a SWHID occurs once in a release.
DATA: Final = pa.schema(
    [
        *STACK_V2,
        ("content", pa.string()),  # UTF-8 text, redacted
        ("swhid", pa.string()),  # swh:1:cnt:..., of the original bytes
        ("released_sha256", pa.string()),  # SHA-256 of `content` as UTF-8, hex
        ("origin", pa.string()),
        ("repository_id", pa.string()),
        ("license_expression", pa.string()),
        ("license_evidence", LICENSE_EVIDENCE),
        ("redactions", REDACTIONS),
        ("near_duplicate_cluster", pa.string()),  # SWHID of the smallest member; null outside clusters
        ("is_documentation", pa.bool_()),
        ("is_test", pa.bool_()),
        ("is_configuration", pa.bool_()),
        ("num_lines", pa.int64()),
        ("avg_line_length", pa.float32()),  # characters
        ("max_line_length", pa.int64()),  # characters
        ("alphanum_fraction", pa.float32()),
        ("alpha_fraction", pa.float32()),
    ]
)

#: One row per occurrence: kept or dropped, at which stage, why, and on what evidence. Sorted by
#: (`repository_id`, `path`, `entry`).
LEDGER: Final = pa.schema(
    [
        ("repository_id", pa.string()),
        ("origin", pa.string()),
        ("path", pa.string()),  # begins with "/"; bytes that are not UTF-8 are written as \xNN
        ("path_raw", pa.binary()),  # the path's bytes where they are not UTF-8, else null
        ("entry", pa.int32()),  # 0, or 1, 2, ... where a source lists one path several times
        ("kind", pa.string()),  # file, symlink, submodule, device, unreadable
        ("mode", pa.int32()),  # git file mode
        ("swhid", pa.string()),  # of the content, or of the submodule's revision; null where bytes were not read
        ("size", pa.int64()),  # bytes of the original; null where unknown
        ("decision", pa.string()),  # kept or dropped
        ("stage", pa.string()),  # the stage that decided; "release" for kept
        ("reason", pa.string()),  # null for kept
        ("evidence", pa.string()),  # JSON object: what the decision rests on; null where the reason says it all
        ("language", pa.string()),
        ("license_type", pa.string()),
        ("license_expression", pa.string()),
        ("kept_repository_id", pa.string()),  # for duplicates: the occurrence that stands for this one
        ("kept_path", pa.string()),
        ("kept_swhid", pa.string()),
        ("similarity", pa.float64()),  # for near duplicates: exact Jaccard with the kept file
        ("shard", pa.string()),  # for kept rows: the file under data/ that holds it
    ]
)

#: One row per repository that was read. Sorted by `repository_id`.
REPOSITORIES: Final = pa.schema(
    [
        ("repository_id", pa.string()),  # SHA-256 of origin, revision and directory, hex
        ("origin", pa.string()),
        ("kind", pa.string()),  # git, archive, pypi, folder, ...
        ("repo_name", pa.string()),
        ("directory_id", pa.string()),
        ("revision_id", pa.string()),
        ("snapshot_id", pa.string()),
        ("branch_name", pa.string()),
        ("visit_date", _TIME),
        ("revision_date", _TIME),
        ("committer_date", _TIME),
        ("github_id", pa.int64()),
        ("star_events_count", pa.int64()),
        ("fork_events_count", pa.int64()),
        ("gha_license_id", pa.string()),
        ("gha_event_created_at", _TIME),
        ("gha_created_at", _TIME),
        ("gha_language", pa.string()),
        ("license_expression", pa.string()),  # what the root of the repository declares; null where nothing was found
        ("license_type", pa.string()),
        ("occurrences", pa.int64()),
        ("kept", pa.int64()),
        ("metadata", pa.string()),  # JSON object: what else the source knows (author, message, archive hash, ...)
        ("status", pa.string()),  # read, empty or unreadable
        ("problem", pa.string()),  # for empty and unreadable: why
    ]
)
