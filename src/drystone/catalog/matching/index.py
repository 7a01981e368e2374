"""The index over what artifacts can do: words and, where there is an encoder, sentence vectors.

How well an artifact fits is that of its best entry, `MEANING` times the cosine of its nearest sentence and the rest the
share of the query's words that it has. The weights were chosen on the tuning half of the labelled intents
(benchmarks/catalog). Knows no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from drystone.catalog.matching.entries import Entries, MatchEntry, Sentence
from drystone.catalog.matching.filters import unmet
from drystone.catalog.matching.shapes import ArtifactHit, MatchFilters, MatchReason
from drystone.catalog.matching.vectors import SentenceVectors
from drystone.catalog.matching.words import WordIndex
from drystone.catalog.passports.intervals import NOWHERE
from drystone.catalog.passports.vocabulary import jobs

#: What meaning counts for beside words.
MEANING: Final = 0.8
#: Fits below these are no finds: with vectors, and by words alone.
LEAST: Final = 0.25
LEAST_WORDS: Final = 0.2
#: Sentences, and entries by their words, that are looked at whole.
_NEAR: Final = 250

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Asked = Sequence[tuple[str, Sequence[int]]]


class Encoder(Protocol):
    """Gives sentences vectors of length one, float32 [texts, size]."""

    name: str

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Return one for each text."""
        ...


@dataclass(frozen=True, slots=True)
class Fits:
    """Hits, best first, and how many that fit were left out because nobody knows whether they meet a filter."""

    hits: list[ArtifactHit]
    unknown: dict[str, int]


class MatchIndex:
    """What can be found, in memory.

    Without an `encoder`, words alone are compared. `vectors`: one for each sentence of the artifacts' entries, in their
    order (`sentences_of`); None: they are computed.
    """

    def __init__(
        self, artifacts: Iterable[Entries], encoder: Encoder | None = None, vectors: Floats | None = None
    ) -> None:
        self.artifacts = list(artifacts)
        self._entries: list[MatchEntry] = [entry for one in self.artifacts for entry in one.entries]
        sizes = [len(one.entries) for one in self.artifacts]
        self._artifact = np.repeat(np.arange(len(self.artifacts)), sizes)
        self._first_entry = np.cumsum(sizes) - sizes
        self._profiles, self._profile = _profiles(self.artifacts)
        self._doing: dict[str, list[int]] = {}
        for artifact, entry in zip(self._artifact.tolist(), self._entries, strict=True):
            if entry.capability is not None:
                self._doing.setdefault(entry.capability, []).append(artifact)
        self._words = WordIndex([self._texts(at) for at in range(len(self._entries))])
        sentences = sentences_of(self.artifacts)
        counts = [len(entry.sentences) for entry in self._entries]
        self._first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._entry_of = np.repeat(np.arange(len(self._entries)), counts)
        self._sentences: list[Sentence] = sentences
        self._encoder = encoder
        self._vectors: SentenceVectors | None = None
        if encoder is not None:
            made = vectors if vectors is not None else encoder.vectors([one.text for one in sentences])
            self._vectors = SentenceVectors(made)

    def _texts(self, at: int) -> list[tuple[float, str]]:
        """Return the texts of an entry; a capability's have the artifact's own beside them, which count less."""
        entry = self._entries[at]
        if entry.capability is None:
            return list(entry.words)
        own = self._entries[int(self._first_entry[self._artifact[at]])]
        return [*entry.words, *((weight / 2, text) for weight, text in own.words)]

    def capabilities(self) -> list[str]:
        """Return the ids of all capabilities, by name."""
        return sorted(self._doing)

    def doing(self, capability: str, most: int) -> list[str]:
        """Return artifacts that have a capability: first those that nobody is known to do it better than, by name.

        Who is surely behind the best in a fact that judges the job, the weightiest first, comes after.
        """
        found = [self.artifacts[at] for at in self._doing.get(capability, ())]
        left = unbeaten(capability, [one.judged for one in found])
        ordered = sorted((not is_left, one.artifact) for is_left, one in zip(left.tolist(), found, strict=True))
        return [name for _, name in ordered[:most]]

    @property
    def by_meaning(self) -> bool:
        """Whether sentences are compared."""
        return self._vectors is not None

    def find(self, query: str, wanted: MatchFilters, most: int) -> Fits:
        """Return the artifacts that fit a query best."""
        vector = None if self._encoder is None else self._encoder.vectors([query])[0]
        words = self._words.scores(query)
        asked = self._words.asked(query)
        passes, unsure = self._masks(wanted)
        hits = []
        for row, fit, meaning, nearest in self._best(words, vector, passes, most):
            reasons = self._reasons(asked, row, float(words[row]), meaning, nearest)
            hits.append(self._hit(row, fit, reasons))
        unknown = {
            name: sum(1 for _ in self._best(words, vector, mask, _NEAR)) for name, mask in unsure.items() if mask.any()
        }
        return Fits(hits, {name: count for name, count in unknown.items() if count})

    def _masks(self, wanted: MatchFilters) -> tuple[Mask | None, dict[str, Mask]]:
        """Return which entries pass the filters (None: all do), and by filter which nobody knows to pass it."""
        if wanted == MatchFilters():
            return None, {}
        outs = [list(unmet(one, wanted)) for one in self._profiles]
        passes = np.array([not out for out in outs], bool)[self._profile]
        unsure = {}
        for name in dict.fromkeys(name for out in outs for name, _ in out):
            first = [bool(out) and out[0][0] == name and all(unknown for _, unknown in out) for out in outs]
            unsure[name] = np.array(first, bool)[self._profile]
        return passes, unsure

    def _best(
        self, words: Floats, vector: Floats | None, mask: Mask | None, most: int
    ) -> Iterator[tuple[int, float, float, int]]:
        """Yield the best entry of each artifact, best first: its row, fit, nearest sentence's cosine, that sentence."""
        rows, fits, meaning, nearest = self._fits(words, vector, mask)
        least = LEAST if vector is not None else LEAST_WORDS
        seen: set[int] = set()
        for at in np.lexsort((rows, -fits)):
            artifact = int(self._artifact[rows[at]])
            if fits[at] < least or len(seen) >= most:
                return
            if artifact not in seen:
                seen.add(artifact)
                yield int(rows[at]), float(fits[at]), float(meaning[at]), int(nearest[at])

    def _fits(self, words: Floats, vector: Floats | None, mask: Mask | None) -> tuple[Numbers, Floats, Floats, Numbers]:
        """Return entries that may fit, how well, the cosine of their nearest sentence, and which that is."""
        if mask is not None:
            words = np.where(mask, words, np.float32(0))
        rows = np.flatnonzero(words)
        if len(rows) > _NEAR:
            rows = rows[np.argpartition(words[rows], -_NEAR)[-_NEAR:]]
        if vector is None or self._vectors is None:
            nothing = np.zeros(len(rows), np.float32)
            return rows, words[rows], nothing, nothing.astype(np.int64)
        near = self._vectors.nearest(vector, _NEAR, None if mask is None else mask[self._entry_of])
        rows = np.unique(np.concatenate([rows, self._entry_of[near]]))
        if not len(rows):
            return rows, words[rows], words[rows], rows
        lengths = self._first[rows + 1] - self._first[rows]
        starts = np.cumsum(lengths) - lengths
        sentences = np.arange(int(lengths.sum())) - np.repeat(starts - self._first[rows], lengths)
        cosines = np.clip(self._vectors.cosines(vector, sentences), 0, 1)
        meaning = np.maximum.reduceat(cosines, starts)
        best = np.flatnonzero(cosines == np.repeat(meaning, lengths))
        return (
            rows, MEANING * meaning + (1 - MEANING) * words[rows], meaning,
            sentences[best[np.searchsorted(best, starts)]],
        )  # fmt: skip

    def _reasons(self, asked: Asked, row: int, words: float, meaning: float, nearest: int) -> tuple[MatchReason, ...]:
        found = []
        by_meaning = self._vectors is not None
        if by_meaning and meaning > 0:
            sentence = self._sentences[nearest]
            found.append(MatchReason("meaning", sentence.text, sentence.of, round(MEANING * meaning, 3)))
        shared = self._words.shared(asked, row)
        if shared:
            value = (1 - MEANING) * words if by_meaning else words
            found.append(MatchReason("words", " ".join(shared), "its text", round(value, 3)))
        return tuple(found)

    def _hit(self, row: int, fit: float, reasons: tuple[MatchReason, ...]) -> ArtifactHit:
        one, entry = self.artifacts[int(self._artifact[row])], self._entries[row]
        return ArtifactHit(
            one.artifact, one.kind, one.title, entry.capability, entry.name, round(min(1.0, fit), 3), reasons
        )


def unbeaten(capability: str, judged: Sequence[Mapping[str, tuple[float, float]]]) -> Mask:
    """Return of artifacts that have a capability, each by its `Entries.judged`, which are left when others are better.

    Fact by fact, the weightiest first, who is surely behind the best of those left falls out. Of whom nobody knows a
    fact, nobody is known to be ahead.
    """
    job = jobs().get(capability)
    left = np.ones(len(judged), bool)
    for name in job.judged_by if job is not None else ():
        ends = np.array([one.get(name, NOWHERE) for one in judged], np.float64).reshape(-1, 2)
        left &= ends[:, 1] >= ends[left, 0].max(initial=-np.inf)
    return left


def sentences_of(artifacts: Sequence[Entries]) -> list[Sentence]:
    """Return all sentences of the entries of artifacts, in order."""
    return [sentence for one in artifacts for entry in one.entries for sentence in entry.sentences]


def _profiles(artifacts: Sequence[Entries]) -> tuple[list[Entries], Numbers]:
    """Return an artifact for each set of facts that filters look at, and for each entry which of them is its own's."""
    numbers: dict[tuple[object, ...], int] = {}
    first: list[Entries] = []
    of_artifact = []
    for one in artifacts:
        key = (one.kind, *sorted((name, fact.model_dump_json()) for name, fact in one.facts.items()))
        if key not in numbers:
            numbers[key] = len(first)
            first.append(one)
        of_artifact.append(numbers[key])
    return first, np.repeat(np.array(of_artifact, np.int64), [len(one.entries) for one in artifacts])
