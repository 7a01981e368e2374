"""Rewrites `classifier.npz` of drystone.detect.languages, the statistics behind guesses from content.

    python -m tools.train_language_classifier --linguist samples.json --snippets DIR --grammars DIR \
        --files DIR --notices /usr/share/common-licenses --exclude pygments-2.21.0.tar.gz

- `--linguist`: token counts of GitHub Linguist's own samples (`lib/linguist/samples.json` of its gem, MIT).
- `--snippets DIR`: one folder per language, named by any alias, with one text per file (Prism's tests and examples,
  Shiki's samples; both MIT).
- `--grammars DIR`: TextMate grammars (those that Linguist vendors, and npm `tm-grammars`), for the words they name.
- `--files DIR`: unpacked packages; a file counts where its name allows one language, or the patterns decide.
- `--notices DIR`: licence texts; what they consist of tells nothing of a language, though it heads many files.
- `--exclude`: archives of texts that detection is measured on; what shares a quarter of its lines with them stays out.

What was used for the shipped file stands in docs/detection/languages.md.
"""

from __future__ import annotations

import argparse
import json
import re
import tarfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from drystone.detect._kernel import token_features

from drystone.detect.encoding import decode
from drystone.detect.languages.classifier import CONSIDERED_BYTES, MODEL
from drystone.detect.languages.detection import detect_language
from drystone.detect.languages.generated import is_generated
from drystone.detect.languages.names import by_name
from drystone.detect.languages.tables import by_alias, facts, languages

_FILES_PER_LANGUAGE: Final = 80
_FILES_PER_PACKAGE: Final = 12
_FEATURES_PER_LANGUAGE: Final = 3000
_LEAST_UNITS: Final = 4
_GRAMMAR_WEIGHT: Final = 0.3
#: Text read for training is twice what detection reads, for more features of each language.
_READ: Final = 2 * CONSIDERED_BYTES


class Sample(NamedTuple):
    """A labelled text and where it comes from."""

    language: str
    origin: str
    text: bytes


def snippets(folder: Path) -> Iterator[Sample]:
    """Yield the texts of one folder per language."""
    for path in sorted(folder.rglob("*")):
        language = by_alias().get(path.parent.name.lower())
        if path.is_file() and language:
            yield Sample(language, folder.name, path.read_bytes()[:_READ])


def packaged(folder: Path) -> Iterator[Sample]:
    """Yield files of unpacked packages whose language their names or the patterns settle, spread over packages."""
    per_language: Counter[str] = Counter()
    per_package: Counter[tuple[str, str]] = Counter()
    for path in sorted(folder.rglob("*"), key=lambda p: zlib.crc32(str(p.relative_to(folder)).encode())):
        names, _ = by_name(path.name)
        if not names or path.is_symlink() or not path.is_file() or not 60 <= path.stat().st_size <= 400_000:
            continue
        package = path.relative_to(folder).parts[0]
        if len(names) == 1 and per_language[names[0]] >= _FILES_PER_LANGUAGE:
            continue
        text = decode(path.read_bytes()[:_READ]).text
        if text is None or is_generated(str(path), text):
            continue
        language = names[0] if len(names) == 1 else detect_language(path.name, text)
        if language is None or per_language[language] >= _FILES_PER_LANGUAGE:
            continue
        if per_package[package, language] < _FILES_PER_PACKAGE:
            per_language[language] += 1
            per_package[package, language] += 1
            yield Sample(language, package, text)


def _lines(text: bytes) -> list[bytes]:
    found = (b" ".join(line.split()) for line in text.split(b"\n"))
    return [line for line in found if len(line) >= 20]


def measured_lines(archives: Iterable[Path]) -> frozenset[bytes]:
    """Return the longer lines of all files in the archives."""
    found: set[bytes] = set()
    for archive in archives:
        with tarfile.open(archive) as members:
            for member in members:
                content = members.extractfile(member) if member.isfile() else None
                if content:
                    found.update(_lines(content.read()))
    return frozenset(found)


def shares_lines(text: bytes, lines: frozenset[bytes]) -> bool:
    """Return whether more than a quarter of the longer lines of `text` are among `lines`."""
    own = _lines(text)
    return len(own) > 2 and sum(line in lines for line in own) > len(own) / 4


def linguist_counts(path: Path) -> dict[str, tuple[dict[str, int], int]]:
    """Return language -> (token -> count, number of samples), under today's names."""
    data = json.loads(path.read_text("utf-8"))
    renamed = {"Coq": "Rocq Prover", "Vim Script": "Vim script", "Mathematica": "Wolfram Language"}
    found = {}
    for old, tokens in data["tokens"].items():
        name = renamed.get(old, old)
        name = name if name in languages() else by_alias().get(old.lower(), "")
        if name:
            found[name] = (tokens, int(data["languages"].get(old, 1)))
    return found


#: How lines of a licence stand in comments, and what else heads files.
_PREFIXES: Final = ("", "# ", "// ", " * ", "-- ", "; ", ";; ", "% ", "dnl ", ".. ", "! ", "' ", "(* ", "/* ", '" ')
_NOTICE: Final = (
    "Copyright (c) 2001-2020, 2015 by the authors and contributors. All rights reserved. Author: Authors: See the "
    "LICENSE file for details. This file is part of the project. SPDX-License-Identifier: SPDX-FileCopyrightText: "
    "Licensed to the Apache Software Foundation (ASF) under one or more contributor license agreements. See the NOTICE "
    "file distributed with this work for additional information regarding copyright ownership."
)
#: Words of licences that are keywords too: alone they count, beside others they do not.
_KEYWORDS: Final = (
    "if for in and or not is with use any as from do end class by on to of be the a an this that are no all which "
    "import include public return while then else case type new set get let var at it"
)


def notice_features(folder: Path) -> np.ndarray[Any, Any]:
    """Return the distinct features of the licence texts in a folder, as they stand in comments of any language."""
    texts = [path.read_text("utf-8", "replace") for path in sorted(folder.iterdir()) if path.is_file()]
    lines = [line.strip() for text in (*texts, _NOTICE) for line in text.splitlines()]
    found = np.concatenate([token_features("\n".join(p + x for x in lines).encode()) for p in _PREFIXES])
    return np.setdiff1d(found, [token_features(word.encode())[0] for word in _KEYWORDS.split()])


#: What in a regular expression is no word: classes, groups' heads, escapes.
_NO_WORD: Final = re.compile(r"\\[a-zA-Z](?:\{[^}]*\}|<[^>]*>)?|\[(?:\\.|[^\]\\])*\]|\(\?[^:)]*[:)>]|\\.|\(\?[a-z-]+\)")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{1,30}(?![?*+{])")


def _expressions(grammar: object) -> Iterator[str]:
    if isinstance(grammar, dict):
        for key, value in grammar.items():
            if key in ("match", "begin", "end", "while") and isinstance(value, str):
                yield re.sub(r"#[^\n]*(?=\n)", " ", value) if "(?x" in value else value
            else:
                yield from _expressions(value)
    elif isinstance(grammar, list):
        for value in grammar:
            yield from _expressions(value)


def grammar_words(folders: Iterable[Path]) -> dict[str, set[str]]:
    """Return language -> the words in the expressions of its TextMate grammars (`*.json`), at most 3000."""
    scopes: dict[str, list[str]] = defaultdict(list)
    for name, row in facts()["languages"].items():
        if row.get("tm_scope", "none") != "none":
            scopes[row["tm_scope"]].append(name)
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(p for folder in folders for p in folder.glob("*.json")):
        grammar = json.loads(path.read_text("utf-8"))
        words = {w for e in _expressions(grammar) for w in _WORD.findall(_NO_WORD.sub(" ", e))}
        alias = by_alias().get(path.stem)
        names = scopes.get(grammar.get("scopeName")) or scopes.get(path.stem) or ([alias] if alias else [])
        for name in names if len(words) >= 8 else ():
            found[name] |= words
    return {name: set(sorted(words)[:3000]) for name, words in found.items()}


class _Amounts:
    """How much of each feature each language has: triples (feature, language, amount), and each language's total."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._index = {name: i for i, name in enumerate(names)}
        self.total = np.zeros(len(names))
        self._keys: list[np.ndarray[Any, Any]] = []
        self._classes: list[np.ndarray[Any, Any]] = []
        self._amounts: list[np.ndarray[Any, Any]] = []

    def add(self, language: str, weight: float, features: np.ndarray[Any, Any], amount: np.ndarray[Any, Any]) -> None:
        """Add a text, or what stands for some, that counts as `weight` texts of its language."""
        self.total[self._index[language]] += weight
        self._keys.append(features.astype(np.uint64))
        self._classes.append(np.full(len(features), self._index[language], np.int64))
        self._amounts.append(amount)

    def shares(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return (feature, language, share of the language's texts, number of amounts) of each pair that occurs."""
        keys, classes = np.concatenate(self._keys), np.concatenate(self._classes)
        pairs, places = np.unique(keys * 4096 + classes.astype(np.uint64), return_inverse=True)
        language = (pairs % 4096).astype(np.int64)
        share = np.bincount(places, np.concatenate(self._amounts)) / (self.total + 1)[language]
        return pairs // 4096, language, share, np.bincount(places)


def _gather(
    samples: list[Sample], counts: dict[str, tuple[dict[str, int], int]], keywords: dict[str, set[str]]
) -> _Amounts:
    amounts = _Amounts(sorted({s.language for s in samples} | set(counts) | set(keywords)))
    origins = Counter((s.language, s.origin) for s in samples)
    for sample in samples:
        weight = origins[sample.language, sample.origin] ** -0.5
        features = np.unique(token_features(sample.text))
        amounts.add(sample.language, weight, features, np.full(len(features), weight))
    for language, (tokens, number) in sorted(counts.items()):
        seen: dict[int, int] = defaultdict(int)
        for token, count in tokens.items():
            if not token.startswith(("COMMENT", "SHEBANG")):
                features = token_features(token.encode()[:60])
                # The second and the last feature say where in a line the token stood, which is not known here.
                for feature in (features[0], *features[2:-1]):
                    seen[int(feature)] += count
        share = np.minimum(1, np.fromiter(seen.values(), np.float64) / number) * number**0.5
        amounts.add(language, number**0.5, np.fromiter(seen, np.uint64), share)
    for language, words in sorted(keywords.items()):
        features = np.unique([token_features(word.encode())[0] for word in words])
        amounts.add(language, _GRAMMAR_WEIGHT, features, np.full(len(features), _GRAMMAR_WEIGHT))
    return amounts


def train(
    samples: list[Sample],
    counts: dict[str, tuple[dict[str, int], int]],
    keywords: dict[str, set[str]],
    stopped: np.ndarray[Any, Any],
) -> dict[str, Any]:
    """Return the arrays of a classifier: a language's weights are its TF-IDF centroid over sets of features.

    The share of a language's texts that have a feature stands for TF; texts of one origin count by the square root of
    their number; counts without texts give shares of single tokens only, and a grammar's words stand for a small
    part of one text. IDF is over languages, not texts; features in `stopped` are left out.
    """
    amounts = _gather(samples, counts, keywords)
    names = amounts.names
    key, language, share, occurrences = amounts.shares()
    features, feature = np.unique(key, return_inverse=True)
    idf = np.log(len(names) / (np.bincount(feature, np.minimum(1, share)) + 0.3)).clip(0)[feature]
    often = np.bincount(feature, occurrences)[feature] >= 2
    often &= ~np.isin(features, stopped)[feature]
    weight = np.where(often, share * idf, 0)
    norm = np.sqrt(np.bincount(language, weight**2)).clip(1e-9)
    weight = weight / norm[language] * idf
    order = np.lexsort((-weight, language))
    starts = np.searchsorted(language[order], np.arange(len(names)))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - starts[language[order]]
    kept = (rank < _FEATURES_PER_LANGUAGE) & (weight > 0)
    unit = float(weight[kept].max() / 255)
    # Weights of less than four units cost half of the time and room, and change no answer for the better.
    kept &= np.round(weight / unit) >= _LEAST_UNITS
    kept_features, lengths = np.unique(key[kept], return_counts=True)
    return {
        "names": np.array(names),
        "keys": kept_features.astype(np.uint32),
        "lengths": lengths.astype(np.uint16),
        "classes": language[kept].astype(np.uint16),
        "weights": np.round(weight[kept] / unit).astype(np.uint8),
        "unit": np.float32(unit),
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description="Rewrite the statistics behind guesses of a language from content.")
    parser.add_argument("--linguist", type=Path, required=True)
    parser.add_argument("--snippets", type=Path, action="append", default=[])
    parser.add_argument("--grammars", type=Path, action="append", default=[])
    parser.add_argument("--files", type=Path, action="append", default=[])
    parser.add_argument("--notices", type=Path, required=True)
    parser.add_argument("--exclude", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    measured = measured_lines(arguments.exclude)
    samples = [s for folder in arguments.snippets for s in snippets(folder)]
    samples += [s for folder in arguments.files for s in packaged(folder)]
    kept = [s for s in samples if not shares_lines(s.text, measured)]
    words = grammar_words(arguments.grammars)
    model = train(kept, linguist_counts(arguments.linguist), words, notice_features(arguments.notices))
    np.savez_compressed(MODEL, **model)
    print(
        f"{MODEL}: {len(model['names'])} languages, {len(model['keys'])} features, {len(model['classes'])} weights "
        f"from {len(kept)} texts ({len(samples) - len(kept)} left out)"
    )


if __name__ == "__main__":
    _main()
