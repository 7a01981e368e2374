"""Sources: where repositories come from. One module per kind; each yields a repository, its occurrences, their bytes.

`parse_source` reads what a user writes on the command line, `source_from_table` what stands in a settings file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily
from drystone.sources._parse import parse_source, source_from_table, table_problems
from drystone.sources.archive import ArchiveSource
from drystone.sources.base import Collection, Entry, Limits, OpenRepository, Part, Repository, Source
from drystone.sources.folder import FolderSource
from drystone.sources.git import GitSource
from drystone.sources.pypi import PypiSource

if TYPE_CHECKING:
    from drystone.sources.software_heritage import SoftwareHeritage
    from drystone.sources.table import TableSource

__all__ = [
    "ArchiveSource",
    "Collection",
    "Entry",
    "FolderSource",
    "GitSource",
    "Limits",
    "OpenRepository",
    "Part",
    "PypiSource",
    "Repository",
    "SoftwareHeritage",
    "Source",
    "TableSource",
    "parse_source",
    "source_from_table",
    "table_problems",
]

__getattr__ = lazily(
    __name__,
    {"SoftwareHeritage": "drystone.sources.software_heritage", "TableSource": "drystone.sources.table"},
)
