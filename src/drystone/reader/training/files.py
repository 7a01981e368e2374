"""The folder of a training run: the model, the manifest that says what made it, and the picture of its course.

It knows nothing of torch's work; it writes what it is given.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from drystone import processor
from drystone.errors import UsageError
from drystone.reader.model.checkpoint import Checkpoint
from drystone.reader.model.families import FAMILIES
from drystone.reader.model.tokenization import TOKENIZER_FILES
from drystone.reader.training.records import CourseRow, Hardware, RunFacts, RunProgress, TrainingRecord
from drystone.reader.training.state import write_atomically

_STEMS = {
    "albert": "Albert",
    "bert": "Bert",
    "camembert": "Camembert",
    "distilbert": "DistilBert",
    "electra": "Electra",
    "mpnet": "MPNet",
    "roberta": "Roberta",
    "xlm-roberta": "XLMRoberta",
}


@dataclass
class Run:
    """Where a run lies and what it was made of."""

    folder: Path
    facts: RunFacts
    state: Path = field(init=False)

    def __post_init__(self) -> None:
        self.state = self.folder / "state" / "state.safetensors"

    def finish(
        self,
        recipe: Mapping[str, Any],
        at: RunProgress,
        history: list[CourseRow],
        device: Any,
        threads: int,
        processes: int,
    ) -> None:
        """Write the picture and, last, training.json."""
        plot(history, self.folder / "training.png")
        manifest: TrainingRecord = {
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": self.facts["model"],
            "data": self.facts["data"],
            "notes": self.facts["notes"],
            "recipe": dict(recipe),
            "steps": at["step"],
            "examples_seen": at["seen"],
            "seconds": round(at["seconds"], 1),
            "best": at["best"],
            "hardware": hardware(str(device), threads, processes),
            "versions": versions(),
            "history": history,
        }
        write_manifest(self.folder, manifest)


def write_manifest(folder: Path, manifest: TrainingRecord) -> None:
    """Write what made a model as its folder's training.json."""
    text = json.dumps(manifest, indent=1) + "\n"
    write_atomically(
        folder / "training.json",
        lambda part: part.write_text(text, encoding="utf-8"),
        "The model beside it is whole.",
    )


def describe(out: Path) -> TrainingRecord:
    """Return the manifest of a finished run; raises UsageError where there is none."""
    try:
        found: TrainingRecord = json.loads((out / "training.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{out}: no finished run of training ({error}).") from None
    return found


def write_model(checkpoint: Checkpoint, out: Path, *, half: bool = False) -> Path:
    """Write a checkpoint's tensors as a folder that `Reader.load` and Transformers read; `half` stores float16.

    Pretraining heads, poolers and position ids are left out. The weights are put in place last and whole.
    """
    from safetensors.numpy import save  # noqa: PLC0415  an extra

    out.mkdir(parents=True, exist_ok=True)
    kind = checkpoint.config["model_type"]
    config = {k: v for k, v in checkpoint.config.items() if k not in {"dtype", "torch_dtype"}}
    config["dtype"] = "float16" if half else "float32"
    if stem := _STEMS.get(kind):
        config["architectures"] = [f"{stem}ForQuestionAnswering"]
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (out / "tokenizer.json").write_text(checkpoint.tokenizer_json, encoding="utf-8")
    for name in TOKENIZER_FILES:
        if (
            name != "tokenizer.json"
            and (checkpoint.folder / name).is_file()
            and (checkpoint.folder / name).resolve() != (out / name).resolve()
        ):
            shutil.copyfile(checkpoint.folder / name, out / name)
    prefix = FAMILIES[kind]
    kept = {
        name if name.startswith((f"{prefix}.", "qa_outputs.")) else f"{prefix}.{name}": np.ascontiguousarray(
            value.astype(np.float16) if half and value.dtype == np.float32 else value
        )
        for name, value in checkpoint.tensors.items()
        if not name.startswith(("cls.", "lm_head.", "pooler."))
        and ".pooler." not in name
        and not name.endswith("position_ids")
    }
    raw = save(kept, metadata={"format": "pt"})
    write_atomically(
        out / "model.safetensors", lambda part: part.write_bytes(raw), "The model that stood there before is whole."
    )
    return out


def plot(history: list[CourseRow], out: Path) -> None:
    """Write the course of a run as a PNG: loss by examples seen and, where measured, F1."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    losses, marks = ([row for row in history if name in row] for name in ("loss", "f1"))
    axes.plot([row["seen"] for row in losses], [row["loss"] for row in losses], color="0.4", linewidth=1, label="loss")
    axes.set(xlabel="examples seen", ylabel="loss")
    axes.set_ylim(bottom=0)
    if marks:
        other = axes.twinx()
        other.plot([row["seen"] for row in marks], [row["f1"] for row in marks], "o-", label="F1")
        other.set(ylabel="F1 on the validation articles", ylim=(0, 100))
    figure.legend(loc="outside upper right")
    figure.savefig(out, dpi=120, metadata={"Software": None})


def hardware(device: str, threads: int, processes: int) -> Hardware:
    """Return what the run ran on."""
    found: Hardware = {
        "processor": processor.model_name(),
        "threads": threads,
        "processes": processes,
        "device": device,
    }
    if device.startswith("cuda"):
        import torch  # noqa: PLC0415  an extra

        found["gpu"] = torch.cuda.get_device_name(device)
    return found


def versions() -> dict[str, str]:
    """Return the versions of what computed the weights."""
    found = {"python": platform.python_version()}
    for name in ("drystone", "torch", "numpy", "tokenizers", "safetensors"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
