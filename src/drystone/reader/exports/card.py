"""A reader's model card in the Hub's form: what made it, and numbers that were measured; the rest is called unknown.

It knows nothing of models: it reads training.json, reports of `evaluate`, and speeds.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypedDict

from drystone.errors import DrystoneError, UsageError
from drystone.reader.evaluation.evaluate import SavedReport
from drystone.reader.reader import Reader
from drystone.reader.spans import samples
from drystone.reader.training.files import hardware
from drystone.reader.training.records import TrainingRecord

#: What can be measured: (runtime, precision).
RUNTIMES = (
    ("openvino", "fp32"),
    ("openvino", "bf16"),
    ("openvino", "int8"),
    ("onnxruntime", "fp32"),
    ("onnxruntime", "int8"),
    ("packed", "fp32"),
    ("packed", "int8"),
    ("torch", "fp32"),
)


class RuntimeSpeed(TypedDict):
    """Pairs per second of wall time of one runtime and precision."""

    runtime: str
    precision: str
    threads: int
    pairs_per_second: float


#: Reports of `evaluate` by the name of their data.
Reports: TypeAlias = Mapping[str, SavedReport]


def write_card(model: Path, reports: Reports, speeds: Sequence[RuntimeSpeed] = (), *, license: str) -> Path:
    """Write README.md into a model's folder from its training.json, `evaluate`'s reports by name, and `speeds`.

    Raises UsageError where there is no report, or where one is of another model by name.
    """
    if not reports:
        raise UsageError("card: needs at least one report of `drystone reader evaluate --out`.")
    manifest = _manifest(model)
    parts = [_head(model.resolve().name, reports, manifest, license), _use(model.resolve().name)]
    parts += [_accuracy(reports), _breakdowns(reports), _calibration(reports), _speed(speeds), _made(manifest)]
    parts.append(_limits(reports))
    out = model / "README.md"
    try:
        out.write_text("\n".join(parts), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}).") from None
    return out


def read_report(path: Path) -> SavedReport:
    """Read a report.json; raises UsageError where it is none."""
    try:
        report: SavedReport = json.loads(path.read_text(encoding="utf-8"))
        if not {"metrics", "interval", "by", "questions", "calibration"} <= report.keys():
            raise ValueError("it lacks metrics")
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{path}: not a report of `drystone reader evaluate` ({error}).") from None
    return report


def measure_speeds(model: Path, threads: int = 1, seconds: float = 1.5, rounds: int = 3) -> list[RuntimeSpeed]:
    """Return pairs per second of wall time over built-in passages for each runtime that is installed and takes it.

    Runtimes take turns, `seconds` each; what is returned is the median of the rounds.
    """
    pairs = samples.pairs()
    readers = {}
    for runtime, precision in RUNTIMES:
        try:
            reader = Reader.load(model, runtime=runtime, precision=precision, threads=threads)
            list(reader.stream(pairs))
        except DrystoneError:
            continue
        readers[runtime, precision] = reader
    speeds: dict[tuple[str, str], list[float]] = {which: [] for which in readers}
    for _ in range(rounds):
        for which, reader in readers.items():
            count, begun = 0, time.perf_counter()
            while time.perf_counter() - begun < seconds:
                count += len(list(reader.stream(pairs)))
            speeds[which].append(count / (time.perf_counter() - begun))
    for reader in readers.values():
        reader.close()
    return [
        {"runtime": which[0], "precision": which[1], "threads": threads, "pairs_per_second": statistics.median(speed)}
        for which, speed in speeds.items()
    ]


def _manifest(model: Path) -> TrainingRecord:
    path = model / "training.json"
    if not path.is_file():
        return {}
    try:
        found: TrainingRecord = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: not readable JSON ({error}).") from None
    return found


def _f1(report: SavedReport) -> tuple[str, float]:
    metrics = report["metrics"]
    exact = metrics["exact_match" if "exact_match" in metrics else "exact"]
    return f"{exact:.1f}", float(metrics["f1"])


def _head(name: str, reports: Reports, manifest: TrainingRecord, license: str) -> str:
    rows = ["---", "pipeline_tag: question-answering", "library_name: drystone", "language: en", f"license: {license}"]
    if manifest:
        names = dict.fromkeys(part["name"] for course in _courses(manifest) for part in course["data"])
        rows.append(f"datasets: {json.dumps([*names])}")
    rows += ["model-index:", f"- name: {json.dumps(name)}", "  results:"]
    for title, report in reports.items():
        exact, f1 = _f1(report)
        rows += [
            "  - task: {type: question-answering}",
            f"    dataset: {{name: {json.dumps(title)}, type: squad}}",
            "    metrics:",
            f"    - {{type: exact_match, value: {exact}}}",
            f"    - {{type: f1, value: {f1:.1f}}}",
        ]
    return "\n".join([*rows, "---", "", f"# {name}", ""])


def _use(name: str) -> str:
    return (
        "Extractive question answering: it answers with a span of the text that it is given.\n\n```python\n"
        f'import drystone\n\nreader = drystone.Reader.load("{name}")\nreader.answer(question="…", context="…")\n```\n'
    )


def _accuracy(reports: Reports) -> str:
    rows = ["## Accuracy", "", "Official SQuAD metrics, in per cent, with 95 % bootstrap intervals over questions.", ""]
    rows += ["| data | questions | exact match | F1 | runtime |", "|---|---|---|---|---|"]
    for title, report in reports.items():
        exact, f1 = _f1(report)
        low, high = report["interval"]["exact_match"]
        below, above = report["interval"]["f1"]
        rows.append(
            f"| {title} | {report['questions']:,} | {exact} ({low:.1f} to {high:.1f}) | {f1:.1f} ({below:.1f} to "
            f"{above:.1f}) | {report.get('engine', 'not stated').partition(':')[0]} |"
        )
    return "\n".join([*rows, ""])


def _breakdowns(reports: Reports) -> str:
    title, report = next(iter(reports.items()))
    rows = [f"## By kind of question, on {title}", ""]
    for group, found in report["by"].items():
        rows += [f"| {group} | questions | exact match | F1 |", "|---|---|---|---|"]
        rows += [
            f"| {kind} | {row['questions']:,} | {row['exact_match']:.1f} | {row['f1']:.1f} |"
            for kind, row in found.items()
        ]
        rows.append("")
    return "\n".join(rows)


def _calibration(reports: Reports) -> str:
    rows = ["## Calibration", "", "Expected calibration error of the score against exact match (0 is perfect):", ""]
    rows += [f"- {title}: {report['calibration']['error']:.3f}" for title, report in reports.items()]
    return "\n".join([*rows, ""])


def _speed(speeds: Sequence[RuntimeSpeed]) -> str:
    if not speeds:
        return "## Speed\n\nNot measured.\n"
    machine = hardware("cpu", speeds[0]["threads"], 1)["processor"]
    asked = f"Pairs per second on {len(samples.pairs())} built-in passages"
    rows = ["## Speed", "", f"{asked}, {machine}, {speeds[0]['threads']} thread(s).", ""]
    rows += ["| runtime | precision | pairs/s |", "|---|---|---|"]
    rows += [f"| {row['runtime']} | {row['precision']} | {row['pairs_per_second']:.1f} |" for row in speeds]
    return "\n".join([*rows, ""])


def _made(manifest: TrainingRecord) -> str:
    if not manifest:
        return "## Training\n\nThere is no training.json: what made this model is not recorded.\n"
    courses = [_course(course) for course in _courses(manifest)]
    if "mean_of" in manifest:
        courses.insert(0, f"The mean of the weights of {len(manifest['mean_of'])} models.\n")
    return "\n".join(["## Training", "", *courses, "All settings stand in training.json.", ""])


def _courses(manifest: TrainingRecord) -> list[TrainingRecord]:
    """Return the records of the runs that a model is made of, as far as they are known."""
    if "mean_of" not in manifest:
        return [manifest]
    return [course for part in manifest["mean_of"] if "training" in part for course in _courses(part["training"])]


def _course(manifest: TrainingRecord) -> str:
    rows = [
        f"From {manifest['model']['name']} (SHA-256 {manifest['model']['weights'][:16]}…), on:",
        "",
    ]
    rows += [
        f"- {part['name']}: {part['examples']:,} examples, weight {part['weight']:g}, licence {part['license']}, "
        f"SHA-256 {part['sha256'][:16]}…"
        for part in manifest["data"]
    ]
    recipe, machine = manifest["recipe"], manifest["hardware"]
    rows += [
        "",
        f"{manifest['examples_seen']:,} examples in {manifest['steps']:,} steps, {manifest['seconds'] / 3600:.2f} "
        f"hours on {machine.get('gpu', machine['processor'])} ({machine['threads']} threads, {machine['processes']} "
        f"process(es)); learning rate {recipe['learning_rate']:g}, seed {recipe['seed']}.",
    ]
    return "\n".join([*rows, ""])


def _limits(reports: Reports) -> str:
    rows = ["English only.", "Answers are spans: it cannot count, combine or infer what is not written."]
    worst = [
        (row["f1"], title, kind)
        for title, report in reports.items()
        for kind, row in report["by"].get("question type", {}).items()
        if row["questions"] >= 30
    ]
    for f1, title, kind in sorted(worst)[:3]:
        rows.append(f"On {title}, questions with “{kind}” reach F1 {f1:.1f}.")
    if not any(report["version"] == "2.0" for report in reports.values()):
        rows.append("Whether it knows that a text holds no answer was not measured.")
    return f"## Limits\n\n{' '.join(rows)}\n"
