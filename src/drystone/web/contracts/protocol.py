"""The Open Inference Protocol v2 (KServe, Triton): metadata, and tensors to pairs and back.

Source: the protocol's REST description, github.com/kserve/open-inference-protocol. It knows nothing of HTTP or queues.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, NotRequired, TypedDict

from pydantic import ValidationError

from drystone.errors import UsageError
from drystone.reader.reader import Reader
from drystone.reader.spans.decode import Answer
from drystone.web.contracts.schemas import MOST_PAIRS, InferRequest, Parameters, QuestionContext, Tensor

_OUTPUTS = (("answer", "BYTES"), ("score", "FP64"), ("start", "INT64"), ("end", "INT64"), ("null_score", "FP64"))


class ServerMetadata(TypedDict):
    """The server."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(TypedDict):
    """A tensor that a model takes or gives; -1 in its shape is any size."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(TypedDict):
    """A model and its tensors."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class OutputTensor(TensorMetadata):
    """A tensor with its items, row by row."""

    data: list[str | int | float]


class InferResponse(TypedDict):
    """The answer to a request."""

    model_name: str
    model_version: str
    id: NotRequired[str]
    outputs: list[OutputTensor]


def server_metadata() -> ServerMetadata:
    """Return the server's name, version and extensions."""
    return {"name": "drystone", "version": version("drystone"), "extensions": ["binary_tensor_data"]}


def model_metadata(name: str, reader: Reader) -> ModelMetadata:
    """Return a model's tensors; -1 is any size."""
    return {
        "name": name,
        "versions": ["1"],
        "platform": f"drystone_{reader.engine.name}_{reader.engine.precision}",
        "inputs": [{"name": n, "datatype": "BYTES", "shape": [-1]} for n in ("question", "context")],
        "outputs": [{"name": n, "datatype": kind, "shape": [-1, -1]} for n, kind in _OUTPUTS],
    }


async def infer(
    name: str, body: InferRequest, answer: Callable[[list[QuestionContext], Parameters], Awaitable[list[list[Answer]]]]
) -> InferResponse:
    """Answer a request; outputs have the shape [pairs, top_k], filled with empty answers where fewer exist.

    Raises UsageError naming the tensor or parameter that is wrong.
    """
    questions, contexts = _texts(body, "question"), _texts(body, "context")
    if len(questions) != len(contexts):
        raise UsageError(f"context: {len(contexts)} texts for {len(questions)} questions.")
    if not 1 <= len(questions) <= MOST_PAIRS:
        raise UsageError(f"question: between 1 and {MOST_PAIRS} texts, not {len(questions)}.")
    known = set(Parameters.model_fields)
    try:
        parameters = Parameters(**{k: v for k, v in body.parameters.items() if k in known})
        pairs = [QuestionContext(question=q, context=c) for q, c in zip(questions, contexts, strict=True)]
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
    found = await answer(pairs, parameters)
    width = parameters.top_k
    empty = Answer("", 0, 0, 0.0, 1.0, 0.0)
    flat = [a for answers in found for a in (*answers, *[empty] * (width - len(answers)))]
    wanted = {output.name for output in body.outputs} if body.outputs else {n for n, _ in _OUTPUTS}
    if unknown := wanted - {n for n, _ in _OUTPUTS}:
        raise UsageError(f"outputs: no output {sorted(unknown)[0]!r}.")
    outputs: list[OutputTensor] = [
        {
            "name": n,
            "datatype": kind,
            "shape": [len(found), width],
            "data": [getattr(a, "text" if n == "answer" else n) for a in flat],
        }
        for n, kind in _OUTPUTS
        if n in wanted
    ]
    response: InferResponse = {"model_name": name, "model_version": "1", "outputs": outputs}
    if body.id is not None:
        response["id"] = body.id
    return response


def binary_outputs(body: InferRequest) -> set[str]:
    """Return the names of the outputs that are asked for in binary."""
    every = body.parameters.get("binary_data_output") is True
    if body.outputs is None:
        return {name for name, _ in _OUTPUTS} if every else set()
    return {output.name for output in body.outputs if output.parameters.get("binary_data", every) is True}


def packed(response: InferResponse, wanted: set[str]) -> tuple[bytes, bytes]:
    """Return a response as its JSON, and the outputs that are `wanted` in binary, one after another."""
    rest, outputs = bytearray(), []
    for output in response["outputs"]:
        if output["name"] not in wanted:
            outputs.append(dict(output))
            continue
        data = b"".join(_binary(output["datatype"], item) for item in output["data"])
        rest += data
        described = {name: value for name, value in output.items() if name != "data"}
        outputs.append({**described, "parameters": {"binary_data_size": len(data)}})
    return json.dumps({**response, "outputs": outputs}).encode(), bytes(rest)


def _binary(datatype: str, item: str | int | float) -> bytes:
    if datatype == "BYTES":
        text = str(item).encode("utf-8", "surrogatepass")
        return struct.pack("<I", len(text)) + text
    return struct.pack("<q" if datatype == "INT64" else "<d", item)


def _texts(body: InferRequest, name: str) -> list[str]:
    tensor: Tensor | None = next((t for t in body.inputs if t.name == name), None)
    if tensor is None:
        raise UsageError(f"inputs: no tensor {name!r}.")
    texts: list[Any] = []
    stack: list[Any] = [tensor.data]
    while stack:  # the protocol allows nested rows; no recursion, since depth is the client's choice
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        else:
            texts.append(item)
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{name}: BYTES must be strings.")
    size = 1
    for n in tensor.shape:
        size *= n
    if size != len(texts):
        raise UsageError(f"{name}: shape {tensor.shape} asks for {size} texts, {len(texts)} are given.")
    return texts
