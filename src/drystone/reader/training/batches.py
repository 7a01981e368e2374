"""The order of training: which rows make which step, the same for the same seed wherever and whenever it is asked.

Examples are taken pool by pool, sorted by length within a pool, and cut into parts under a budget of tokens, so that
little is padding. It knows nothing of torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drystone.errors import UsageError
from drystone.reader.spans.windows import Windower
from drystone.reader.training.data import DataSet
from drystone.reader.training.records import DataFacts

#: Tokens of a question that a row keeps, as in BERT's run_squad.
MAX_QUESTION = 64
#: Texts tokenized together.
_TOGETHER = 512


@dataclass(frozen=True)
class Packed:
    """Tokenized examples. `rows` int64 [examples, 4]: question, context, first and last answer token (-1 for none).

    `sizes` are the examples of each data set, `weights` how often an epoch shows each; `names` are the examples' ids.
    `template` is `Windower.template`; `facts` are what the manifest keeps of each set.
    """

    texts: list[np.ndarray]
    rows: np.ndarray
    sizes: tuple[int, ...]
    weights: tuple[float, ...]
    names: tuple[str, ...]
    template: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    facts: tuple[DataFacts, ...]

    @property
    def fixed(self) -> int:
        """Special tokens of a row."""
        return sum(len(part) for part in self.template[:3])

    def epoch_size(self) -> int:
        """Return how many examples an epoch shows."""
        return sum(max(1, round(s * w)) for s, w in zip(self.sizes, self.weights, strict=True))


@dataclass(frozen=True)
class Rows:
    """A part of a step: int64 [rows, tokens] each. `blocks` is 0 for padding, `valid` 1 where a span may begin or end.

    `starts` and `ends` are positions (0 for no answer), `cuts` [rows, 3] the rows' examples in `Packed` and the stretch
    of context tokens that each holds.
    """

    ids: np.ndarray
    types: np.ndarray
    positions: np.ndarray
    blocks: np.ndarray
    valid: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    cuts: np.ndarray


def pack(windower: Windower, sets: Sequence[DataSet]) -> Packed:
    """Tokenize data sets; every distinct text once. Raises UsageError where no question has an answer."""
    index: dict[str, int] = {}
    for data in sets:
        for example in data.examples:
            index.setdefault(example.question, len(index))
            index.setdefault(example.context, len(index))
    spans: dict[int, list[tuple[int, int, int]]] = {}
    count = 0
    for data in sets:
        for example in data.examples:
            if example.start is not None:
                spans.setdefault(index[example.context], []).append((count, example.start, example.end))
            count += 1
    rows = np.full((count, 4), -1, np.int64)
    texts: list[np.ndarray] = []
    every = list(index)
    for at in range(0, len(every), _TOGETHER):
        for i, text in enumerate(windower.texts(every[at : at + _TOGETHER]), at):
            texts.append(text.ids.astype(np.int32))
            for row, start, end in spans.get(i, ()):
                tokens = text.tokens(start, end)
                if tokens is None:
                    raise UsageError(f"answer {every[i][start:end]!r}: holds nothing that the tokenizer knows.")
                rows[row, 2:] = tokens
    examples = [example for data in sets for example in data.examples]
    for row, example in enumerate(examples):
        rows[row, :2] = index[example.question], index[example.context]
    if not spans:
        raise UsageError("training data: no question has an answer, so there is no span to learn.")
    return Packed(
        texts,
        rows,
        tuple(len(data.examples) for data in sets),
        tuple(data.weight for data in sets),
        tuple(example.id or str(i) for i, example in enumerate(examples)),
        windower.template,
        tuple(data.facts() for data in sets),
    )


def save_packed(packed: Packed, path: Path) -> None:
    """Write packed examples as an .npz, from which a machine without the data can train."""
    ids = np.concatenate(packed.texts)
    arrays: dict[str, Any] = {
        "ids": ids.astype(np.uint16) if ids.max() < 1 << 16 else ids,
        "lengths": np.array([len(text) for text in packed.texts], np.int32),
        "rows": packed.rows.astype(np.int32),
        "about": np.array(json.dumps([packed.sizes, packed.weights, packed.names, packed.facts])),
    }
    arrays |= {f"template{i}": part for i, part in enumerate(packed.template)}
    np.savez_compressed(path, **arrays)


def load_packed(path: Path) -> Packed:
    """Read what `save_packed` wrote. Raises UsageError where it is something else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            texts = np.split(file["ids"].astype(np.int32), np.cumsum(file["lengths"])[:-1])
            sizes, weights, names, facts = json.loads(str(file["about"]))
            before, between, after, types = (file[f"template{i}"] for i in range(4))
            rows = file["rows"].astype(np.int64)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path}: holds no packed examples ({error}).") from None
    return Packed(
        texts, rows, tuple(sizes), tuple(weights), tuple(names), (before, between, after, types), tuple(facts)
    )


def order(packed: Packed, seed: int, first: int, count: int) -> np.ndarray:
    """Return the examples at places first..first+count of the endless order: epochs one after another, each shuffled.

    A set of weight 2.5 is shown twice whole and once by half in every epoch, another half each time.
    """
    size = packed.epoch_size()
    found: list[np.ndarray] = []
    while count > 0:
        epoch, at = divmod(first, size)
        random = np.random.default_rng([seed, 1, epoch])
        shown, base = [], 0
        for examples, weight in zip(packed.sizes, packed.weights, strict=True):
            want = max(1, round(examples * weight))
            whole, rest = divmod(want, examples)
            shown += [np.tile(np.arange(base, base + examples), whole), base + random.permutation(examples)[:rest]]
            base += examples
        every = np.concatenate(shown)[random.permutation(size)]
        found.append(every[at : at + count])
        first, count = first + len(found[-1]), count - len(found[-1])
    return np.concatenate(found)


def pool_steps(
    packed: Packed, chosen: np.ndarray, *, seed: int, pool: int, longest: int, tokens: int, parts: int
) -> list[list[np.ndarray]]:
    """Return the steps of a pool of examples: each a list of at most `parts` parts, each an int64 array
    [rows, 3] of example, first context token, end of context tokens.

    A context that does not fit `longest` is cut at random so that the answer stays whole; each part holds at most
    `tokens` padded tokens (at least one row).
    """
    random = np.random.default_rng([seed, 2, pool])
    cut = _cut(packed, chosen, longest, random)
    lengths = _lengths(packed, cut)
    by_length = np.lexsort((random.random(len(cut)), lengths))
    made: list[list[int]] = []
    for i in by_length[::-1].tolist():  # the longest first: it sets the padded length of its part
        if made and lengths[made[-1][0]] * (len(made[-1]) + 1) <= tokens:
            made[-1].append(i)
        else:
            made.append([i])
    shuffled = [cut[made[i]] for i in random.permutation(len(made)).tolist()]
    return [shuffled[at : at + parts] for at in range(0, len(shuffled), parts)]


def _cut(packed: Packed, chosen: np.ndarray, longest: int, random: np.random.Generator) -> np.ndarray:
    """Return [examples, 3]: example, first context token, end of context tokens."""
    asked = np.array([min(len(packed.texts[q]), MAX_QUESTION) for q in packed.rows[chosen, 0]])
    context = np.array([len(packed.texts[c]) for c in packed.rows[chosen, 1]])
    room = np.maximum(longest - packed.fixed - asked, 1)
    first, last = packed.rows[chosen, 2], packed.rows[chosen, 3]
    # Where the answer alone is longer than the room, its beginning is what stays.
    low = np.where(first >= 0, np.minimum(np.maximum(last + 1 - room, 0), np.maximum(first, 0)), 0)
    high = np.where(first >= 0, first, context)
    high = np.maximum(np.minimum(high, np.maximum(context - room, 0)), low)
    begin = low + np.floor(random.random(len(chosen)) * (high - low + 1)).astype(np.int64)
    begin = np.where(context <= room, 0, begin)
    return np.stack([chosen, begin, np.minimum(begin + room, context)], 1)


def _lengths(packed: Packed, cut: np.ndarray) -> np.ndarray:
    asked = np.array([min(len(packed.texts[q]), MAX_QUESTION) for q in packed.rows[cut[:, 0], 0]])
    lengths: np.ndarray = packed.fixed + asked + cut[:, 2] - cut[:, 1]
    return lengths


def make_rows(packed: Packed, part: np.ndarray, positions_from: int) -> Rows:
    """Return the rows of a part of a step, padded to its longest."""
    width = int(_lengths(packed, part).max())
    before, between, after, types_of = packed.template
    shape = (len(part), width)
    ids, types, blocks, valid = (np.zeros(shape, np.int64) for _ in range(4))
    starts, ends = np.zeros(len(part), np.int64), np.zeros(len(part), np.int64)
    for row, (example, begin, end) in enumerate(part.tolist()):
        question, context, first, last = packed.rows[example].tolist()
        asked = packed.texts[question][:MAX_QUESTION]
        piece = packed.texts[context][begin:end]
        at = len(before) + len(asked) + len(between)
        length = at + len(piece) + len(after)
        ids[row, :length] = np.concatenate([before, asked, between, piece, after])
        types[row, :length] = np.repeat(types_of, [len(before), len(asked), len(between), len(piece), len(after)])
        blocks[row, :length] = 1
        valid[row, 0] = 1
        valid[row, at : at + len(piece)] = 1
        if first >= 0:
            starts[row], ends[row] = at + first - begin, at + min(last, end - 1) - begin
    positions = np.broadcast_to(np.arange(positions_from, positions_from + width), shape)
    return Rows(ids, types, positions, blocks, valid, starts, ends, part)
