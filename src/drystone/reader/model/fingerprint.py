"""What tells one model's weights from another's: a hash over sizes and weights. It knows nothing of files."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from drystone.reader.model.families import Model


def fingerprint(model: Model) -> str:
    """Return the SHA-256 (hex) of a model's sizes and weights."""
    # Models once had labels, which were always empty: recorded fingerprints hold them.
    sizes = repr(replace(model, weights={})).removesuffix(")") + ", labels={})"
    digest = hashlib.sha256(sizes.encode())
    for name, value in sorted(model.weights.items()):
        digest.update(f"{name} {value.shape}".encode())
        digest.update(np.ascontiguousarray(value).data)
    return digest.hexdigest()
