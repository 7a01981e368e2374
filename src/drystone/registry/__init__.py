"""What people decided, in SQL: licence reviews. Builds read a snapshot; nothing here decides or detects."""

from __future__ import annotations

from pathlib import Path

from drystone.registry.database import SCHEMA_VERSION, connect
from drystone.registry.reviews import NO_LICENSE, Decision, Review, Reviews, ReviewSnapshot
from drystone.registry.snapshot import GENESIS, OptOuts

__all__ = [
    "GENESIS",
    "NO_LICENSE",
    "SCHEMA_VERSION",
    "Decision",
    "OptOuts",
    "Registry",
    "Review",
    "ReviewSnapshot",
    "Reviews",
]


class Registry:
    """An open registry; `reviews` holds its licence reviews. Use as a context manager, or call `close`."""

    def __init__(self, url_or_path: str | Path) -> None:
        self._engine = connect(url_or_path)
        self.reviews = Reviews(self._engine)

    @classmethod
    def open(cls, url_or_path: str | Path) -> Registry:
        """Open the registry at a path or SQLAlchemy URL, creating it where there is none.

        Raises `RegistryError` where it cannot be used.
        """
        return cls(url_or_path)

    def close(self) -> None:
        """Release the database's connections."""
        self._engine.dispose()

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
