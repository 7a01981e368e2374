"""`drystone ask RELEASE` and `drystone cite verify` of what it printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from drystone.cli.asking.ask import command as ask
from drystone.cli.asking.cite import command as cite
from drystone.release.read import open_release
from drystone.search import index
from tests.release.sample import FACTS, Row, write_sample

pytest.importorskip("tokenizers", reason="needs the extra `reader`")
pytest.importorskip("onnx", reason="needs the extra `reader`")

TEXT = "The parser raises an \x1b[31merror: a list is not a string.\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.reader.checkpoints import write_checkpoint

    return write_checkpoint(tmp_path_factory.mktemp("model"), "bert")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cited") / "release"
    write_sample(folder, [Row("pypi/click", "/a.md", TEXT.encode(), "Markdown")])
    index.build(open_release(folder))
    return folder


def test_an_answer_is_printed_with_its_place_and_checked(
    run: Callable[..., Result], release: Path, model: Path, tmp_path: Path
) -> None:
    options = ["--model", model, "--least", 0, "--top-k", 3]
    done = run(ask, release, "What is raised by the parser?", *options, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["found"]
    for answer in found["answers"]:
        for one in answer["citations"]:
            low, high = one["bytes"]
            assert TEXT.encode()[low:high].decode() == one["quote"]
    file = tmp_path / "answer.json"
    file.write_text(done.stdout)
    assert "quotes stand" in run(cite, "verify", file, release).output
    assert run(cite, "verify", file, release).exit_code == 0
    found["answers"][0]["citations"][0]["quote"] = "invented"
    file.write_text(json.dumps(found))
    wrong = run(cite, "verify", file, release, "--json")
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)[0]["state"] == "never_there"
    plain = run(ask, release, "What is raised by the parser?", *options)
    assert "pypi/click:/a.md:1  Markdown, MIT" in plain.output
    assert "         1  The parser raises an \\x1b[31merror: a list is not a string." in plain.output
    both = run(ask, release, release, "What is raised by the parser?", *options)
    facts = open_release(release).manifest.facts
    assert f"{facts.name} {facts.version} pypi/click:/a.md:1  Markdown, MIT" in both.output
    assert all(c in "\n\t" or c.isprintable() for c in plain.output)


def test_citations_are_printed_for_other_programs(run: Callable[..., Result], release: Path, model: Path) -> None:
    asked = [ask, release, "What is raised by the parser?", "--model", model, "--least", 0]
    bibtex = run(*asked, "--as", "bibtex")
    assert bibtex.exit_code == 0, bibtex.output
    assert bibtex.stdout.startswith("@misc{pypi-click-a-md-")
    assert all(c == "\n" or c.isprintable() for c in bibtex.stdout)
    (item,) = json.loads(run(*asked, "--as", "csl").stdout)
    found = json.loads(run(*asked, "--as", "json").stdout)
    assert found == json.loads(run(*asked, "--json").stdout)
    assert item["annote"] == found["answers"][0]["citations"][0]["quote"]
    link = found["answers"][0]["citations"][0]["permalink"]
    assert run(cite, "resolve", link, release).output.startswith("stands      /a.md in Sample stones 1.0.0: bytes ")
    told = json.loads(run(cite, "resolve", link, release, "--json").stdout)
    assert told["now"]["permalink"] == link
    wrong = run(cite, "resolve", link.replace("Sample", "Other"), release)
    assert "is of the release 'Other stones', which is not here; here: Sample stones" in str(wrong.exception)


def test_what_is_not_found_and_what_does_not_go_together_is_said(
    run: Callable[..., Result], release: Path, model: Path, tmp_path: Path
) -> None:
    done = run(ask, release, "What?", "--model", model, "--least", 1)
    assert done.exit_code == 3, "neither a failure nor misuse"
    assert done.output.startswith("not found")
    foreign = run(ask, release, "端口是多少", "--model", model)
    assert foreign.exit_code == 3
    assert "ask in the language of the texts" in foreign.stderr
    assert "give releases and then the question" in run(ask, "What?").output
    text = tmp_path / "text.txt"
    text.write_text("A text.")
    assert "--context goes without" in run(ask, release, "What?", "--context", text).output


#: Escape sequences, C1 controls, bidirectional overrides and isolates, zero width, line separators.
HOSTILE = "\x1b]52;c;cm0=\x07\x1b[2J\x9b31m\x90q\x9c\u202e\u2066\u200b\ufeff\u2028\x85\x00\x08"


def test_nothing_of_a_release_acts_on_a_terminal_and_json_has_all_of_it(
    run: Callable[..., Result], model: Path, tmp_path: Path
) -> None:
    text = f"The parser {HOSTILE}raises{HOSTILE} an error: {HOSTILE}a list{HOSTILE} is not a string.\n"
    row = Row(f"own/{HOSTILE}", f"/{HOSTILE.replace(chr(0), '')}.md", text.encode(), "Markdown")
    folder = tmp_path / "release"
    write_sample(folder, [row], FACTS.model_copy(update={"name": f"stones {HOSTILE}"}))
    index.build(open_release(folder))
    asked = [ask, folder, "What is raised by the parser?", "--model", model, "--least", 0, "--top-k", 5]
    done = run(*asked, "--json")
    file = tmp_path / "answer.json"
    file.write_text(done.stdout)
    found = json.loads(done.stdout)
    (data,) = (one["content"] for one in open_release(folder).files())
    citations = [citation for answer in found["answers"] for citation in answer["citations"]]
    assert any(set(HOSTILE) & set(one["quote"] + one["prefix"] + one["suffix"]) for one in citations)
    for one in citations:
        assert data.encode()[slice(*one["bytes"])].decode() == one["quote"]
        assert (one["path"], one["repository"], one["release"]) == (row.path, row.repository, f"stones {HOSTILE}")
    link = citations[0]["permalink"]
    printed = [done, *(run(*asked, "--as", form) for form in ("text", "bibtex", "csl"))]
    printed += [run(cite, "verify", file, folder, *more) for more in ([], ["--json"])]
    printed += [run(cite, "resolve", link, folder, *more) for more in ([], ["--json"])]
    for each in printed:
        assert each.exit_code == 0, each.output
        assert not [c for c in each.output if c not in "\n" and not c.isprintable()], each.output
    assert json.loads(printed[-1].stdout)["now"]["path"] == row.path
