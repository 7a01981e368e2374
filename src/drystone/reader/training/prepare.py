"""From files and options to what a training run is given: data sets, what is measured, and what is noted of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from drystone.errors import UsageError
from drystone.reader.options import TrainingFile, TrainingOptions
from drystone.reader.training.data import HELD_OUT, Example, hold_out, read_data, write_data
from drystone.reader.training.mining import mine_unanswerable

#: Options that say what is learnt and measured; the others are arguments of `train` as they stand.
_OF_DATA: Final = ("validation", "hold_out", "validation_limit", "unanswerable", "skip_bad")


def prepare(files: Sequence[TrainingFile], out: Path, options: TrainingOptions) -> dict[str, Any]:
    """Read the files; return the arguments of `train` besides the model and the folder `out`.

    Questions that are held back are kept in `out`. Raises `UsageError` where a file is wrong, or where measuring is
    asked for in two ways.
    """
    if options.validation and options.hold_out:
        raise UsageError("Give --validation or --hold-out, not both.")
    sets = [read_data(file.path, license=file.license, weight=file.weight, skip_bad=options.skip_bad) for file in files]
    held: tuple[Example, ...] = ()
    if options.validation:
        held = read_data(options.validation, license="measured only", skip_bad=options.skip_bad).examples
    elif options.hold_out:
        sets[0], held = hold_out(sets[0], options.hold_out, options.seed)
        if not (kept := out / HELD_OUT).exists():
            write_data(kept, held, sets[0].license)
    limit = options.validation_limit
    if limit and len(held) > limit:
        held = tuple(held[i * len(held) // limit] for i in range(limit))
    return {
        **{name: value for name, value in asdict(options).items() if name not in _OF_DATA},
        "warmup": _examples(options.warmup),
        "decay": None if options.decay is None else _examples(options.decay),
        "data": [mine_unanswerable(part, options.unanswerable, options.seed) for part in sets],
        "validation": held,
        "notes": {
            "hold_out": options.hold_out,
            "unanswerable": options.unanswerable,
            "validation": options.validation.name if options.validation else None,
        },
    }


def _examples(value: float) -> int | float:
    """Return a number of examples (from 1 on) as an integer, which tells it from a share of the run."""
    return int(value) if value >= 1 else value
