"""What a query reads of segments in an object store before it is asked there: columns, then the rarest trigrams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from drystone.search.expressions.formula import ALL, Formula
from drystone.search.expressions.matcher import Matcher
from drystone.search.plan import Content, Every, Negation, Part, Some, State
from drystone.search.remote.objects import fetch

#: Trigrams of a literal that are asked for: those whose blocks are the smallest. More would save few texts.
_RAREST: Final = 8
#: What was read first is unpacked while postings come.
_UNPACKER: Final = ThreadPoolExecutor(1, "drystone-columns")
#: Bytes at the beginning of the trigrams that are read unasked: nearly always all keys.
_KEYS: Final = 48 << 10


def prepare(states: Iterable[State]) -> None:
    """Bring here what tells which files of segments may match, for all of them in three rounds at most.

    Of a segment in which columns let nothing through no postings are read. Raises `ReleaseError`.
    """
    far = [(state, remote) for state in states if (remote := state.segment.remote) is not None]
    if not far:
        return
    plan, by_name = far[0][0].plan, ["symbols", "names"]
    needed = ["shards", "files", "stretches", *(by_name if plan.symbols else [])]
    fetch(
        (remote, [*state.segment.section_ranges(needed), (state.segment.dictionary_range()[0], _KEYS)])
        for state, remote in far
    )
    unpacking = [_UNPACKER.submit(state.segment.unpack) for state, _ in far]
    asked = [(state, remote) for state, remote in far if state.lets_something_through]
    fetch((remote, [state.segment.dictionary_range()]) for state, remote in asked)
    later = by_name if plan.words and not plan.symbols else []
    fetch((remote, [*state.segment.section_ranges(later), *_of_patterns(state)]) for state, remote in asked)
    for one in unpacking:
        one.result()


def _of_patterns(state: State) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for matcher in _matchers(state.plan.part):
        if matcher.formula == ALL:
            continue
        if matcher.formula.windows:  # they would be looked for among all keys: half as many bytes as all texts
            state.asked[id(matcher)] = ALL.words()
            continue
        trigrams = np.array(sorted(_trigrams(matcher.formula)), np.uint64)
        starts, sizes = state.segment.list_ranges(trigrams)
        cost = dict(zip(trigrams.tolist(), sizes.tolist(), strict=True))
        rarest = _rarest(matcher.formula, cost)
        state.asked[id(matcher)] = rarest.words()
        needed = _trigrams(rarest)
        ranges = zip(trigrams.tolist(), starts.tolist(), sizes.tolist(), strict=True)
        found += [(start, size) for trigram, start, size in ranges if trigram in needed]
    return found


def _matchers(part: Part) -> Iterator[Matcher]:
    if isinstance(part, Content):
        yield part.matcher
    elif isinstance(part, Negation):
        yield from _matchers(part.part)
    elif isinstance(part, Every | Some):
        for one in part.parts:
            yield from _matchers(one)


def _trigrams(formula: Formula) -> set[int]:
    return set(formula.trigrams).union(*map(_trigrams, formula.parts))


def _rarest(formula: Formula, cost: dict[int, int]) -> Formula:
    """Return a formula that asks for less: of trigrams that a text must all have, those that are read soonest."""
    trigrams: Sequence[int] = sorted(formula.trigrams, key=lambda one: (cost[one], one))
    if formula.sign == "and":
        trigrams = trigrams[:_RAREST]
    return formula._replace(
        trigrams=frozenset(trigrams), parts=frozenset(_rarest(part, cost) for part in formula.parts)
    )
