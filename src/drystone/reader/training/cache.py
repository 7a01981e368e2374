"""Teachers' logits for every example, computed once and kept on disk in pieces, so that an interruption loses little.

It knows nothing of torch or of losses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from drystone.errors import ModelError
from drystone.reader.engines.schedule import run
from drystone.reader.reader import Reader
from drystone.reader.spans.texts import Text
from drystone.reader.training.batches import MAX_QUESTION, Packed, Rows
from drystone.reader.training.state import write_atomically

#: Examples in a piece on disk.
_PIECE = 2048
#: What a logit is where no span may begin or end; as in `train_net`.
_OUT = np.float32(-1e4)


@dataclass(frozen=True)
class TeacherLogits:
    """One teacher's start and end logits: float16 [numbers, 2], for each example the null's, then the context's tokens.

    Example i's stand at `offsets[i]` to `offsets[i + 1]`.
    """

    values: np.ndarray
    offsets: np.ndarray

    def rows(self, rows: Rows) -> np.ndarray:
        """Return float32 [rows, tokens, 2]: the teacher's logits where a span may begin or end, -1e4 elsewhere."""
        found = np.full((*rows.ids.shape, 2), _OUT, np.float32)
        for row, (example, begin, end) in enumerate(rows.cuts.tolist()):
            own = self.values[self.offsets[example] : self.offsets[example + 1]]
            at = int(rows.valid[row, 1:].argmax()) + 1
            found[row, 0] = own[0]
            found[row, at : at + end - begin] = own[1 + begin : 1 + end]
        return found


def teacher_logits(
    reader: Reader,
    packed: Packed,
    cache: Path,
    ids: np.ndarray | None = None,
    *,
    report: Callable[[int, int], None] | None = None,
) -> TeacherLogits:
    """Return a teacher's logits for every example, from `cache` or computed and kept there; `ids` are the teacher's
    ids of the tokens in `packed`, where those are not the same.

    A context longer than a window is seen in overlapping windows: a token's logits are those of the window in which it
    stands furthest from an edge; the null's are the mean of all.
    """
    from safetensors.numpy import save  # noqa: PLC0415  an extra

    if ids is not None:
        packed = replace(packed, texts=[ids[text] for text in packed.texts])
    digest = hashlib.sha256(f"{reader.fingerprint} {reader.windower.max_seq_len} {MAX_QUESTION}".encode())
    if reader.engine.precision != "fp32":
        digest.update(f"{reader.engine.name} {reader.engine.precision}".encode())
    for text in packed.texts:
        digest.update(len(text).to_bytes(4, "little"))
        digest.update(text.tobytes())
    digest.update(np.ascontiguousarray(packed.rows[:, :2]).tobytes())
    folder = cache / digest.hexdigest()[:16]
    count = len(packed.rows)
    pieces = []
    for first in range(0, count, _PIECE):
        path = folder / f"{first:09}.safetensors"
        last = min(first + _PIECE, count)
        if not path.is_file():
            raw = save({"logits": _compute(reader, packed, first, last)})
            write_atomically(path, lambda part, raw=raw: part.write_bytes(raw), "The pieces before it are whole.")
        pieces.append(_read(path))
        if report:
            report(last, count)
    lengths = np.array([1 + len(packed.texts[c]) for c in packed.rows[:, 1]])
    values, offsets = np.concatenate(pieces), np.concatenate([[0], np.cumsum(lengths)])
    if len(values) != offsets[-1]:
        raise ModelError(f"{folder}: holds logits of other examples; delete it.")
    return TeacherLogits(values, offsets)


def _read(path: Path) -> np.ndarray:
    from safetensors import SafetensorError  # noqa: PLC0415  an extra
    from safetensors.numpy import load_file  # noqa: PLC0415

    try:
        logits: np.ndarray = load_file(path)["logits"]
    except (SafetensorError, OSError, KeyError) as error:
        raise ModelError(f"{path}: not a readable piece of a teacher's logits ({error}); delete it.") from None
    return logits


def _compute(reader: Reader, packed: Packed, first: int, last: int) -> np.ndarray:
    model, windower = reader.model, reader.windower
    windows = []
    for example in range(first, last):
        question, context = packed.rows[example, :2]
        windows += windower.windows(
            example, _Ids(packed.texts[question]), _Ids(packed.texts[context]), max_question_len=MAX_QUESTION
        )
    sizes = [1 + len(packed.texts[c]) for c in packed.rows[first:last, 1]]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    found = np.full((offsets[-1], 2), _OUT, np.float32)
    depth = np.full(offsets[-1], -1)
    nulls, seen = np.zeros((last - first, 2)), np.zeros(last - first)
    for i, logits in run(reader.engine, windows, model.positions_from, model.max_tokens):
        window = windows[i]
        place = window.pair - first
        nulls[place] += logits[0]
        seen[place] += 1
        own = slice(offsets[place] + 1 + window.first, offsets[place] + 1 + window.first + window.count)
        inside = np.minimum(np.arange(window.count), np.arange(window.count)[::-1])
        better = inside > depth[own]
        found[own][better] = logits[window.at : window.at + window.count][better]
        depth[own] = np.maximum(depth[own], inside)
    found[offsets[:-1]] = nulls / seen[:, None]
    return np.clip(found, _OUT, -_OUT).astype(np.float16)


class _Ids(Text):
    """A text of which the ids are all that is asked."""

    def __init__(self, ids: np.ndarray) -> None:
        self.ids = ids
