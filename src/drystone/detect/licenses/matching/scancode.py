"""ScanCode for the texts that stay unanswered: an extra, in a process of its own, with a time limit.

ScanCode needs 1.4 GB and ten seconds to start, and a hostile text can keep it busy for long; so it runs in a child that
is started on the first question, answers one text at a time, and is stopped when a text takes too long. Nothing of it
is imported here.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import replace
from types import TracebackType
from typing import Final, TypedDict

from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation
from drystone.detect.licenses.matching.names import spdx_expression
from drystone.errors import MissingExtraError

#: Seconds one text may take, as in The Stack v2's pipeline; the child's start counts separately.
TEXT_SECONDS: Final = 100.0
START_SECONDS: Final = 300.0
#: ScanCode is asked about texts up to this size, in bytes.
MAX_BYTES: Final = 256 * 1024
#: Matches below this score (0 to 100) are no answer.
MIN_SCORE: Final = 70.0

# Runs in the child. Matches are grouped into detections, as ScanCode's own command does, which drops false positives.
_CHILD: Final = r"""
import base64, json, os, sys, tempfile
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
from licensedcode.cache import build_spdx_license_expression, get_index
from licensedcode.detection import detect_licenses
get_index()
answers.write(json.dumps({"ready": True}) + "\n")
for line in sys.stdin:
    limit, data = line.split(" ", 1)
    rows = []
    try:
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write(base64.b64decode(data))
            file.flush()
            for found in detect_licenses(location=file.name, min_score=0, deadline=sys.maxsize):
                if found.license_expression is None:
                    continue
                spdx = build_spdx_license_expression(str(found.license_expression))
                first = min(m.start_line for m in found.matches)
                last = max(m.end_line for m in found.matches)
                rows.append([str(spdx), first, last, min(float(m.score()) for m in found.matches)])
        answers.write(json.dumps({"rows": rows}) + "\n")
    except Exception as error:
        answers.write(json.dumps({"error": type(error).__name__ + ": " + str(error)[:200]}) + "\n")
"""


class ScanCodeAnswer(TypedDict, total=False):
    """What ScanCode's process says: it is `ready`; rows [expression, first line, last line, score]; or an error."""

    ready: bool
    rows: list[tuple[str, int, int, float]]
    error: str


class ScanCode:
    """A running ScanCode; use as a context manager. Raises `MissingExtraError` where the extra is not installed."""

    def __init__(self, seconds: float = TEXT_SECONDS, python: str | None = None) -> None:
        if python is None and importlib.util.find_spec("licensedcode") is None:
            raise MissingExtraError("ScanCode", "scancode")
        self._python = python or sys.executable
        self._seconds = seconds
        self._child: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()

    def complete(self, annotation: LicenseAnnotation, data: bytes) -> LicenseAnnotation:
        """Return the annotation with ScanCode's answer where it had none and no words restrict; else unchanged."""
        if not annotation.unanswered or annotation.grounds:
            return annotation
        answer = self.ask(data)
        if "rows" not in answer:
            note = str(answer.get("error", "no answer"))
            return replace(annotation, notes=(*annotation.notes, f"scancode: {note}"))
        found = [Evidence(spdx_expression(x) or x, a, b, "scancode", s / 100) for x, a, b, s in answer["rows"]]
        sure = [e for e in found if e.confidence * 100 >= MIN_SCORE]
        expressions = list(dict.fromkeys(e.expression for e in sure))
        if not expressions:
            return annotation
        joined = " AND ".join(f"({e})" if " OR " in e else e for e in expressions)
        return replace(
            annotation,
            expression=spdx_expression(joined) or joined,
            evidence=(*annotation.evidence, *sure),
            unanswered=False,
        )

    def ask(self, data: bytes) -> ScanCodeAnswer:
        """Return {"rows": [[expression, first line, last line, score], ...]} or {"error": why}."""
        if self._child is None:
            problem = self._start()
            if problem:
                return {"error": problem}
        child = self._child
        assert child is not None and child.stdin is not None
        try:
            child.stdin.write(f"{self._seconds} {base64.b64encode(data[:MAX_BYTES]).decode()}\n")
            child.stdin.flush()
        except OSError:
            self.close()
            return {"error": "the process ended"}
        return self._wait(self._seconds)

    def _start(self) -> str | None:
        environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONHASHSEED"}} | {"PYTHONHASHSEED": "0"}
        self._child = subprocess.Popen(
            [self._python, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self._answers = queue.Queue()
        threading.Thread(target=_pump, args=(self._child, self._answers), daemon=True).start()
        answer = self._wait(START_SECONDS)
        if answer.get("ready"):
            return None
        self.close()
        return f"did not start ({answer.get('error', 'no answer')}); it needs pluggy<1.6, as the extra pins it"

    def _wait(self, seconds: float) -> ScanCodeAnswer:
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.close()
            return {"error": f"no answer within {seconds:g} s"}
        if line is None:
            self.close()
            return {"error": "the process ended"}
        answer: ScanCodeAnswer = json.loads(line)
        return answer

    def close(self) -> None:
        """Stop the process; the next question starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except OSError:
                        continue

    def __enter__(self) -> ScanCode:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self.close()


def _pump(child: subprocess.Popen[str], answers: queue.Queue[str | None]) -> None:
    assert child.stdout is not None
    try:
        for line in child.stdout:
            answers.put(line)
    except ValueError:
        pass  # closed while reading
    answers.put(None)
