"""A reader in other processes: forked, mapped over a table, pickled; and the memory that one long text takes."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from drystone.errors import ModelError
from drystone.reader import Reader
from drystone.reader.reader import Reader as Loaded
from drystone.reader.spans.decode import Scores, decode

from .checkpoints import write_checkpoint


@pytest.mark.parametrize(("runtime", "ways"), [("openvino", ()), ("packed", ("fork",))])
def test_other_processes_answer_alike(runtime: str, ways: tuple[str, ...], checkpoints: dict[str, Path]) -> None:
    if runtime == "openvino":
        pytest.importorskip("openvino")
        pytest.importorskip("datasets")
    command = [sys.executable, "-m", "tests.reader.forked", str(checkpoints["bert"]), runtime, *ways]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=root, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found == dict.fromkeys(found, found["here"]) and len(found) == (len(ways) or 3) + 1


def test_a_pickle_holds_a_path_and_how_it_was_loaded(tmp_path: Path, runtime: str) -> None:
    folder = write_checkpoint(tmp_path / "model", "bert")
    reader = Reader.load(folder, runtime=runtime, threads=1)
    sent = pickle.dumps(reader)
    assert len(sent) < 2000
    again, once_more = pickle.loads(sent), pickle.loads(sent)
    assert again is once_more, "one process loads it once"
    assert (again.engine.name, again.engine.streams) == (runtime, 1)
    assert again.answer("What?", "A heap.") == reader.answer("What?", "A heap.")
    write_checkpoint(folder, "bert", seed=7)  # trained again, and so other weights
    assert pickle.loads(pickle.dumps(Reader.load(folder, runtime=runtime, threads=1))) is not again
    gone = pickle.dumps(Reader.load(write_checkpoint(tmp_path / "gone", "bert"), runtime=runtime, threads=1))
    (tmp_path / "gone" / "config.json").unlink()
    with pytest.raises(ModelError, match=r"no config\.json"):
        pickle.loads(gone)


def test_a_pickle_leads_to_its_folder_wherever_the_process_went(
    tmp_path: Path, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path / "some" / "model", "bert")
    monkeypatch.chdir(tmp_path)
    reader = Reader.load("some/model", runtime=runtime, threads=1)  # as a Hub id would be
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = pickle.loads(pickle.dumps(reader))
    assert again.answer("What?", "A heap.") == reader.answer("What?", "A heap.")


def test_a_reader_that_was_not_loaded_says_that_it_has_no_path(bert: Reader) -> None:
    made = Loaded(bert.model, bert.windower, bert.engine, bert.checkpoint, "under training")
    with pytest.raises(pickle.PicklingError, match="has no path"):
        pickle.dumps(made)


def test_memory_of_one_text_grows_with_its_windows_alone() -> None:
    windows, longest = 600, 380  # some 900 KB of text
    random = np.random.default_rng(0)
    scores = Scores(
        random.normal(size=(2, windows, longest)),
        random.normal(size=(2, windows)),
        tuple(range(0, windows * longest, longest)),
        (longest,) * windows,
    )
    text = "x" * (windows * longest + 1)
    tracemalloc.start()
    found = decode(
        scores,
        lambda first, last: (first, last + 1),
        text,
        top_k=3,
        max_answer_len=400,
        handle_impossible=False,
        align_to_words=True,
    )
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 3
    assert most < 64 << 20, "all spans of all windows are 700 MB"
