"""The licence review queue and its decisions, by hash of a text's comparable words.

A text waits once, wherever it was seen; a decision holds for it in every later build. Decisions are never overwritten:
the newest holds, the others remain as history. Knows nothing of how licences are detected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from license_expression import ExpressionError, get_spdx_licensing

from drystone.errors import RegistryError, UsageError
from drystone.registry.log import events
from drystone.registry.log.bodies import LicenseDecided
from drystone.registry.plain import NO_LICENSE, Review, ReviewDecision, ReviewSnapshot
from drystone.registry.storage.database import reading, writing
from drystone.registry.storage.tables import REVIEW_DECISIONS as _DECISIONS
from drystone.registry.storage.tables import REVIEW_QUEUE as _QUEUE

#: How much of a text is kept for the reviewer, in characters.
MAX_SAMPLE: Final = 20_000

_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Reviews:
    """The licence reviews of one registry."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def enqueue(self, reviews: Iterable[Review]) -> int:
        """Add texts that are not in the queue yet; return how many were new. The order of `reviews` does not matter."""
        rows: dict[str, dict[str, object]] = {}
        for r in sorted(reviews, key=lambda r: (r.text_sha256, r.origin or "", r.path or "")):
            _check_hash(r.text_sha256)
            row = {k: v for k, v in asdict(r).items() if k != "decision"}
            row["sample"] = (r.sample or "")[:MAX_SAMPLE].replace("\0", "") or None
            rows.setdefault(r.text_sha256, row)
        if not rows:
            return 0
        with writing(self._engine) as connection:
            known = set(connection.execute(sa.select(_QUEUE.c.text_sha256)).scalars())
            new = [row for key, row in rows.items() if key not in known]
            if new:
                connection.execute(sa.insert(_QUEUE), new)
        return len(new)

    def queue(self, state: Literal["open", "decided", "all"] = "open") -> list[Review]:
        """Return the queue, ordered by cause and hash."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(_QUEUE).order_by(_QUEUE.c.cause, _QUEUE.c.text_sha256)).mappings().all()
            newest = {d.text_sha256: d for d in _history(connection)}
        found = [Review(**row, decision=newest.get(row["text_sha256"])) for row in rows]
        if state == "all":
            return found
        return [r for r in found if (r.decision is not None) == (state == "decided")]

    def show(self, text_sha256: str) -> tuple[Review, list[ReviewDecision]]:
        """Return one text and all its decisions, oldest first. A unique beginning of the hash is enough."""
        key = self._find(text_sha256)
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(_QUEUE).where(_QUEUE.c.text_sha256 == key)).mappings().one_or_none()
            history = [d for d in _history(connection) if d.text_sha256 == key]
        newest = history[-1] if history else None
        review = Review(**row, decision=newest) if row else Review(key, "imported decision", decision=newest)
        return review, history

    def decide(
        self, text_sha256: str, expression: str, reviewer: str, reason: str, decided_at: datetime | None = None
    ) -> ReviewDecision:
        """Record a decision; it holds from the next build on. Raises `UsageError` for a wrong expression or no name."""
        key = self._find(text_sha256)
        moment = (decided_at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
        decision = _checked(ReviewDecision(key, expression, reviewer, moment, reason))
        with writing(self._engine) as connection:
            _record(connection, [decision])
        return decision

    def export(self) -> Iterator[str]:
        """Yield every decision as one line of JSON, in the order they were made."""
        with reading(self._engine) as connection:
            for decision in _history(connection):
                yield json.dumps(asdict(decision), sort_keys=True, ensure_ascii=False)

    def import_(self, lines: Iterable[str]) -> int:
        """Add decisions that `export` wrote; those already here are passed over. Returns how many were new.

        All or nothing: raises `RegistryError` with every bad line's number, and adds none.
        """
        decisions: list[ReviewDecision] = []
        problems: list[str] = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                decisions.append(_checked(ReviewDecision(**record)))
            except (ValueError, TypeError) as error:
                problems.append(f"line {number}: not a decision ({error})")
            except (UsageError, RegistryError) as error:
                problems.append(f"line {number}: {error}")
        if problems:
            raise RegistryError("nothing was imported:\n" + "\n".join(problems[:20]))
        with writing(self._engine) as connection:
            known = set(_history(connection))
            new = [d for d in dict.fromkeys(decisions) if d not in known]
            new.sort(key=lambda d: (d.decided_at, d.text_sha256))
            _record(connection, new)
        return len(new)

    def snapshot(self) -> ReviewSnapshot:
        """Return the decisions in force, for a build to apply."""
        with reading(self._engine) as connection:
            newest = {d.text_sha256: d.expression for d in _history(connection)}
        return ReviewSnapshot(tuple(sorted(newest.items())))

    def _find(self, beginning: str) -> str:
        if not re.fullmatch(r"[0-9a-f]{4,64}", beginning):
            raise UsageError(f"{beginning!r} is not a text hash. Give at least its first 4 hexadecimal digits.")
        with reading(self._engine) as connection:
            found: set[str] = set()
            for table in (_QUEUE, _DECISIONS):
                query = sa.select(table.c.text_sha256).where(table.c.text_sha256.startswith(beginning))
                found.update(connection.execute(query).scalars())
        if not found:
            raise UsageError(f"{beginning}: no such text in the review queue. See: drystone review list --all")
        if len(found) > 1:
            raise UsageError(f"{beginning}: begins {len(found)} hashes. Give more digits.")
        return found.pop()


def _record(connection: sa.Connection, decisions: Sequence[ReviewDecision]) -> None:
    """Store decisions, each with its event."""
    if decisions:
        rows: list[LicenseDecided] = [
            {
                "text_sha256": d.text_sha256,
                "expression": d.expression,
                "reviewer": d.reviewer,
                "decided_at": d.decided_at,
                "reason": d.reason,
            }
            for d in decisions
        ]
        connection.execute(sa.insert(_DECISIONS), rows)
        events.append(connection, [("license_decided", None, row) for row in rows])


def _history(connection: sa.Connection) -> list[ReviewDecision]:
    """Return all decisions by date, so that an import of an older decision never overrides a newer one."""
    rows: list[Any] = list(
        connection.execute(sa.select(_DECISIONS).order_by(_DECISIONS.c.decided_at, _DECISIONS.c.id)).mappings()
    )
    return [ReviewDecision(**{k: v for k, v in row.items() if k != "id"}) for row in rows]


def _check_hash(value: object) -> None:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise RegistryError(f"{value!r} is not a SHA-256 in hexadecimal digits")


def _checked(decision: ReviewDecision) -> ReviewDecision:
    """Return the decision with its expression in normal form, or raise."""
    _check_hash(decision.text_sha256)
    texts = (decision.expression, decision.reviewer, decision.decided_at, decision.reason)
    if not all(isinstance(v, str) for v in texts):
        raise UsageError("expression, reviewer, decided_at and reason must be text")
    if not decision.reviewer.strip() or not decision.reason.strip():
        raise UsageError("A decision needs a reviewer and a reason.")
    try:
        moment = datetime.fromisoformat(decision.decided_at)
    except ValueError:
        raise UsageError(f"{decision.decided_at!r} is not a date and time (ISO 8601).") from None
    when = moment.astimezone(UTC).isoformat(timespec="seconds") if moment.tzinfo else decision.decided_at + "+00:00"
    expression = decision.expression.strip()
    if expression != NO_LICENSE:
        spdx = get_spdx_licensing()
        try:
            parsed = spdx.parse(expression, validate=False)
            unknown = [str(k) for k in spdx.unknown_license_keys(parsed) if not str(k).startswith("LicenseRef-")]
        except (ExpressionError, ValueError, AttributeError, TypeError):
            parsed, unknown = None, []
        if parsed is None:
            raise UsageError(f"{expression!r} is not an SPDX expression. Write for example MIT OR Apache-2.0, or NONE.")
        if unknown:
            raise UsageError(f"{', '.join(unknown)}: no SPDX identifier. For a licence of its own use LicenseRef-NAME.")
        expression = str(parsed)
    return ReviewDecision(decision.text_sha256, expression, decision.reviewer.strip(), when, decision.reason.strip())
