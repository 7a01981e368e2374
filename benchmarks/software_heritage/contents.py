"""Contents from a local S3 server (moto), every one unpacked and checked, against curl, which only stores them.

Both ask for the same objects with as many requests at once; the server, in a process of its own, is the bound.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks import builds
from benchmarks.harness import Figure
from drystone.identity.hashes import blob_hash
from drystone.sources.software_heritage.contents import ContentId, ContentStore

AT_ONCE = 32
_ROUNDS = 3
_SERVER = """
import sys
from moto.server import ThreadedMotoServer
import logging
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://{}:{}".format(*server.get_host_and_port()), flush=True)
sys.stdin.read()
"""


def figures(quick: bool) -> list[Figure]:
    count = 300 if quick else 1500
    command = [sys.executable, "-c", _SERVER]
    with builds.workplace() as folder:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            ids, size = _fill(url, count)
            rates: dict[str, list[float]] = {"curl": [], "drystone": []}
            for _ in range(_ROUNDS):  # by turns, so that both meet the same weather
                rates["curl"].append(count / _curl(url, ids, folder))
                rates["drystone"].append(count / _drystone(url, ids))
        finally:
            server.terminate()
            server.wait()
    best = {name: max(found) for name, found in rates.items()}
    note = f"{best['drystone']:,.0f} to {best['curl']:,.0f} objects a second, {count} of {size / count / 1e3:.1f} kB"
    return [
        Figure("contents fetched, share of curl --parallel", best["drystone"] / best["curl"], "", 0.8, 0.95, note=note)
    ]


def _fill(url: str, count: int) -> tuple[list[ContentId], int]:
    """Put objects into a bucket, of sizes as files have them; return their ids and bytes."""
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="archive")
    chance = np.random.default_rng(1)
    ids, total = [], 0
    for length in np.minimum(chance.lognormal(8, 1.4, count), 400_000).astype(int).tolist():
        data = np.frombuffer(b"abcdefgh \n()=_.,", np.uint8)[chance.integers(0, 16, length)].tobytes()
        ids.append(
            ContentId(blob_hash(data), hashlib.sha1(data).digest(), hashlib.sha256(data).digest(), length=length)
        )
        key = f"content/{hashlib.sha1(data).hexdigest()}"
        client.put_object(Bucket="archive", Key=key, Body=gzip.compress(data, 1), ACL="public-read")
        total += length
    return ids, total


def _curl(url: str, ids: list[ContentId], folder: Path) -> float:
    lines = [
        f'url = "{url}/archive/content/{(id_.sha1 or b"").hex()}"\noutput = "{folder}/{n}"\n'
        for n, id_ in enumerate(ids)
    ]
    (folder / "urls").write_text("".join(lines))
    start = time.monotonic()
    command = [
        "curl",
        "-sf",
        "--no-progress-meter",
        "--parallel",
        "--parallel-max",
        str(AT_ONCE),
        "-K",
        str(folder / "urls"),
    ]
    subprocess.run(command, check=True)
    return time.monotonic() - start


def _drystone(url: str, ids: list[ContentId]) -> float:
    start = time.monotonic()
    with ContentStore.open(f"s3://archive?endpoint={url}&anonymous=true", concurrency=AT_ONCE) as store:
        failed = [id_ for id_, found in store.fetch(ids) if not isinstance(found, bytes)]
    if failed:
        raise SystemExit(f"{len(failed)} contents did not come")
    return time.monotonic() - start
