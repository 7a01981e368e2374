"""A training export: the rows of a release to documents, to tokens, to samples, to shards; or to documents as text.

Files of a repository, or files in an order that the seed decides, lie on disk in between; a bucket of them is in memory
at a time, and one window of packing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Final, NamedTuple, Self

import numpy as np
import orjson
import pyarrow as pa

from drystone.errors import ReleaseError, UsageError
from drystone.release.exports.folder import ExportFolder
from drystone.release.exports.forms import ExportedFile, RowChoice
from drystone.release.exports.plain import SPLIT, ordered_by_place, with_places
from drystone.release.exports.tokens.choice import KNOWN, Special, TokenChoice
from drystone.release.exports.tokens.documents import (
    DocumentEncoder,
    PlacedFile,
    TextDocument,
    TokenDocument,
    text_documents,
)
from drystone.release.exports.tokens.fim import Fim
from drystone.release.exports.tokens.formats import WRITERS, TokenFiles
from drystone.release.exports.tokens.packing import Packer, Sample
from drystone.release.exports.tokens.syntax import check_parsers
from drystone.release.exports.tokens.tokenizer import TextTokenizer
from drystone.release.files import HashingSink
from drystone.release.layout import shown

#: What decodes the tokens of an export, beside them.
TOKENIZER: Final = "tokenizer.json"
#: The files that a tokenizer does not give back byte for byte.
LEFT_OUT: Final = "data/left-out.jsonl"
#: How the name of a split's first file goes on, by form.
_FIRST: Final = {
    "documents": "-00000.jsonl", "megatron": "-00000.bin", "mds": "/shard.00000.mds", "webdataset": "-00000.tar",
    "nanoset": "-00000.ds",
}  # fmt: skip
_FILE_BYTES: Final = 256 << 20


class TokenExport(NamedTuple):
    """What was written: files in order, and how much (`counts`), by names that `export.json` has."""

    files: list[ExportedFile]
    counts: dict[str, int]


class Making:
    """A training export in the making. `seen` is told how many files were made into documents.

    Raises `UsageError` for what cannot be chosen together, and as `TextTokenizer` does.
    """

    def __init__(
        self, form: str, choice: RowChoice, tokens: TokenChoice, seen: Callable[[int], None] = lambda files: None
    ) -> None:
        self.form, self.choice, self.tokens = form, choice, tokens
        if choice.columns or choice.shuffle or choice.limit is not None:
            raise UsageError(
                f"{form}: holds all files in the order of the seed; no columns, order or limit can be chosen"
            )
        if len(choice.splits) > 1 and tokens.documents == "repository" and choice.by != "repository":
            raise UsageError("a document of a repository goes to one split whole: add --split-by repository")
        if tokens.fim_split == "syntax" and tokens.fim_rate:
            check_parsers()
        if form == "documents" and (tokens.tokenizer is not None or tokens.sequence_length is not None):
            raise UsageError("documents: is text, without tokens; leave out --tokenizer and --sequence-length")
        self.tokenizer = None if form == "documents" else TextTokenizer(tokens)
        self._check_special()
        self.counts: Counter[str] = Counter()
        self._seen = seen

    def _check_special(self) -> None:
        wanted: list[Special] = ["end"]
        wanted += ["file_sep"] if self.tokens.documents == "repository" else []
        wanted += ["fim_prefix", "fim_suffix", "fim_middle"] if self.tokens.fim_rate else []
        if self.tokenizer is not None:
            for part in wanted:
                self.tokenizer.of(part)

    def planned(self) -> list[ExportedFile]:
        """Return the first file of each split."""
        suffix = _FIRST[self.form]
        return [ExportedFile(f"data/{name}{suffix}", None) for name, _ in self.choice.splits]

    def write(self, folder: ExportFolder, tables: Iterator[pa.Table], buckets: int) -> TokenExport:
        """Write the rows of `tables` (columns `COLUMNS`), spilled into `buckets` parts, into `folder`."""
        with ExitStack() as stack:
            ordered = ordered_by_place((self._marked(table) for table in tables), folder, buckets, stack)
            documents = self._documents(ordered)
            if self.tokenizer is None:
                files = self._write_text(folder, documents, stack)
            else:
                files = self._write_tokens(folder, documents, self.tokenizer, stack)
        return TokenExport(files, dict(sorted(self.counts.items())))

    def _marked(self, table: pa.Table) -> pa.Table:
        """Return rows with split and place: the files of a repository have one place, where they make a document."""
        together = self.tokens.documents == "repository"
        splits, places = [], []
        columns = (table.column(name).to_pylist() for name in ("swhid", "origin", "repository_id", "path"))
        for swhid, origin, id_, path in zip(*columns, strict=True):
            splits.append(self.choice.split_of(swhid, origin))
            places.append(self.choice.place_of(*(("", id_, "") if together else (swhid, id_, path))))
        return with_places(table.append_column(SPLIT, pa.array(splits, pa.int32())), places)

    def _documents(self, ordered: Iterable[tuple[pa.Table, pa.Array]]) -> Iterator[tuple[int, Iterator[TextDocument]]]:
        """Yield the documents of each bucket by split."""
        fim = Fim(self.tokens.fim_rate, self.tokens.fim_order, self.tokens.fim_split, self.choice.seed)
        for rows, order in ordered:
            numbers = rows.column(SPLIT).to_numpy()[order.to_numpy()]
            for number in np.unique(numbers).tolist():
                mine = order.filter(pa.array(numbers == number))
                yield number, map(self._counted, text_documents(rows, mine, self.tokens.documents, fim))

    def _counted(self, document: TextDocument) -> TextDocument:
        self.counts["files"] += len(document.files)
        self.counts["fim_files"] += sum(file.fim is not None for file in document.files)
        self._seen(len(document.files))
        return document

    def _write_text(
        self, folder: ExportFolder, documents: Iterable[tuple[int, Iterator[TextDocument]]], stack: ExitStack
    ) -> list[ExportedFile]:
        writers = [stack.enter_context(DocumentLines(folder, name, self.tokens)) for name, _ in self.choice.splits]
        for number, texts in documents:
            for text in texts:
                self.counts["documents"] += 1
                writers[number].add(text)
        return [file for writer in writers for file in writer.close()]

    def _write_tokens(
        self,
        folder: ExportFolder,
        documents: Iterable[tuple[int, Iterator[TextDocument]]],
        tokenizer: TextTokenizer,
        stack: ExitStack,
    ) -> list[ExportedFile]:
        left = stack.enter_context(folder.new_file(LEFT_OUT)) if self.tokens.inexact == "skip" else None
        encoder = DocumentEncoder(tokenizer, self.tokens.sequence_length, lambda file: self._left_out(file, left))
        length, seed = self.tokens.sequence_length, self.choice.seed
        shards = [stack.enter_context(self._shards(folder, name, tokenizer)) for name, _ in self.choice.splits]
        splits = [(writer, Packer(length, seed)) for writer in shards]
        for number, texts in documents:
            writer, packer = splits[number]
            for document in encoder.documents(texts):
                self._count(document)
                self._add(writer, packer.add(document))
        for writer, packer in splits:
            self._add(writer, packer.end())
        if len(splits) > 1:
            for writer, (name, _) in zip(shards, self.choice.splits, strict=True):
                self.counts[f"samples_{name}"] = writer.samples
        files = [file for writer, _ in splits for file in writer.close()]
        if left is not None:
            files.append(ExportedFile(LEFT_OUT, self.counts["left_out"], left.size, left.hexdigest()))
        with folder.new_file(TOKENIZER) as sink:
            sink.write(tokenizer.data)
        return [*files, ExportedFile(TOKENIZER, None, sink.size, sink.hexdigest())]

    def _shards(self, folder: ExportFolder, split: str, tokenizer: TextTokenizer) -> TokenFiles:
        pad = tokenizer.special.get("pad", tokenizer.of("end"))
        name = tokenizer.place.rpartition("/")[2]
        return WRITERS[self.form](folder, split, tokenizer.dtype, self.tokens.sequence_length, pad, name)

    def _count(self, document: TokenDocument) -> None:
        length = self.tokens.sequence_length
        self.counts["documents"] += 1
        self.counts["tokens"] += len(document.ids)
        if length is not None and len(document.ids) > length:
            self.counts["documents_cut"] += 1

    def _add(self, writer: TokenFiles, samples: list[Sample]) -> None:
        for sample in samples:
            self.counts["samples"] += 1
            self.counts["padding"] += writer.add(sample)

    def _left_out(self, file: PlacedFile, left: HashingSink | None) -> None:
        if left is None:
            raise ReleaseError(
                f"{shown(file.path)} ({file.swhid}): its tokens do not give it back byte for byte. Choose a byte-level "
                "tokenizer, or leave out such files with --inexact skip"
            )
        self.counts["left_out"] += 1
        row = {"swhid": file.swhid, "repository_id": file.repository_id, "path": file.path}
        left.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


class DocumentLines:
    """Writes documents of one split as JSON Lines: text, repository, and where each file's text lies in it."""

    def __init__(self, folder: ExportFolder, split: str, tokens: TokenChoice) -> None:
        self._folder, self._split = folder, split
        self._special = {part: tokens.special.get(part, names[0]) for part, names in KNOWN.items()}
        self._done: list[ExportedFile] = []
        self._stack = ExitStack()
        self._sink: HashingSink | None = None
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)

    def add(self, document: TextDocument) -> None:
        """Write a document; offsets of files are in bytes of UTF-8."""
        texts: list[str] = []
        files = []
        size = 0
        if document.name is not None:
            texts.append(f"{self._special['repo_name']}{document.name}")
            size = len(texts[0].encode())
        for file in document.files:
            before = f"{self._special['file_sep']}{file.path.removeprefix('/')}\n" if document.name is not None else ""
            text = "".join(piece if isinstance(piece, str) else self._special[piece[0]] for piece in file.pieces)
            start, length = size + len(before.encode()), len(text.encode())
            files.append({"path": file.path, "swhid": file.swhid, "start": start, "bytes": length, "fim": file.fim})
            texts += [before, text]
            size = start + length
        row = {"text": "".join(texts), "repository": document.name, "files": files}
        if self._sink is None:
            self._sink = self._stack.enter_context(self._folder.new_file(self._name))
        self._sink.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        self._rows += 1
        if self._sink.size >= _FILE_BYTES:
            self._end(self._sink)

    def close(self) -> list[ExportedFile]:
        """End the last file; return all."""
        if self._sink is not None:
            self._end(self._sink)
        return self._done

    def _end(self, sink: HashingSink) -> None:
        self._stack.close()
        self._done.append(ExportedFile(self._name, self._rows, sink.size, sink.hexdigest()))
        self._sink, self._rows = None, 0

    @property
    def _name(self) -> str:
        return f"data/{self._split}-{len(self._done):05}.jsonl"
