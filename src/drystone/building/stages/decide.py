"""Fifth stage: judge every occurrence, and let one occurrence represent each blob.

Works on one range of ids, so that all occurrences of a blob are judged together. The verdicts are policy's; this
module only brings together what they rest on.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypedDict

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.licensing import LICENSED, LicensedRow
from drystone.building.stages.opting_out.copies import COPIES
from drystone.building.stages.paths import base_name, path_text
from drystone.building.stages.screening import as_found
from drystone.building.stages.tables import ANNOTATIONS, BLOBS, NAMES
from drystone.dedup import near
from drystone.detect.languages import LanguageAnnotation
from drystone.detect.languages.attributes import LanguageAttributes
from drystone.detect.licenses import LicenseAnnotation, file_license, reviewed
from drystone.detect.licenses.paths import names_license_text
from drystone.policy.curation.filters import columns, filters_of
from drystone.policy.curation.screening import Screened
from drystone.policy.decision import Drop, Kept, LedgerStage
from drystone.policy.judge import AskedOut, Copy, Filtered, NotText, OfDuplicate, Policies, TextFile, Unread, judge
from drystone.policy.language import settled_language
from drystone.policy.licensed import Licensed, license_of
from drystone.policy.licenses import Ground, LicensePolicy
from drystone.policy.quality import Measures
from drystone.policy.representative import rank
from drystone.release.inspection.losses import Causes
from drystone.release.inspection.losses import add as count_lost
from drystone.release.schema import DATA, LEDGER
from drystone.sources.base import FILE
from drystone.work.ranges import id_range, read, within
from drystone.work.store import Stage, write_table

if TYPE_CHECKING:
    from drystone._json import Json

#: What only settling knows of a ledger row: how paths and ids are written, and what near duplicates change.
_SETTLED: Final = frozenset({"path", "path_raw", "swhid", "decision", "similarity", "shard"})
#: A ledger row before near duplicates are known: what stands for its blob is at the stage of what is kept.
VERDICTS: Final = pa.schema(
    [("id", pa.binary()), ("path", pa.binary()), *(field for field in LEDGER if field.name not in _SETTLED)]
)

#: Columns of annotations that go with a file to where it is written: what a release shows, and what writing needs.
_CARRIED: Final = frozenset({"notebook", "encoding", "secrets", "signature", *DATA.names})
#: A file that will be in the release unless it is a near duplicate: all of its row but the content.
CANDIDATES: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("repository_id", pa.string()),
        ("origin", pa.string()),
        ("path", pa.binary()),
        ("group", pa.string()),
        ("rank", pa.binary()),
        ("language", pa.string()),
        ("language_evidence", pa.string()),
        ("language_confidence", pa.float32()),
        ("license_type", pa.string()),
        ("license_expression", pa.string()),
        ("license_evidence", pa.string()),
        ("license_basis", pa.string()),
        ("license_confidence", pa.float32()),
        ("license_conflict", pa.string()),
        ("generated", pa.bool_()),
        ("attributes", pa.string()),
        ("partition", pa.int32()),
        ("repository", pa.int32()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("bytes", pa.int64()),
        *(field for field in ANNOTATIONS if field.name in _CARRIED),
    ]
)

#: What judging reads of an annotation besides the measures.
_OF_BLOB: Final = ("id", "excluded", "excluded_evidence", "header", "malware", "contamination")
#: Where a blob's bytes lie, and how many they are.
_PLACE: Final = ("partition", "repository", "offset", "size")
#: Rows that are Python objects at a time, at some kilobytes each.
_ROWS: Final = 4096
_STAGES: Final = tuple(LedgerStage)
_POSITION: Final = {stage: position for position, stage in enumerate(_STAGES)}
#: Grounds on which a licence that was found is not taken, the strictest first.
_STRICTEST: Final = (Ground.FORBIDDEN, Ground.UNKNOWN, Ground.DENIED, Ground.REFUSED)
#: Files of so few bytes are the same by chance.
_TRIVIAL: Final = 1


class _Tables(NamedTuple):
    """What is known of some blobs: of their occurrences, of each blob, of its bytes, and of its names."""

    occurrences: pa.Table
    blobs: pa.Table
    annotations: pa.Table
    names: pa.Table


class _Blob(NamedTuple):
    """What was found in some bytes: why they are no text, or the licence of their header and the measures."""

    excluded: Literal["binary", "undecodable", "damaged"] | None
    why: str | None
    header: str | None
    malware: str | None
    contamination: str | None
    measures: Measures


#: What a person should read of the heads of files: hash of a head -> (smallest id, in hexadecimal digits, of a file
#: that has it; what it contradicts, "" where nothing).
Heads = dict[str, tuple[str, str]]


class _Judged(NamedTuple):
    """The decision on one occurrence, copies aside, and what was found on the way; `rank` where nothing objects.

    `head`: hash of the file's own head where a person should read it, and what it contradicts. `generic_code`: the task
    of a benchmark that it holds and any program may hold.
    """

    decision: Kept | Drop
    language: LanguageAnnotation | None = None
    generated: bool | None = None
    licensed: Licensed | None = None
    rank: bytes | None = None
    head: tuple[str, str] | None = None
    generic_code: Mapping[str, Json] | None = None


#: Language, and whether a program wrote it, by blob and base name.
_Names = dict[tuple[bytes, str], tuple[LanguageAnnotation, str | None]]
#: The group in which near duplicates are sought among files whose language only their content told: what was guessed
#: of one file shall not change what becomes of another.
_GUESSED: Final = "content"


class DecideCounts(TypedDict):
    """Occurrences judged, candidates among them, blobs and bytes by stage ("blobs quality", "bytes quality"), heads.

    `fell`: by request, [occurrences, bytes] that go as copies of another form. `lost`: by reason and cause, what was
    promised and did not come.
    """

    occurrences: int
    candidates: int
    funnel: dict[str, int]
    heads: Heads
    fell: dict[str, list[int]]
    lost: Causes


def run(
    stage: Stage,
    task: str,
    licensed: Sequence[Path],
    blobs: Sequence[Path],
    annotations: Sequence[Path],
    names: Sequence[Path],
    index: int,
    count: int,
    policies: Policies,
    reviews: Mapping[str, str],
    scope: str,
    near_method: near.Method | None,
    filters: tuple[tuple[str, str], ...] = (),
    copies: Path | None = None,
) -> DecideCounts:
    """Write the verdicts and the candidates of one range of ids; count blobs and bytes that each stage drops.

    `filters` are expressions in SQL by name. `copies` are contents that are out as copies of another form.
    `TASK.near.parquet` holds what the near-duplicate room takes of the candidates, in its own types.
    """
    where = id_range(index, count)
    whole = _Tables(
        read(licensed, LICENSED, (), where),
        read(blobs, BLOBS, ("id", *_PLACE), where),
        read(annotations, ANNOTATIONS, (), where),
        read(names, NAMES, (), where),
    )
    funnel: Counter[str] = Counter()
    heads: Heads = {}
    out = _copies(copies)
    fell: dict[str, list[int]] = {}
    verdicts, candidates = [VERDICTS.empty_table()], [CANDIDATES.empty_table()]
    pieces = math.ceil(whole.occurrences.num_rows / _ROWS) or 1
    for piece in range(pieces):
        narrower = id_range(index * pieces + piece, count * pieces)
        part = _Tables(*(within(table, narrower).combine_chunks() for table in whole))
        judged, chosen = _decide(part, policies, reviews, scope, filters, funnel, heads, out, fell)
        verdicts.append(judged)
        candidates.append(chosen)
    verdict = pa.concat_tables(verdicts)
    lost: Causes = {}
    count_lost(lost, verdict)
    write_table(stage.file(f"{task}.parquet"), verdict)
    table = pa.concat_tables(candidates)
    write_table(stage.file(f"{task}.candidates.parquet"), table)
    if near_method is not None:
        types = {"id": pa.binary(20), "signature": near.signature_type(near_method)}
        items = table.select(["id", "group", "rank", "bytes", "signature"])
        items = items.cast(pa.schema([(f.name, types.get(f.name, f.type)) for f in items.schema]))
        write_table(stage.file(f"{task}.near.parquet"), items)
    return {
        "occurrences": verdict.num_rows,
        "candidates": table.num_rows,
        "funnel": dict(funnel),
        "heads": heads,
        "fell": fell,
        "lost": lost,
    }


def _copies(path: Path | None) -> dict[bytes, AskedOut]:
    """Return by id the contents that are out as copies of another form."""
    rows = zip(*_columns(read([path], COPIES), COPIES.names), strict=True) if path is not None else ()
    return {id_: AskedOut(request, of, share) for id_, request, of, share in rows}


def _decide(
    tables: _Tables,
    policies: Policies,
    reviews: Mapping[str, str],
    scope: str,
    filters: tuple[tuple[str, str], ...],
    funnel: Counter[str],
    heads: Heads,
    out: Mapping[bytes, AskedOut],
    fell: dict[str, list[int]],
) -> tuple[pa.Table, pa.Table]:
    """Return the verdicts and the candidates of all rows of some blobs.

    What each stage drops is counted in `funnel`; heads that a person should read are put into `heads`. `out` are the
    contents that go as copies of another form; what falls by that is counted in `fell`, by request.
    """
    # What is judged becomes Python values; what only goes from table to table, the sketches above all, does not.
    found, named = _blobs(tables.annotations), _names(tables.names)
    sizes = dict(zip(*_columns(tables.blobs, ("id", "size")), strict=True))
    rows = [LicensedRow(*row) for row in zip(*_columns(tables.occurrences, LicensedRow._fields), strict=True)]
    judged = [_judge(row, found.get(row.id), named, policies, reviews, out.get(row.id)) for row in rows]
    if filters:
        _filter(tables, rows, judged, filters)
    for row, each in zip(rows, judged, strict=True):
        if row.opted_out is None and each.decision.stage is LedgerStage.OPTED_OUT:
            counted = fell.setdefault(out[row.id].request, [0, 0])
            counted[0] += 1
            counted[1] += row.size or 0
    by_blob: dict[bytes, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        by_blob[row.id].append(position)
        if (head := judged[position].head) is not None:
            seen = (row.id.hex(), head[1])
            heads[head[0]] = min(heads.get(head[0], seen), seen)
    for id_, copies in by_blob.items():
        if len(copies) > 1 and (sizes.get(id_) or 0) > _TRIVIAL:
            _same_bytes(copies, rows, judged)
    chosen: list[int] = []
    stands: list[int | None] = [None] * len(rows)
    for id_, copies in by_blob.items():
        best = _representative(copies, judged)
        if best is not None:
            chosen.append(best)
            for position in copies:
                stands[position] = best
            furthest = _POSITION[LedgerStage.EXACT_DUPLICATES]
        else:
            furthest = max(_POSITION[judged[position].decision.stage] for position in copies)
        if id_ and id_ in sizes:
            funnel[f"blobs {_STAGES[furthest].word}"] += 1
            funnel[f"bytes {_STAGES[furthest].word}"] += sizes[id_]
    verdicts = _verdicts(tables.occurrences, rows, judged, stands)
    return verdicts, _candidates(tables, rows, judged, chosen, scope)


def _filter(
    tables: _Tables, rows: list[LicensedRow], judged: list[_Judged], filters: tuple[tuple[str, str], ...]
) -> None:
    """Let the filters drop what nothing else objects to; each occurrence is asked for itself."""
    kept = [position for position, each in enumerate(judged) if isinstance(each.decision, Kept)]
    if not kept:
        return
    found, own = [judged[position] for position in kept], [rows[position] for position in kept]
    paths = [path_text(row.path) for row in own]
    asked: dict[str, list[Any]] = {
        "path": paths,
        "name": [path.rpartition("/")[2] for path in paths],
        "language": [each.language.language if each.language else None for each in found],
        "language_confidence": [each.language.confidence if each.language else None for each in found],
        "license_type": [each.licensed.verdict.license_type if each.licensed else None for each in found],
        "license_expression": [each.licensed.expression if each.licensed else None for each in found],
        "generated": [each.generated for each in found],
        **{name: [getattr(row, name) for row in own] for name in ("origin", "stars", "forks", "revision_date", "size")},
    }
    ids = pa.array([row.id for row in own], pa.binary())
    annotated = tables.annotations.take(pc.index_in(ids, value_set=tables.annotations.column("id")))
    files = _table(columns(), asked, annotated)
    for position, number in zip(kept, filters_of(filters).first(files), strict=True):
        if number is not None:
            drop = judge(Filtered(*filters[number]))
            judged[position] = judged[position]._replace(decision=drop, rank=None)


def _same_bytes(copies: list[int], rows: list[LicensedRow], judged: list[_Judged]) -> None:
    """Let what was found of some bytes where they have a licence hold where none was found, if it is stricter.

    Somebody took the file out of the folder that grants, or denies, what may be done with it.
    """
    told = [
        (_STRICTEST.index(found.licensed.verdict.ground), rows[position].origin, rows[position].path, position)
        for position in copies
        if (found := judged[position]).licensed is not None and found.licensed.verdict.ground in _STRICTEST
    ]
    if not told:
        return
    strictest = min(told)[3]
    row, licensed = rows[strictest], judged[strictest].licensed
    assert licensed is not None
    assert licensed.drop is not None  # each of these grounds is a drop
    where = {"origin": row.origin, "path": path_text(row.path)}
    drop = Drop(licensed.drop.reason, {**licensed.drop.evidence, "same_bytes": where})
    for position in copies:
        found = judged[position]
        if found.licensed is None or found.licensed.verdict.ground is not Ground.ABSENT:
            continue
        if isinstance(found.decision, Kept) or _POSITION[found.decision.stage] >= _POSITION[LedgerStage.LICENSE]:
            taken = replace(licensed, drop=drop)
            judged[position] = found._replace(decision=drop, licensed=taken, rank=None)


def _representative(copies: list[int], judged: list[_Judged]) -> int | None:
    """Return which of the copies stands for all of them; None where each of them is dropped."""
    ranks = [(rank_, position) for position in copies if (rank_ := judged[position].rank) is not None]
    return min(ranks)[1] if ranks else None


def _columns(table: pa.Table, names: Sequence[str]) -> list[list[Any]]:
    return [_values(table.column(name)) for name in names]


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return a column as Python values; a text of a dictionary column is one object, however many rows have it."""
    values: list[Any] = []
    for chunk in column.chunks:
        if isinstance(chunk, pa.DictionaryArray):
            known = [*chunk.dictionary.to_pylist(), None]
            values += [known[index] for index in chunk.indices.fill_null(len(known) - 1).to_pylist()]
        else:
            values += chunk.to_pylist()
    return values


def _blobs(annotations: pa.Table) -> dict[bytes, _Blob]:
    """Return what judging reads of each annotation, by id."""
    measures = starmap(Measures, zip(*_columns(annotations, Measures._fields), strict=True))
    ids, *found = _columns(annotations, _OF_BLOB)
    return dict(zip(ids, map(_Blob, *found, measures), strict=True))


def _names(names: pa.Table) -> _Names:
    ids, called, *found, generated = _columns(names, NAMES.names)
    languages = map(LanguageAnnotation, *found)
    return dict(zip(zip(ids, called, strict=True), zip(languages, generated, strict=True), strict=True))


def _judge(
    row: LicensedRow,
    blob: _Blob | None,
    named: _Names,
    policies: Policies,
    reviews: Mapping[str, str],
    copy: AskedOut | None = None,
) -> _Judged:
    """Bring together what is known of one occurrence, and have it judged."""
    if row.opted_out is not None:
        return _Judged(judge(AskedOut(row.opted_out)))
    if copy is not None and row.kind == FILE and not names_license_text(row.path.decode("utf-8", "replace")):
        return _Judged(judge(copy))
    if row.kind != FILE or not row.readable:
        return _Judged(judge(Unread(row.kind, row.size, row.problem, row.lost)))
    if row.duplicate_of is not None:
        return _Judged(judge(OfDuplicate(**orjson.loads(row.duplicate_of))))
    if blob is None:
        raise AssertionError(f"blob {row.id.hex()} was listed as readable but not annotated")
    if blob.excluded is not None:
        return _Judged(judge(NotText(blob.excluded, blob.why)))
    name = base_name(row.path)
    said, rule = named[row.id, name]
    generated = orjson.loads(rule) if rule is not None else None
    if row.attributes is not None:
        said, generated = _told(LanguageAttributes.from_json(row.attributes), said, generated)
    settled = settled_language(policies.languages, said)
    language = settled.language if settled is not None else None
    head = None
    if blob.header is None:
        licensed = _of_tree(row.tree, policies.licenses, row.gha_license_id)
    else:
        own = reviewed(LicenseAnnotation.from_json(blob.header), reviews)
        found = file_license(_tree(row.tree), own, swhid=_swhid(row.id), path=path_text(row.path)[1:])
        licensed = license_of(found, policies.licenses, row.gha_license_id)
        if found is not None and own.text_sha256 in found.review and own.text_sha256 not in reviews:
            head = own.text_sha256, found.conflict or ""
    screened = Screened(as_found(blob.malware), as_found(blob.contamination))
    decision = judge(TextFile(name, language, generated, licensed, blob.measures, said, screened), policies)
    preference = None
    if isinstance(decision, Kept):
        type_ = licensed.verdict.license_type
        preference = rank(type_, row.stars, row.forks, row.revision_date, row.origin, row.path, row.entry)
    generic = screened.generic_code
    return _Judged(decision, settled, generated is not None, licensed, preference, head, generic)


def _told(
    of_file: LanguageAttributes, said: LanguageAnnotation, generated: Mapping[str, Json] | None
) -> tuple[LanguageAnnotation, Mapping[str, Json] | None]:
    """Return language, and by which rule a program wrote a file, where .gitattributes files say something of it."""
    if of_file.language is not None:
        said = LanguageAnnotation(of_file.language, "attributes", 1.0)
    if of_file.generated is not None:
        generated = {"rule": ".gitattributes", "value": "linguist-generated"} if of_file.generated else None
    return said, generated


@lru_cache(maxsize=1024)
def _of_tree(tree: str | None, policy: LicensePolicy, gha_license_id: str | None) -> Licensed:
    return license_of(_tree(tree), policy, gha_license_id)


@lru_cache(maxsize=1024)
def _tree(text: str | None) -> LicenseAnnotation | None:
    return LicenseAnnotation.from_json(text) if text is not None else None


def _swhid(id_: bytes) -> str:
    return f"swh:1:cnt:{id_.hex()}"


class _Verdict(NamedTuple):
    """The columns of VERDICTS that judging makes."""

    stage: str
    reason: str | None
    evidence: str | None
    language: str | None
    language_evidence: str | None
    language_confidence: float | None
    license_type: str | None
    license_expression: str | None
    kept_repository_id: str | None = None
    kept_path: str | None = None
    kept_swhid: str | None = None


def _verdicts(
    occurrences: pa.Table, rows: list[LicensedRow], judged: list[_Judged], stands: list[int | None]
) -> pa.Table:
    """Return the verdict on each occurrence: its own columns, and what was decided."""
    decided = [
        _verdict(row, found, rows[best] if best is not None else None)
        for row, found, best in zip(rows, judged, stands, strict=True)
    ]
    columns = zip(*decided, strict=True) if decided else ([] for _ in _Verdict._fields)
    return _table(VERDICTS, dict(zip(_Verdict._fields, columns, strict=True)), occurrences)


def _verdict(row: LicensedRow, found: _Judged, best: LicensedRow | None) -> _Verdict:
    decision, stands_for_it = found.decision, None
    if isinstance(decision, Kept) and row is not best:
        decision, stands_for_it = judge(Copy(exact=True)), best
    evidence: dict[str, Json] = {}
    reason = None
    if isinstance(decision, Drop):
        evidence.update(_as_in_rows(decision.evidence))
        reason = decision.reason.word
    if isinstance(decision, Kept) and found.licensed is not None:
        evidence.update(found.licensed.note)
    if isinstance(decision, Kept) and found.generic_code is not None:
        evidence["generic_code"] = dict(found.generic_code)
    if row.note:
        evidence["note"] = row.note
    said = orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS).decode() if evidence else None
    license_type = expression = None
    if found.licensed is not None:
        license_type, expression = found.licensed.verdict.license_type, found.licensed.expression
    own = (decision.stage.word, reason, said, *(found.language or LanguageAnnotation()), license_type, expression)
    if stands_for_it is None:
        return _Verdict(*own)
    kept = (stands_for_it.repository_id, path_text(stands_for_it.path), _swhid(stands_for_it.id))
    return _Verdict(*own, *kept)


def _as_in_rows(evidence: Mapping[str, Json]) -> dict[str, Json]:
    """Return evidence with the paths of what was read as rows have them."""
    read = evidence.get("read")
    if not isinstance(read, list):
        return dict(evidence)
    shown = [{**each, "path": path_text(str(each["path"]).encode())} for each in read if isinstance(each, dict)]
    return {**evidence, "read": shown}


def _candidates(
    tables: _Tables, rows: list[LicensedRow], judged: list[_Judged], chosen: list[int], scope: str
) -> pa.Table:
    """Return what stands for each blob, sorted by id: the occurrence, what was decided of it, annotation and place."""
    chosen = sorted(chosen, key=lambda position: rows[position].id)
    found = [judged[position] for position in chosen]
    licensed = [each.licensed for each in found if each.licensed is not None]
    languages = [each.language for each in found if each.language is not None]
    groups: dict[str, list[Any]] = {
        "language": [_GUESSED if each.evidence == "content" else each.language for each in languages],
        "repository": [rows[position].repository_id for position in chosen],
    }
    decided: dict[str, list[Any]] = {
        "group": groups.get(scope, [""] * len(chosen)),
        "rank": [each.rank for each in found],
        "language": [each.language for each in languages],
        "language_evidence": [each.evidence for each in languages],
        "language_confidence": [each.confidence for each in languages],
        "license_type": [each.verdict.license_type for each in licensed],
        "license_expression": [each.expression for each in licensed],
        "license_evidence": [each.evidence for each in licensed],
        "license_basis": [each.basis for each in licensed],
        "license_confidence": [each.confidence for each in licensed],
        "license_conflict": [each.conflict for each in licensed],
        "generated": [each.generated for each in found],
    }
    ids = pa.array([rows[position].id for position in chosen], pa.binary())
    annotated = tables.annotations.take(pc.index_in(ids, value_set=tables.annotations.column("id")))
    return _table(
        CANDIDATES,
        decided,
        tables.occurrences.take(pa.array(chosen, pa.int64())).drop_columns(["size"]),
        tables.blobs.take(pc.index_in(ids, value_set=tables.blobs.column("id"))),
        annotated.append_column("bytes", annotated.column("text_bytes")),
    )


def _table(schema: pa.Schema, made: Mapping[str, Sequence[Any]], *tables: pa.Table) -> pa.Table:
    """Return a table whose columns are in `made`, or else in the first table that has them."""
    columns = []
    for field in schema:
        if field.name in made:
            columns.append(pa.array(made[field.name], field.type))
        else:
            table = next(table for table in tables if field.name in table.column_names)
            columns.append(table.column(field.name).cast(field.type))
    return pa.table(columns, schema=schema)
