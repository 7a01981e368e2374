"""The registry as one object: its rooms over one database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from drystone.registry.log.audit import Audit, audit
from drystone.registry.log.checkpoints import LogState
from drystone.registry.log.events import Events
from drystone.registry.optouts import OptOutBook
from drystone.registry.requests.contacts import Contacts
from drystone.registry.requests.life import Requests
from drystone.registry.reviews import Reviews
from drystone.registry.storage.database import connect
from drystone.registry.versions import Versions


class Registry:
    """An open registry: `requests`, `optouts`, `reviews`, `contacts`, `events`, `versions`; a context manager.

    `place` is the path or URL that it was opened by.
    """

    def __init__(
        self, url_or_path: str | Path, key: str | None = None, *, migrate: bool = True, create: bool = True
    ) -> None:
        self.place = str(url_or_path)
        self._engine = connect(url_or_path, migrate=migrate, create=create)
        self.contacts = Contacts(self._engine, key)
        self.requests = Requests(self._engine, self.contacts)
        self.optouts = OptOutBook(self._engine)
        self.reviews = Reviews(self._engine)
        self.events = Events(self._engine)
        self.versions = Versions(self._engine)

    @classmethod
    def open(cls, url_or_path: str | Path, key: str | None = None) -> Registry:
        """Open the registry at a path or SQLAlchemy URL, creating it where there is none.

        `key` encrypts contact data (default: `KEY_VARIABLE` in the environment). Raises `RegistryError` where it cannot
        be used.
        """
        return cls(url_or_path, key)

    def audit(self, heads: Iterable[str] = (), checkpoints: Sequence[LogState] = ()) -> Audit:
        """Check that nothing was altered or removed; `heads` and `checkpoints` from elsewhere must be of this log."""
        return audit(self._engine, heads, checkpoints)

    def close(self) -> None:
        """Release the database's connections."""
        self._engine.dispose()

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
