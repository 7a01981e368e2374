"""Writes a model in int8: OpenVINO by nncf's calibration, ONNX Runtime per output channel.

Both leave the span head and the attention's softmax in floating point. A calibrated model is kept in a cache folder, so
that a checkpoint is calibrated once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

from drystone.errors import MissingExtraError, ModelError
from drystone.processor import has_vnni
from drystone.reader.engines.onnxruntime import onnxruntime_module
from drystone.reader.engines.openvino import openvino_core, openvino_module
from drystone.reader.engines.schedule import Batch
from drystone.reader.model.families import Model
from drystone.reader.model.fingerprint import fingerprint
from drystone.reader.model.onnx_graph import build_onnx


def cache_folder() -> Path:
    """Return the folder for calibrated models: $DRYSTONE_HOME, else drystone in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("DRYSTONE_HOME") or Path(base) / "drystone") / "readers"


def quantized_openvino(model: Model, calibration: Sequence[Batch], *, public: bool = False) -> Path:
    """Return the path of the model as an int8 OpenVINO IR, calibrated on `calibration` unless the cache has it.

    `public`: with the inputs and outputs of other consumers (`build_onnx`).

    Weights are quantized per output channel, activations per tensor with smoothed outliers (nncf's transformer
    preset). Without VNNI, weights keep to 7 bits, since sums of two products must fit 16 bits there. Raises
    MissingExtraError where nncf is not installed.
    """
    narrow = not has_vnni()
    inputs = hashlib.sha256()
    for batch in calibration:
        inputs.update(batch.ids.tobytes())
    try:
        key = f"{fingerprint(model)}-{inputs.hexdigest()[:12]}-nncf{version('nncf')}-{'7' if narrow else '8'}bit"
        key += "-public" * public
    except ImportError:
        raise MissingExtraError("nncf, which calibrates int8 for OpenVINO", "quantize") from None
    kept = cache_folder() / f"{key}.xml"
    if kept.is_file() and kept.with_suffix(".bin").is_file():
        return kept
    openvino = openvino_module()
    quantized = calibrate(openvino_core().read_model(build_onnx(model, public=public)), calibration, narrow=narrow)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            written = Path(folder) / "model.xml"
            openvino.save_model(quantized, written, compress_to_fp16=False)
            # The .xml goes last: where it exists, the weights beside it are whole.
            written.with_suffix(".bin").replace(kept.with_suffix(".bin"))
            written.replace(kept)
    except OSError as error:
        raise ModelError(f"{kept.parent}: the calibrated model cannot be written ({error.strerror}).") from None
    return kept


def calibrate(graph: Any, calibration: Sequence[Batch], *, narrow: bool) -> Any:
    """Return an OpenVINO model with int8 linear layers, calibrated by nncf on batches."""
    try:
        import nncf  # noqa: PLC0415  an extra
        from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters, OverflowFix  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("nncf, which calibrates int8 for OpenVINO", "quantize") from None
    logging.getLogger("nncf").setLevel(logging.ERROR)
    names = [port.get_any_name() for port in graph.inputs]
    rows = [{name: batch.named(name) for name in names} for batch in calibration]
    with redirect_stdout(sys.stderr):  # its progress bars belong to no command's output
        return nncf.quantize(
            graph,
            nncf.Dataset(rows),
            model_type=nncf.ModelType.TRANSFORMER,
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(rows),
            fast_bias_correction=True,
            advanced_parameters=AdvancedQuantizationParameters(
                overflow_fix=OverflowFix.ENABLE if narrow else OverflowFix.DISABLE
            ),
        )


def quantized_onnx(model: Model, *, public: bool = False) -> bytes:
    """Return the model as ONNX with int8 linear layers: weights per output channel, activations dynamically.

    Without VNNI, weights keep to 7 bits (`reduce_range`), as ONNX Runtime's documentation asks for.
    """
    onnxruntime_module()
    import onnx  # noqa: PLC0415  an extra; build_onnx below names it where it is missing
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "int8.onnx"
        root = logging.getLogger()
        level = root.level
        root.setLevel(logging.ERROR)  # it warns, on the root logger, that pre-processing might help; here it does not
        try:
            quantize_dynamic(
                onnx.load_from_string(build_onnx(model, public=public)),
                written,
                op_types_to_quantize=["MatMul"],
                nodes_to_quantize=[f"{n}/matmul" for n in model.weights if n.endswith(".w") and n != "head.w"],
                per_channel=True,
                reduce_range=not has_vnni(),
                weight_type=QuantType.QInt8,
                extra_options={"MatMulConstBOnly": True},
            )
        finally:
            root.setLevel(level)
        return written.read_bytes()
