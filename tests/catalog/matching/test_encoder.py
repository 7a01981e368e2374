from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.minilm import find_minilm

from drystone.catalog.matching.encoder import SentenceEncoder, check
from drystone.errors import ModelError


def test_vectors_are_those_of_the_published_model(encoder: SentenceEncoder) -> None:
    sentences = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.", "…"]
    made = encoder.vectors(sentences)
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5)
    # As the first example of sentence-transformers' documentation prints them for this model.
    assert (made[:3] @ made[:3].T)[np.triu_indices(3, 1)] == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-4)
    assert np.allclose(encoder.vectors([sentences[0]])[0], made[0], atol=1e-5)
    assert not len(encoder.vectors([]))


def test_other_weights_or_another_licence_are_refused(encoder: SentenceEncoder, tmp_path: Path) -> None:
    home = find_minilm()
    assert home is not None
    (tmp_path / "README.md").write_text("license: cc-by-nc-4.0")
    with pytest.raises(ModelError, match=r"cannot be read: No such file"):
        check(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"others")
    with pytest.raises(ModelError, match="are not the weights of all-MiniLM-L6-v2"):
        check(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors").symlink_to(home / "model.safetensors")
    with pytest.raises(ModelError, match=r"does not say .license: apache-2\.0."):
        check(tmp_path)
    assert encoder.size == 384
