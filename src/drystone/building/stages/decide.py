"""Fifth stage: judge every occurrence, and let one occurrence represent each blob.

Works on one range of ids, so that all occurrences of a blob are judged together. The verdicts are policy's; this
module only brings together what they rest on.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.licensing import LICENSED
from drystone.building.stages.tables import ANNOTATIONS, BLOBS, NAMES, base_name, id_range, path_text, read, within
from drystone.dedup import near
from drystone.detect.licenses import LicenseAnnotation, file_license, reviewed
from drystone.policy import licenses as license_policy
from drystone.policy.drop import STAGES, Drop
from drystone.policy.language import LanguagePolicy, judge_language
from drystone.policy.optouts import drop_for
from drystone.policy.quality import QualityPolicy, judge
from drystone.policy.representative import rank
from drystone.sources.base import FILE
from drystone.work.engine import Summary
from drystone.work.store import Stage, write_table

#: A ledger row before near duplicates are known; `representative` says that this occurrence stands for its blob.
VERDICTS: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("repository_id", pa.string()),
        ("origin", pa.string()),
        ("path", pa.binary()),
        ("entry", pa.int32()),
        ("kind", pa.string()),
        ("mode", pa.int32()),
        ("size", pa.int64()),
        ("representative", pa.bool_()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("evidence", pa.string()),
        ("language", pa.string()),
        ("license_type", pa.string()),
        ("license_expression", pa.string()),
        ("kept_repository_id", pa.string()),
        ("kept_path", pa.string()),
        ("kept_swhid", pa.string()),
    ]
)

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
        ("license_type", pa.string()),
        ("license_expression", pa.string()),
        ("license_evidence", pa.string()),
        ("generated", pa.bool_()),
        ("partition", pa.int32()),
        ("repository", pa.int32()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("bytes", pa.int64()),
        *[ANNOTATIONS.field(name) for name in (
            "notebook", "encoding", "num_lines", "max_line_length", "avg_line_length", "alpha_fraction",
            "alphanum_fraction", "secrets", "signature",
        )],
    ]
)  # fmt: skip

#: What judging reads of an annotation.
_JUDGED: Final = [
    name
    for name in ANNOTATIONS.names
    if name not in ("notebook", "encoding", "text_bytes", "license", "secrets", "signature")
]
#: Where a blob's bytes lie, and how many they are.
_PLACE: Final = ("partition", "repository", "offset", "size")
#: What judging puts into a row and a ledger shows.
_OF_LICENSE: Final = ("language", "license_type", "license_expression")
_KIND_REASONS: Final = {"symlink": "symlink", "submodule": "submodule", "device": "device"}
#: Pieces of licence evidence that a ledger row holds at most.
_SOURCES_SHOWN: Final = 5
#: Rows that are Python objects at a time, at some kilobytes each.
_ROWS: Final = 4096
_POSITION: Final = {stage: position for position, stage in enumerate(STAGES)}


class _Tables(NamedTuple):
    """What is known of some blobs: of their occurrences, of each blob, of its bytes, and of its names."""

    occurrences: pa.Table
    blobs: pa.Table
    annotations: pa.Table
    names: pa.Table


def run(
    stage: Stage,
    task: str,
    licensed: list[Path],
    blobs: list[Path],
    annotations: list[Path],
    names: list[Path],
    index: int,
    count: int,
    policies: tuple[LanguagePolicy, license_policy.LicensePolicy, QualityPolicy],
    reviews: Mapping[str, str],
    scope: str,
    near_method: near.Method | None,
) -> Summary:
    """Write the verdicts and the candidates of one range of ids; count blobs and bytes that each stage drops.

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
    verdicts, candidates = [VERDICTS.empty_table()], [CANDIDATES.empty_table()]
    pieces = math.ceil(whole.occurrences.num_rows / _ROWS) or 1
    for piece in range(pieces):
        narrower = id_range(index * pieces + piece, count * pieces)
        part = _Tables(*(within(table, narrower).combine_chunks() for table in whole))
        judged, chosen = _decide(part, policies, reviews, scope, funnel)
        verdicts.append(judged)
        candidates.append(chosen)
    verdict = pa.concat_tables(verdicts)
    write_table(stage.file(f"{task}.parquet"), verdict)
    table = pa.concat_tables(candidates)
    write_table(stage.file(f"{task}.candidates.parquet"), table)
    if near_method is not None:
        types = {"id": pa.binary(20), "signature": near.signature_type(near_method)}
        items = table.select(["id", "group", "rank", "bytes", "signature"])
        items = items.cast(pa.schema([(f.name, types.get(f.name, f.type)) for f in items.schema]))
        write_table(stage.file(f"{task}.near.parquet"), items)
    return {"occurrences": verdict.num_rows, "candidates": table.num_rows, "funnel": dict(funnel)}


def _decide(
    tables: _Tables,
    policies: tuple[LanguagePolicy, license_policy.LicensePolicy, QualityPolicy],
    reviews: Mapping[str, str],
    scope: str,
    funnel: Counter[str],
) -> tuple[pa.Table, pa.Table]:
    """Return the verdicts and the candidates of all rows of some blobs; count what each stage drops in `funnel`."""
    occurrences, listed, annotated, names = tables
    # What is judged becomes Python values; what only goes from table to table, the sketches above all, does not.
    found = {row["id"]: row for row in annotated.select(_JUDGED).to_pylist()}
    named = {(r["id"], r["name"]): (r["language"], r["generated"]) for r in names.to_pylist()}
    sizes = dict(zip(listed.column("id").to_pylist(), listed.column("size").to_pylist(), strict=True))
    columns = [_values(column) for column in occurrences.columns]
    rows: list[dict[str, Any]] = [
        dict(zip(occurrences.column_names, row, strict=True)) for row in zip(*columns, strict=True)
    ]
    by_blob: dict[bytes, list[dict[str, Any]]] = defaultdict(list)
    for position, row in enumerate(rows):
        row["position"] = position
        by_blob[row["id"]].append(row)
    chosen: list[dict[str, Any]] = []
    for id_, copies in by_blob.items():
        furthest = 0
        for row in copies:
            row["drop"] = drop = _judge(row, found.get(id_), named, policies, reviews)
            if drop is not None:
                furthest = max(furthest, _POSITION[drop.stage])
        eligible = [row for row in copies if row["drop"] is None]
        best = min(eligible, key=lambda row: row["rank"]) if eligible else None
        for row in copies:
            # Its place and not the row itself: a row that holds itself waits for the garbage collector.
            row["chosen"] = best["position"] if best is not None else None
        if best is not None:
            chosen.append(best)
            furthest = _POSITION["exact_duplicates"]
        if id_ and id_ in sizes:
            funnel[f"blobs {STAGES[furthest]}"] += 1
            funnel[f"bytes {STAGES[furthest]}"] += sizes[id_]
    return _verdicts(occurrences, rows), _candidates(occurrences, chosen, annotated, listed, scope)


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


def _judge(
    row: dict[str, Any],
    annotation: dict[str, Any] | None,
    named: dict[tuple[bytes, str], tuple[str | None, bool]],
    policies: tuple[LanguagePolicy, license_policy.LicensePolicy, QualityPolicy],
    reviews: Mapping[str, str],
) -> Drop | None:
    """Judge one occurrence; put what was found on the way (language, licence, rank) into the row."""
    languages, licenses, quality = policies
    if row["opted_out"] is not None:
        return drop_for(row["opted_out"])
    if row["kind"] != FILE or not row["readable"]:
        if row["kind"] == FILE:
            return Drop("inventory", "too_large", {"size": row["size"]})
        return Drop(
            "inventory",
            _KIND_REASONS.get(row["kind"], "unreadable"),
            {"problem": row["problem"]} if row["problem"] else {},
        )
    if annotation is None:
        raise AssertionError(f"blob {row['id'].hex()} was listed as readable but not annotated")
    if annotation["excluded"] is not None:
        return Drop("encoding", annotation["excluded"], {"why": annotation["excluded_evidence"]})
    name = base_name(row["path"])
    language, generated = named[row["id"], name]
    row["language"], row["generated"] = language, generated
    tree, header = row["tree"], annotation["header"]
    if header is None:
        license_ = _of_tree(tree, licenses, row["gha_license_id"])
    else:
        own = reviewed(LicenseAnnotation.from_json(header), reviews)
        swhid = f"swh:1:cnt:{row['id'].hex()}"
        found = file_license(_tree(tree), own, swhid=swhid, path=path_text(row["path"])[1:])
        license_ = _License.of(found, licenses, row["gha_license_id"])
    row["license_type"] = license_.verdict.license_type
    row["license_expression"] = license_.expression
    row["license_evidence"] = license_.evidence
    objection = judge_language(languages, language)
    if objection is not None or language is None:
        return objection or Drop("language", "unknown_language")
    if not license_.verdict.allowed:
        return Drop("license", _license_reason(license_.verdict), license_.read)
    objection = judge(quality, language, name, annotation, generated)
    if objection is None:
        row["rank"] = rank(
            license_.verdict.license_type,
            row["stars"],
            row["forks"],
            row["revision_date"],
            row["origin"],
            row["path"],
            row["entry"],
        )
    return objection


@dataclass(frozen=True)
class _License:
    """What holds for a file: expression, evidence (JSON), verdict, and what a drop would show of it."""

    expression: str | None
    evidence: str
    verdict: license_policy.Verdict
    read: dict[str, Any]

    @classmethod
    def of(
        cls, found: LicenseAnnotation | None, policy: license_policy.LicensePolicy, gha_license_id: str | None
    ) -> _License:
        expression = found.expression if found is not None else None
        verdict = license_policy.evaluate(expression, policy, gha_license_id)
        evidence = found.evidence_json() if found is not None else "[]"
        return cls(expression, evidence, verdict, _license_evidence(verdict, found))


@lru_cache(maxsize=1024)
def _of_tree(tree: str | None, policy: license_policy.LicensePolicy, gha_license_id: str | None) -> _License:
    return _License.of(_tree(tree), policy, gha_license_id)


@lru_cache(maxsize=1024)
def _tree(text: str | None) -> LicenseAnnotation | None:
    return LicenseAnnotation.from_json(text) if text is not None else None


def _license_reason(verdict: license_policy.Verdict) -> str:
    if verdict.license_type == "no_license":
        return "no_license"
    return "denied_license" if verdict.reason.startswith("denied") else "non_permissive_license"


def _license_evidence(verdict: license_policy.Verdict, found: LicenseAnnotation | None) -> dict[str, Any]:
    """Return what a licence drop rests on: the verdict, and where the licence was read."""
    evidence: dict[str, Any] = {"why": verdict.reason}
    if found is not None and found.conflict:
        evidence["conflict"] = found.conflict
    if found is not None and found.evidence:
        evidence["read"] = [
            {
                "expression": e.expression,
                "path": e.path,
                "swhid": e.swhid,
                "lines": [e.start_line, e.end_line],
                "rule": e.rule,
            }
            for e in found.evidence[:_SOURCES_SHOWN]
        ]
    return evidence


def _verdicts(occurrences: pa.Table, rows: list[dict[str, Any]]) -> pa.Table:
    """Return the verdict on each occurrence: its own columns, and what was decided."""
    decided: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in _OF_LICENSE}
    for name in ("representative", "stage", "reason", "evidence", "kept_repository_id", "kept_path", "kept_swhid"):
        decided[name] = [None] * len(rows)
    for position, row in enumerate(rows):
        drop: Drop | None = row["drop"]
        best = rows[row["chosen"]] if row["chosen"] is not None else None
        decided["representative"][position] = row is best
        evidence = dict(drop.evidence) if drop is not None else {}
        if row["note"]:
            evidence["note"] = row["note"]
        if evidence:
            decided["evidence"][position] = orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS).decode()
        if drop is not None:
            decided["stage"][position], decided["reason"][position] = drop.stage, drop.reason
        elif row is not best:
            assert best is not None
            decided["stage"][position], decided["reason"][position] = "exact_duplicates", "exact_duplicate"
            decided["kept_repository_id"][position] = best["repository_id"]
            decided["kept_path"][position] = path_text(best["path"])
            decided["kept_swhid"][position] = f"swh:1:cnt:{best['id'].hex()}"
    return _table(VERDICTS, decided, occurrences)


def _candidates(
    occurrences: pa.Table, chosen: list[dict[str, Any]], annotated: pa.Table, listed: pa.Table, scope: str
) -> pa.Table:
    """Return what stands for each blob, sorted by id: the occurrence, what was decided of it, annotation and place."""
    chosen.sort(key=lambda row: row["id"])
    decided = {name: [row[name] for row in chosen] for name in (*_OF_LICENSE, "license_evidence", "generated", "rank")}
    by = {"language": "language", "repository": "repository_id"}.get(scope)
    decided["group"] = [row[by] if by else "" for row in chosen]
    ids = pa.array([row["id"] for row in chosen], pa.binary())
    annotated = annotated.take(pc.index_in(ids, value_set=annotated.column("id")))
    return _table(
        CANDIDATES,
        decided,
        occurrences.take(pa.array([row["position"] for row in chosen], pa.int64())).drop_columns(["size"]),
        listed.take(pc.index_in(ids, value_set=listed.column("id"))),
        annotated.append_column("bytes", annotated.column("text_bytes")),
    )


def _table(schema: pa.Schema, made: dict[str, list[Any]], *tables: pa.Table) -> pa.Table:
    """Return a table whose columns are in `made`, or else in the first table that has them."""
    columns = []
    for field in schema:
        if field.name in made:
            columns.append(pa.array(made[field.name], field.type))
        else:
            table = next(table for table in tables if field.name in table.column_names)
            columns.append(table.column(field.name).cast(field.type))
    return pa.table(columns, schema=schema)
