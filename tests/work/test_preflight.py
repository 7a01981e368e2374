"""Folders are tried before any work: what cannot be written, and a host that sees another file system, are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import BuildError
from drystone.work.preflight import HostReport, check, judge, remove_token, report, this_program, write_token


def test_a_folder_is_made_and_left_as_it_was(tmp_path: Path) -> None:
    check([tmp_path / "new/folder", tmp_path])
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert list((tmp_path / "new/folder").iterdir()) == []


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match=f"{tmp_path}/file: cannot be written .File exists.; free space, or choose"):
        check([tmp_path / "file"])
    with pytest.raises(BuildError, match="/proc/here: cannot be written"):
        check([Path("/proc/here")])
    full = Path("/dev/full")
    if full.exists():
        with pytest.raises(BuildError, match="cannot be written"):
            check([full])


def test_no_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by a folder that gives other bytes, and not by a host that could write and not remove any more."""
    token = write_token(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        report([token])
    assert len(list(tmp_path.iterdir())) == 2
    remove_token(token)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"other")
    with pytest.raises(BuildError, match="gives other bytes than were written there"):
        check([tmp_path])
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_lies_in_the_way_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "folder/.preflight-0").symlink_to(tmp_path / "mine")
    monkeypatch.setattr("secrets.token_hex", lambda _: "0")
    with pytest.raises(BuildError, match="cannot be written"):
        check([tmp_path / "folder"])
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_host_that_sees_something_else_is_named(tmp_path: Path) -> None:
    token = write_token(tmp_path)
    judge("10.0.0.2", report([token]), [tmp_path])
    elsewhere = report([tmp_path / "gone/.preflight-0"])
    with pytest.raises(BuildError, match=r"host 10.0.0.2, /data: does not see what this host has written there"):
        judge("10.0.0.2", elsewhere, [Path("/data")])
    here, gone = tmp_path / "here.tar", tmp_path / "gone.tar"
    here.touch()
    judge("b", report([token], [here]), [tmp_path])
    with pytest.raises(BuildError, match=rf"host b, {gone}: is not there; put sources under the same path"):
        judge("b", report([token], [here, gone]), [tmp_path])
    drystone, python = this_program()
    with pytest.raises(BuildError, match=r"host b: has Drystone 0\.0\.1, and this one"):
        judge("b", HostReport("0.0.1", python, [""], []), [tmp_path])
    with pytest.raises(BuildError, match=r"host b: has Python 3\.9, and this one"):
        judge("b", HostReport(drystone, "3.9", [""], []), [tmp_path])
