"""What the database itself holds against changes of the log: its triggers, as the migrations made them.

One who owns the database can drop them, or add others that change what is written; the audit compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

_SQLITE: Final = {
    f"events_{verb.lower()}": f"CREATE TRIGGER events_{verb.lower()} BEFORE {verb} ON events "
    "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    for verb in ("UPDATE", "DELETE")
}
_OF_SQLITE: Final = sa.text("SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')")

_REFUSES: Final = "BEGIN RAISE EXCEPTION 'events are append-only'; END"
_POSTGRESQL: Final = {
    "events_row": f"BEFORE DELETE OR UPDATE ON public.events FOR EACH ROW, enabled O: {_REFUSES}",
    "events_statement": f"BEFORE TRUNCATE ON public.events FOR EACH STATEMENT, enabled O: {_REFUSES}",
}
_OF_POSTGRESQL: Final = sa.text(
    "SELECT t.tgname AS name, regexp_replace(pg_get_triggerdef(t.oid), '^CREATE TRIGGER \\S+ | EXECUTE .*$', '', 'g') "
    "|| ', enabled ' || t.tgenabled::text || ': ' || trim(p.prosrc) AS sql "
    "FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal "
    "UNION ALL SELECT rulename, definition FROM pg_rules WHERE schemaname = 'public' "
    "UNION ALL SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'"
)


def differences(connection: sa.Connection) -> Iterator[str]:
    """Yield one line for each trigger that is gone, changed or not of this program, and for each view and rule."""
    of_server = connection.dialect.name == "postgresql"
    wanted = _POSTGRESQL if of_server else _SQLITE
    found = {row.name: row.sql for row in connection.execute(_OF_POSTGRESQL if of_server else _OF_SQLITE)}
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"trigger {name}: was removed, so that events can be changed"
        elif name not in wanted:
            yield f"trigger or view {name}: is not of this program, and may change what is written or read"
        elif found[name] != wanted[name]:
            yield f"trigger {name}: was altered, so that events can be changed"
