"""Files of packages that are older than every benchmark for code: released before July 2021."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from benchmarks.near_duplicates_corpus import sdist, texts

#: Source distributions, all uploaded before HumanEval was published (7 July 2021).
PACKAGES = (
    ("django", "3.1.4"), ("sympy", "1.7.1"), ("numpy", "1.19.5"), ("scipy", "1.5.4"), ("pandas", "1.1.5"),
    ("scikit-learn", "0.24.1"), ("matplotlib", "3.3.4"), ("networkx", "2.5"), ("nltk", "3.5"), ("sphinx", "3.4.3"),
    ("twisted", "20.3.0"), ("astropy", "4.2"), ("botocore", "1.20.0"), ("salt", "3002.5"), ("ansible", "2.10.7"),
    ("kubernetes", "12.0.1"), ("sqlalchemy", "1.3.23"), ("jinja2", "2.11.3"), ("werkzeug", "1.0.1"),
    ("gensim", "3.8.3"), ("statsmodels", "0.12.2"), ("biopython", "1.78"), ("cython", "0.29.22"),
    ("apache-airflow", "2.0.1"), ("ansible", "3.0.0"), ("mercurial", "5.7"), ("babel", "2.9.0"), ("tornado", "6.1"),
    ("grpcio", "1.35.0"), ("scrapy", "2.4.1"), ("pygments", "2.8.0"), ("cryptography", "3.4.4"),
)  # fmt: skip


def files(count: int) -> Iterator[bytes]:
    """Yield up to `count` distinct texts, package after package."""
    seen: set[bytes] = set()
    for name, version in PACKAGES:
        for _, data in texts(sdist(name, version)):
            digest = hashlib.sha1(data).digest()
            if not data or b"\0" in data or digest in seen:
                continue
            seen.add(digest)
            yield data
            if len(seen) >= count:
                return


@cache
def some(count: int) -> tuple[bytes, ...]:
    """Return up to `count` distinct texts."""
    return tuple(files(count))
