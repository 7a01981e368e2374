"""The shapes of requests and answers, for validation and OpenAPI; numbers must be integers, texts within limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, PlainValidator, model_validator

from drystone.errors import UsageError
from drystone.reader.asked import paired
from drystone.reader.options import TOP_K_MOST, Options

#: Characters; more than any model's context, little enough to tokenize in about a second.
MOST_CONTEXT = 2_000_000
MOST_QUESTION = 10_000
MOST_PAIRS = 256
_DEFAULT = Options()


def _text(most: int) -> Any:
    """A string of 1 to `most` characters; unlike pydantic's own it may hold lone surrogates, which JSON can carry."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be a string")
        if not 1 <= len(value) <= most:
            raise ValueError(f"must have 1 to {most} characters, not {len(value)}")
        return value

    return PlainValidator(check, json_schema_input_type=Annotated[str, Field(min_length=1, max_length=most)])


Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]


class Strict(BaseModel):
    """Unknown fields are errors, so that a misspelt parameter does not pass in silence."""

    model_config = ConfigDict(extra="forbid")


class Parameters(Strict):
    """What can be asked of an answer, with the names of the Transformers pipeline; lengths are in tokens."""

    top_k: Annotated[int, Field(strict=True, ge=1, le=TOP_K_MOST)] = _DEFAULT.top_k
    max_answer_len: Count = _DEFAULT.max_answer_len
    max_seq_len: Annotated[int, Field(strict=True, ge=8, le=100_000)] | None = _DEFAULT.max_seq_len
    doc_stride: Annotated[int, Field(strict=True, ge=0, le=100_000)] | None = _DEFAULT.doc_stride
    max_question_len: Count | None = _DEFAULT.max_question_len
    handle_impossible_answer: Annotated[bool, Field(strict=True)] = _DEFAULT.handle_impossible_answer
    align_to_words: Annotated[bool, Field(strict=True)] = _DEFAULT.align_to_words


class TaskParameters(Parameters):
    """As `Parameters`; null means the default, since the Hugging Face client sends what was not set as null."""

    top_k: Annotated[int, Field(strict=True, ge=1, le=TOP_K_MOST)] | None = None  # type: ignore[assignment]
    max_answer_len: Count | None = None  # type: ignore[assignment]
    handle_impossible_answer: Annotated[bool, Field(strict=True)] | None = None  # type: ignore[assignment]
    align_to_words: Annotated[bool, Field(strict=True)] | None = None  # type: ignore[assignment]


class QuestionContext(Strict):
    """A question and the text to answer it from."""

    question: Annotated[str, _text(MOST_QUESTION)]
    context: Annotated[str, _text(MOST_CONTEXT)]


QuestionContexts = Annotated[list[QuestionContext], Field(min_length=1, max_length=MOST_PAIRS)]


def _listed(value: Any) -> Any:
    """Return inputs as a list of pairs: they may be one pair, or lists of questions, of contexts, or of both."""
    if isinstance(value, dict) and any(isinstance(value.get(name), list) for name in ("question", "context")):
        if set(value) != {"question", "context"}:
            return [value]
        try:
            return [{"question": q, "context": c} for q, c in paired(value["question"], value["context"])]
        except UsageError as error:
            raise ValueError(str(error)) from None
    return value if isinstance(value, list) else [value]


#: One pair or several, always as a list: what is wrong is then told of the pair that it is wrong in.
Inputs = Annotated[
    QuestionContexts, BeforeValidator(_listed, json_schema_input_type=QuestionContext | QuestionContexts)
]


class TaskRequest(Strict):
    """The Hugging Face question-answering task. A bare pair is taken for `inputs`.

    `options` are those of the old endpoints (`wait_for_model`, `use_cache`): they are taken, and change nothing.
    """

    inputs: Inputs
    parameters: TaskParameters | None = None
    options: dict[str, JsonValue] | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_inputs(cls, value: Any) -> Any:
        if isinstance(value, dict) and "inputs" not in value and {"question", "context"} <= set(value):
            inputs = {name: value[name] for name in ("question", "context")}
            value = {name: each for name, each in value.items() if name not in inputs} | {"inputs": inputs}
        return value


class TaskAnswer(Strict):
    """The Hugging Face task's answer."""

    answer: str
    score: float
    start: int
    end: int


class AnswerRequest(Strict):
    """Questions for one model."""

    inputs: Inputs
    parameters: Parameters = Parameters()
    model: str | None = None


class AnswerSpan(Strict):
    """A verbatim span: `context[start:end]` in Unicode code points. `score` is a probability within one question."""

    text: str
    start: int
    end: int
    score: float
    null_score: float
    logit: float


class AnswerResponse(Strict):
    """For each input, in order, its answers, best first."""

    model: str
    answers: list[list[AnswerSpan]]


class FieldError(BaseModel):
    """What was wrong with one field; of a query at which character, from 1."""

    field: str
    message: str
    column: int | None = None


class ErrorBody(BaseModel):
    """What was wrong; `detail` names the fields."""

    error: str
    detail: list[FieldError] = []


class Tensor(BaseModel):
    """A tensor of the Open Inference Protocol."""

    name: str
    shape: list[Annotated[int, Field(strict=True, ge=0, le=1_000_000)]]
    datatype: Literal["BYTES"]
    data: list[Any]
    parameters: dict[str, JsonValue] = {}


class RequestedOutput(BaseModel):
    """An output that is asked for by name."""

    name: str
    parameters: dict[str, JsonValue] = {}


class InferRequest(BaseModel):
    """The Open Inference Protocol's request: BYTES tensors `question` and `context` of one shape [n]."""

    id: Annotated[str, Field(max_length=1000)] | None = None
    inputs: Annotated[list[Tensor], Field(min_length=1, max_length=8)]
    outputs: Annotated[list[RequestedOutput], Field(max_length=8)] | None = None
    parameters: dict[str, JsonValue] = {}
