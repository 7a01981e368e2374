"""Which tasks a text holds, in whatever dress, and where."""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from drystone.dedup import _kernel
from drystone.dedup.contamination.benchmarks import Benchmarks, Overlap, load, merged, shared_lines
from drystone.dedup.contamination.formats import TaskText, named, read_parts
from drystone.dedup.contamination.rule import COMMON
from drystone.dedup.sketches import buffers
from tests.dedup.conftest import hostile

from .conftest import DRESSED, GCD, QUESTION, SOLUTION

BEFORE, AFTER = "import os\n\n\ndef first(path):\n    return os.stat(path).st_size\n\n\n", "\n\nprint(first('x'))\n"


def found(benchmark: Path, *texts: str) -> list[Overlap | None]:
    known = Benchmarks(read_parts(named([str(benchmark)])))
    return known.find(pa.array([text.encode() for text in texts], pa.large_binary()), 0.8)


@pytest.mark.parametrize("solution", [SOLUTION, DRESSED], ids=["verbatim", "dressed"])
def test_a_solution_is_found_in_any_dress_with_its_lines(benchmark: Path, solution: str) -> None:
    (each,) = found(benchmark, BEFORE + solution + AFTER)
    assert each is not None
    assert (each.benchmark, each.task, each.part, each.measure) == ("walls", "walls/0", "code", "code")
    assert not each.generic
    assert each.share >= 0.8
    first = BEFORE.count("\n") + 1
    assert each.lines == [(first, first + solution.count("\n") - 1)]
    assert each.task_lines == [(1, 9)]


def test_code_that_any_program_holds_is_told_as_generic(benchmark: Path) -> None:
    (each,) = found(benchmark, BEFORE + GCD.replace("a", "x").replace("b", "y") + AFTER)
    assert each is not None
    assert (each.task, each.generic) == ("walls/1", True)


def test_a_question_is_found_in_a_comment_whatever_its_case_and_breaks(benchmark: Path) -> None:
    words = QUESTION.upper().split()
    comment = "".join(f"# {' '.join(words[i : i + 7])}\n" for i in range(0, len(words), 7))
    (each,) = found(benchmark, BEFORE + comment + AFTER)
    assert each is not None
    assert (each.task, each.measure, each.share) == ("walls/2", "words", 1.0)


def test_of_tasks_that_differ_in_a_literal_the_one_that_is_there_is_named() -> None:
    texts = [SOLUTION.replace("True", f"'{kind}'") for kind in ("a", "b", "c")]
    known = Benchmarks([TaskText("x", kind, "code", "code", t.encode()) for kind, t in zip("abc", texts, strict=True)])
    found = known.find(pa.array([text.encode() for text in texts], pa.large_binary()), 0.8)
    assert [each and (each.task, each.tasks) for each in found] == [("a", 3), ("b", 3), ("c", 3)]


def test_other_code_holds_nothing(benchmark: Path) -> None:
    assert found(benchmark, BEFORE + AFTER, "", SOLUTION[:120]) == [None, None, None]


def test_what_many_tasks_share_counts_for_nothing() -> None:
    shared = "import numpy as np\nimport pandas as pd\nframe = pd.DataFrame(np.zeros((3, 4)), columns=list('abcd'))\n"
    parts = [TaskText("b", str(i), "code", "code", shared.encode()) for i in range(COMMON + 1)]
    known = Benchmarks([*parts, TaskText("b", "own", "code", "code", (shared + SOLUTION).encode())])
    texts = pa.array([shared.encode(), (shared + SOLUTION).encode()], pa.large_binary())
    nothing, own = known.find(texts, 0.8)
    assert nothing is None
    assert own is not None
    assert own.task == "own"


def test_the_index_counts_as_sets_do() -> None:
    """On hostile bytes, and on pieces of real code: what the kernel says is what sets of places say."""
    chance = random.Random(5)
    code = Path(__file__).read_bytes()
    cuts = [sorted(chance.sample(range(len(code)), 2)) for _ in range(30)]
    texts = [*hostile(), *(code[a:b] for a, b in cuts)]
    for measure in ("code", "words"):
        sets = [set(_kernel.places(text, measure)[0].tolist()) for text in texts]
        data, offsets, valid = buffers(pa.array(texts, pa.large_binary()))
        index = _kernel.Overlap(measure, data, offsets, np.arange(len(texts), dtype=np.uint32), len(texts))
        assert index.totals().tolist() == [len(each) for each in sets]
        said = {(int(d), int(p)): int(s) for d, p, s in zip(*index.match(data, offsets, valid, 0.0), strict=True)}
        wanted = {(d, p): len(a & b) for d, a in enumerate(sets) for p, b in enumerate(sets) if a & b}
        assert said == wanted


def test_places_lie_in_their_text_and_null_holds_nothing(benchmark: Path) -> None:
    for text in hostile():
        for measure in ("code", "words"):
            _, starts, ends = _kernel.places(text, measure)
            assert (starts < ends).all()
            assert (ends <= len(text)).all()
    known = load(tuple(named([str(benchmark)])))
    assert known.find(pa.array([None, b""], pa.binary()), 0.5) == [None, None]
    assert known.tasks == 3


def test_quotes_behind_backslashes_take_linear_time() -> None:
    begun = time.process_time()
    _kernel.places(b'\\"' * 100_000 + b"\\'" * 100_000, "code")
    assert time.process_time() - begun < 5


def test_lines_are_counted_from_one_and_joined() -> None:
    assert merged([(5, 6), (1, 2), (3, 3), (9, 9)]) == [(1, 3), (5, 6), (9, 9)]
    assert shared_lines(b"\n\n" + SOLUTION.encode(), SOLUTION.encode(), "code") == ([(3, 11)], [(1, 9)])
