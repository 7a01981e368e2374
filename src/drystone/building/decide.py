"""Fifth stage: judge every occurrence, and let one occurrence represent each blob.

Works on one range of ids, so that all occurrences of a blob are judged together. The verdicts are policy's; this
module only brings together what they rest on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa

from drystone.building.engine import Summary
from drystone.building.licensing import LICENSED
from drystone.building.store import Stage, write_table
from drystone.building.tables import ANNOTATIONS, BLOBS, NAMES, base_name, id_range, path_text, read
from drystone.dedup import near
from drystone.detect.licenses import LicenseAnnotation, file_license, reviewed
from drystone.policy import licenses as license_policy
from drystone.policy.drop import STAGES, Drop
from drystone.policy.language import LanguagePolicy, judge_language
from drystone.policy.quality import QualityPolicy, judge
from drystone.policy.representative import rank
from drystone.release.schema import LICENSE_EVIDENCE
from drystone.sources.base import FILE

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
        ("license_evidence", LICENSE_EVIDENCE),
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

_KIND_REASONS: Final = {"symlink": "symlink", "submodule": "submodule", "device": "device"}
#: Pieces of licence evidence that a ledger row holds at most.
_SOURCES_SHOWN: Final = 5
_POSITION: Final = {stage: position for position, stage in enumerate(STAGES)}


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
    found = {row["id"]: row for row in read(annotations, ANNOTATIONS, (), where).to_pylist()}
    named = {(r["id"], r["name"]): (r["language"], r["generated"]) for r in read(names, NAMES, (), where).to_pylist()}
    places = {
        r["id"]: r for r in read(blobs, BLOBS, ("id", "partition", "repository", "offset", "size"), where).to_pylist()
    }
    occurrences = read(licensed, LICENSED, (), where)
    by_blob: dict[bytes, list[dict[str, Any]]] = defaultdict(list)
    funnel: Counter[str] = Counter()
    verdicts: list[dict[str, Any]] = []
    candidates: list[dict[str, Any]] = []
    for batch in occurrences.to_batches():
        for row in batch.to_pylist():
            by_blob[row["id"]].append(row)
    for id_, rows in by_blob.items():
        eligible: list[dict[str, Any]] = []
        furthest = 0
        for row in rows:
            drop = _judge(row, found.get(id_), named, policies, reviews)
            row["drop"] = drop
            if drop is None:
                eligible.append(row)
            else:
                furthest = max(furthest, _POSITION[drop.stage])
        chosen = min(eligible, key=lambda row: row["rank"]) if eligible else None
        verdicts.extend(_verdict(row, chosen) for row in rows)
        if chosen is not None:
            candidates.append(_candidate(chosen, found[id_], places[id_], scope))
            furthest = _POSITION["exact_duplicates"]
        if id_ and id_ in places:
            funnel[f"blobs {STAGES[furthest]}"] += 1
            funnel[f"bytes {STAGES[furthest]}"] += places[id_]["size"]
    write_table(stage.file(f"{task}.parquet"), pa.Table.from_pylist(verdicts, VERDICTS))
    table = pa.Table.from_pylist(candidates, CANDIDATES).sort_by("id")
    write_table(stage.file(f"{task}.candidates.parquet"), table)
    if near_method is not None:
        types = {"id": pa.binary(20), "signature": near.signature_type(near_method)}
        items = table.select(["id", "group", "rank", "bytes", "signature"])
        items = items.cast(pa.schema([(f.name, types.get(f.name, f.type)) for f in items.schema]))
        write_table(stage.file(f"{task}.near.parquet"), items)
    return {"occurrences": len(verdicts), "candidates": len(candidates), "funnel": dict(funnel)}


def _judge(
    row: dict[str, Any],
    annotation: dict[str, Any] | None,
    named: dict[tuple[bytes, str], tuple[str | None, bool]],
    policies: tuple[LanguagePolicy, license_policy.LicensePolicy, QualityPolicy],
    reviews: Mapping[str, str],
) -> Drop | None:
    """Judge one occurrence; put what was found on the way (language, licence, rank) into the row."""
    languages, licenses, quality = policies
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
    own = reviewed(LicenseAnnotation.from_json(header), reviews) if header is not None else None
    swhid = f"swh:1:cnt:{row['id'].hex()}"
    found = file_license(_tree(tree), own, swhid=swhid, path=path_text(row["path"])[1:])
    expression = found.expression if found is not None else None
    verdict = license_policy.evaluate(expression, licenses, row["gha_license_id"])
    row["license_type"] = verdict.license_type
    row["license_expression"] = expression
    row["license_evidence"] = orjson.loads(found.evidence_json()) if found is not None else []
    objection = judge_language(languages, language)
    if objection is not None or language is None:
        return objection or Drop("language", "unknown_language")
    if not verdict.allowed:
        return Drop("license", _license_reason(verdict), _license_evidence(verdict, found))
    objection = judge(quality, language, name, annotation, generated)
    if objection is None:
        row["rank"] = rank(
            verdict.license_type,
            row["stars"],
            row["forks"],
            row["revision_date"],
            row["origin"],
            row["path"],
            row["entry"],
        )
    return objection


@lru_cache(maxsize=4096)
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


def _verdict(row: dict[str, Any], chosen: dict[str, Any] | None) -> dict[str, Any]:
    drop: Drop | None = row["drop"]
    evidence = dict(drop.evidence) if drop is not None else {}
    if row["note"]:
        evidence["note"] = row["note"]
    verdict = {name: row.get(name) for name in VERDICTS.names}
    verdict["representative"] = row is chosen
    if drop is not None:
        verdict["stage"], verdict["reason"] = drop.stage, drop.reason
    elif row is not chosen:
        assert chosen is not None
        verdict["stage"], verdict["reason"] = "exact_duplicates", "exact_duplicate"
        verdict["kept_repository_id"] = chosen["repository_id"]
        verdict["kept_path"] = path_text(chosen["path"])
        verdict["kept_swhid"] = f"swh:1:cnt:{chosen['id'].hex()}"
    verdict["evidence"] = orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS).decode() if evidence else None
    return verdict


def _candidate(row: dict[str, Any], annotation: dict[str, Any], place: dict[str, Any], scope: str) -> dict[str, Any]:
    group = {"language": row["language"], "repository": row["repository_id"]}.get(scope, "")
    return {
        **{name: annotation[name] for name in CANDIDATES.names if name in annotation},
        **place,
        **{name: row[name] for name in ("id", "repository_id", "origin", "path", "rank", "language", "license_type",
                                        "license_expression", "license_evidence", "generated")},
        "group": group,
        "bytes": annotation["text_bytes"],
    }  # fmt: skip
