"""`pipeline("question-answering")` as Transformers had it until 5.3.0: the same call, the same dictionaries back.

Arguments that only steered its batching are taken and change nothing, since windows are batched by themselves; the
docstring of `verbs.pipeline` names them. Knows no runtime.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypedDict

from drystone.errors import UsageError
from drystone.reader.asked import paired
from drystone.reader.options import Options
from drystone.reader.reader import Reader
from drystone.reader.spans.decode import Answer

#: What the old pipeline took and what changes nothing here.
_WITHOUT_EFFECT: Final = frozenset(
    {
        "batch_size",
        "clean_up_tokenization_spaces",
        "config",
        "device_map",
        "dtype",
        "feature_extractor",
        "framework",
        "model_kwargs",
        "num_workers",
        "padding",
        "processor",
        "token",
        "tokenizer",
        "torch_dtype",
        "trust_remote_code",
        "use_auth_token",
        "use_fast",
    }
)
TASK: Final = "question-answering"


class PipelineAnswer(TypedDict):
    """An answer under the names of the old pipeline."""

    score: float
    start: int
    end: int
    answer: str


class QuestionAnsweringPipeline:
    """A reader that is called as the old pipeline was; make one with `drystone.pipeline`."""

    task = TASK

    def __init__(self, reader: Reader, **options: Any) -> None:
        self.reader, self._options = reader, {"normalize": "window", **_options(options)}

    def __call__(self, *args: Any, **given: Any) -> Any:
        """Answer `question=` from `context=`, or dictionaries of both: one, a list, a generator, rows of `datasets`.

        Returns {"score", "start", "end", "answer"}, with `top_k` above 1 a list of them; of a list of several pairs a
        list of either, and of a generator or a dataset an iterator. As before, a list of one pair gives one result.
        Scores are the pipeline's (`normalize="window"`); `normalize="question"` gives the reader's own. Raises
        UsageError.
        """
        pairs, rest = _pairs(args, given)
        options = {**self._options, **_options(rest)}
        top_k = options.get("top_k", Options().top_k)
        found = (_result(answers, top_k) for answers in self.reader.stream(pairs, **options))
        if not isinstance(pairs, list):
            return found
        results = list(found)
        return results[0] if len(results) == 1 else results


def device_name(device: object) -> str:
    """Return the old pipeline's `device` (-1, 0, "cuda:1", a torch.device) as `Reader.load` takes it."""
    if device is None or device == -1:
        return "cpu"
    if isinstance(device, int) and not isinstance(device, bool) and device >= 0:
        return f"cuda:{device}"
    return str(device)


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reader's options among arguments of the old pipeline; raises UsageError for one that nobody knows."""
    found = {name: value for name, value in given.items() if name not in _WITHOUT_EFFECT and value is not None}
    if "topk" in found:
        found["top_k"] = found.pop("topk")
    if unknown := sorted(set(found) - set(Options.__slots__)):
        raise UsageError(
            f"{unknown[0]}: not an argument of question-answering. Known are {', '.join(Options.__slots__)}."
        )
    return found


def _pairs(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[Iterable[Any], dict[str, Any]]:
    """Return pairs in whatever way they were given: a list, unless they come one by one; and the other arguments."""
    rest = dict(given)
    data = [rest.pop(name) for name in ("data", "X") if name in rest] + list(args)
    if "question" in rest and "context" in rest:
        return list(paired(rest.pop("question"), rest.pop("context"))), rest
    if len(data) == 2 and all(isinstance(part, str) for part in data):
        return [(data[0], data[1])], rest
    if not data:
        raise UsageError("question: give question= and context=, or dictionaries with both.")
    if len(data) > 1:
        return data, rest
    [one] = data
    if isinstance(one, Mapping) and {"question", "context"} <= set(one):
        return list(paired(one["question"], one["context"])), rest
    if isinstance(one, list | tuple):
        return list(one), rest
    if isinstance(one, str | Mapping) or not isinstance(one, Iterable):
        raise UsageError("question: give question= and context=, or dictionaries with both.")
    return one, rest


def _result(answers: list[Answer], top_k: int) -> PipelineAnswer | list[PipelineAnswer]:
    found: list[PipelineAnswer] = [
        {"score": one.score, "start": one.start, "end": one.end, "answer": one.text} for one in answers
    ]
    if top_k > 1:
        return found
    return found[0] if found else {"score": 0.0, "start": 0, "end": 0, "answer": ""}
