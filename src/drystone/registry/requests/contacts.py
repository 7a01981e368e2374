"""Requesters' contact data: apart from everything public, encrypted at rest where a key is set, erased on request.

Knows nothing of requests but their ids. Encryption is Fernet (AES-128-CBC with HMAC-SHA-256) of `cryptography`.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from drystone.errors import RegistryError, UsageError
from drystone.registry.log import events
from drystone.registry.storage.database import reading, writing
from drystone.registry.storage.tables import CONTACTS

#: Environment variable with the key; several, separated by commas: the first encrypts, all decrypt.
KEY_VARIABLE: Final = "DRYSTONE_REGISTRY_KEY"


def new_key() -> str:
    """Return a new key for `KEY_VARIABLE`."""
    return Fernet.generate_key().decode()


class Contacts:
    """The contact data of one registry; `key` is that of `KEY_VARIABLE` where none is given."""

    def __init__(self, engine: sa.Engine, key: str | None = None) -> None:
        self._engine = engine
        text = key if key is not None else os.environ.get(KEY_VARIABLE, "")
        try:
            keys = [Fernet(part.strip()) for part in text.split(",") if part.strip()]
        except ValueError:
            raise UsageError(
                f"{KEY_VARIABLE} holds something that is no key. Make one with: drystone registry key"
            ) from None
        self._cipher = MultiFernet(keys) if keys else None

    def put(self, connection: sa.Connection, rows: list[tuple[str, dict[str, str]]]) -> None:
        """Store contact data of new requests within a transaction; empty data leave a row without any."""
        values = []
        for request, data in rows:
            filled = {name: text for name, text in data.items() if text}
            plain = json.dumps(filled).encode() if filled else None
            sealed = self._cipher.encrypt(plain) if self._cipher is not None and plain is not None else plain
            encrypted = self._cipher is not None and plain is not None
            values.append({"request": request, "data": sealed, "encrypted": encrypted})
        if values:
            connection.execute(sa.insert(CONTACTS), values)

    def add(self, connection: sa.Connection, request: str, name: str, text: str) -> None:
        """Add words about a request to what is kept apart and can be erased, within a transaction.

        Raises `RegistryError` where there are some already that cannot be read.
        """
        row = connection.execute(sa.select(CONTACTS).where(CONTACTS.c.request == request)).one_or_none()
        held = self._data(row, request)
        if row is not None:
            connection.execute(sa.delete(CONTACTS).where(CONTACTS.c.request == request))
        self.put(connection, [(request, {**held, name: text})])

    def _data(self, row: Any, request: str) -> dict[str, str]:
        if row is None or row.data is None:
            return {}
        found: dict[str, str] = json.loads(self._open(row.data, request) if row.encrypted else row.data)
        return found

    def get(self, request: str) -> dict[str, str]:
        """Return the contact data of a request, empty where there are none or they were erased.

        Raises `RegistryError` where they are encrypted and the key is not there or another one.
        """
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(CONTACTS).where(CONTACTS.c.request == request)).one_or_none()
        return self._data(row, request)

    def erase(self, request: str, by: str) -> bool:
        """Erase the contact data of a request; the log says that, and by whom. Returns whether there were any."""
        with writing(self._engine) as connection:
            found = connection.execute(
                sa.update(CONTACTS)
                .where(CONTACTS.c.request == request, CONTACTS.c.data.is_not(None))
                .values(data=None, encrypted=False)
            )
            if not found.rowcount:
                return False
            events.append(connection, [("contact_erased", request, {"by": by})])
        self._forget()
        return True

    def encrypt_all(self) -> int:
        """Encrypt everything anew with the first key, after a key was set or changed; return how many rows."""
        if self._cipher is None:
            raise UsageError(f"{KEY_VARIABLE} is not set. Make a key with: drystone registry key")
        count = 0
        with writing(self._engine) as connection:
            for row in connection.execute(sa.select(CONTACTS).where(CONTACTS.c.data.is_not(None))).all():
                plain = self._open(row.data, row.request) if row.encrypted else row.data
                mine = sa.update(CONTACTS).where(CONTACTS.c.request == row.request)
                connection.execute(mine.values(data=self._cipher.encrypt(plain), encrypted=True))
                count += 1
        self._forget()
        return count

    def _open(self, data: bytes, request: str) -> bytes:
        if self._cipher is None:
            raise RegistryError(f"{request}: its contact data are encrypted; set {KEY_VARIABLE} to read them")
        try:
            return self._cipher.decrypt(data)
        except InvalidToken:
            raise RegistryError(f"{request}: {KEY_VARIABLE} is not the key of its contact data") from None

    def _forget(self) -> None:
        """Let the database give up the old bytes: SQLite's log is emptied into the file, PostgreSQL's rows vacuumed."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                connection.exec_driver_sql("VACUUM contacts")
