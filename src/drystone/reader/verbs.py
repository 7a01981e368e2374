"""What can be done with a reader: the verbs of this room, light to load and each with its defaults.

`model` is a reader that is loaded, an installed model, a folder or a Hub id; `load_reader` says how one is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drystone.reader.options import (
    DEFAULT_MODEL,
    MEASURED_ANSWER_LEN,
    LoadOptions,
    OnError,
    Options,
    Pooling,
    Precision,
    Runtime,
    TrainingFile,
    TrainingOptions,
)

if TYPE_CHECKING:
    from drystone.reader.compat import QuestionAnsweringPipeline
    from drystone.reader.evaluation.evaluate import SavedReport
    from drystone.reader.exports.export import CheckedFormat
    from drystone.reader.features.features import AnswerExplanation
    from drystone.reader.reader import Reader
    from drystone.reader.spans.decode import Answer
    from drystone.reader.training.records import ProgressRow

    AnyModel = Reader | str | os.PathLike[str]
    AnyPath = str | os.PathLike[str]

_ANSWER = Options()


def load_reader(
    model: AnyModel = DEFAULT_MODEL,
    *,
    revision: str | None = LoadOptions.revision,
    offline: bool | None = LoadOptions.offline,
    runtime: Runtime = LoadOptions.runtime,
    precision: Precision = LoadOptions.precision,
    threads: int | None = LoadOptions.threads,
    device: str = LoadOptions.device,
) -> Reader:
    """Load a reader; one that is loaded is returned as it is.

    `revision`: branch, tag or commit of a Hub model. `offline`: use the Hub's local cache only (default: as the Hub's
    own settings say). `runtime`: auto is what is fastest here. `precision`: auto is measured (`Reader.reason`);
    fast is int8 where our own kernel computes the model, else fp32. `threads`: windows computed at once (default: all
    processors). `device`: cpu, or a GPU by torch or ONNX Runtime: cuda, cuda:1. Raises `ModelError`, `UsageError`.
    """
    from drystone.reader.reader import Reader

    if isinstance(model, Reader):
        return model
    return Reader.load(
        os.fspath(model),
        revision=revision,
        offline=offline,
        runtime=runtime,
        precision=precision,
        threads=threads,
        device=device,
    )


def pipeline(
    task: str | None = None,
    model: AnyModel | None = None,
    *,
    revision: str | None = LoadOptions.revision,
    device: object = None,
    runtime: Runtime = LoadOptions.runtime,
    precision: Precision = LoadOptions.precision,
    **options: Any,
) -> QuestionAnsweringPipeline:
    """Return what `transformers.pipeline("question-answering", …)` did; `model` is `mini` where none is named.

    `device`: -1, "cpu" or None for the processor; 0, "cuda" or "cuda:1" for a GPU. Options of an answer are kept for
    every call. `batch_size`, `padding`, `num_workers`, `tokenizer`, `framework`, `torch_dtype` and their like change
    nothing: windows are batched by themselves, the tokenizer is the checkpoint's, and `precision` says how it is
    computed. Raises `UsageError` for another task and for an argument that nobody knows, `ModelError`.
    """
    from drystone.errors import UsageError
    from drystone.reader.compat import TASK, QuestionAnsweringPipeline, device_name

    if task not in (TASK, None):
        raise UsageError(f"task: {task!r} is not one of this package; it has {TASK!r}.")
    loaded = load_reader(
        DEFAULT_MODEL if model is None else model,
        revision=revision,
        runtime=runtime,
        precision=precision,
        device=device_name(device),
    )
    return QuestionAnsweringPipeline(loaded, **options)


def ask(
    question: str,
    context: str,
    *,
    model: AnyModel = DEFAULT_MODEL,
    top_k: int = _ANSWER.top_k,
    max_answer_len: int = _ANSWER.max_answer_len,
    handle_impossible_answer: bool = _ANSWER.handle_impossible_answer,
    align_to_words: bool = _ANSWER.align_to_words,
) -> list[Answer]:
    """Answer a question from a text, with at most `top_k` spans of it, the best first.

    `max_answer_len`: in tokens. `handle_impossible_answer`: let the empty answer compete.
    `align_to_words`: answers are whole words. The list is empty where the
    text holds nothing that could be an answer. Raises `UsageError` for an empty question or text, `ModelError`.
    """
    pairs = [(question, context)]
    return next(
        load_reader(model).stream(
            pairs,
            top_k=top_k,
            max_answer_len=max_answer_len,
            handle_impossible_answer=handle_impossible_answer,
            align_to_words=align_to_words,
        )
    )


def explain(
    question: str, context: str, *, model: AnyModel = DEFAULT_MODEL, top_k: int = 3, html: AnyPath | None = None
) -> AnswerExplanation:
    """Say why a question gets its answers: how likely each token is to begin and to end one; the empty one competes.

    `html`: a page to write as well, which needs no network. Raises `UsageError`, `ModelError`.
    """
    from drystone.reader.features.features import explain as look
    from drystone.reader.features.views import explanation_page

    found = look(load_reader(model), question, context, top_k=top_k, handle_impossible_answer=True)
    if html is not None:
        _write(html, explanation_page(found))
    return found


def write_attention(
    question: str,
    context: str,
    out: AnyPath,
    *,
    model: AnyModel = DEFAULT_MODEL,
    window: int = 1,
    max_seq_len: int | None = _ANSWER.max_seq_len,
) -> Path:
    """Write a page of every layer and head: what each token of a question and a text attends to.

    `window`: which window of a long text, from 1. `max_seq_len`: tokens in a window (default: 384, or the model's
    most). Raises `UsageError` where there are fewer windows, `ModelError`.
    """
    from drystone.errors import UsageError
    from drystone.reader.features.features import features
    from drystone.reader.features.views import attention_page

    reader = load_reader(model)
    found = features(reader, question, context, max_seq_len=max_seq_len)
    if not 1 <= window <= len(found):
        raise UsageError(f"--window: the text has {len(found)} windows.")
    return _write(out, attention_page(found[window - 1], f"{Path(reader.name).name}: {question}"))


def write_features(
    question: str,
    context: str,
    out: AnyPath,
    *,
    model: AnyModel = DEFAULT_MODEL,
    max_seq_len: int | None = _ANSWER.max_seq_len,
) -> tuple[int, int]:
    """Write hidden states, attentions and logits of a question and a text as .npz or .parquet.

    Returns how many windows and tokens there are. Raises `UsageError` for another ending, `ModelError`.
    """
    from drystone.reader.features.features import features
    from drystone.reader.features.tables import write_features as write

    found = features(load_reader(model), question, context, max_seq_len=max_seq_len)
    write(Path(out), found)
    return len(found), sum(len(window.tokens) for window in found)


def write_vectors(
    texts: Sequence[str],
    out: AnyPath,
    *,
    model: AnyModel = DEFAULT_MODEL,
    layer: int = -1,
    pooling: Pooling = "mean",
) -> tuple[int, int]:
    """Write one vector for each text as .npy or .parquet; return how many there are, and of how many numbers.

    `layer`: hidden state, embeddings being 0. `pooling`: the mean of its tokens, or its first. Raises `UsageError` for
    an empty text, another ending or a layer that is not there, `ModelError`.
    """
    from drystone.reader.features.features import pooled
    from drystone.reader.features.tables import write_vectors as write

    found = pooled(load_reader(model), texts, layer=layer, pooling=pooling)
    write(Path(out), texts, found)
    return found.shape[0], found.shape[1]


def evaluate(
    data: AnyPath,
    *,
    model: AnyModel = DEFAULT_MODEL,
    limit: int | None = None,
    out: AnyPath | None = None,
    max_answer_len: int = MEASURED_ANSWER_LEN,
    align_to_words: bool = _ANSWER.align_to_words,
    on_error: OnError = "raise",
    progress: Callable[[int, int], None] | None = None,
) -> SavedReport:
    """Measure exact match and F1 on labelled questions: SQuAD v1.1 or v2.0, or rows of the same; return the report.

    `limit`: only the first questions. `out`: a folder for predictions.jsonl, report.json and calibration.png, from
    which a second run goes on. `max_answer_len`: in tokens, by default as in the official runs. `align_to_words`:
    answers are whole words. `on_error`: a question that cannot be asked ends the run, or counts as answered wrong
    (`errors` in the report). `progress` is called with questions answered and all questions. In v2.0 the empty answer
    competes. Raises `UsageError`, `ModelError`.
    """
    from drystone.reader.evaluation.evaluate import evaluate as measure

    folder = Path(out) if out is not None else None
    return measure(
        load_reader(model),
        Path(data),
        folder,
        limit,
        max_answer_len=max_answer_len,
        align_to_words=align_to_words,
        on_error=on_error,
        report=progress,
    )


def train(
    model: AnyPath,
    files: Sequence[TrainingFile | AnyPath],
    out: AnyPath,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008  frozen
    *,
    progress: Callable[[ProgressRow], None] | None = None,
) -> Path:
    """Fine-tune a model, a folder or Hub id, on SQuAD files into a reader in the folder `out`; return that.

    Called again after an interruption it goes on where the last checkpoint stands, to the same weights. `progress` is
    called with rows: examples seen, loss, rate, speed; or what was measured. Raises `MissingExtraError` without torch,
    `UsageError` for wrong data and options, `ModelError` where the loss is not finite or the disk is full.
    """
    from drystone.reader.training.prepare import prepare
    from drystone.reader.training.train import train as run

    target = Path(out)
    return run(os.fspath(model), out=target, report=progress, **prepare(_files(files), target, options))


def distil(
    teachers: Sequence[AnyPath],
    files: Sequence[TrainingFile | AnyPath],
    out: AnyPath,
    options: TrainingOptions = TrainingOptions(),  # noqa: B008  frozen
    *,
    student: AnyPath | None = None,
    layers: int | Sequence[int] | None = None,
    temperature: float = 2.0,
    soft: float = 0.75,
    hard: float = 0.25,
    hidden: float = 0.0,
    attention: float = 0.0,
    cache: AnyPath | None = None,
    progress: Callable[[ProgressRow], None] | None = None,
    teacher_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Teach a smaller reader to answer as its teachers do (the average of several), into the folder `out`.

    The student is a checkpoint, or `layers` of the first teacher: how many, or which. `temperature` softens the
    teachers' distributions; `soft`, `hard`, `hidden` and `attention` are the weights of these distributions, of labels,
    hidden states and attention in the loss. `cache`: folder for teachers' outputs (default: in `out`). The rest is as
    in `train`; `teacher_progress` is called with rows done and all rows.
    """
    from drystone.reader.training.distil import distil as run
    from drystone.reader.training.prepare import prepare

    target = Path(out)
    return run(
        [os.fspath(teacher) for teacher in teachers],
        out=target,
        student=os.fspath(student) if student is not None else None,
        layers=layers,
        temperature=temperature,
        soft=soft,
        hard=hard,
        hidden=hidden,
        attention=attention,
        cache=Path(cache) if cache is not None else None,
        report=progress,
        report_teacher=teacher_progress,
        **prepare(_files(files), target, options),
    )


def average_models(models: Sequence[AnyPath], out: AnyPath) -> Path:
    """Write the mean of the weights of several models, each counting alike, into the folder `out`; return that.

    Raises `UsageError` where there are fewer than two, or where they differ in sizes or tokenizer.
    """
    from drystone.reader.training.average import average

    return average([os.fspath(model) for model in models], Path(out))


def make_questions(documentation: Sequence[AnyPath], license: str, out: AnyPath) -> int:
    """Make questions from documentation and code in folders or files; write a SQuAD file and return how many.

    `license`: the documentation's, as an SPDX expression. Raises `UsageError` where nothing asks and answers.
    """
    from drystone.reader.questions.documentation import write

    return write([Path(folder) for folder in documentation], license, Path(out))


def verify_model(folder: AnyPath) -> list[CheckedFormat]:
    """Check an exported folder: checksums, then every format by its consumer; return one row for each format.

    A row has format, file, the largest difference of a logit and the share of windows with the same spans. Raises
    `ModelError` naming the file or format that fails.
    """
    from drystone.reader.exports.export import verify

    return verify(Path(folder))


def _files(files: Sequence[TrainingFile | AnyPath]) -> list[TrainingFile]:
    return [file if isinstance(file, TrainingFile) else TrainingFile(Path(file)) for file in files]


def _write(path: AnyPath, page: str) -> Path:
    """Write a page. Raises `UsageError` where that cannot be."""
    from drystone.errors import UsageError

    file = Path(path)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}).") from None
    return file
