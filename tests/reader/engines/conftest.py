"""A model of random weights and windows for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.reader import sample_windows
from drystone.reader.spans.windows import Window, Windower


@pytest.fixture(scope="module")
def parts(checkpoints: dict[str, Path]) -> tuple[Model, list[Window]]:
    checkpoint = read_checkpoint(checkpoints["distilbert"])
    model = build_model(checkpoint.config, checkpoint.tensors)
    rows = len(model.weights["embed.word"])
    windower = Windower(checkpoint.tokenizer_json, checkpoint.tokenizer_config, model.max_tokens, rows, "m")
    windower.keep_types_below(1)
    return model, sample_windows(windower)
