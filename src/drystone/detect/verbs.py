"""Scanning files for secrets and personal data: the verb of this room, light to load and with its defaults."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drystone.errors import UsageError

if TYPE_CHECKING:
    from drystone.detect.secrets import Scanner, ScanSettings
    from drystone.detect.secrets.report import SecretFinding
    from drystone.detect.secrets.tree import FileText, Passed

#: Bytes, and files, that are scanned together.
_BATCH: Final = 16 << 20
_TOGETHER: Final = 4096


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found, and what it looked at: files and bytes, files passed over by reason, and the settings."""

    findings: list[SecretFinding]
    files: int
    bytes: int
    passed_over: dict[str, int]
    settings: ScanSettings

    def as_json(self) -> str:
        """Return everything as one JSON object."""
        from drystone.detect.secrets import report

        return report.as_json(
            self.findings,
            {
                "files": self.files,
                "bytes": self.bytes,
                "passed_over": self.passed_over,
                "settings": self.settings.as_dict(),
            },
        )

    def as_sarif(self) -> str:
        """Return the findings as SARIF 2.1.0."""
        from drystone.detect.secrets import report

        return report.as_sarif(self.findings)


def scan(
    paths: Iterable[str | os.PathLike[str]],
    *,
    sensitivity: Sequence[str] = (),
    baseline: str | os.PathLike[str] | None = None,
    write_baseline: str | os.PathLike[str] | None = None,
    git_ignored: bool = False,
    max_bytes: int = 100 << 20,
    each: Callable[[SecretFinding], object] = lambda finding: None,
    each_passed: Callable[[Passed], object] = lambda passed: None,
    progress: Callable[[int, int, int], object] = lambda files, size, findings: None,
) -> Scanned:
    """Find secrets and personal data in files and folders ("-" is standard input), without building a release.

    `sensitivity`: off, low, balanced or high for all kinds, or KIND=LEVEL for one, the last word counts. `baseline`: a
    file of findings that were accepted and are left out; `write_baseline`: a file to accept all findings into.
    `git_ignored`: also what git ignores. `max_bytes`: larger files are passed over. `each` and `each_passed` are called
    with every finding and every file that is passed over, `progress` with files, bytes and findings so far. Findings
    are masked: kind, rule, the first characters, the length. Raises `UsageError` for a path that is not there or a word
    that is no level.
    """
    from drystone.detect.secrets import Scanner, report

    scanner = Scanner(_settings(sensitivity))
    known = report.read_baseline(Path(baseline)) if baseline else report.new_baseline()
    salt = known.salt if baseline or write_baseline else None
    found: list[SecretFinding] = []
    passed: Counter[str] = Counter()
    files = size = 0

    def pass_over(over: Passed) -> None:
        passed[over.reason] += 1
        each_passed(over)

    for batch in _batches(_texts([Path(path) for path in paths], git_ignored, max_bytes), pass_over):
        for text, spans in zip(batch, _scanned(scanner, batch), strict=True):
            for finding in report.findings(text.path, text.data, spans, salt):
                if finding.fingerprint not in known.accepted:
                    found.append(finding)
                    each(finding)
            size += len(text.data)
        files += len(batch)
        progress(files, size, len(found))
    if write_baseline is not None:
        report.write_baseline(Path(write_baseline), known.salt, found)
    return Scanned(found, files, size, dict(sorted(passed.items())), scanner.settings)


def _settings(choices: Sequence[str]) -> ScanSettings:
    from drystone.detect.secrets import KINDS, ScanSettings

    levels: dict[str, Any] = {}
    for choice in choices:
        kind, equals, level = choice.rpartition("=")
        if equals and kind not in KINDS:
            raise UsageError(f"--sensitivity: {kind!r} is no kind; kinds are {', '.join(KINDS)}.")
        if level not in ("off", "low", "balanced", "high"):
            raise UsageError(f"--sensitivity: {level!r}: write off, low, balanced or high.")
        levels.update({kind: level} if equals else {k: level for k in KINDS if k != "name"})
    return ScanSettings(**levels)


def _texts(paths: Sequence[Path], git_ignored: bool, largest: int) -> Iterator[FileText | Passed]:
    from drystone.detect.secrets import tree

    for path in paths:
        if str(path) == "-":
            data = sys.stdin.buffer.read(largest + 1)
            text = tree.as_utf8(data) if len(data) <= largest else None
            yield tree.Passed("-", "binary or too large") if text is None else tree.FileText("-", *text)
        elif not path.exists() and not path.is_symlink():
            raise UsageError(f"{path} does not exist.")
        else:
            yield from tree.texts(tree.files([path], git_ignored), largest)


def _batches(texts: Iterator[FileText | Passed], pass_over: Callable[[Passed], None]) -> Iterator[list[FileText]]:
    from drystone.detect.secrets.tree import Passed

    batch: list[FileText] = []
    size = 0
    for text in texts:
        if isinstance(text, Passed):
            pass_over(text)
            continue
        batch.append(text)
        size += len(text.data)
        if size >= _BATCH or len(batch) >= _TOGETHER:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _scanned(scanner: Scanner, batch: list[FileText]) -> list[Any]:
    return scanner.scan_batch([text.data for text in batch], [text.path for text in batch])
