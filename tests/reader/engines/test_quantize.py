"""Models in int8 stay near fp32."""

from __future__ import annotations

import numpy as np
import pytest

from drystone.reader.engines.runtimes import build_engine
from drystone.reader.engines.schedule import collate
from drystone.reader.model.families import Model
from drystone.reader.model.numpy_ops import trace
from drystone.reader.spans.windows import Window


@pytest.mark.parametrize("runtime", ["onnxruntime", "torch"])
def test_int8_stays_near_fp32(runtime: str, parts: tuple[Model, list[Window]]) -> None:
    pytest.importorskip(runtime)
    model, windows = parts
    engine = build_engine(model, runtime, "int8", 1, windows)
    for window in windows[:3]:
        batch = collate([window], model.positions_from, model.max_tokens)
        expected = trace(model, batch.ids, batch.types, batch.positions, batch.blocks)[0]
        found = engine.run(batch)
        assert found.dtype == np.float32
        assert not np.array_equal(found, expected)
        assert np.abs(found - expected).mean() < 0.15 * np.abs(expected).mean()
