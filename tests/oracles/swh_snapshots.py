"""Runs inside the `swh-export` environment: prints the snapshot that the archive's git loader makes of repositories.

    $DRYSTONE_ORACLES/swh-export/bin/python tests/oracles/swh_snapshots.py REPOSITORY...

One line of JSON: the identifier of each, null where the loader could not load it. Each is loaded from `git upload-pack`
by version 2 of git's protocol, as from a forge; the loader's own way to read a local folder tells other references.
"""

import json
import logging
import os
import sys
from pathlib import Path

import dulwich.client
from swh.loader.git.loader import GitLoader
from swh.storage import get_storage

os.environ["GIT_PROTOCOL"] = "version=2"
dulwich.client.default_local_git_client_cls = dulwich.client.SubprocessGitClient
logging.disable()


def snapshot(path):
    loader = GitLoader(get_storage("memory"), url=f"file://{Path(path).resolve()}")
    result = loader.load()
    return loader.snapshot.id.hex() if result["status"] in ("eventful", "uneventful") else None


print(json.dumps([snapshot(path) for path in sys.argv[1:]]))
