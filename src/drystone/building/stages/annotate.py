"""Third stage: every distinct blob is read once and every detector looks at it once.

Annotations lie beside the content, never in it. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, Required, TypedDict

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.contents import Contents, Extent
from drystone.building.stages.paths import placeless
from drystone.building.stages.screening import Screens
from drystone.building.stages.tables import ANNOTATIONS, BLOBS, NAMES, BlobRow, as_rows
from drystone.building.stages.text import to_text
from drystone.dedup import near
from drystone.detect import languages, licenses, quality, secrets
from drystone.detect.columns import column_detectors
from drystone.detect.languages.attributes import read_attributes
from drystone.detect.licenses.matching.scancode import ScanCode
from drystone.detect.plain import plain_id
from drystone.errors import SourceError
from drystone.work.losses import Lost, lost
from drystone.work.ranges import Range, read
from drystone.work.store import Stage, write_table

#: Bytes of text that go through the detectors at a time.
_BATCH_BYTES = 8 << 20
_BATCH_BLOBS = 4096


class AnnotateCounts(TypedDict):
    """Blobs that were looked at, their bytes, and what was lost."""

    blobs: int
    bytes: int
    lost: Lost | None


def run(
    stage: Stage,
    task: str,
    blobs: Sequence[Path],
    contents: Contents,
    partition: int,
    where: Range,
    secret_settings: secrets.ScanSettings,
    near_method: near.Method | None,
    scancode: bool,
    screens: Screens,
) -> AnnotateCounts:
    """Annotate the blobs of one partition that lie in a range of offsets or of ids.

    Writes `TASK.parquet` (ANNOTATIONS) and `TASK.names.parquet` (NAMES), both sorted by id.
    """
    rows = read(blobs, BLOBS, (), Range("partition", partition, partition + 1), where).sort_by(
        [("repository", "ascending"), ("offset", "ascending"), ("id", "ascending")]
    )
    annotations: list[pa.Table] = []
    names: list[pa.Table] = []
    for batch in _batches(rows):
        found, named = _annotate(batch, contents, secret_settings, near_method, scancode, screens)
        annotations.append(found)
        names.append(named)
    table = pa.concat_tables([ANNOTATIONS.empty_table(), *annotations]).sort_by("id")
    write_table(
        stage.file(f"{task}.names.parquet"),
        pa.concat_tables([NAMES.empty_table(), *names]).sort_by([("id", "ascending"), ("name", "ascending")]),
    )
    write_table(stage.file(f"{task}.parquet"), table)
    gone = table.filter(pc.equal(table.column("excluded"), "damaged")).select(["id", "excluded_evidence"])
    return {"blobs": rows.num_rows, "bytes": sum(rows.column("size").to_pylist()), "lost": lost(gone.to_pylist())}


def _batches(rows: pa.Table) -> Iterator[list[BlobRow]]:
    batch: list[BlobRow] = []
    size = 0
    for chunk in rows.to_batches(max_chunksize=_BATCH_BLOBS):
        for blob in as_rows(chunk, BlobRow, BlobRow._fields):
            if batch and (size + blob.size > _BATCH_BYTES or len(batch) >= _BATCH_BLOBS):
                yield batch
                batch, size = [], 0
            batch.append(blob)
            size += blob.size
    if batch:
        yield batch


@lru_cache(maxsize=2)
def _scanner(settings: secrets.ScanSettings) -> secrets.Scanner:
    return secrets.Scanner(settings)


@cache
def _scancode() -> ScanCode:
    """Return this process's ScanCode; it takes seconds and a gigabyte to start, so it starts once, when first asked."""
    return ScanCode()


class _Decoded(NamedTuple):
    """A blob with its text."""

    blob: BlobRow
    text: bytes
    encoding: str | None
    notebook: bool
    script_language: str | None
    plain_id: bytes | None
    malware: str | None


class _Excluded(TypedDict, total=False):
    """The columns of ANNOTATIONS that a blob without a text has."""

    id: Required[bytes]
    encoding: str | None
    excluded: Required[Literal["binary", "undecodable", "damaged"]]
    excluded_evidence: str | None
    license: str | None


def _annotate(
    batch: list[BlobRow],
    contents: Contents,
    secret_settings: secrets.ScanSettings,
    near_method: near.Method | None,
    scancode: bool,
    screens: Screens,
) -> tuple[pa.Table, pa.Table]:
    """Let every detector look at some blobs; return rows of ANNOTATIONS and of NAMES."""
    files, excluded = _decode(batch, contents, screens)
    texts = [file.text for file in files]
    array = _large_binary(texts)
    named = _names(files)
    spans = _scanner(secret_settings).scan_batch(texts, [file.blob.names[0] for file in files])
    found_secrets = [[span._asdict() for span in found] or None for found in spans]
    columns = {
        "id": pa.array([file.blob.id for file in files], pa.binary()),
        "notebook": pa.array([file.notebook for file in files], pa.bool_()),
        "script_language": pa.array([file.script_language for file in files], pa.string()),
        "encoding": pa.array([file.encoding for file in files], pa.string()),
        "excluded": pa.nulls(len(files), pa.string()),
        "excluded_evidence": pa.nulls(len(files), pa.string()),
        "plain_id": pa.array([file.plain_id for file in files], pa.binary()),
        "text_bytes": pa.array([len(text) for text in texts], pa.int64()),
        **_measures(files, array, named),
        **_licenses(files, scancode),
        "attribute_rules": pa.array([_attribute_rules(file) for file in files], pa.string()),
        **_shown(files),
        "secrets": pa.array(found_secrets, ANNOTATIONS.field("secrets").type),
        "malware": pa.array([file.malware for file in files], pa.string()),
        "contamination": pa.array(screens.contamination(array), pa.string()),
        "signature": near.signatures(array, near_method).cast(pa.binary())
        if near_method
        else pa.nulls(len(files), pa.binary()),
    }
    table = pa.table([columns[name] for name in ANNOTATIONS.names], schema=ANNOTATIONS)
    return pa.concat_tables([table, pa.Table.from_pylist(excluded, ANNOTATIONS)]), named


def _decode(batch: list[BlobRow], contents: Contents, screens: Screens) -> tuple[list[_Decoded], list[_Excluded]]:
    """Read blobs; return those with a text, and for the others why there is none."""
    files: list[_Decoded] = []
    excluded: list[_Excluded] = []
    extents = [Extent(blob.partition, blob.repository, blob.offset, blob.size, blob.id) for blob in batch]
    for blob, data in zip(batch, contents.try_read(extents), strict=True):
        if isinstance(data, SourceError):
            why = placeless(str(data))
            damaged = _unread(blob, f"damaged: {why}")
            excluded.append({"id": blob.id, "excluded": "damaged", "excluded_evidence": why, "license": damaged})
            continue
        notebook = any(name.endswith(".ipynb") for name in blob.names)
        decoded, script_language = to_text(data, notebook)
        if decoded.text is not None:
            plain = plain_id(data, None if script_language is not None else decoded.text)
            malware = screens.malware(data)
            files.append(_Decoded(blob, decoded.text, decoded.encoding, notebook, script_language, plain, malware))
            continue
        excluded.append(
            {
                "id": blob.id,
                "encoding": decoded.encoding,
                "excluded": "binary" if decoded.binary else "undecodable",
                "excluded_evidence": decoded.reason,
                "license": _unread(blob, "binary" if decoded.binary else f"undecodable: {decoded.reason}"),
            }
        )
    return files, excluded


def _unread(blob: BlobRow, why: str) -> str | None:
    """Return what a licence file says of which no text could be read: it is there, and not understood."""
    return licenses.unread_text(why).to_json() if blob.license_path is not None else None


def _large_binary(texts: list[bytes]) -> pa.LargeBinaryArray:
    """Return the texts as one array; joined in one copy, where Arrow's builder would grow and copy again."""
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(texts), buffers)


def _names(files: list[_Decoded]) -> pa.Table:
    """Return what is found of each text under each of its base names."""
    names = [name for file in files for name in file.blob.names]
    owners = [file for file in files for _ in file.blob.names]
    texts = [file.text for file in owners]
    found = list(map(languages.annotate_language, names, texts))
    return pa.table(
        {
            "id": pa.array([file.blob.id for file in owners], pa.binary()),
            "name": pa.array(names, pa.string()),
            "language": pa.array([each.language for each in found], pa.string()),
            "language_evidence": pa.array([each.evidence for each in found], pa.string()),
            "language_confidence": pa.array([each.confidence for each in found], pa.float32()),
            "generated": pa.array(map(_generated, names, texts), pa.string()),
        },
        schema=NAMES,
    )


def _generated(name: str, text: bytes) -> str | None:
    """Return by which rule a tool wrote a file, as JSON; None where none says so."""
    found = languages.generated_by(name, text)
    if found is None:
        return None
    return orjson.dumps({key: value for key, value in found._asdict().items() if value is not None}).decode()


def _measures(files: list[_Decoded], texts: pa.LargeBinaryArray, named: pa.Table) -> dict[str, pa.Array]:
    """Return the measures of each text; what can be seen of it is measured where one of its names makes it HTML."""
    html = set(named.filter(pc.equal(named.column("language"), "HTML")).column("id").to_pylist())
    visible = [quality.visible_text(file.text) if file.blob.id in html else (None, None) for file in files]
    measured = quality.measures(texts)
    return {
        **{name: measured.column(name) for name in measured.schema.names},
        "says_generated": pa.array([languages.says_generated(file.text) for file in files], pa.string()),
        "visible_characters": pa.array([characters for characters, _ in visible], pa.int64()),
        "visible_fraction": pa.array([fraction for _, fraction in visible], pa.float64()),
    }


def _shown(files: list[_Decoded]) -> dict[str, pa.Array]:
    """Return what a release shows as it was found."""
    return {
        name: pa.array([annotate(file.text, file.blob.names[0]) for file in files], ANNOTATIONS.field(name).type)
        for name, annotate in column_detectors().items()
    }


def _attribute_rules(file: _Decoded) -> str | None:
    """Return what a .gitattributes file says of languages, as JSON."""
    rules = read_attributes(file.text) if ".gitattributes" in file.blob.names else []
    return orjson.dumps(rules).decode() if rules else None


def _licenses(files: list[_Decoded], scancode: bool) -> dict[str, pa.Array]:
    """Return what each text says of its own licence, and what licence files and metadata say of the tree below."""
    # A notebook is read as the script that it became, not as the JSON that its name says.
    names = [f"{file.blob.names[0]}.py" if file.notebook else file.blob.names[0] for file in files]
    headers = licenses.detect_headers([file.text for file in files], names)
    texts = [
        licenses.detect_file(file.text, file.blob.license_path) if file.blob.license_path is not None else None
        for file in files
    ]
    if scancode:
        texts = [
            _scancode().complete(found, file.text) if found is not None and found.unanswered else found
            for found, file in zip(texts, files, strict=True)
        ]
    return {
        "license": pa.array([found.to_json() if found is not None else None for found in texts], pa.string()),
        "header": pa.array([found.to_json() if found is not None else None for found in headers], pa.string()),
    }
