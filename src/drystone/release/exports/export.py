"""A release as plain rows, or as the tables that others publish: The Stack v2 per file or per repository, The Stack v3.

The tables are the same column for column, so that what loads those loads this. Reads a release and writes a folder of
its own; the file `export.json` is written last, so its existence means complete. Knows nothing of where they go.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from dataclasses import replace as replace_in
from itertools import groupby
from pathlib import Path
from typing import Any, Final, get_args

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from drystone.errors import ReleaseError, UsageError
from drystone.release import layout
from drystone.release.exports.folder import EXPORT, NOTICE, SPILL, ExportFolder
from drystone.release.exports.forms import TRAINING, ExportedFile, Form, RowChoice
from drystone.release.exports.holding import what_it_holds
from drystone.release.exports.plain import planned_files, read_columns, write_plain
from drystone.release.exports.rows import STACK_V2_REPOSITORIES, STACK_V3, repository_rows
from drystone.release.exports.tokens.choice import TokenChoice
from drystone.release.exports.tokens.documents import COLUMNS as TOKEN_COLUMNS
from drystone.release.exports.tokens.write import Making
from drystone.release.files import write_whole
from drystone.release.read import Release
from drystone.release.schema import DATA, REPOSITORIES, STACK_V2
from drystone.work.buckets import Buckets

_SCHEMAS: Final = {"stack-v2": STACK_V2, "stack-v2-repos": STACK_V2_REPOSITORIES, "stack-v3": STACK_V3}
_PLAIN: Final = ("jsonl", "parquet", "text")
_PLAIN_WORDS: Final = ", ".join(_PLAIN)
_LIKE: Final = {
    "stack-v2": "bigcode/the-stack-v2",
    "stack-v2-repos": "bigcode/the-stack-v2-train-full-ids",
    "stack-v3": "HuggingFaceCode/stack-v3-train",
}
#: Bytes of one bucket of repositories in memory, about; of one file; and how many files are written at a time.
_BUCKET_BYTES: Final = 64 << 20
_FILE_BYTES: Final = 256 << 20
_MOST_BUCKETS: Final = 512
#: A row without its text weighs about so many bytes.
_ROW_BYTES: Final = 400

#: Called with the rows done and all rows.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported, or would be: form, the release it comes from and its kept files, and the files in order.

    `holds` says in one line what it holds and what not. `counts` are those of a training export: files, those among
    them that were cut for filling in the middle, documents, tokens, samples, tokens of padding, ...
    """

    form: str
    name: str
    version: str
    root: str
    files_kept: int
    files: tuple[ExportedFile, ...]
    holds: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def rows_of_splits(self) -> dict[str, int]:
        """Return the rows of each split, where there are several and they were written."""
        found: Counter[str] = Counter()
        for file in self.files:
            if file.rows is not None and self.form in _PLAIN and not file.path.endswith(".index.jsonl"):
                found[split_of(file.path)] += file.rows
        return dict(found) if len(found) > 1 else {}


def export(
    release: Release,
    form: Form,
    output: str | os.PathLike[str],
    *,
    choice: RowChoice | None = None,
    tokens: TokenChoice | None = None,
    replace: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
) -> Export:
    """Write the kept files of `release` into folder `output` in the columns of `form`; return what was written.

    `jsonl`, `parquet` and `text` have a row for each file, with the columns, splits and order of `choice`. `stack-v2`
    has one row per file, without content, a configuration for each language; `stack-v2-repos` and `stack-v3` one row
    per repository, the latter with contents. The forms of `TRAINING` are made as `tokens` says, in the splits and with
    the seed of `choice`. `dry_run` checks and plans, and writes nothing. Memory holds one bucket of
    rows or repositories (about 64 MiB of text up to 32 GiB in all), or the largest repository.
    Raises `UsageError` where `output` is not empty (and not an export that `replace` lets go), `ReleaseError` for
    damaged releases and where the disk is full.
    """
    if form not in get_args(Form):
        raise UsageError(f"{form}: is no form of export; known are {', '.join(get_args(Form))}")
    if choice is not None and form not in (*_PLAIN, *TRAINING) and choice != RowChoice():
        raise UsageError(
            f"{form}: its rows are those of another dataset; choose columns, splits, order and limit for {_PLAIN_WORDS}"
        )
    if tokens is not None and form not in TRAINING and tokens != TokenChoice():
        raise UsageError(f"{form}: has rows; tokenizer, documents and sequences are for {', '.join(TRAINING)}")
    choice, tokens = choice or RowChoice(), tokens or TokenChoice()
    folder = ExportFolder(Path(output))
    folder.check(release.path, replace)
    manifest = release.manifest
    facts = manifest.facts
    meter = _Meter(manifest.counts.kept, progress)
    making = Making(form, choice, tokens, meter.add) if form in TRAINING else None
    if making is not None:
        planned = making.planned()
    else:
        planned = planned_files(form, choice) if form in _PLAIN else _planned(release, form)
    holds = what_it_holds(form, choice, manifest.counts.kept, tokens)
    made = Export(form, facts.name, facts.version, manifest.root, manifest.counts.kept, tuple(planned), holds)
    if dry_run:
        return made
    folder.begin()
    if making is not None:
        written, counts = making.write(folder, release.data(columns=TOKEN_COLUMNS), _buckets(release, form))
        made = replace_in(made, counts=counts)
    elif form in _PLAIN:
        tables = meter.watch(release.data(columns=read_columns(form, choice)))
        written = write_plain(release, form, folder, choice, tables, _buckets(release, form))
    elif form == "stack-v2":
        written = list(_per_file(release, folder, meter))
    else:
        written = list(_per_repository(release, form, folder, [file.path for file in planned], meter))
    if form not in ("stack-v2", "stack-v2-repos") and (release.path / NOTICE).is_file():
        write_whole(folder.path / NOTICE, (release.path / NOTICE).read_bytes())
    write_whole(folder.path / "README.md", _card(release, form, written, holds).encode())
    made = replace_in(made, files=tuple(written))
    folder.end(orjson.dumps(asdict(made), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return made


def split_of(path: str) -> str:
    """Return the split of a file, by its path: what stands before the number."""
    return path.removeprefix("data/").partition("-")[0]


def _planned(release: Release, form: Form) -> list[ExportedFile]:
    if form == "stack-v2":
        return [ExportedFile(entry.path, entry.rows) for entry in release.manifest.of_kind("data")]
    size = release.manifest.counts.kept * _ROW_BYTES
    if form == "stack-v3":
        size += release.manifest.counts.text_bytes
    count = max(1, min(_buckets(release, form), -(-size // _FILE_BYTES)))
    return [ExportedFile(f"data/train-{index:05}-of-{count:05}.parquet", None) for index in range(count)]


def _buckets(release: Release, form: Form) -> int:
    counts = release.manifest.counts
    size = counts.kept * _ROW_BYTES + (counts.text_bytes if form == "stack-v3" or form in (*_PLAIN, *TRAINING) else 0)
    return int(max(1, min(_MOST_BUCKETS, -(-size // _BUCKET_BYTES))))


def _per_file(release: Release, folder: ExportFolder, meter: _Meter) -> Iterator[ExportedFile]:
    for language in release.languages:
        for entry in release.manifest.languages[language]:
            tables = release.rows(entry, STACK_V2.names)
            yield _write(folder, entry.path, STACK_V2, meter.watch(tables))


def _per_repository(
    release: Release, form: Form, folder: ExportFolder, paths: list[str], meter: _Meter
) -> Iterator[ExportedFile]:
    count = _buckets(release, form)
    columns = [name for name in DATA.names if name != "content" or form == "stack-v3"]
    of_files = pa.schema([DATA.field(name) for name in columns])
    with (
        tempfile.TemporaryDirectory(dir=folder.path, prefix=SPILL) as scratch,
        Buckets(of_files, count, Path(scratch), "files") as files,
        Buckets(REPOSITORIES, count, Path(scratch), "repositories") as repositories,
    ):
        for table in meter.watch(release.data(columns=columns)):
            files.add(table, "repository_id")
        for table in release.repositories():
            repositories.add(table.filter(pc.greater(table.column("kept"), 0)), "repository_id")
        share = -(-count // len(paths))
        for index, path in enumerate(paths):
            here = range(index * share, min((index + 1) * share, count))
            tables = (
                rows for number in here for rows in repository_rows(form, repositories.read(number), files.read(number))
            )
            yield _write(folder, path, _SCHEMAS[form], tables)


def _write(folder: ExportFolder, path: str, schema: pa.Schema, tables: Iterator[pa.Table]) -> ExportedFile:
    rows = 0
    with (
        folder.new_file(path) as sink,
        pq.ParquetWriter(sink, schema, compression="zstd", write_page_index=True) as writer,
    ):
        for table in tables:
            if table.num_rows:
                writer.write_table(table)
                rows += table.num_rows
    return ExportedFile(path, rows, sink.size, sink.hexdigest())


def _card(release: Release, form: Form, files: list[ExportedFile], holds: str) -> str:
    """Return the dataset card, whose front matter tells `datasets` which files are which configuration."""
    facts = release.manifest.facts
    if form == "stack-v2":
        of_languages = [
            {
                "config_name": layout.language_folder(language),
                "data_files": [{"split": "train", "path": [e.path for e in release.manifest.languages[language]]}],
            }
            for language in release.languages
        ]
        whole = [{"config_name": "default", "data_files": [{"split": "train", "path": "data/*/*.parquet"}]}]
        configs = [*whole, *of_languages] if of_languages else []
    else:
        paths = [file.path for file in files if form not in TRAINING or form == "documents"]
        paths = [path for path in paths if not path.endswith(".index.jsonl")]
        data_files = [{"split": split, "path": list(those)} for split, those in groupby(paths, key=split_of)]
        configs = [{"config_name": "default", "data_files": data_files}]
    front: dict[str, object] = {"pretty_name": facts.name, "license": "other", "tags": ["code", "drystone"]}
    front |= {"configs": configs} if form not in TRAINING or form == "documents" else {}
    name = layout.shown(f"{facts.name} {facts.version}").replace("\n", " ")
    like = f"in the columns of {_LIKE[form]}" if form in _LIKE else f"as {form}"
    return (
        f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n\n"
        f"# {name}, {like}\n\n{holds}\n\n"
        f"Exported by Drystone from the release with the root hash `{release.root}`. Each file keeps the licence of\n"
        "its repository; the release has the evidence, the attribution (NOTICE) and the ledger of what was left out.\n"
    )


class _Meter:
    def __init__(self, total: int, progress: Progress) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def watch(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """Pass tables on and tell of their rows."""
        for table in tables:
            yield table
            self.add(table.num_rows)

    def add(self, rows: int) -> None:
        """Tell of rows that are done."""
        self._done += rows
        self._progress(self._done, self._total)


def read_export(path: str | os.PathLike[str]) -> Export:
    """Return what an export's `export.json` says; raise `ReleaseError` where the folder is no complete export."""
    try:
        content: dict[str, Any] = orjson.loads((Path(path) / EXPORT).read_bytes())
        files = tuple(ExportedFile(**file) for file in content.pop("files"))
        return Export(**content, files=files)
    except (OSError, ValueError, TypeError, KeyError):
        raise ReleaseError(f"{layout.shown(str(path))} is no complete export: it has no readable {EXPORT}") from None
