"""Looks at the files of a sample with our detectors, and counts by group. Draws nothing and estimates nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drystone.catalog.measuring.benchmarks import BenchmarkTexts
from drystone.catalog.measuring.sampling import Sample, SampledFiles
from drystone.dedup.method import Method
from drystone.dedup.near import keep
from drystone.detect import languages, licenses, secrets
from drystone.detect.encoding import decode
from drystone.detect.licenses import file_license
from drystone.detect.licenses.annotation import LicenseAnnotation, LicenseState
from drystone.detect.notebooks import notebook_script
from drystone.identity.hashes import blob_hash
from drystone.registry.snapshot import OptOuts

#: Bytes of text that go through the detectors at a time.
_TOGETHER: Final = 8 << 20
#: What is counted of each file, in the columns of `SampleCounts.sums`.
COUNTED: Final = ("files", "bytes", "unread", "findings", "generated", "in_file", "unlicensed", "out", "benchmark")


@dataclass
class SampleCounts:
    """What was seen. `sums`: groups x `COUNTED`, each file by its weight; `seen`: without weights, of all groups.

    `exact`, `near` and `paths`: files of the sample with the content of another, nearly equal to another, and with
    repository and path of another. `told`: what the columns of the rows allow to count. `unasked`: a request in force
    may take files out that nothing here tells of (by author or directory, or by repository where none is named).
    """

    sums: NDArray[np.float64]
    seen: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(COUNTED)))
    languages: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    exact: int = 0
    near: int = 0
    paths: int = 0
    told: set[str] = field(default_factory=set)
    unasked: bool = False


class Looker:
    """Our detectors, the near-duplicate kernel, opt-outs in force and benchmarks; None: there are none to look for."""

    def __init__(self, optouts: OptOuts | None = None, benchmarks: BenchmarkTexts | None = None) -> None:
        self._scanner = secrets.Scanner(secrets.ScanSettings())
        self._optouts, self._benchmarks = optouts, benchmarks
        self._out: dict[str, str | None] = {}
        self.method = Method()

    def look(self, sample: Sample) -> SampleCounts:
        """Look at all files of a sample, once. Their texts are held until near duplicates are found among them."""
        counts = SampleCounts(np.zeros((sample.groups, len(COUNTED))))
        held: dict[bytes, tuple[bytes, str]] = {}
        places: set[tuple[str, str]] = set()
        for batch in sample.batches:
            for start, end in _cuts(batch):
                self._look(batch, start, end, counts, held, places, sample)
        if held:
            texts, tongues = zip(*held.values(), strict=True)
            table = pa.table({"content": _large_binary(texts), "language": tongues})
            counts.near = pc.sum(pc.invert(keep(table, self.method, group="language").column("keep"))).as_py()
        return counts

    def _look(
        self, files: SampledFiles, start: int, end: int, counts: SampleCounts,
        held: dict[bytes, tuple[bytes, str]], places: set[tuple[str, str]], sample: Sample,
    ) -> None:  # fmt: skip
        contents, paths = files.contents[start:end], files.paths[start:end]
        found = np.zeros((len(contents), len(COUNTED)))
        found[:, 0] = 1
        read = [content if sample.text else decode(content).text for content in contents]
        texts = [_script(text, path) if text is not None and path.endswith(".ipynb") else text
                 for text, path in zip(read, paths, strict=True)]  # fmt: skip
        for at, text in enumerate(texts):
            if text is None:
                found[at, 2] = 1
            else:
                found[at, 1] = len(text)
        there = [at for at, text in enumerate(texts) if text is not None]
        heads = self._detect(there, [text for text in texts if text is not None], paths, found, counts, contents, held)
        if sample.tree is not None:
            counts.told.add("unlicensed")
            for at, path in enumerate(paths):
                swhid = f"swh:1:cnt:{files.ids[start + at]}"
                said = file_license(sample.tree.file(path), heads.get(at), path, swhid)
                found[at, 6] = said is None or said.state is not LicenseState.GRANTED
        for at in range(len(contents)):
            whole = start + at
            repository, licensed = files.repositories[whole], files.licensed[whole]
            if licensed is not None:
                counts.told.add("unlicensed")
                found[at, 6] = not licensed
            if repository is not None and paths[at]:
                counts.told.add("paths")
                counts.paths += (repository, paths[at]) in places
                places.add((repository, paths[at]))
            if self._optouts is not None:
                counts.unasked |= self._cannot_ask(repository)
                found[at, 7] = self._is_out(repository, paths[at], files.ids[whole], contents[at])
        np.add.at(counts.sums, files.groups[start:end], found * files.weight)
        counts.seen += found.sum(0)

    def _detect(
        self, there: list[int], texts: list[bytes], paths: list[str], found: NDArray[np.float64], counts: SampleCounts,
        contents: list[bytes], held: dict[bytes, tuple[bytes, str]],
    ) -> dict[int, LicenseAnnotation | None]:  # fmt: skip
        """Let every detector look at the texts of some files, which are `there` among all; return what heads say."""
        names = [paths[at].rpartition("/")[2] for at in there]
        spans = self._scanner.scan_batch(texts, names)
        heads = licenses.detect_headers(texts, [f"{n}.py" if n.endswith(".ipynb") else n for n in names])
        if self._benchmarks is not None:
            found[there, 8] = self._benchmarks.hits(texts)
        for at, text, name, secret, head in zip(there, texts, names, spans, heads, strict=True):
            language = languages.annotate_language(name, text).language or ""
            counts.languages.update([language] if language else [])
            counts.kinds.update(span.kind for span in secret)
            found[at, 3] = len(secret)
            found[at, 4] = languages.generated_by(name, text) is not None
            found[at, 5] = head is not None and head.state is LicenseState.GRANTED
            digest = hashlib.sha1(contents[at], usedforsecurity=False).digest()
            if digest in held:
                counts.exact += 1
            else:
                held[digest] = (text, language)
        return dict(zip(there, heads, strict=True))

    def _cannot_ask(self, repository: str | None) -> bool:
        """Return whether a request in force may take a file out in a way that cannot be looked up here."""
        optouts = self._optouts
        assert optouts is not None
        by_place = optouts.owners or optouts.repositories or optouts.paths
        return bool(optouts.authors or optouts.directories or (repository is None and by_place))

    def _is_out(self, repository: str | None, path: str, id: str | None, content: bytes) -> bool:
        """Return whether a request in force takes a file out: its repository, its path, or its content."""
        optouts = self._optouts
        assert optouts is not None
        if repository is not None:
            if repository not in self._out:
                self._out[repository] = optouts.repository(repository)
            if self._out[repository] is not None or optouts.path(repository, path.encode()) is not None:
                return True
        if not optouts.blobs:
            return False
        told = id.rpartition(":")[2] if id is not None else ""
        ids = {blob_hash(content).hex()} | ({told} if len(told) == 40 and _is_hex(told) else set())
        return any(optouts.content(f"swh:1:cnt:{one}") is not None for one in ids)


def _large_binary(texts: Sequence[bytes]) -> pa.LargeBinaryArray:
    """Return texts as one array, joined in one copy."""
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(texts), buffers)


def _is_hex(text: str) -> bool:
    return all(sign in "0123456789abcdef" for sign in text)


def _script(text: bytes, path: str) -> bytes:
    made = notebook_script(text)
    return made.script if made.script is not None else text


def _cuts(files: SampledFiles) -> list[tuple[int, int]]:
    """Return where to cut files so that each part has about `_TOGETHER` bytes."""
    cuts, start, size = [], 0, 0
    for at, content in enumerate(files.contents):
        if size and size + len(content) > _TOGETHER:
            cuts.append((start, at))
            start, size = at, 0
        size += len(content)
    return [*cuts, (start, len(files.contents))] if files.contents else cuts
