"""Every architecture against Transformers' own forward pass, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drystone.errors import ModelError
from drystone.reader.engines.runtimes import build_engine
from drystone.reader.engines.schedule import Batch
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.model.encoder import forward
from drystone.reader.model.families import Model, build_model
from drystone.reader.model.numpy_ops import trace
from tests.reader.checkpoints import FAMILIES, HEADS, make_config, make_tensors, write_checkpoint


def load(folder: Path) -> Model:
    checkpoint = read_checkpoint(folder)
    return build_model(checkpoint.config, checkpoint.tensors)


def batch(model: Model, lengths: list[int], seed: int = 0) -> Batch:
    random = np.random.default_rng(seed)
    width = max(lengths)
    ids = random.integers(5, 300, (len(lengths), width))
    types = np.zeros_like(ids)
    if model.uses_types and len(model.weights["embed.type"]) > 1:
        types[:, width // 3 :] = 1
    blocks = np.array([[1] * n + [0] * (width - n) for n in lengths])
    return Batch(ids, types, np.tile(np.arange(width) + model.positions_from, (len(lengths), 1)), blocks)


def by_numpy(model: Model, rows: Batch) -> np.ndarray:
    return trace(model, rows.ids, rows.types, rows.positions, rows.blocks)[0]


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_transformers(
    family: str, checkpoints: dict[str, Path], oracle: Callable[[str, Path, list[dict[str, Any]]], Any]
) -> None:
    model = load(checkpoints[family])
    rows = [batch(model, [length]) for length in (5, 120)]
    requests = [{"ids": each.ids[0].tolist(), "types": each.types[0].tolist()} for each in rows]
    for each, logits in zip(rows, oracle("logits", checkpoints[family], requests), strict=True):
        np.testing.assert_allclose(by_numpy(model, each)[0], np.array(logits).T, atol=1e-5)


#: Settings of BERT's that change what is computed.
VARIANTS: list[dict[str, Any]] = [
    {"hidden_act": "silu", "position_embedding_type": "relative_key"},
    {"hidden_act": "gelu_fast", "position_embedding_type": "relative_key_query"},
]


@pytest.mark.slow
@pytest.mark.parametrize("changes", VARIANTS, ids=["relative_key", "relative_key_query"])
def test_other_positions_and_activations_are_those_of_transformers(
    changes: dict[str, Any], tmp_path: Path, oracle: Callable[[str, Path, list[dict[str, Any]]], Any]
) -> None:
    folder = write_checkpoint(tmp_path / "model", "bert", **changes)
    model = load(folder)
    rows = batch(model, [90])
    expected = np.array(oracle("logits", folder, [{"ids": rows.ids[0].tolist(), "types": rows.types[0].tolist()}])[0]).T
    np.testing.assert_allclose(by_numpy(model, rows)[0], expected, atol=1e-5)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime", "torch"])
def test_runtimes_agree_on_other_positions_and_activations(runtime: str) -> None:
    pytest.importorskip(runtime)
    for changes in VARIANTS:
        config = make_config("bert", 300) | changes
        model = build_model(config, make_tensors(config))
        rows = batch(model, [31, 17])
        found, expected = build_engine(model, runtime, "fp32", 1, []).run(rows), by_numpy(model, rows)
        np.testing.assert_allclose(found[1, :17], expected[1, :17], atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime", "torch"])
def test_runtimes_agree_with_the_reference(family: str, runtime: str, checkpoints: dict[str, Path]) -> None:
    pytest.importorskip(runtime)
    model = load(checkpoints[family])
    rows = batch(model, [31, 17, 4])
    engine = build_engine(model, runtime, "fp32", 1, [])
    found, expected = engine.run(rows), by_numpy(model, rows)
    for row, length in enumerate((31, 17, 4)):
        np.testing.assert_allclose(found[row, :length], expected[row, :length], atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_windows_that_share_a_row_do_not_see_each_other(family: str, checkpoints: dict[str, Path]) -> None:
    model = load(checkpoints[family])
    one, two = batch(model, [13], seed=1), batch(model, [29], seed=2)
    packed = Batch(
        np.concatenate([one.ids, two.ids], 1),
        np.concatenate([one.types, two.types], 1),
        np.concatenate([one.positions, two.positions], 1),
        np.array([[1] * 13 + [2] * 29]),
    )
    together = by_numpy(model, packed)[0]
    np.testing.assert_allclose(together[:13], by_numpy(model, one)[0], atol=1e-5)
    np.testing.assert_allclose(together[13:], by_numpy(model, two)[0], atol=1e-5)


def test_unknown_architecture_is_refused_with_those_known() -> None:
    with pytest.raises(ModelError, match=r"'t5' is not known.*bert.*deberta-v2.*distilbert.*electra.*mpnet.*roberta"):
        build_model({"model_type": "t5"}, {})


@pytest.mark.parametrize(
    ("kind", "nearest"),
    [("longformer", "roberta, from which it was made"), ("mobilebert", "the model mini"), ("modernbert", "deberta-v2"),
     ("big_bird", "roberta"), ("xlnet", "deberta-v2"), ("robertta", "did you mean 'roberta'")],
)  # fmt: skip
def test_what_is_refused_names_the_nearest_that_works(kind: str, nearest: str) -> None:
    with pytest.raises(ModelError, match=nearest):
        build_model({"model_type": kind}, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_size": "big"}, "hidden_size must be an integer"),
        ({"num_hidden_layers": 0}, "num_hidden_layers must be an integer from 1"),
        ({"num_hidden_layers": True}, "num_hidden_layers must be an integer"),
        ({"num_attention_heads": 5}, "5 heads do not divide"),
        ({"hidden_act": "mish"}, "hidden_act is 'mish'; this reader computes gelu, "),
        ({"layer_norm_eps": float("nan")}, "layer_norm_eps must be a number"),
        ({"position_embedding_type": "rotary"}, "position_embedding_type 'rotary' .* 'relative_key_query' are"),
        ({"num_hidden_layers": 4}, r"layer\.3.*is missing"),
        ({"hidden_size": 64}, "config.json asks for"),
        ({"max_position_embeddings": 512}, "config.json asks for 512 by 48"),
    ],
)
def test_config_that_cannot_be_is_named(change: dict[str, Any], message: str) -> None:
    config = make_config("bert", 300)
    with pytest.raises(ModelError, match=message):
        build_model(config | change, make_tensors(config))


def test_mpnet_with_other_buckets_than_transformers_computes_is_refused() -> None:
    config = make_config("mpnet", 300)
    with pytest.raises(ModelError, match="relative_attention_num_buckets is 16; MPNet computes 32"):
        build_model(config | {"relative_attention_num_buckets": 16}, make_tensors(config))


def test_weights_without_a_head_or_with_nan_are_refused() -> None:
    config = make_config("roberta", 300)
    tensors = make_tensors(config)
    headless = {name: value for name, value in tensors.items() if not name.startswith("qa_outputs")}
    with pytest.raises(ModelError, match="without a question-answering head"):
        build_model(config, headless)
    tensors["qa_outputs.bias"] = np.array([np.nan, 0], np.float32)
    with pytest.raises(ModelError, match=r"qa_outputs.bias holds values that are not finite"):
        build_model(config, tensors)


def test_names_without_a_prefix_and_old_norm_names_are_read() -> None:
    config = make_config("bert", 300)
    tensors = make_tensors(config)
    old = {
        name.removeprefix("bert.")
        .replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in tensors.items()
    }
    new, renamed = build_model(config, tensors), build_model(config, old)
    rows = batch(new, [9])
    assert np.array_equal(by_numpy(new, rows), by_numpy(renamed, rows))


def test_a_trace_has_every_layer(checkpoints: dict[str, Path]) -> None:
    model = load(checkpoints["electra"])
    rows = batch(model, [10, 6])
    _, seen = trace(model, rows.ids, rows.types, rows.positions, rows.blocks)
    assert [h.shape for h in seen.hidden] == [(2, 10, 48)] * 4
    assert [a.shape for a in seen.attentions] == [(2, HEADS, 10, 10)] * 3
    np.testing.assert_allclose(seen.attentions[0].sum(-1), 1, atol=1e-5)
    assert np.all(seen.attentions[0][1, :, :6, 6:] == 0)


def test_the_forward_pass_is_one_for_all_runtimes() -> None:
    torch = pytest.importorskip("torch")
    from drystone.reader.model.torch_ops import TorchOps

    config = make_config("distilbert", 300)
    model = build_model(config, make_tensors(config))
    rows = batch(model, [8])
    weights = {name: torch.tensor(value, requires_grad=True) for name, value in model.weights.items()}
    inputs = [torch.tensor(a) for a in (rows.ids, rows.types, rows.positions, rows.blocks)]
    forward(TorchOps(weights), model, *inputs).sum().backward()
    assert all(w.grad is not None and torch.isfinite(w.grad).all() for w in weights.values())
