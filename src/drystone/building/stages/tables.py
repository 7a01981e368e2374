"""Tables that stages hand to one another. Holds no bytes of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

import pyarrow as pa

from drystone.detect import quality
from drystone.detect.columns import column_detectors
from drystone.release.schema import DATA

_Row = TypeVar("_Row")


def as_rows(table: pa.Table | pa.RecordBatch, make: Callable[..., _Row], names: Sequence[str]) -> list[_Row]:
    """Return `make` of the values of each row's columns `names`: a named tuple takes less room and time than a dict."""
    return list(map(make, *(table.column(name).to_pylist() for name in names)))


#: What an inventory lists. `id` is the git blob hash, empty where bytes were not read; `repository` counts within
#: the partition; `offset` is where the bytes lie in the partition's pack, -1 where they are read from the source.
#: `lost` says what did not come with it (`sources.base.LOST_CONTENT`, ...); else null.
#: `target` is the id of the file to which a symbolic link leads that has the name of a licence file; else null.
#: `told_license` is what the source itself says of the file's licence, as in `sources.base.LISTING`.
OCCURRENCES: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("repository", pa.int32()),
        ("path", pa.binary()),
        ("entry", pa.int32()),
        ("kind", pa.string()),
        ("mode", pa.int32()),
        ("size", pa.int64()),
        ("offset", pa.int64()),
        ("readable", pa.bool_()),
        ("problem", pa.string()),
        ("lost", pa.string()),
        ("note", pa.string()),
        ("target", pa.binary()),
        ("told_license", pa.string()),
    ]
)


#: Occurrences of all partitions by `key`: the id, or of a link with the name of a licence file the id of the file to
#: which it leads (`target`, which only such links have).
GATHERED: Final = pa.schema(
    [
        ("key", pa.binary()),
        ("partition", pa.int32()),
        *(
            OCCURRENCES.field(name)
            for name in ("id", "repository", "path", "kind", "size", "offset", "readable", "problem", "target")
        ),
    ]
)


class Member(NamedTuple):
    """A partition: its inventory's task, the file that lists it, repositories that another partition has given.

    `collapsed` are those that go for the sake of another one, each with what its rows say of that (JSON).
    """

    task: str
    listing: Path
    skip: Sequence[int]
    collapsed: Mapping[int, str] = MappingProxyType({})


#: Directories of the repositories of a partition: path (the root's is empty) and git tree hash.
DIRECTORIES: Final = pa.schema([("repository", pa.int32()), ("path", pa.binary()), ("id", pa.binary(20))])

#: Distinct blobs and where to read each one; `licence` says that some path of it may be a licence or metadata file.
BLOBS: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("partition", pa.int32()),
        ("repository", pa.int32()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("names", pa.list_(pa.string())),
        ("license_path", pa.string()),
    ]
)


class BlobRow(NamedTuple):
    """A row of BLOBS as Python values."""

    id: bytes
    partition: int
    repository: int
    offset: int
    size: int
    names: list[str]
    license_path: str | None


#: What detectors found in one blob. `license` and `header` are annotations in JSON, `attribute_rules` what one that is
#: called .gitattributes says of languages; `notebook` says that one of its names is a notebook's, `script_language` is
#: that of the script which the text then is. What `detect.columns` finds is there under its columns' names and types.
#: `plain_id` is the id of the plain form of the text (`detect.plain`), null where the bytes are that themselves.
#: `malware` and `contamination` are what scanners and benchmarks say of it, as JSON.
#: `excluded` says why a blob has no text (binary, undecodable, damaged) and
#: then everything after it is null.
ANNOTATIONS: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("notebook", pa.bool_()),
        ("script_language", pa.string()),
        ("encoding", pa.string()),
        ("excluded", pa.string()),
        ("excluded_evidence", pa.string()),
        ("plain_id", pa.binary()),
        ("text_bytes", pa.int64()),
        *quality.MEASURES,
        ("says_generated", pa.string()),
        ("visible_characters", pa.int64()),
        ("visible_fraction", pa.float64()),
        ("license", pa.string()),
        ("attribute_rules", pa.string()),
        ("header", pa.string()),
        (
            "secrets",
            pa.list_(
                pa.struct(
                    [
                        ("kind", pa.string()),
                        ("rule", pa.string()),
                        ("start", pa.int64()),
                        ("end", pa.int64()),
                        ("confidence", pa.float32()),
                    ]
                )
            ),
        ),
        *(DATA.field(name) for name in column_detectors()),
        ("malware", pa.string()),
        ("contamination", pa.string()),
        ("signature", pa.binary()),
    ]
)

#: What depends on a blob and one of its file names; `language` is the likeliest, however unsure.
NAMES: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("name", pa.string()),
        ("language", pa.string()),
        ("language_evidence", pa.string()),
        ("language_confidence", pa.float32()),
        ("generated", pa.string()),  # the rule by which a tool wrote it, as JSON
    ]
)

#: What the near-duplicate stage says of a file: its cluster, and for a dropped one the kept file and the similarity.
NEAR: Final = pa.schema(
    [("id", pa.binary()), ("cluster", pa.binary()), ("kept_id", pa.binary()), ("similarity", pa.float64())]
)
