"""Real packages to measure with: pinned source distributions, fetched once into the cache, their code never run."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import CACHE
from drystone.sources import Source, parse_source
from drystone.sources.base import Limits

#: Packages in the order in which a load takes them: many languages, many sizes, some in several versions.
PACKAGES = (
    "django==5.1.3", "sympy==1.13.3", "numpy==2.1.3", "lxml==5.3.0", "pygments==2.18.0", "mypy==1.13.0",
    "pandas==2.2.3", "duckdb==1.1.3", "orjson==3.10.11", "cryptography==43.0.3", "requests==2.32.3",
    "flask==3.1.0", "jinja2==3.1.4", "werkzeug==3.1.3", "sqlalchemy==2.0.36", "pyyaml==6.0.2", "cython==3.0.11",
    "polars==1.13.1", "ruff==0.7.3", "scikit-learn==1.5.2", "networkx==3.4.2", "astropy==6.1.6", "dask==2024.11.2",
    "statsmodels==0.14.4", "grpcio==1.67.1", "aiohttp==3.11.2", "botocore==1.35.63", "scipy==1.14.1",
    "matplotlib==3.9.2", "django==4.2.16", "sympy==1.12.1", "numpy==1.26.4", "pandas==2.1.4", "onnx==1.17.0",
    "jupyterlab==4.2.6", "twisted==24.10.0", "kubernetes==31.0.0", "spacy==3.8.2", "gensim==4.3.3",
    "scikit-image==0.24.0", "h5py==3.12.1", "nltk==3.9.1", "sphinx==8.1.3", "salt==3007.1", "ansible==10.6.0",
    "duckdb==1.0.0", "scipy==1.13.1", "grpcio==1.60.0", "mypy==1.8.0", "botocore==1.34.0", "django==3.2.25",
    "polars==1.0.0", "opencv-python==4.10.0.84", "statsmodels==0.14.1",
)  # fmt: skip


def load(megabytes: int) -> tuple[list[Source], int]:
    """Return sources that unpack to at least this many MB (10^6 bytes), fetched, and the bytes they unpack to."""
    cache = CACHE / "corpus"
    cache.mkdir(parents=True, exist_ok=True)
    sources: list[Source] = []
    total = 0
    for package in PACKAGES:
        if total >= megabytes * 1_000_000:
            return sources, total
        source = parse_source(f"pypi:{package}")
        source.fetch(cache)
        total += _unpacked(source, cache, package)
        sources.append(source)
    if total < megabytes * 1_000_000:
        raise SystemExit(f"the corpus has {total / 1e6:,.0f} MB only, {megabytes} are asked for")
    return sources, total


def _unpacked(source: Source, cache: Path, package: str) -> int:
    """Return the bytes that a source unpacks to, measured once and kept beside it."""
    note = cache / f"{package}.bytes"
    if not note.exists():
        with source.open(cache, Limits()) as opened:
            note.write_text(str(sum(entry.size or 0 for entry in opened.entries())))
    return int(note.read_text())
