from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drystone.errors import UsageError
from drystone.identity.swhid import Swhid, content, from_link, link, parse

CNT = "swh:1:cnt:" + "4d99d2d18326621ccdd70f5ea66c2e2ac236ad8b"
SNP = "swh:1:snp:" + "d7f1b9eb7ccb596c2622c4780febaa02549830f9"
REV = "swh:1:rev:" + "2db189928c94d62a3b4757b3eec68f0a4d4113f0"
DIR = "swh:1:dir:" + "d198bc9d7a6bcf6db04f476d29314f157507d505"
#: The example of ISO/IEC 18670, 6.4.
FULL = (
    f"{CNT};origin=https://gitorious.org/ocamlp3l/ocamlp3l_cvs.git;visit={SNP};anchor={REV};"
    "path=/Examples/SimpleFarm/simplefarm.ml;lines=9-15"
)


def test_the_standards_example() -> None:
    swhid = parse(FULL)
    assert str(swhid) == FULL
    assert str(swhid.core) == CNT
    assert swhid.digest.hex() == swhid.hash == CNT[10:]
    assert swhid.lines == (9, 15)
    assert swhid.path == b"/Examples/SimpleFarm/simplefarm.ml"
    assert content(swhid.digest) == content(swhid.hash) == CNT


def test_order_does_not_matter_and_is_made_canonical() -> None:
    core, *qualifiers = FULL.split(";")
    assert str(parse(";".join([core, *reversed(qualifiers)]))) == FULL


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (f"{CNT};bytes=154-315", f"{CNT};bytes=154-315"),
        (f"{CNT};bytes=0-0", f"{CNT};bytes=0"),
        (f"{CNT};lines=7-7", f"{CNT};lines=7"),
        (f"{CNT};lines=1;bytes=2", f"{CNT};bytes=2"),
        (f"{DIR};lines=1", DIR),
        (f"{CNT};visit={SNP}", CNT),
        (f"{CNT};anchor={REV}", CNT),
        (f"{CNT};origin=https://a.example;visit={REV}", f"{CNT};origin=https://a.example"),
        (f"{CNT};path=/a;anchor={CNT}", f"{CNT};path=/a"),
        (f"{CNT};path=/a%3bb%25c%20d", f"{CNT};path=/a%3Bb%25c%20d"),
        (f"{CNT};path=/%C3%A9%ff", f"{CNT};path=/\u00e9%FF"),
        (f"{CNT};origin=https://a.example/x%3By", f"{CNT};origin=https://a.example/x%3By"),
    ],
)
def test_what_is_ignored_and_escaped(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "swh",
        CNT.upper(),
        CNT[:-1],
        CNT + "0",
        CNT + "\n",
        "swh:2:cnt:" + CNT[10:],
        "swh:1:ori:" + CNT[10:],
        CNT + ";",
        CNT + ";lines",
        CNT + ";lines=",
        CNT + ";lines=0",
        CNT + ";lines=9-8",
        CNT + ";lines=1-2-3",
        CNT + ";lines=\u0663",
        CNT + ";bytes=-1",
        CNT + ";lines=1;lines=2",
        CNT + ";path=relative",
        CNT + ";colour=red",
        CNT + ";origin=https://a.example;visit=" + FULL,
        CNT + ";lines=" + "9" * 5000,
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a SWHID"):
        parse(text)


@example(origin="\u2028", visit=False, path=None, anchor=None, ends=None, by_bytes=False)
@given(
    origin=st.none() | st.text(min_size=1),
    visit=st.booleans(),
    path=st.none() | st.binary(),
    anchor=st.sampled_from([None, DIR, REV, SNP]),
    ends=st.none() | st.tuples(st.integers(1, 10**12), st.integers(0, 1000)),
    by_bytes=st.booleans(),
)
def test_written_is_read_back(
    origin: str | None,
    visit: bool,
    path: bytes | None,
    anchor: str | None,
    ends: tuple[int, int] | None,
    by_bytes: bool,
) -> None:
    span = (ends[0], ends[0] + ends[1]) if ends else None
    swhid = Swhid(
        "cnt",
        CNT[10:],
        origin=origin,
        visit=parse(SNP) if visit else None,
        anchor=parse(anchor) if anchor else None,
        path=b"/" + path if path is not None else None,
        lines=None if by_bytes else span,
        bytes=span if by_bytes else None,
    )
    written = str(swhid)
    assert parse(written) == swhid
    assert not any(c.isspace() for c in written)


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        f"{CNT};lines=3",
        f"{CNT};path=/a%3Bb%25/%C3%A9",
        f"{DIR};origin=https://a.example/%3Bx",
        f"{CNT};path=/%FF",
    ],
)
def test_qualifiers_are_swhs(text: str, swh: Any) -> None:
    theirs = swh("qualified", str(parse(text)))
    ours = parse(text)
    assert theirs["origin"] == ours.origin
    assert theirs["visit"] == (str(ours.visit) if ours.visit else None)
    assert theirs["anchor"] == (str(ours.anchor) if ours.anchor else None)
    assert theirs["path"] == (ours.path.hex() if ours.path is not None else None)
    lines = [n for n in theirs["lines"] or [] if n is not None]
    assert lines == ([] if ours.lines is None else sorted(set(ours.lines)))


#: Every identifier that the specification gives as an example, as it stands there (chapters 4 to 6).
EXAMPLES = (
    CNT,
    DIR,
    REV,
    "swh:1:rel:22ece559cc7cc2364edc5e5593d63ae8bd229f9f",
    "swh:1:snp:c7c108084bc0bf3d81436bf980b46e98bd338453",
    f"{CNT};lines=9-15",
    f"{CNT};bytes=154-315",
    f"{CNT};origin=https://gitorious.org/ocamlp3l/ocamlp3l_cvs.git",
    f"{CNT};origin=https://gitorious.org/ocamlp3l/ocamlp3l_cvs.git;visit={SNP}",
    FULL.removesuffix(";lines=9-15"),
    FULL,
)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_standards_examples_are_canonical_and_link_as_they_do_there(text: str) -> None:
    assert str(parse(text)) == text
    assert link(parse(text)) == f"https://archive.softwareheritage.org/{text}"
    assert from_link(link(parse(text))) == parse(text)


def test_a_link_carries_what_addresses_treat_as_their_own() -> None:
    swhid = Swhid("cnt", CNT[10:], origin="https://a.example/?q=1#x;y", path=b"/100%/a;b #?\xff.py")
    assert from_link(link(swhid)) == swhid
    assert "#" not in link(swhid)
    assert "?" not in link(swhid)


@pytest.mark.parametrize("address", ["https://example.org/" + CNT, "https://archive.softwareheritage.org/browse/", ""])
def test_what_is_no_link(address: str) -> None:
    with pytest.raises(UsageError, match="is not a"):
        from_link(address)
