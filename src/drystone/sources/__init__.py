"""Sources: where repositories come from. One module per kind; each yields a repository, its occurrences, their bytes.

`parse_source` reads what a user writes on the command line, `source_from_table` what stands in a settings file.
Each kind is loaded when one of it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.sources._parse import is_git, parse_source, source_from_table, table_problems
    from drystone.sources.archives.archive import ArchiveSource
    from drystone.sources.base import (
        Collection,
        Entry,
        Limits,
        OpenRepository,
        Part,
        Readable,
        Repository,
        RepositorySource,
        Source,
    )
    from drystone.sources.folder import FolderSource
    from drystone.sources.git.source import GitSource
    from drystone.sources.naming import told_apart
    from drystone.sources.packages.npm import NpmSource
    from drystone.sources.packages.package import PackageSource
    from drystone.sources.packages.pypi import PypiSource
    from drystone.sources.software_heritage.source import SoftwareHeritage
    from drystone.sources.table import TableSource

__all__ = [
    "ArchiveSource",
    "Collection",
    "Entry",
    "FolderSource",
    "GitSource",
    "Limits",
    "NpmSource",
    "OpenRepository",
    "PackageSource",
    "Part",
    "PypiSource",
    "Readable",
    "Repository",
    "RepositorySource",
    "SoftwareHeritage",
    "Source",
    "TableSource",
    "is_git",
    "parse_source",
    "source_from_table",
    "table_problems",
    "told_apart",
]

__getattr__ = lazily(
    __name__,
    {
        "ArchiveSource": "drystone.sources.archives.archive",
        "Collection": "drystone.sources.base",
        "Entry": "drystone.sources.base",
        "FolderSource": "drystone.sources.folder",
        "GitSource": "drystone.sources.git.source",
        "Limits": "drystone.sources.base",
        "NpmSource": "drystone.sources.packages.npm",
        "OpenRepository": "drystone.sources.base",
        "PackageSource": "drystone.sources.packages.package",
        "Part": "drystone.sources.base",
        "PypiSource": "drystone.sources.packages.pypi",
        "Readable": "drystone.sources.base",
        "Repository": "drystone.sources.base",
        "RepositorySource": "drystone.sources.base",
        "SoftwareHeritage": "drystone.sources.software_heritage.source",
        "Source": "drystone.sources.base",
        "TableSource": "drystone.sources.table",
        "is_git": "drystone.sources._parse",
        "parse_source": "drystone.sources._parse",
        "source_from_table": "drystone.sources._parse",
        "table_problems": "drystone.sources._parse",
        "told_apart": "drystone.sources.naming",
    },
)
