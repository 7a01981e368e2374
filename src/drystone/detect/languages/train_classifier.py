"""Rewrites `data/classifier.npz`, the statistics behind guesses from content, out of labelled text.

    python -m drystone.detect.languages.train_classifier --linguist samples.json --snippets DIR --files DIR \
        --exclude pygments-2.21.0.tar.gz

- `--linguist`: token counts of GitHub Linguist's own samples (`lib/linguist/samples.json` of its gem, MIT).
- `--snippets DIR`: one folder per language, named by any alias, with one text per file (Prism's tests and examples,
  Shiki's samples; both MIT).
- `--files DIR`: unpacked packages; a file counts where its name allows one language, or the patterns decide.
- `--exclude`: archives of texts that detection is measured on; what shares a quarter of its lines with them stays out.

Nothing here runs while files are detected. What was used for the shipped file stands in docs/detection/languages.md.
"""

from __future__ import annotations

import argparse
import json
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
from drystone.detect.languages.tables import by_alias, languages

_FILES_PER_LANGUAGE: Final = 80
_FILES_PER_PACKAGE: Final = 12
_FEATURES_PER_LANGUAGE: Final = 3000
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
        if language and per_language[language] < _FILES_PER_LANGUAGE:
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


def train(samples: list[Sample], counts: dict[str, tuple[dict[str, int], int]]) -> dict[str, Any]:
    """Return the arrays of a classifier: a language's weights are its TF-IDF centroid over sets of features.

    The share of a language's texts that have a feature stands for TF; texts of one origin count by the square root of
    their number; counts without texts give shares of single tokens only. IDF is over languages, not texts.
    """
    names = sorted({s.language for s in samples} | set(counts))
    index = {name: i for i, name in enumerate(names)}
    origins = Counter((s.language, s.origin) for s in samples)
    total = np.zeros(len(names))
    keys, classes, amounts = [], [], []

    def add(language: str, features: np.ndarray[Any, Any], amount: np.ndarray[Any, Any]) -> None:
        keys.append(features.astype(np.uint64))
        classes.append(np.full(len(features), index[language], np.int64))
        amounts.append(amount)

    for sample in samples:
        weight = origins[sample.language, sample.origin] ** -0.5
        features = np.unique(token_features(sample.text))
        total[index[sample.language]] += weight
        add(sample.language, features, np.full(len(features), weight))
    for language, (tokens, number) in sorted(counts.items()):
        total[index[language]] += number**0.5
        seen: dict[int, int] = defaultdict(int)
        for token, count in tokens.items():
            if not token.startswith(("COMMENT", "SHEBANG")):
                features = token_features(token.encode()[:60])
                # The second and the last feature say where in a line the token stood, which is not known here.
                for feature in (features[0], *features[2:-1]):
                    seen[int(feature)] += count
        share = np.minimum(1, np.fromiter(seen.values(), np.float64) / number) * number**0.5
        add(language, np.fromiter(seen, np.uint64), share)
    pairs, places = np.unique(np.concatenate(keys) * 4096 + np.concatenate(classes).astype(np.uint64), return_inverse=True)
    share = np.bincount(places, np.concatenate(amounts))
    language_of = (pairs % 4096).astype(np.int64)
    share /= (total + 1)[language_of]
    features, feature_of = np.unique(pairs // 4096, return_inverse=True)
    idf = np.log(len(names) / (np.bincount(feature_of, np.minimum(1, share)) + 0.3)).clip(0)[feature_of]
    often = np.bincount(feature_of, np.bincount(places))[feature_of] >= 2
    weight = np.where(often, share * idf, 0)
    weight = weight / np.sqrt(np.bincount(language_of, weight**2))[language_of] * idf
    order = np.lexsort((-weight, language_of))
    starts = np.searchsorted(language_of[order], np.arange(len(names)))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - starts[language_of[order]]
    kept = (rank < _FEATURES_PER_LANGUAGE) & (weight > 0)
    unit = float(weight[kept].max() / 255)
    kept_features, lengths = np.unique(pairs[kept] // 4096, return_counts=True)
    return {
        "names": np.array(names),
        "keys": kept_features.astype(np.uint32),
        "lengths": lengths.astype(np.uint16),
        "classes": language_of[kept].astype(np.uint16),
        "weights": np.clip(np.round(weight[kept] / unit), 1, 255).astype(np.uint8),
        "unit": np.float32(unit),
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description="Rewrite the statistics behind guesses of a language from content.")
    parser.add_argument("--linguist", type=Path, required=True)
    parser.add_argument("--snippets", type=Path, action="append", default=[])
    parser.add_argument("--files", type=Path, action="append", default=[])
    parser.add_argument("--exclude", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    measured = measured_lines(arguments.exclude)
    samples = [s for folder in arguments.snippets for s in snippets(folder)]
    samples += [s for folder in arguments.files for s in packaged(folder)]
    kept = [s for s in samples if not shares_lines(s.text, measured)]
    model = train(kept, linguist_counts(arguments.linguist))
    np.savez_compressed(MODEL, **model)
    print(
        f"{MODEL}: {len(model['names'])} languages, {len(model['keys'])} features, {len(model['classes'])} weights "
        f"from {len(kept)} texts ({len(samples) - len(kept)} left out)"
    )


if __name__ == "__main__":
    _main()
