"""Licences: right and wrong on labelled texts, copyleft headers found in real source files, time per text; peers.

`figures(quick)` returns the figures; scores per source and per kind go to standard error. The labelled texts are not
part of the repository (DRYSTONE_LABELLED, by default ../shared/data); the packages of license_headers.tsv are fetched
once into the cache, from PyPI and Debian, and checked by hash.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import sysconfig
import tarfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.detection.restricted import BASES, HARMLESS, RESTRICTIONS, another_holder, texts
from benchmarks.detection.table import LABELLED, bounded
from benchmarks.harness import CACHE, Figure, main, peer
from drystone.detect.licenses import HEAD_BYTES, LicenseAnnotation, detect_headers, detect_text
from drystone.detect.licenses.annotation import families
from drystone.detect.licenses.matching.references import facts

LABELS = Path(__file__).with_name("license_headers.tsv")
SCANCODE = ["scancode-toolkit-mini==32.5.0", "pluggy<1.6"]
COPYLEFT = re.compile(
    r"\b(?:[AL]?GPL|GFDL|MPL|EPL|CPL|IPL|CDDL|EUPL|OSL|QPL|CECILL|CC-BY-SA|CC-BY-NC|Artistic-1.0-Perl)"
)


@dataclass
class Score:
    """Shares of cases by outcome: right where the families of identifiers are equal, none where nothing was named."""

    counts: Counter[str] = field(default_factory=Counter)
    groups: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def right(self) -> float:
        return self.counts["right"] / max(1, self.counts.total())

    @property
    def wrong(self) -> float:
        return self.counts["wrong"] / max(1, self.counts.total())


def independent(path: Path) -> list[dict[str, object]]:
    """Return the labelled cases that do not come from ScanCode's own tests."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    return [case for case in cases if not str(case["source"]).startswith("scancode")]


def ours(text: str) -> str | None:
    return detect_text(text.encode(), "text", strict=False).expression


def score(cases: Iterable[dict[str, object]], answer: Callable[[str], str | None] = ours) -> Score:
    """Score answers (SPDX expressions) against the labels, by source and by kind."""
    result = Score()
    for case in cases:
        found = {i for i in families(answer(str(case["text"]))) if not i.startswith("LicenseRef-")}
        expected = case["expected"]
        assert isinstance(expected, list)
        wanted = families(" AND ".join(expected))
        outcome = "none" if not found else "right" if found == wanted else "wrong"
        result.counts[outcome] += 1
        for group in (f"source {case['source']}", f"kind {case['kind']}"):
            result.groups[group][outcome] += 1
    return result


def show(name: str, result: Score) -> None:
    for group, counts in [("all", result.counts), *sorted(result.groups.items())]:
        total = counts.total()
        shares = "  ".join(f"{k} {counts[k] / total:.3f}" for k in ("right", "wrong", "none"))
        print(f"  {name:18} {group:26} {total:5}  {shares}", file=sys.stderr)


def classify(text: str) -> str | None:
    """Ask licenseclassifier; every identifier it names holds."""
    from licenseclassifier import identify_license

    return " AND ".join(dict.fromkeys(r.id for r in identify_license(text))) or None


def classifier_first(text: str) -> str | None:
    """Answer in the other order: tags and hash, then licenseclassifier, and our rules where it finds nothing."""
    found = detect_text(text.encode(), "text", strict=False)
    if found.evidence and found.evidence[0].rule in {"spdx-tag", "text-hash"}:
        return found.expression
    return classify(text) or found.expression


def packages() -> tuple[dict[str, tuple[str, str]], list[tuple[str, str, str, bool]]]:
    """Return (package -> origin and hash, rows of package, path, hash, copyleft) of the labels file."""
    origins: dict[str, tuple[str, str]] = {}
    rows: list[tuple[str, str, str, bool]] = []
    for line in LABELS.read_text("utf-8").splitlines():
        parts = line.split("\t")
        if line.startswith("@"):
            origins[parts[1]] = (parts[2], parts[3])
        elif not line.startswith("#"):
            rows.append((parts[0], parts[1], parts[2], parts[3] == "yes"))
    return origins, rows


def fetch(name: str, origin: str, sha256: str) -> Path:
    """Return a package's archive, fetched once and checked."""
    path = CACHE / "license-packages" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        if origin.startswith("pypi:"):
            from pypi_simple import PyPISimple

            project = origin.removeprefix("pypi:").partition("==")[0]
            with PyPISimple() as client:
                known = next(p for p in client.get_project_page(project).packages if p.filename == name)
                client.download_package(known, part)
        else:
            import requests

            answer = requests.get(origin, timeout=120)
            answer.raise_for_status()
            part.write_bytes(answer.content)
        part.replace(path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise SystemExit(f"{path}: is not the file that was labelled; delete it and try again")
    return path


def header_files(quick: bool) -> list[tuple[str, bytes, bool]]:
    """Return (path, content, copyleft) of the labelled source files."""
    origins, rows = packages()
    wanted: dict[str, dict[str, tuple[str, bool]]] = defaultdict(dict)
    for package, path, digest, copyleft in rows:
        wanted[package][path] = (digest, copyleft)
    files: list[tuple[str, bytes, bool]] = []
    for package in sorted(wanted)[:: 4 if quick else 1]:
        with tarfile.open(fetch(package, *origins[package]), "r|*") as archive:
            for member in archive:
                label = wanted[package].get(member.name)
                stream = archive.extractfile(member) if label and member.isfile() else None
                if label is None or stream is None:
                    continue
                data = stream.read()
                if hashlib.sha256(data).hexdigest()[:16] != label[0]:
                    raise SystemExit(f"{package}: {member.name} is not the file that was labelled")
                files.append((f"{package}/{member.name}", data, label[1]))
    return files


def header_figures(quick: bool) -> list[Figure]:
    files = header_files(quick)
    found = detect_headers([data for _, data, _ in files], [path for path, _, _ in files])
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for (path, _, copyleft), annotation in zip(files, found, strict=True):
        said = annotation is not None and COPYLEFT.search(annotation.expression or "") is not None
        outcome = ("found" if said else "missed") if copyleft else ("false" if said else "silent")
        for group in ("all", path.partition("/")[0]):
            groups[group][outcome] += 1
        if outcome in {"missed", "false"}:
            print(f"  {outcome}: {path}", file=sys.stderr)
    for group, counts in sorted(groups.items()):
        print(f"  headers            {group:40} {dict(counts)}", file=sys.stderr)
    counts = groups["all"]
    code = [path.read_bytes() for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*/*.py"))]
    clean = [data for data, annotation in zip(code, detect_headers(code), strict=True) if annotation is None]
    start = time.process_time()
    detect_headers(clean)
    rate = sum(map(len, clean)) / 1e6 / (time.process_time() - start)
    recall = counts["found"] / max(1, counts["found"] + counts["missed"])
    precision = counts["found"] / max(1, counts["found"] + counts["false"])
    return [
        Figure(
            "copyleft headers found", recall, "share", 0.97, 0.995, note=f"{counts['found'] + counts['missed']} files"
        ),
        Figure("copyleft headers, precision", precision, "share"),
        Figure(
            "files without a licence header",
            rate,
            "MB/s",
            300,
            note=f"one core, first {HEAD_BYTES // 1024} KiB of each",
        ),
    ]


def figures(quick: bool) -> list[Figure]:
    """Measure licence detection on labelled texts and on real source files."""
    rows: list[Figure] = []
    labelled = LABELLED / "licenses" / "dev.jsonl.gz"
    if labelled.exists():
        rows += text_figures(independent(labelled)[:: 4 if quick else 1], quick)
    else:
        print(f"  no labelled texts at {labelled}: those figures are left out", file=sys.stderr)
    return rows + restriction_figures(quick) + header_figures(quick)


def restriction_figures(quick: bool) -> list[Figure]:
    """Measure texts with one more sentence, and the listed texts with another copyright holder."""
    step = 5 if quick else 1
    plain = set(BASES)
    missed: Counter[str] = Counter()
    cases = list(texts(RESTRICTIONS))[::step]
    for identifier, name, text in cases:
        if plain & families(ours(text)):
            missed[f"{identifier} with {name}"] += 1
    harmless = list(texts({sentence: sentence for sentence in HARMLESS}))[::step]
    lost = [name for identifier, name, text in harmless if families(ours(text)) != {identifier}]
    listed = sorted(facts())[::step]
    renamed = [i for i in listed if families(ours(another_holder(i))) != families(i)]
    for what, names in (("restriction missed", missed), ("harmless words taken for one", lost), ("not named", renamed)):
        print(f"  {what}: {', '.join(names) or 'none'}", file=sys.stderr)
    return [
        bounded("permissive text with a restriction: seen", 1 - missed.total() / len(cases), f"of {len(cases)}"),
        bounded("plain SPDX texts with another holder: named", 1 - len(renamed) / len(listed), f"of {len(listed)}"),
        Figure(
            "permissive text with harmless words: still named", 1 - len(lost) / len(harmless), f"of {len(harmless)}"
        ),
    ]


def text_figures(cases: list[dict[str, object]], quick: bool) -> list[Figure]:
    texts = list(dict.fromkeys(str(case["text"]) for case in cases))
    ours("warm up")
    classify("warm up")
    times = []
    for ask in (ours, classify):
        start = time.process_time()
        for text in texts:
            ask(text)
        times.append((time.process_time() - start) / len(texts) * 1000)
    mine, theirs = score(cases), score(cases, classify)
    show("drystone", mine)
    show("licenseclassifier", theirs)
    rows = [
        bounded("licence texts: right", mine.right, "share", f"licenseclassifier {theirs.right:.3f}"),
        bounded("licence texts: wrong", mine.wrong, "share", f"licenseclassifier {theirs.wrong:.3f}"),
        bounded("licence text, CPU time", times[0], "ms", f"licenseclassifier {times[1]:.2f} ms"),
    ]
    other = score(cases, classifier_first)
    show("classifier first", other)
    rows.append(Figure("licenseclassifier asked before our rules, family right", other.right, "share"))
    rows.append(Figure("licenseclassifier asked before our rules, family wrong", other.wrong, "share"))
    if not quick:
        with_scancode = score(cases, _scancode())
        show("with ScanCode", with_scancode)
        rows.append(Figure("with the extra scancode, family right", with_scancode.right, "share", 0.94, 0.97))
        rows.append(Figure("with the extra scancode, family wrong", with_scancode.wrong, "share"))
    return rows


def _scancode() -> Callable[[str], str | None]:
    from drystone.detect.licenses.matching.scancode import ScanCode

    running = ScanCode(python=str(peer("scancode", SCANCODE)))

    def ask(text: str) -> str | None:
        found: LicenseAnnotation = detect_text(text.encode(), "text", strict=False)
        return running.complete(found, text.encode()).expression

    return ask


if __name__ == "__main__":
    main(figures)
