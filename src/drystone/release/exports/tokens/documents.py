"""Documents of a training export: a file each, or the files of a repository with separators between them.

A repository begins with its name, each file with its path, a document ends with the end token, as in StarCoder 2
(arXiv:2402.19173, 5.1). Imported files come before what imports them. Knows rows and a tokenizer, no format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from drystone.release.exports.tokens.choice import DocumentOf, FimOrder
from drystone.release.exports.tokens.fim import Fim, Piece
from drystone.release.exports.tokens.imports import SourceFile, dependency_order
from drystone.release.exports.tokens.tokenizer import Ids, TextTokenizer

#: What is read of a release for its documents.
COLUMNS: Final = ("swhid", "origin", "repository_id", "repo_name", "path", "language", "content")
#: Characters of text that are made into tokens at a time.
_BATCH: Final = 4 << 20


class FilePart(NamedTuple):
    """Where a file's text lies in a document: first token, tokens; how it was rearranged (None: not at all)."""

    swhid: str
    repository_id: str
    path: str
    start: int
    tokens: int
    fim: FimOrder | None


@dataclass(frozen=True, slots=True)
class TokenDocument:
    """The tokens of a document and the files in it."""

    ids: Ids
    files: tuple[FilePart, ...]


class PlacedFile(NamedTuple):
    """One file on its way into a document: what it is, and its pieces in the order in which they are given."""

    swhid: str
    repository_id: str
    path: str
    pieces: list[Piece]
    fim: FimOrder | None


class TextDocument(NamedTuple):
    """The files of a document; `name` is that of their repository, None where a document is one file."""

    name: str | None
    files: list[PlacedFile]


def text_documents(rows: pa.Table, order: pa.Array, documents: DocumentOf, fim: Fim) -> Iterator[TextDocument]:
    """Yield the documents of rows in an order in which those of a repository follow each other."""
    by = "repository_id" if documents == "repository" else "swhid"
    for _, run in groupby(_rows(rows, order), key=itemgetter(by)):
        files = list(run)
        if documents == "repository":
            listed = [SourceFile(row["path"], row["language"], row["content"]) for row in files]
            files = [files[at] for at in dependency_order(listed)]
        placed = []
        for row in files:
            pieces, order = fim.pieces(row["swhid"], row["language"], row["content"])
            placed.append(PlacedFile(row["swhid"], row["repository_id"], row["path"], pieces, order))
        name = (files[0]["repo_name"] or files[0]["origin"]) if documents == "repository" else None
        yield TextDocument(name, placed)


def _rows(rows: pa.Table, order: pa.Array) -> Iterator[dict[str, str]]:
    for start in range(0, len(order), 256):
        yield from rows.select(COLUMNS).take(order.slice(start, 256)).to_pylist()


class DocumentEncoder:
    """Makes documents into tokens. `skipped` is told each file that does not come back byte for byte."""

    def __init__(self, tokenizer: TextTokenizer, length: int | None, skipped: Callable[[PlacedFile], None]) -> None:
        self._tokenizer, self._length, self._skipped = tokenizer, length, skipped
        self._end = tokenizer.of("end")

    def documents(self, texts: Iterable[TextDocument]) -> Iterator[TokenDocument]:
        """Yield documents as tokens. One that is longer than `length` becomes several, cut between files.

        Only a file that is longer than `length` by itself stays in a document that is.
        """
        held: list[TextDocument] = []
        size = 0
        for document in texts:
            held.append(document)
            size += sum(len(piece) for file in document.files for piece in file.pieces if isinstance(piece, str))
            if size >= _BATCH:
                yield from self._encoded(held)
                held, size = [], 0
        yield from self._encoded(held)

    def _encoded(self, documents: list[TextDocument]) -> Iterator[TokenDocument]:
        texts: list[str] = []
        for document in documents:
            texts += [document.name] if document.name is not None else []
            for file in document.files:
                texts += [f"{file.path.removeprefix('/')}\n"] if document.name is not None else []
                texts += [piece for piece in file.pieces if isinstance(piece, str)]
        encoded = iter(self._tokenizer.encode(texts))
        for document in documents:
            yield from self._joined(document, encoded)

    def _joined(self, document: TextDocument, encoded: Iterator[Ids | None]) -> Iterator[TokenDocument]:
        head = self._head(encoded) if document.name is not None else _ids()
        parts: list[Ids] = [head]
        files: list[FilePart] = []
        size = len(head)
        for file in document.files:
            before = self._separator(encoded) if document.name is not None else _ids()
            pieces = [next(encoded) if isinstance(p, str) else _ids(self._tokenizer.of(p[0])) for p in file.pieces]
            whole = [piece for piece in pieces if piece is not None]
            if len(whole) < len(pieces):
                self._skipped(file)
                continue
            text = np.concatenate(whole)
            if self._length is not None and files and size + len(before) + len(text) + 1 > self._length:
                yield TokenDocument(np.concatenate([*parts, _ids(self._end)]), tuple(files))
                parts, files, size = [head], [], len(head)
            start = size + len(before)
            files.append(FilePart(file.swhid, file.repository_id, file.path, start, len(text), file.fim))
            parts += [before, text]
            size = start + len(text)
        if files:
            yield TokenDocument(np.concatenate([*parts, _ids(self._end)]), tuple(files))

    def _head(self, encoded: Iterator[Ids | None]) -> Ids:
        """Return how a repository begins: its name, where the tokenizer has a token for it and can say it."""
        name, token = next(encoded), self._tokenizer.special.get("repo_name")
        return _ids() if token is None or name is None else np.concatenate([_ids(token), name])

    def _separator(self, encoded: Iterator[Ids | None]) -> Ids:
        path = next(encoded)
        return np.concatenate([_ids(self._tokenizer.of("file_sep")), _ids() if path is None else path])


def _ids(*values: int) -> Ids:
    return np.array(values, np.uint32)
