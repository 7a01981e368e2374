"""A blob's text: UTF-8 whatever it was in, and of a notebook the script of its cells."""

from drystone.building.stages.text import to_text
from tests.building.conftest import notebook


def test_text_is_utf8_whatever_it_was_written_in() -> None:
    decoded = to_text("# Mörtel\n".encode("utf-16"), notebook=False).decoded
    assert decoded.text == "# Mörtel\n".encode()


def test_a_notebook_becomes_its_script_and_one_that_cannot_be_read_stays() -> None:
    source = notebook("stone = 1\n").encode()
    script = to_text(source, notebook=True).decoded.text
    assert script is not None
    assert b"stone = 1" in script
    assert b"an output" not in script
    assert to_text(source, notebook=False).decoded.text == source
    assert to_text(b"{ not json", notebook=True).decoded.text == b"{ not json"


def test_bytes_that_are_no_text_say_why() -> None:
    decoded = to_text(bytes(range(256)) * 4, notebook=False).decoded
    assert decoded.text is None
    assert decoded.binary
    assert decoded.reason
