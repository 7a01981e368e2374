"""Runs inside the `swh-export` environment: makes a graph export of git repositories with Software Heritage's tools.

    $DRYSTONE_ORACLES/swh-export/bin/python tests/oracles/make_swh_export.py OUTPUT ORIGIN=REPOSITORY...

The git loader loads each repository into a storage in memory, whose journal goes through the exporters for ORC (with
contents) into OUTPUT/orc and for Parquet (without) into OUTPUT/parquet. Two things are set to be the same every time:
origins have the URL given instead of that of the local file, and visits have fixed dates. Authors are made anonymous,
as in the published exports.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from swh.export.exporters.orc import ORCExporter
from swh.export.exporters.parquet import ParquetExporter
from swh.loader.git.loader import GitLoader
from swh.model.model import ModelObjectType
from swh.storage import get_storage

START = datetime(2024, 6, 1, 12, tzinfo=UTC)
TYPES = [
    ModelObjectType.ORIGIN,
    ModelObjectType.ORIGIN_VISIT,
    ModelObjectType.ORIGIN_VISIT_STATUS,
    ModelObjectType.SNAPSHOT,
    ModelObjectType.RELEASE,
    ModelObjectType.REVISION,
    ModelObjectType.DIRECTORY,
    ModelObjectType.CONTENT,
    ModelObjectType.SKIPPED_CONTENT,
]


class Contents:
    """The storage's contents, as an exporter asks for them."""

    def __init__(self, storage):
        self.storage = storage

    def get(self, hashes):
        return self.storage.content_get_data({"sha1": hashes["sha1"]})


def load(storage, repositories):
    for path in repositories.values():
        result = GitLoader(storage, url=f"file://{Path(path).resolve()}").load()
        if result["status"] not in ("eventful", "uneventful"):
            raise SystemExit(f"{path} could not be loaded: {result}")


def settled(obj, origins):
    """Return an object of the journal with the origin's public URL and a fixed date."""
    if obj.object_type == ModelObjectType.ORIGIN:
        return type(obj)(url=origins[obj.url])
    if obj.object_type in (ModelObjectType.ORIGIN_VISIT, ModelObjectType.ORIGIN_VISIT_STATUS):
        position = list(origins).index(obj.origin)
        minutes = 5 if getattr(obj, "status", "created") != "created" else 0
        date = START + timedelta(days=position, minutes=minutes)
        return obj.evolve(origin=origins[obj.origin], date=date)
    return obj.anonymize() or obj


def export(exporter, objects):
    seen = set()
    with exporter:
        for kind in TYPES:
            for obj in objects:
                if obj.object_type != kind:
                    continue
                key = (kind, obj.unique_key() if not hasattr(obj, "status") else repr(obj))
                if repr(key) not in seen:
                    seen.add(repr(key))
                    exporter.process_object(kind, obj)


def main():
    output = Path(sys.argv[1])
    repositories = dict(argument.rsplit("=", 1) for argument in sys.argv[2:])
    storage = get_storage("memory", journal_writer={"cls": "memory"})
    load(storage, repositories)
    origins = {f"file://{Path(path).resolve()}": origin for origin, path in repositories.items()}
    objects = [settled(obj, origins) for _, obj in storage.journal_writer.journal.objects]
    names = [kind.value for kind in TYPES]
    config = {"test_unique_file_id": "00000000-0000-4000-8000-000000000000"}
    orc = ORCExporter({**config, "orc": {}}, names, output / "orc")
    orc.with_data, orc.objstorage = True, Contents(storage)
    export(orc, objects)
    export(ParquetExporter({**config, "parquet": {}}, names, output / "parquet"), objects)


main()
