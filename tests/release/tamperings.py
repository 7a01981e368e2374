"""Ways to tamper with a release: each must show, most by the folder alone, all with the publisher's signature.

Each is given the folder of a small release: the second version of one, whose first was retracted in its place. `tests`
and `benchmarks.governance` try them all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from drystone.policy.decision import Reason
from drystone.release.documents.notice import read_notices
from drystone.release.manifest import ArchiveTerms, EarlierVersion, FunnelStep, Manifest, manifest_bytes, read_manifest
from drystone.release.versions.numbers import RETRACTION, follow, tombstone
from drystone.release.writing.finish import finish, sums_text
from drystone.release.writing.writer import write_repositories
from tests.release.kept import small_rows
from tests.release.sample import FACTS, write_sample
from tests.release.test_verify import change_rows, facts_with, kept, reseal_with, where

Tampering = Callable[[Path], Any]
#: The reasons that files may be dropped for, each with its stage.
REASONS = {reason.word: reason.stage.word for reason in Reason}


def write_second_version(folder: Path) -> Manifest:
    """Write the release that is tampered with."""
    first = write_sample(folder, small_rows(), FACTS.model_copy(update={"registry_head": "before"}))
    now = {"version": "1.0.1", "registry_head": FACTS.registry_head}
    facts = follow(first, ["Retraction: nothing fell."], retracted=True).model_copy(update=now)
    shutil.rmtree(folder)
    second = write_sample(folder, small_rows(), facts)
    none = {"occurrences": 0, "files": 0, "bytes": 0, "repositories": 0}
    name, text = tombstone(first, second, RETRACTION, fell=none, requests={"R-1": none})
    (folder / "tombstones").mkdir()
    (folder / name).write_bytes(text)
    return second


def _put(name: str, text: str = "x\n") -> Tampering:
    def tamper(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return tamper


def _outside(name: str) -> Tampering:
    """Put a link in the place of something, to a true copy of it that lies elsewhere."""

    def tamper(folder: Path) -> None:
        away = folder.with_name("away")
        shutil.move(folder / name, away)
        (folder / name).symlink_to(away)

    return tamper


def _sealed_document(name: str, change: Callable[[str], str]) -> Tampering:
    """Change a document, and make the manifest and SHA256SUMS agree with it."""

    def tamper(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        changed = change(text).encode()
        assert changed != text.encode()
        (folder / name).write_bytes(changed)
        manifest = read_manifest(folder)
        documents = {d.path: d for d in manifest.documents}
        sha256 = hashlib.sha256(changed).hexdigest()
        documents[name] = documents[name].model_copy(update={"bytes": len(changed), "sha256": sha256})
        sums = sums_text(manifest.files, documents.values())
        (folder / "SHA256SUMS").write_bytes(sums)
        seal = {"bytes": len(sums), "sha256": hashlib.sha256(sums).hexdigest()}
        documents["SHA256SUMS"] = documents["SHA256SUMS"].model_copy(update=seal)
        update = {"documents": tuple(documents.values())}
        (folder / "manifest.json").write_bytes(manifest_bytes(manifest.model_copy(update=update)))

    return tamper


def _card(old: str, new: str) -> Tampering:
    return _sealed_document("README.md", lambda text: text.replace(old, new))


def _facts(**changes: Any) -> Tampering:
    """Change what the manifest says, and nothing else."""
    return reseal_with(facts_with(**changes))


def _in_json(name: str, change: Callable[[Any], Any]) -> Tampering:
    def changed(text: str) -> str:
        value = json.loads(text)
        change(value)
        return json.dumps(value)

    return _sealed_document(name, changed)


def _stone(change: Callable[[dict[str, Any]], Any]) -> Tampering:
    def tamper(folder: Path) -> None:
        path = folder / "tombstones/1.0.0.json"
        stone = json.loads(path.read_text())
        change(stone)
        path.write_text(json.dumps(stone))

    return tamper


def _forged(change: Callable[[dict[str, Any]], Any], **facts: Any) -> Tampering:
    """Write the whole release anew with other rows or facts: everything in it agrees."""

    def tamper(folder: Path) -> None:
        old = read_manifest(folder)
        (entry,) = old.of_kind("repositories")
        table = pq.read_table(folder / entry.path)
        rows = table.to_pylist()
        change(rows[0])
        anew = write_repositories(folder, [pa.Table.from_pylist(rows, schema=table.schema)])
        signature = folder / "manifest.json.sig"
        kept_ = signature.read_bytes() if signature.exists() else None
        files = [anew if each.path == entry.path else each for each in old.files]
        finish(folder, old.facts.model_copy(update=facts), files, read_notices(folder, old.format_version) or ())
        if kept_ is not None:
            signature.write_bytes(kept_)

    return tamper


def _dropped(row: dict[str, Any]) -> bool:
    return not kept(row)


_PREVIOUS = EarlierVersion(version="1.0.0", root="f" * 64, retracted=True, registry_head="none")

#: What the folder alone shows.
SHOWN: dict[str, Tampering] = {
    "a text in data": _put("data/notes.txt"),
    "a file beside shards": _put("data/Python/more.jsonl"),
    "a hidden file in data": _put("data/Python/.hidden"),
    "a Parquet file of another name in data": _put("data/Python/validation-00000-of-00001.parquet"),
    "a folder deeper in data": _put("data/Python/more/train-00000-of-00001.parquet"),
    "a language of nobody": _put("data/COBOL/train-00000-of-00001.parquet"),
    "a file in the ledger": _put("ledger/part-00009-of-00010.csv"),
    "a loading script": _put("release.py", "print('loaded')\n"),
    "a file among tombstones": _put("tombstones/notes.txt"),
    "a file in the index": _put("index/more"),
    "a link in data": lambda folder: (folder / "data/Python/link").symlink_to("/etc/hostname"),
    "a shard that is a link": _outside("data/Python/train-00000-of-00002.parquet"),
    "a folder that is a link": _outside("data/Python"),
    "a card that is a link": _outside("README.md"),
    "a pipe in data": lambda folder: os.mkfifo(folder / "data/Python/pipe"),
    "a stage that is none": change_rows("ledger", where(_dropped, stage="nowhere")),
    "a reason that is none": change_rows("ledger", where(_dropped, reason="because")),
    "evidence that is no JSON": change_rows("ledger", where(_dropped, evidence="trust me")),
    "evidence that is no object": change_rows("ledger", where(_dropped, evidence='"trust me"')),
    "an emptied funnel": _facts(funnel=()),
    "a funnel that begins elsewhere": _facts(funnel=(FunnelStep(stage="inventory", files=99, bytes=9999),)),
    "a card with another root": _card("Root hash: `", "Root hash: `0"),
    "a card with other numbers": _card(" source files", "9 source files"),
    "a card of another registry": _card("state `none`", "state `some`"),
    "a change log without the past": _sealed_document("CHANGELOG.md", lambda text: text.partition("## 1.0.0")[0]),
    "a citation of another root": _sealed_document("CITATION.cff", lambda text: text.replace("sha256:", "sha256:0")),
    "a citation of another licence": _sealed_document("CITATION.cff", lambda text: text.replace("ODC-By-1.0", "MIT")),
    "a BibTeX entry of another": _sealed_document("CITATION.bib", lambda text: text.replace("sha256:", "sha256:0")),
    "CSL of another version": _in_json("citation.json", lambda value: value[0].update(version="9.0.0")),
    "DataCite of another maker": _in_json("datacite.json", lambda value: value.update(creators=[{"name": "Eve"}])),
    "Croissant of other files": _in_json(
        "croissant.json", lambda value: value["distribution"][0].update(sha256="0" * 64)
    ),
    "a NOTICE of another version": _sealed_document("NOTICE", lambda text: text.replace("1.0.1", "9.0.0")),
    "a card that is no text": _sealed_document("citation.json", lambda text: text[:9]),
    "a tombstone that says nothing": _put("tombstones/1.0.0.json", "{}"),
    "a tombstone that is no JSON": _put("tombstones/1.0.0.json", "gone"),
    "a tombstone under another number": lambda folder: (folder / "tombstones/1.0.0.json").rename(
        folder / "tombstones/0.9.0.json"
    ),
    "a tombstone of another version": _stone(lambda stone: stone.update(root="f" * 64)),
    "a tombstone of another release": _stone(lambda stone: stone.update(release="Other stones")),
    "a tombstone with another successor": _stone(lambda stone: stone["superseded_by"].update(root="f" * 64)),
    "a tombstone of an update": _stone(lambda stone: stone.update(reason="update")),
    "another version in the manifest": _facts(version="9.0.0"),
    "another name in the manifest": _facts(name="Other stones"),
    "another licence in the manifest": _facts(license="MIT"),
    "other makers in the manifest": _facts(authors=("Eve",)),
    "another day in the manifest": _facts(date="2020-01-01"),
    "another description in the manifest": _facts(description="Nothing was left out."),
    "another past in the manifest": _facts(previous=_PREVIOUS),
    "no past in the manifest": _facts(previous=None),
    "a past that was not retracted": lambda folder: _facts(
        previous=read_manifest(folder).facts.lineage[0].model_copy(update={"retracted": False})
    )(folder),
    "requests in force that are not": _facts(optouts_in_force=999),
    "an archive in the manifest": _facts(software_heritage=ArchiveTerms(sha256="0" * 64)),
}  # fmt: skip

#: What only a signature shows: everything in the folder agrees.
SIGNED: dict[str, Tampering] = {
    "a row changed and everything sealed anew": _forged(lambda row: row.update(star_events_count=9)),
    "a version changed and everything sealed anew": _forged(lambda row: None, version="1.0.1", date="2020-01-01"),
    "what fell in a tombstone": _stone(lambda stone: stone["fell"].update(files=9)),
    "the signature taken away": lambda folder: (folder / "manifest.json.sig").unlink(missing_ok=True),
}
