"""Near duplicates by `tokens = "renamed"`: what it finds of planted clones, and what falls besides."""

from __future__ import annotations

import random

import pyarrow as pa

from benchmarks.harness import Figure
from benchmarks.training_output import older
from benchmarks.training_output.dressing import dressed
from drystone.dedup.method import Method, Tokens
from drystone.dedup.near import keep

_TOKENS: tuple[Tokens, ...] = ("words", "renamed")


def figures(quick: bool) -> list[Figure]:
    files = [
        text for text in older.some(5_000) if (1_500 < len(text) < 40_000 and b"\ndef " in text) or b"\nclass " in text
    ]
    files = files[: 300 if quick else 1_000]
    planted = {
        "other names": [_clone(text, i, rename=True) for i, text in enumerate(files)],
        "other names, literals and comments": [
            _clone(text, i, rename=True, comments="translate", literals=True) for i, text in enumerate(files)
        ],
        "other comments": [_clone(text, i, comments="translate") for i, text in enumerate(files)],
    }
    out = []
    for dress, clones in planted.items():
        pairs = [(text, clone) for text, clone in zip(files, clones, strict=True) if clone is not None]
        shares = {tokens: _found(pairs, tokens) for tokens in _TOKENS}
        note = f"{len(pairs):,} clones planted in files of packages; by words {shares['words']:.1f} %"
        out.append(Figure(f"clones with {dress} found by renamed tokens", shares["renamed"], "%", note=note))
    lost = {tokens: _dropped(files, tokens) for tokens in _TOKENS}
    only = lost["renamed"] - lost["words"]
    note = f"{len(only)} of {len(files):,} files that no clone was made of; by words {len(lost['words'])} fall"
    out.append(Figure("files that fall by renamed tokens alone", 100 * len(only) / len(files), "%", note=note))
    return out


def _clone(text: bytes, seed: int, **how: object) -> bytes | None:
    try:
        made = dressed(text.decode(), seed, **how)  # type: ignore[arg-type]
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
        return None
    return made.encode() if made.encode() != text else None


def _found(pairs: list[tuple[bytes, bytes]], tokens: Tokens) -> float:
    """Share of the clones that fall for their file, where files of one pair are compared with each other alone."""
    texts = [text for pair in pairs for text in pair]
    groups = [str(i) for i in range(len(pairs)) for _ in range(2)]
    table = pa.table({"content": pa.array(texts, pa.large_binary()), "pair": groups})
    kept = keep(table, Method(tokens=tokens), group="pair").column("keep").to_pylist()
    return 100 * (len(kept) - sum(kept)) / len(pairs)


def _dropped(files: list[bytes], tokens: Tokens) -> set[int]:
    shuffled = random.Random(3).sample(files, len(files))
    kept = keep(pa.table({"content": pa.array(shuffled, pa.large_binary())}), Method(tokens=tokens))
    return {i for i, stays in enumerate(kept.column("keep").to_pylist()) if not stays}
