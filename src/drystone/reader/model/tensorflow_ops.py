"""The encoder's operations in TensorFlow, and a small program that writes and reads TensorFlow's formats.

TensorFlow wants versions of its own, so the program runs in whatever Python has it (`tensorflow_formats` starts it):
`python -m drystone.reader.model.tensorflow_ops TASK MODEL.npz FOLDER`, where TASK is write-tensorflow, read-tensorflow,
write-tf-h5 or read-tf-h5. It needs numpy and tensorflow, h5py for the .h5 file, and Transformers below 5 to read that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from drystone.reader.model.encoder import forward
from drystone.reader.model.families import Model


class Row(TypedDict):
    """A batch's arrays, int64 [rows, tokens], as an .npz file has them."""

    ids: np.ndarray
    types: np.ndarray
    blocks: np.ndarray


class TensorflowOps:
    """Computes with variables by name; DeBERTa's relative attention is not among them."""

    def __init__(self, tf: Any, weights: Mapping[str, Any]) -> None:
        self.tf, self._weights = tf, weights

    def weight(self, name: str, value: np.ndarray) -> Any:
        return self._weights[name]

    def take(self, table: Any, ids: Any) -> Any:
        return self.tf.gather(table, ids)

    def linear(self, x: Any, w: str, b: str | None) -> Any:
        y = self.tf.linalg.matmul(x, self._weights[w])
        return y if b is None else y + self._weights[b]

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def layer_norm(self, x: Any, g: str, b: str, epsilon: float) -> Any:
        mean, variance = self.tf.nn.moments(x, axes=[-1], keepdims=True)
        return (x - mean) * self.tf.math.rsqrt(variance + epsilon) * self._weights[g] + self._weights[b]

    def activate(self, x: Any, name: str) -> Any:
        if name == "silu":
            return self.tf.nn.silu(x)
        return self.tf.nn.relu(x) if name == "relu" else self.tf.nn.gelu(x, approximate=name == "gelu_tanh")

    def split_heads(self, x: Any, heads: int) -> Any:
        shape = self.tf.shape(x)
        return self.tf.transpose(self.tf.reshape(x, [shape[0], shape[1], heads, x.shape[-1] // heads]), [0, 2, 1, 3])

    def merge_heads(self, x: Any, hidden: int) -> Any:
        shape = self.tf.shape(x)
        return self.tf.reshape(self.tf.transpose(x, [0, 2, 1, 3]), [shape[0], shape[2], hidden])

    def attend(self, q: Any, k: Any, v: Any, bias: Any, scale: float) -> tuple[Any, Any]:
        weights = self.tf.nn.softmax(self.tf.linalg.matmul(q, k, transpose_b=True) * scale + bias)
        return self.tf.linalg.matmul(weights, v), weights

    def block_bias(self, blocks: Any, masked: float) -> Any:
        same = self.tf.equal(blocks[:, None, :, None], blocks[:, None, None, :])
        return self.tf.where(same, 0.0, masked)

    def distances(self, positions: Any, reach: int) -> Any:
        apart = positions[:, :, None] - positions[:, None, :]
        return self.tf.clip_by_value(apart + reach, 0, 2 * reach)

    def heads_first(self, x: Any) -> Any:
        return self.tf.transpose(x, [0, 3, 1, 2])

    def relative(self, x: Any, table: np.ndarray, index: Any, scale: float, *, transpose: bool) -> Any:
        raise NotImplementedError


def write_saved_model(tf: Any, model: Model, folder: Path) -> None:
    """Write a SavedModel whose signature is Transformers': input_ids, attention_mask, token_type_ids to logits."""

    class Module(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
        def __init__(self) -> None:
            super().__init__(name="question_answering")
            self.kept = {name: tf.Variable(value, name=name) for name, value in model.weights.items()}

        @tf.function(  # type: ignore[untyped-decorator]
            input_signature=[tf.TensorSpec([None, None], tf.int32, name=n) for n in _inputs(model)]
        )
        def serve(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Mapping[str, Any]:
            # The mask and the ids alone give the positions: padding is never attended to.
            places = tf.math.cumsum(attention_mask, axis=1, exclusive=True) + model.positions_from
            types = tf.zeros_like(input_ids) if token_type_ids is None else token_type_ids
            logits = forward(TensorflowOps(tf, self.kept), model, input_ids, types, places, attention_mask)
            return {"start_logits": logits[..., 0], "end_logits": logits[..., 1]}

    module = Module()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})


def read_saved_model(tf: Any, model: Model, folder: Path, rows: list[Row]) -> list[np.ndarray]:
    """Return the logits of rows, computed by the SavedModel in `folder`."""
    loaded = tf.saved_model.load(str(folder))
    run = loaded.signatures["serving_default"]
    found = []
    for row in rows:
        given = {"input_ids": row["ids"], "attention_mask": row["blocks"], "token_type_ids": row["types"]}
        out = run(**{name: tf.constant(given[name], tf.int32) for name in _inputs(model)})
        found.append(np.stack([out["start_logits"].numpy(), out["end_logits"].numpy()], -1))
    return found


def _inputs(model: Model) -> tuple[str, ...]:
    names = ("input_ids", "attention_mask", "token_type_ids")
    return names if model.uses_types else names[:2]


#: Our names -> those of Transformers' TensorFlow classes, which its 4.x loads by: `tf_model.h5` holds these groups.
_PLACES = {
    "distilbert": {
        "embed.word": "embeddings/word_embeddings/weight",
        "embed.position": "embeddings/position_embeddings/embeddings",
        "embed.norm": "embeddings/LayerNorm", "layer": "transformer/layer_._{}",
        "q": "attention/q_lin", "k": "attention/k_lin", "v": "attention/v_lin", "o": "attention/out_lin",
        "norm1": "sa_layer_norm", "up": "ffn/lin1", "down": "ffn/lin2", "norm2": "output_layer_norm",
    },
    "bert": {
        "embed.word": "embeddings/word_embeddings/weight",
        "embed.position": "embeddings/position_embeddings/embeddings",
        "embed.type": "embeddings/token_type_embeddings/embeddings",
        "embed.norm": "embeddings/LayerNorm", "layer": "encoder/layer_._{}",
        "q": "attention/self/query", "k": "attention/self/key", "v": "attention/self/value",
        "o": "attention/output/dense",
        "norm1": "attention/output/LayerNorm", "up": "intermediate/dense", "down": "output/dense",
        "norm2": "output/LayerNorm",
    },
}  # fmt: skip
_H5 = {"distilbert": "tf_distil_bert_for_question_answering/distilbert", "bert": "tf_bert_for_question_answering/bert"}


def h5_datasets(model: Model) -> dict[str, np.ndarray]:
    """Return {dataset name below its group: value} of `tf_model.h5` for a BERT or DistilBERT."""
    places, root = _PLACES[model.family], _H5[model.family]
    found: dict[str, np.ndarray] = {}
    for name, value in model.weights.items():
        parts = name.split(".")
        if parts[0] == "head":
            top = root.rsplit("/", 1)[0]
            found[f"{top}/qa_outputs/{'kernel' if parts[1] == 'w' else 'bias'}:0"] = value
        elif name in places:
            found[f"{root}/{places[name]}:0"] = value
        else:
            at = (
                places["embed.norm"]
                if parts[0] == "embed"
                else f"{places['layer'].format(parts[1])}/{places[parts[2]]}"
            )
            norm = "norm" in name
            last = {"g": "gamma", "w": "kernel", "b": "beta" if norm else "bias"}[parts[-1]]
            found[f"{root}/{at}/{last}:0"] = value
    return found


def write_h5(model: Model, path: Path) -> None:
    """Write `tf_model.h5` in the layout that Transformers 4 saves: a group for each top layer, names in attributes."""
    import h5py  # noqa: PLC0415  comes with tensorflow

    datasets = h5_datasets(model)
    groups = {model.family: [n for n in datasets if "/qa_outputs/" not in n]}
    groups["qa_outputs"] = [n for n in datasets if "/qa_outputs/" in n]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in groups]
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.15.0"
        for group, names in groups.items():
            place = file.create_group(group)
            place.attrs["weight_names"] = [name.encode() for name in names]
            for name in names:
                place.create_dataset(name, data=np.ascontiguousarray(datasets[name]))


def read_h5(tf: Any, folder: Path, rows: list[Row]) -> list[np.ndarray]:
    """Return the logits of rows, computed by Transformers' own TensorFlow class from `tf_model.h5`."""
    from transformers import TFAutoModelForQuestionAnswering  # noqa: PLC0415

    loaded, info = TFAutoModelForQuestionAnswering.from_pretrained(
        folder, output_loading_info=True, use_safetensors=False
    )
    # Layers without weights, which dropout is, have no group in the file and miss nothing.
    empty = {layer.name for layer in loaded.layers if not layer.weights}
    amiss = [*(set(info["missing_keys"]) - empty), *info["unexpected_keys"]]
    if amiss:
        raise SystemExit(f"tf_model.h5: Transformers finds {sorted(amiss)} amiss")
    found = []
    for row in rows:
        given = {"input_ids": tf.constant(row["ids"], tf.int32), "attention_mask": tf.constant(row["blocks"], tf.int32)}
        if loaded.config.model_type == "bert":
            given["token_type_ids"] = tf.constant(row["types"], tf.int32)
        out = loaded(given)
        found.append(np.stack([out.start_logits.numpy(), out.end_logits.numpy()], -1))
    return found


def load(path: Path) -> tuple[Model, list[Row]]:
    """Return the model and rows that `tensorflow_formats` put into an .npz file."""
    with np.load(path) as arrays:
        sizes = json.loads(str(arrays["sizes"]))
        weights = {n.removeprefix("w:"): arrays[n] for n in arrays.files if n.startswith("w:")}
        count = int(arrays["rows"])
        rows: list[Row] = [
            {"ids": arrays[f"ids_{i}"], "types": arrays[f"types_{i}"], "blocks": arrays[f"blocks_{i}"]}
            for i in range(count)
        ]
    return Model(**sizes, weights=weights), rows


def main(task: str, source: str, folder: str) -> None:
    """Run one task; a reading one writes `logits.npz` beside the model's file."""
    model, rows = load(Path(source))
    if task == "write-tf-h5":
        write_h5(model, Path(folder) / "tf_model.h5")
        return
    import tensorflow as tf  # noqa: PLC0415

    if task == "write-tensorflow":
        write_saved_model(tf, model, Path(folder))
        return
    found = (
        read_saved_model(tf, model, Path(folder), rows)
        if task == "read-tensorflow"
        else read_h5(tf, Path(folder), rows)
    )
    np.savez(Path(source).with_name("logits.npz"), *found)


if __name__ == "__main__":
    main(*sys.argv[1:])
