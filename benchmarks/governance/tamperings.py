"""Tamperings that show: with a release by its folder alone and with its signature, with a log by one kept checkpoint.

Each is done to a copy of a real release or registry, as somebody could who may write there; the lists are those of the
tests.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.registry.log.tamperings import TAMPERINGS, filled
from tests.release.sample import sample_rows, write_sample
from tests.release.tamperings import REASONS, SHOWN, SIGNED, write_second_version
from tests.release.test_verify import FILES, LAWS

from benchmarks.builds import workplace
from benchmarks.harness import Figure
from drystone.errors import ReleaseError
from drystone.registry import Registry
from drystone.registry.log.checkpoints import LogState
from drystone.release import verbs
from drystone.release.checking.verify import verify
from drystone.release.versions.receipts import load_public, new_key


def _shows(folder: Path, key: Path | None) -> bool:
    try:
        return not verify(folder, key=load_public(key) if key is not None else None, reasons=REASONS).holds
    except ReleaseError:
        return True


@contextlib.contextmanager
def _copied(release: Path) -> Iterator[Path]:
    copy = release.with_name("copy")
    shutil.copytree(release, copy)
    yield copy
    shutil.rmtree(copy)
    away = release.with_name("away")
    if away.is_dir():
        shutil.rmtree(away)
    away.unlink(missing_ok=True)


def _of_releases(home: Path) -> list[Figure]:
    (home / "small").mkdir()
    (home / "sample").mkdir()
    small, sample = home / "small" / "release", home / "sample" / "release"
    write_second_version(small)
    write_sample(sample, [r for r in sample_rows() if r.repository != "pypi/rich" or len(r.data) < 2000])
    new_key(home / "key")
    verbs.sign([small, sample], home / "key")
    # What the tests of every law seal again by themselves is found in the larger sample.
    broken = {name: tamper for name, (tamper, _, _) in {**LAWS, **FILES}.items()}
    alone, signed, missed = 0, 0, []
    for release, kinds in ((small, {**SHOWN, **SIGNED}), (sample, broken)):
        if _shows(release, home / "key.pub"):
            raise SystemExit(f"{release} does not hold as it is: nothing can be told of tamperings")
        for name, tamper in kinds.items():
            with _copied(release) as copy:
                tamper(copy)
                if _shows(copy, home / "key.pub"):
                    signed += 1
                else:
                    missed.append(name)
                for signature in copy.rglob("*.sig"):
                    signature.unlink()
                alone += name not in SIGNED and _shows(copy, None)
    shown, every = len(SHOWN) + len(broken), len(SHOWN) + len(broken) + len(SIGNED)
    note = f"; missed: {', '.join(missed)}" if missed else ""
    return [
        Figure("tamperings of a release found, folder alone: share of what it shows", alone / shown, "", 1.0, 1.0,
               note=f"{alone} of {shown} kinds"),
        Figure("tamperings of a release found, with signature", signed / every, "", 1.0, 1.0,
               note=f"{signed} of {every} kinds (at least 39 asked){note}"),
    ]  # fmt: skip


def _of_logs(home: Path) -> list[Figure]:
    original, path = home / "original.sqlite", home / "registry.sqlite"
    with filled(str(original)) as registry:
        found = registry.audit()
    kept = LogState("measured", found.events, found.head)
    seen, missed = 0, []
    for name, tamper in TAMPERINGS.items():
        shutil.copyfile(original, path)
        tamper(path)
        with Registry(path) as registry:
            if registry.audit(checkpoints=[kept]).problems:
                seen += 1
            else:
                missed.append(name)
        for file in home.glob("registry.sqlite*"):
            file.unlink()
    note = f"{seen} of {len(TAMPERINGS)} kinds (at least 20 asked)" + (
        f"; missed: {', '.join(missed)}" if missed else ""
    )
    name = "tamperings of the log found, with one checkpoint kept outside"
    return [Figure(name, seen / len(TAMPERINGS), "", 1.0, 1.0, note=note)]


def figures(quick: bool) -> list[Figure]:
    """Measure."""
    with workplace() as home:
        return [*_of_releases(home), *_of_logs(home)]
