"""Answers the question-answering task on an inference endpoint; Hugging Face calls EndpointHandler."""

from __future__ import annotations

from typing import Any

from drystone.reader import Reader


class EndpointHandler:
    """Loads the model in `path` once, and answers one request a call."""

    def __init__(self, path: str = "") -> None:
        self.reader = Reader.load(path or ".")

    def __call__(self, data: dict[str, Any]) -> Any:
        """Answer {"inputs": {"question", "context"} or a list of them, "parameters": {...}}."""
        inputs = data.pop("inputs", data)
        given = data.pop("parameters", None) or {}
        parameters = {name: value for name, value in given.items() if value is not None}
        pairs = inputs if isinstance(inputs, list) else [inputs]
        found = [
            [{"answer": a.text, "score": a.score, "start": a.start, "end": a.end} for a in answers]
            for answers in self.reader.stream(((p["question"], p["context"]) for p in pairs), **parameters)
        ]
        if parameters.get("top_k", 1) == 1:
            one = [answers[0] if answers else {"answer": "", "score": 0.0, "start": 0, "end": 0} for answers in found]
            return one if isinstance(inputs, list) else one[0]
        return found if isinstance(inputs, list) else found[0]
