"""Passports by name: a database over those that come with the program. Keeps the texts that they quote."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import sqlalchemy as sa

from drystone.catalog.importing.imported import Imported
from drystone.catalog.passports.passport import Identity, Passport
from drystone.catalog.passports.reading import json_of, read_passport
from drystone.catalog.passports.texts import find_quotes
from drystone.catalog.shelf.builtin import builtin_passports, builtin_texts
from drystone.catalog.shelf.tables import ARTIFACTS, NAMES, TEXTS, connect
from drystone.errors import UsageError
from drystone.release.layout import shown


class Shelf:
    """The passports of one catalog; without a `place` those that come with the program alone. A context manager.

    `place`: path of an SQLite file, or a SQLAlchemy URL. `make`: make it where there is none, else `UsageError`.
    """

    def __init__(self, place: str | Path | None = None, *, make: bool = False) -> None:
        self._engine = None if place is None else connect(place, make=make)

    def add(
        self, imported: Imported, *, replace: bool = False, instead_of: str | None = None, dry_run: bool = False
    ) -> None:
        """Keep a passport with its texts; all of it or nothing. `dry_run`: check alone whether that can be.

        `instead_of`: another artifact of the database that is forgotten, as when two were one. Raises `UsageError`
        where another artifact has one of its names (or it is there already or comes with the program, without
        `replace`), or where a quote does not stand in its text.
        """
        if self._engine is None and not dry_run:
            raise UsageError("no catalog is named to add to: name one with --catalog.")
        artifact = imported.passport.artifact
        texts = {**builtin_texts(), **imported.texts}
        missing = next((one for one in find_quotes(imported.passport, texts) if one.state != "stands"), None)
        if missing is not None:
            raise UsageError(f"{artifact.name}: {missing.said}.")
        data = json_of(imported.passport)
        if self._engine is None:
            return
        _not_the_programs(artifact, replace)
        with self._engine.connect() as connection, connection.begin() as writing:
            there = connection.execute(sa.select(ARTIFACTS.c.name).where(ARTIFACTS.c.name == artifact.name)).scalar()
            if there is not None and not replace:
                raise UsageError(f"{artifact.name} is in the catalog already; --replace puts this one in its place.")
            gone = [artifact.name, *([instead_of] if instead_of is not None else [])]
            connection.execute(sa.delete(NAMES).where(NAMES.c.name.in_(gone)))
            connection.execute(sa.delete(ARTIFACTS).where(ARTIFACTS.c.name.in_(gone)))
            for name in names_of(artifact):
                owner = connection.execute(sa.select(NAMES.c.name).where(NAMES.c.alias == name)).scalar()
                if owner is not None:
                    raise UsageError(f"'{shown(name)}' is a name of {owner} already; two artifacts cannot share it.")
            if dry_run:
                writing.rollback()
                return
            connection.execute(
                sa.insert(ARTIFACTS).values(
                    name=artifact.name, kind=artifact.kind, passport=data, sha256=hashlib.sha256(data).hexdigest()
                )
            )
            names = [{"alias": name, "name": artifact.name} for name in names_of(artifact)]
            connection.execute(sa.insert(NAMES), names)
            for sha256, text in imported.texts.items():
                if connection.execute(sa.select(TEXTS.c.sha256).where(TEXTS.c.sha256 == sha256)).scalar() is None:
                    connection.execute(sa.insert(TEXTS).values(sha256=sha256, text=text))

    def remove(self, name: str) -> None:
        """Forget an artifact; its texts stay. Raises `UsageError` where the database does not hold it."""
        passport = self._own(name.casefold())
        if passport is None or self._engine is None:
            raise UsageError(f"{shown(name)} is not in the catalog{' as its own' if self.find(name) else ''}.")
        with self._engine.begin() as connection:
            connection.execute(sa.delete(NAMES).where(NAMES.c.name == passport.artifact.name))
            connection.execute(sa.delete(ARTIFACTS).where(ARTIFACTS.c.name == passport.artifact.name))

    def get(self, name: str) -> Passport:
        """Return the passport of an artifact by its name, title or an alias. Raises `UsageError` with near names."""
        found = self.find(name)
        if found is None:
            near = get_close_matches(name.casefold(), sorted(self._all_names()), n=3)
            hint = f" Did you mean {' or '.join(near)}?" if near else " drystone catalog list shows all."
            raise UsageError(f"{shown(name)}: no artifact of this name is in the catalog.{hint}")
        return found

    def find(self, name: str) -> Passport | None:
        """Return the passport of an artifact by its name, title or an alias; the database goes before the program."""
        wanted = name.casefold()
        own = self._own(wanted)
        if own is not None:
            return own
        return next((one for one in builtin_passports().values() if wanted in names_of(one.artifact)), None)

    def passports(self) -> Iterator[Passport]:
        """Yield all passports by name; of two of one name that in the database."""
        own = {one.artifact.name: one for one in self._all_own()}
        every = {**builtin_passports(), **own}
        for name in sorted(every):
            yield every[name]

    def stored(self) -> Iterator[bytes]:
        """Yield all passports as the JSON that they are kept in; of two of one name that in the database."""
        own = self._names_of_own()
        yield from (json_of(one) for name, one in builtin_passports().items() if name not in own)
        if self._engine is not None:
            with self._engine.connect() as connection:
                for (data,) in connection.execution_options(yield_per=1000).execute(sa.select(ARTIFACTS.c.passport)):
                    yield data

    @property
    def engine(self) -> sa.Engine | None:
        """The database; None where the shelf holds only what comes with the program."""
        return self._engine

    def texts(self, passport: Passport) -> Mapping[str, str]:
        """Return the kept texts that a passport quotes, by SHA-256."""
        wanted = {reference.sha256 for reference in passport.references}
        found = {sha256: text for sha256, text in builtin_texts().items() if sha256 in wanted}
        if self._engine is not None:
            with self._engine.connect() as connection:
                for sha256 in sorted(wanted - found.keys()):
                    text = connection.execute(sa.select(TEXTS.c.text).where(TEXTS.c.sha256 == sha256)).scalar()
                    if text is not None:
                        found[sha256] = text
        return found

    def state(self) -> str:
        """Return what changes when a passport does: a hash over the names and hashes of all in the database."""
        digest = hashlib.sha256()
        if self._engine is not None:
            with self._engine.connect() as connection:
                query = sa.select(ARTIFACTS.c.name, ARTIFACTS.c.sha256).order_by(ARTIFACTS.c.name)
                for name, sha256 in connection.execute(query):
                    digest.update(f"{name} {sha256}\n".encode())
        return digest.hexdigest()

    def close(self) -> None:
        """Release the database's connections."""
        if self._engine is not None:
            self._engine.dispose()

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self, name: str) -> Passport | None:
        if self._engine is None:
            return None
        query = (
            sa.select(ARTIFACTS.c.passport).join(NAMES, NAMES.c.name == ARTIFACTS.c.name).where(NAMES.c.alias == name)
        )
        with self._engine.connect() as connection:
            data = connection.execute(query).scalar()
        return None if data is None else read_passport(data, name)

    def _names_of_own(self) -> set[str]:
        if self._engine is None:
            return set()
        with self._engine.connect() as connection:
            return set(connection.execute(sa.select(ARTIFACTS.c.name)).scalars())

    def _all_own(self) -> Iterator[Passport]:
        if self._engine is not None:
            with self._engine.connect() as connection:
                for name, data in connection.execute(sa.select(ARTIFACTS.c.name, ARTIFACTS.c.passport)):
                    yield read_passport(data, name)

    def _all_names(self) -> set[str]:
        return {name for passport in self.passports() for name in names_of(passport.artifact)}


def _not_the_programs(artifact: Identity, replace: bool) -> None:
    """Raise `UsageError` where a name is that of an artifact that comes with the program, which it would hide."""
    for name in names_of(artifact):
        owner = next(
            (one.artifact.name for one in builtin_passports().values() if name in names_of(one.artifact)), None
        )
        if owner is None or (owner == artifact.name and replace):
            continue
        if owner == artifact.name:
            raise UsageError(f"{owner} comes with the program; --replace puts this one in its place.")
        raise UsageError(
            f"'{shown(name)}' is a name of {owner}, which comes with the program; --name {owner} --replace puts this "
            "one in its place."
        )


def names_of(artifact: Identity) -> list[str]:
    """Return all names of an artifact, without case and each once: its own, its title, its aliases, its address."""
    every = [artifact.name, artifact.title, *artifact.aliases, *([artifact.url] if artifact.url else [])]
    return list(dict.fromkeys(name.casefold() for name in every))
