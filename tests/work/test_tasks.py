"""A task is a function by its place, and a failure comes back as what it was."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from drystone import errors
from drystone.errors import BuildError, SourceError, UsageError
from drystone.work.store import Stage
from drystone.work.tasks import Outcome, Summary, Task, attempt, run_here


def lay(stage: Stage, task: str, stones: int = 1) -> Summary:
    stage.file(f"{task}.txt").write_text("stone\n" * stones)
    return {"stones": stones}


def refuse(stage: Stage, task: str, error: str) -> Summary:
    kind = getattr(errors, error, None)
    raise kind("no stones left") if kind is not None else ZeroDivisionError("no stones left")


@pytest.mark.parametrize("function", [lay, "tests.work.test_tasks:lay"])
def test_a_function_and_its_name_do_the_same(function: str, tmp_path: Path) -> None:
    task = pickle.loads(pickle.dumps(Task("course", function, {"stones": 3})))
    assert task.do(Stage(tmp_path)) == {"stones": 3}
    assert (tmp_path / "course.txt").read_text() == "stone\n" * 3


def test_run_here_remembers_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "wall")
    tasks = [Task(f"{n}", lay, {"stones": n}) for n in range(3)]
    assert run_here("wall", stage, tasks) == [{"stones": n} for n in range(3)]
    assert [stage.summary(task.id) for task in tasks] == [None] * 3


def test_an_attempt_leaves_a_done_file_that_counts_its_files(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert attempt(Task("course", lay), stage).result("wall") == {"stones": 1}
    assert stage.summary("course") == {"stones": 1}
    (tmp_path / "course.txt").write_text("")
    assert stage.summary("course") is None
    stage.forget("course")
    assert not list(tmp_path.glob("*.done"))


@pytest.mark.parametrize("error", ["SourceError", "UsageError", "BuildError"])
def test_an_error_on_purpose_comes_back_as_itself(error: str, tmp_path: Path) -> None:
    outcome = pickle.loads(pickle.dumps(attempt(Task("course", refuse, {"error": error}), Stage(tmp_path))))
    with pytest.raises((SourceError, UsageError, BuildError), match=r"^no stones left$") as raised:
        outcome.result("wall")
    assert type(raised.value).__name__ == error
    assert not list(tmp_path.iterdir())


def test_any_other_error_is_a_fault_that_names_the_task(tmp_path: Path) -> None:
    outcome = attempt(Task("course", refuse, {"error": "none"}), Stage(tmp_path))
    with pytest.raises(BuildError, match=r"stage wall, task course failed unexpectedly(.|\n)*ZeroDivisionError"):
        outcome.result("wall")


@pytest.mark.parametrize("error", ["MissingExtraError", "SettingsError"])
def test_errors_that_are_made_of_more_than_a_message_keep_it(error: str) -> None:
    with pytest.raises(BuildError, match=r"^no stones left$"):
        Outcome("course", error=error, message="no stones left").result("wall")
