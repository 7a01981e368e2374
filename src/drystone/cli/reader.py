"""`drystone reader`: answer, evaluate, export and look into extractive question-answering models."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from drystone.cli._console import console as new_console
from drystone.cli._training import gather, training_options
from drystone.cli._training import progress as progress_of_training


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a model is loaded."""
    for option in (
        click.option("--revision", help="Branch, tag or commit of a Hub model."),
        click.option("--offline", is_flag=True, help="Use the Hub's local cache only."),
        click.option(
            "--runtime",
            type=click.Choice(["auto", "openvino", "onnxruntime", "packed", "torch"]),
            default="auto",
            show_default=True,
        ),
        click.option(
            "--precision", type=click.Choice(["auto", "fp32", "bf16", "int8"]), default="fp32", show_default=True
        ),
        click.option(
            "--threads", type=click.IntRange(1, 1024), help="Windows computed at once (default: all processors)."
        ),
    ):
        command = option(command)
    return command


def load(model: str, **settings: Any) -> Any:
    """Load a reader and say on a terminal what was chosen."""
    from drystone.reader import Reader  # noqa: PLC0415  help must not wait for numpy

    settings["offline"] = settings.get("offline") or None
    reader = Reader.load(model, **settings)
    if sys.stderr.isatty() or settings.get("precision") == "auto":
        click.echo(f"{reader.name}: {reader.reason}", err=True)
    return reader


@click.group()
def command() -> None:
    """Answer questions from a passage, and measure, export or look into the model that does."""


@command.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@click.option("--top-k", type=click.IntRange(1, 1000), default=1, show_default=True, help="Answers to give.")
@click.option("--handle-impossible-answer", is_flag=True, help="Let the empty answer compete.")
@click.option("--max-answer-len", type=click.IntRange(min=1), default=15, show_default=True, help="In tokens.")
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON.")
def answer(model: str, question: str, context: Any, as_json: bool, **given: Any) -> None:
    """Answer QUESTION from the text in the file CONTEXT (- for standard input).

    \b
    Examples:
      drystone reader answer distilbert-base-cased-distilled-squad "Who wrote it?" passage.txt
      man ls | drystone reader answer ./model "What does -a do?" - --top-k 3 --json
    """
    asked = {name: given.pop(name) for name in ("top_k", "handle_impossible_answer", "max_answer_len")}
    text = passage(context)
    found = next(load(model, **given).stream([(question, text)], **asked))
    if as_json:
        click.echo(json.dumps([answer.as_dict() for answer in found], indent=2))
        return
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        click.echo(f"{one.score:.3f}  {one.text!r}  (characters {one.start}-{one.end}, line {line})")


@command.command()
@click.argument("model")
@click.argument("data", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@model_options
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N questions.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for predictions and report; a second run goes on from it.",
)
@click.option("--max-answer-len", type=click.IntRange(min=1), default=30, show_default=True, help="In tokens.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def evaluate(model: str, data: Path, limit: int | None, out: Path | None, as_json: bool, **given: Any) -> None:
    """Measure exact match and F1 of MODEL on a SQuAD file, v1.1 or v2.0 (JSON, also gzipped).

    Writes predictions.jsonl, report.json and calibration.png to --out. v2.0 is recognised by its unanswerable
    questions; there the empty answer competes.

    \b
    Examples:
      drystone reader evaluate ./model dev-v1.1.json --limit 1000
      drystone reader evaluate deepset/tinyroberta-squad2 dev-v2.0.json --out run1 --precision int8
    """
    from dataclasses import replace  # noqa: PLC0415
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from drystone.reader.evaluation.evaluate import plot_calibration, predict, read_squad, summarize  # noqa: PLC0415

    longest = given.pop("max_answer_len")
    dataset = read_squad(data)
    if limit:
        dataset = replace(dataset, questions=dataset.questions[:limit])
    reader = load(model, **given)
    with TemporaryDirectory() as scratch:
        folder = out or Path(scratch)
        predictions = predict(
            reader,
            dataset.questions,
            folder / "predictions.jsonl",
            report=progress("questions"),
            max_answer_len=longest,
            handle_impossible_answer=dataset.v2,
        )
        report = {"model": reader.name, "engine": reader.reason, **summarize(dataset, predictions)}
        if out:
            (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
            plot_calibration(report, out / "calibration.png")
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _print_report(report, out)


def _print_report(report: dict[str, Any], out: Path | None) -> None:
    console = new_console()
    console.print(f"{report['model']} on {report['questions']:,} questions, SQuAD {report['version']} metrics")
    for name, value in report["metrics"].items():
        interval = report["interval"].get({"exact": "exact_match"}.get(name, name))
        around = f"  (95 % {interval[0]:.1f} to {interval[1]:.1f})" if interval else ""
        console.print(f"  {name:18} {value:8.3f}{around}")
    for title, groups in report["by"].items():
        table = Table(title, "questions", "exact", "F1", title_justify="left")
        for name, row in groups.items():
            table.add_row(name, f"{row['questions']:,}", f"{row['exact_match']:.1f}", f"{row['f1']:.1f}")
        console.print(table)
    console.print(f"calibration error {report['calibration']['error']:.3f}")
    for row in report["worst"][:5]:
        console.print(
            f"wrong at {row['score']:.2f}: {row['question']!r} -> {row['prediction']!r}, not {row['golds'][:1]}",
        )
    if out:
        console.print(f"all of it in {out}")


def progress(what: str) -> Callable[[int, int], None]:
    """Return a report(done, total): a line that is rewritten on a terminal, a line a tenth elsewhere."""
    last = [-1]

    def report(done: int, total: int) -> None:
        tenth = 10 * done // max(1, total)
        if sys.stderr.isatty():
            click.echo(f"\r{done:,} of {total:,} {what}" + ("\n" if done == total else ""), nl=False, err=True)
        elif tenth != last[0]:
            last[0] = tenth
            click.echo(f"{done:,} of {total:,} {what}", err=True)

    return report


@command.command()
@click.argument("model")
@click.option(
    "--to",
    "formats",
    default="",
    metavar="FORMAT,…",
    help="safetensors, pytorch, onnx, onnx-int8, openvino, openvino-int8, tensorflow, tf-h5, rust.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write.")
@click.option("--revision", help="Branch, tag or commit of a Hub model.")
@click.option("--verify", is_flag=True, help="Check the exported folder MODEL again instead of writing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was checked as JSON.")
def export(model: str, formats: str, out: Path | None, revision: str | None, verify: bool, as_json: bool) -> None:
    """Write MODEL in other formats into one folder laid out like a Hub repository, and check each by its consumer.

    tensorflow and tf-h5 want TensorFlow in an environment of its own: DRYSTONE_TENSORFLOW=tf/bin/python names it.

    \b
    Examples:
      drystone reader export ./model --to safetensors,onnx,openvino-int8 --out exported
      drystone reader export exported --verify
    """
    from drystone.reader.exports import export as exporting  # noqa: PLC0415  help must not wait for numpy

    if verify:
        checked = exporting.verify(Path(model))
    elif out is None:
        raise click.UsageError("Give --out FOLDER to write to, or --verify.")
    else:
        checked = exporting.export(model, [name for name in formats.split(",") if name], out, revision)
    if as_json:
        click.echo(json.dumps(checked, indent=2))
        return
    for row in checked:
        click.echo(
            f"{row['format']:14} {row['file']:26} differs by {row['difference']:.1e}, same spans {row['agreement']:.0%}"
        )


def passage(context: Any) -> str:
    """Read a text file, or say that it is not one."""
    try:
        return str(context.read())
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{context.name} is not UTF-8 text ({error.reason} at byte {error.start}).") from None


def write(path: Path, text: str) -> None:
    """Write a page, and say where."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be written ({error.strerror}).") from None
    click.echo(f"wrote {path}", err=True)


to_file = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write; its ending says how."
)
window_length = click.option("--max-seq-len", type=click.IntRange(min=8), help="Tokens in a window.")


@command.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@click.option("--top-k", type=click.IntRange(1, 1000), default=3, show_default=True, help="Answers to show.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write a page that needs no network."
)
def explain(model: str, question: str, context: Any, top_k: int, html: Path | None, **given: Any) -> None:
    """Show why QUESTION gets its answer from CONTEXT: how likely each token is to begin and to end it.

    \b
    Examples:
      drystone reader explain ./model "Who wrote it?" passage.txt
      drystone reader explain ./model "Who wrote it?" passage.txt --html why.html
    """
    from drystone.reader.features.features import explain as why  # noqa: PLC0415
    from drystone.reader.features.views import explanation_page, explanation_text  # noqa: PLC0415

    found = why(load(model, **given), question, passage(context), top_k=top_k, handle_impossible_answer=True)
    new_console().print(explanation_text(found))
    if html:
        write(html, explanation_page(found))


@command.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@window_length
@click.option("--window", type=click.IntRange(min=1), default=1, show_default=True, help="Which window of a long text.")
@to_file
def attention(
    model: str, question: str, context: Any, out: Path, window: int, max_seq_len: int | None, **given: Any
) -> None:
    """Write a page of every layer and head: what each token of QUESTION and CONTEXT attends to.

    The page is one file and needs no network.

    \b
    Example:
      drystone reader attention ./model "Who wrote it?" passage.txt --out attention.html
    """
    from drystone.reader.features.features import features as compute  # noqa: PLC0415
    from drystone.reader.features.views import attention_page  # noqa: PLC0415

    found = compute(load(model, **given), question, passage(context), max_seq_len=max_seq_len)
    if window > len(found):
        raise click.BadParameter(f"the text has {len(found)} windows.", param_hint="--window")
    write(out, attention_page(found[window - 1], f"{Path(model).name}: {question}"))


@command.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@window_length
@to_file
def features(model: str, question: str, context: Any, out: Path, max_seq_len: int | None, **given: Any) -> None:
    """Write hidden states, attentions and logits of QUESTION and CONTEXT as .npz or .parquet.

    \b
    Example:
      drystone reader features ./model "Who wrote it?" passage.txt --out features.parquet
    """
    from drystone.reader.features.features import features as compute  # noqa: PLC0415
    from drystone.reader.features.tables import write_features  # noqa: PLC0415

    found = compute(load(model, **given), question, passage(context), max_seq_len=max_seq_len)
    write_features(out, found)
    click.echo(f"wrote {out}: {len(found)} windows, {sum(len(w.tokens) for w in found)} tokens", err=True)


@command.command()
@click.argument("model")
@click.argument("texts", type=click.File("r", encoding="utf-8"))
@model_options
@click.option("--pooling", type=click.Choice(["mean", "first"]), default="mean", show_default=True)
@click.option("--layer", type=int, default=-1, show_default=True, help="Hidden state, embeddings being 0.")
@to_file
def vectors(model: str, texts: Any, out: Path, pooling: Any, layer: int, **given: Any) -> None:
    """Write one vector for each line of TEXTS as .npy or .parquet; blank lines are left out.

    \b
    Example:
      drystone reader vectors ./model sentences.txt --out vectors.parquet
    """
    from drystone.reader.features.features import pooled  # noqa: PLC0415
    from drystone.reader.features.tables import write_vectors  # noqa: PLC0415

    lines = [line for line in passage(texts).splitlines() if line.strip()]
    if not lines:
        raise click.BadParameter(f"{texts.name} holds no text.")
    found = pooled(load(model, **given), lines, layer=layer, pooling=pooling)
    write_vectors(out, lines, found)
    click.echo(f"wrote {out}: {found.shape[0]} vectors of {found.shape[1]} numbers", err=True)


@command.command()
@click.argument("model")
@training_options
def train(model: str, **given: Any) -> None:
    """Fine-tune MODEL, a folder or Hub id, on SQuAD files into a reader in --out.

    Run the same command again after an interruption: it goes on where the last checkpoint stands, to the same
    weights. `torchrun --nproc-per-node N -m drystone reader train …` shares each step among N processes.

    \b
    Examples:
      drystone reader train ./minilm --data train-v1.1.json,license=CC-BY-SA-4.0 --hold-out 0.05 --out run1
      drystone reader train ./run1 --data mine.json --data train.json,weight=0.2 --lora 8 --out run2
    """
    from drystone.reader.training.train import train as fine_tune  # noqa: PLC0415  help must not wait for torch

    out = fine_tune(model, report=progress_of_training(), **gather(given))
    click.echo(f"wrote {out}", err=True)


@command.command()
@click.argument("teachers", nargs=-1, required=True)
@click.option("--student", help="Checkpoint to teach.")
@click.option("--layers", help="In place of --student: how many of the first teacher's layers, or which (0,2,5).")
@click.option("--temperature", type=float, default=2.0, show_default=True, help="Softens the teachers' distributions.")
@click.option("--soft", type=float, default=0.75, show_default=True, help="Weight of the teachers' distributions.")
@click.option("--hard", type=float, default=0.25, show_default=True, help="Weight of the labels.")
@click.option("--hidden", type=float, default=0.0, show_default=True, help="Weight of hidden states.")
@click.option("--attention", type=float, default=0.0, show_default=True, help="Weight of attention.")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for teachers' outputs.  [default: in --out]",
)
@training_options
def distil(teachers: tuple[str, ...], layers: str | None, **given: Any) -> None:
    """Teach a smaller reader to answer as TEACHERS do (the average of several), into --out.

    \b
    Examples:
      drystone reader distil ./run1 --layers 3 --data train-v1.1.json,license=CC-BY-SA-4.0 --out half
      drystone reader distil ./a ./b --student ./minilm --data train.json --temperature 1.5 --hidden 1 --out small
    """
    from drystone.reader.training.distil import distil as teach  # noqa: PLC0415  help must not wait for torch

    if layers is not None:
        try:
            numbers = [int(number) for number in layers.split(",")]
        except ValueError:
            raise click.BadParameter(f"{layers!r} is neither a number nor numbers.", param_hint="--layers") from None
        given["layers"] = numbers if "," in layers else numbers[0]
    out = teach(teachers, report=progress_of_training(), report_teacher=progress("teacher"), **gather(given))
    click.echo(f"wrote {out}", err=True)


@command.command()
@click.argument("models", nargs=-1, required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write.")
def average(models: tuple[str, ...], out: Path) -> None:
    """Write the mean of the weights of MODELS, each counting alike.

    Readers that were trained from one another, or from one base, often answer better together than each.

    \b
    Example:
      drystone reader train ./run1 --data train.json --learning-rate 1e-4 --out run2
      drystone reader average run1 run2 --out mean
    """
    from drystone.reader.training.average import average as mean  # noqa: PLC0415  help must not wait for numpy

    click.echo(f"wrote {mean(models, out)}", err=True)


@command.command()
@click.argument("model")
@click.argument("package", type=click.Path(exists=True, file_okay=False, path_type=Path))
def pack(model: str, package: Path) -> None:
    """Put MODEL, in float16 with its card, into the installable PACKAGE (models/mini).

    \b
    Example:
      drystone reader pack ./run1 models/mini && pip install ./models/mini
    """
    from drystone.reader.package import pack as fill  # noqa: PLC0415  help must not wait for numpy

    out = fill(model, package)
    size = sum(path.stat().st_size for path in out.iterdir())
    click.echo(f"wrote {out}: {size / 2**20:.1f} MiB", err=True)


@command.command()
@click.argument("documentation", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--license", required=True, help="The documentation's licence, as an SPDX expression.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="SQuAD file to write.")
def questions(documentation: tuple[Path, ...], license: str, out: Path) -> None:
    """Make questions from headings and docstrings of DOCUMENTATION, to train and measure a reader without labels.

    \b
    Example:
      drystone reader questions docs src --license Apache-2.0 --out mine.json
      drystone reader train mini --data mine.json --hold-out 0.3 --out tuned
    """
    from drystone.reader.training.documentation import write as write_questions  # noqa: PLC0415

    click.echo(f"wrote {out}: {write_questions(documentation, license, out):,} questions", err=True)


@command.command()
@click.argument("model", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--report",
    "reports",
    multiple=True,
    required=True,
    metavar="NAME=FILE",
    help="A report.json of `drystone reader evaluate --out`, and what its data are called; repeatable.",
)
@click.option("--license", required=True, help="The weights' licence, in the Hub's spelling (apache-2.0).")
@click.option("--speed", is_flag=True, help="Measure every installed runtime, some seconds each.")
@click.option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="For --speed.")
def card(model: Path, reports: tuple[str, ...], license: str, speed: bool, threads: int) -> None:
    """Write the model card of MODEL, a folder, with measured numbers only.

    \b
    Example:
      drystone reader evaluate run1 held-out.json --out eval
      drystone reader card run1 --report "SQuAD, held-out articles=eval/report.json" --license apache-2.0 --speed
    """
    from drystone.reader.card import measure_speeds, read_report, write_card  # noqa: PLC0415

    named = dict(pair.rpartition("=")[::2] for pair in reports)
    if "" in named:
        raise click.BadParameter("give NAME=FILE.", param_hint="--report")
    found = {name: read_report(Path(file)) for name, file in named.items()}
    speeds = measure_speeds(model, threads) if speed else []
    click.echo(f"wrote {write_card(model, found, speeds, license=license)}", err=True)
