"""Texts in, spans out. Whole batches go to Hyperscan and to the kernel at once; Python sees only their hits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, Final

import pyarrow as pa

from drystone.detect._kernel import Words, candidates
from drystone.detect.secrets.catalog import rules
from drystone.detect.secrets.finders import KERNEL_FINDERS, Judge, database, finders
from drystone.detect.secrets.kinds.context import CREDENTIAL_WORDS, REACH, SHORTEST, Context
from drystone.detect.secrets.kinds.public import Public
from drystone.detect.secrets.settings import KINDS, SECRET_KINDS, ScanSettings
from drystone.detect.secrets.spans import Span, after_escape, resolve

#: Texts are joined up to about this many bytes for one pass.
BATCH_BYTES: Final = 4 << 20

#: A judge that found nothing in so many hits on one text looks from then on only at hits so many bytes apart: a text
#: made of a pattern's beginnings must not take long.
_PATIENCE: Final = 1000
_STRIDE: Final = 64

#: Between two texts. A line end, so that nothing matches across and what must begin or end a line does.
_GAP: Final = b"\n"


@cache
def _context() -> tuple[Context, Any]:
    context = Context(rules())
    return context, Words(context.names, CREDENTIAL_WORDS)


class Scanner:
    """Finds the spans of all kinds that the settings ask for. Picklable; results depend on text and path only."""

    def __init__(self, settings: ScanSettings | None = None) -> None:
        self.settings = settings or ScanSettings()
        self._least = {kind: self.settings.least_confidence(kind) for kind in KINDS}
        self._kinds = frozenset(kind for kind, least in self._least.items() if least <= 1)

    def scan(self, data: bytes, path: str | None = None) -> list[Span]:
        """Return the spans of one text, UTF-8 bytes; sorted, without overlaps."""
        return self.scan_batch([data], [path])[0]

    def scan_batch(
        self,
        texts: Sequence[bytes] | pa.BinaryArray | pa.StringArray | pa.ChunkedArray,
        paths: Iterable[str | None] | None = None,
    ) -> list[list[Span]]:
        """Return the spans of each text (UTF-8 bytes; None and "" have none), in order.

        `paths` gives each text's path, whose ending decides whether a value without quotes is a literal.
        """
        if isinstance(texts, pa.Array | pa.ChunkedArray):
            large = pa.large_binary()
            texts = texts.cast(large).to_pylist()
        found: list[list[Span]] = [[] for _ in texts]
        where = list(paths) if paths is not None else [None] * len(texts)
        for first, last in _batches(texts):
            for index, span in self._scan_joined(texts[first:last], where[first:last]):
                found[first + index].append(span)
        return [
            resolve(_private(text or b"", spans, path)) if spans else spans
            for text, spans, path in zip(texts, found, where, strict=True)
        ]

    def _scan_joined(self, texts: Sequence[bytes | None], paths: Sequence[str | None]) -> Iterator[tuple[int, Span]]:
        if not self._kinds:
            return
        parts = [text or b"" for text in texts]
        joined = _GAP.join(parts) if len(parts) > 1 else parts[0]
        starts = list(accumulate((len(part) + 1 for part in parts), initial=0))[:-1]
        hits: list[tuple[int, int]] = []

        def note(rule: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.append((end, rule))

        patterns = database(self._kinds)
        if joined and patterns is not None:
            patterns.scan(joined, match_event_handler=note)
        kernel_hits, runs = candidates(joined, _context()[1], SHORTEST, REACH)
        yield from self._judge(finders(), [(rule, end) for end, rule in hits], parts, paths, starts)
        yield from self._judge(KERNEL_FINDERS, kernel_hits, parts, paths, starts)
        yield from self._judge_runs(runs, parts, paths, starts)

    def _judge(
        self,
        judges: Sequence[Judge],
        hits: Sequence[tuple[int, int]],
        parts: Sequence[bytes],
        paths: Sequence[str | None],
        starts: Sequence[int],
    ) -> Iterator[tuple[int, Span]]:
        # judge -> (text, where its last hit or span there ended, hits there without a span)
        seen: dict[int, tuple[int, int, int]] = {}
        for number, end in hits:
            judge = judges[number]
            if judge.most < self._least[judge.kind]:
                continue
            index = bisect_right(starts, end - 1) - 1
            local = end - starts[index]
            text, since, fruitless = seen.get(number, (-1, 0, 0))
            if text != index:
                since = fruitless = 0
            elif local <= since or (fruitless > _PATIENCE and local < since + _STRIDE):
                continue
            last = local
            fruitless += 1
            for span in judge.spans(parts[index], local, since, paths[index]):
                last, fruitless = max(last, span.end), 0
                if span.confidence >= self._least[span.kind]:
                    yield index, span
            seen[number] = (index, last, fruitless)

    def _judge_runs(
        self,
        runs: Sequence[tuple[int, int, float, list[int]]],
        parts: Sequence[bytes],
        paths: Sequence[str | None],
        starts: Sequence[int],
    ) -> Iterator[tuple[int, Span]]:
        generic = "high_entropy" in self._kinds
        if not (generic or "token" in self._kinds):
            return
        context = _context()[0]
        least = context.least.__getitem__
        for start, end, surprise, near in runs:
            if min(map(least, near)) > end - start:
                continue  # too short for what its names stand for: most are hashes of something else
            index = bisect_right(starts, start) - 1
            base = starts[index]
            for span in context.spans(parts[index], start - base, end - base, surprise, near, generic, paths[index]):
                if span.confidence >= self._least[span.kind]:
                    yield index, span


def _private(text: bytes, spans: list[Span], path: str | None) -> Iterator[Span]:
    """Yield the spans of what is not public, without the letter of an escape they seem to begin with (`\\nAKIA...`)."""
    secrets = sum(span.kind in SECRET_KINDS for span in spans)
    public = Public(text, path, secrets) if secrets else None
    for span in spans:
        if public is not None and span.kind in SECRET_KINDS and public.holds(span):
            continue
        start = after_escape(text, span.start, span.end)
        if start < span.end:
            yield span if start == span.start else span._replace(start=start)


def _batches(texts: Sequence[bytes | None]) -> Iterator[tuple[int, int]]:
    """Yield ranges of texts of about BATCH_BYTES together; a larger text stands alone."""
    first, size = 0, 0
    for index, text in enumerate(texts):
        if size and size + len(text or b"") > BATCH_BYTES:
            yield first, index
            first, size = index, 0
        size += len(text or b"") + 1
    if first < len(texts):
        yield first, len(texts)
