"""Texts beside content: paths, messages, evidence and people."""

from __future__ import annotations

import json

from drystone.detect.secrets import ScanSettings
from drystone.detect.secrets.beside import evidence_without, metadata_without, person_hashes, shown_path, without
from drystone.registry.snapshot import author_hashes

ADDRESS = "marie.dupont@stonework-atelier.fr"


def test_paths_keep_their_shape_and_stay_apart() -> None:
    first, second = shown_path(f"mail/{ADDRESS}.py".encode()), shown_path(f"mail/x{ADDRESS}.py".encode())
    assert first != second
    assert first.startswith(b"mail/<EMAIL-")
    assert first.endswith(b">.py")
    for plain in (
        b"src/a@2x.png",
        b"node_modules/@scope/pkg@1.2.3/index.js",
        b"a/0123456789abcdef0123456789abcdef.json",
    ):
        assert shown_path(plain) == plain


def test_people_have_the_hashes_that_a_registry_knows() -> None:
    for person in (f"Marie Dupont <{ADDRESS}>", ADDRESS, ADDRESS.upper(), "ab" * 32):
        assert person_hashes(person) == author_hashes(person)


def test_metadata() -> None:
    told = {
        "author": {"name": "Marie Dupont", "email": ADDRESS},
        "maintainers": [f"Marie <{ADDRESS}>"],
        "message": f"Stack\n\nReviewed-by: Marie Dupont <{ADDRESS}>\n",
        "extra_headers": [["mergetag", f"object 1\ntagger Marie Dupont <{ADDRESS}> 1620000000 +0200\n"]],
        "parents": ["ab" * 20],
        "size": 3,
        "nothing": None,
    }
    for people in ("hash", "drop"):
        shown = json.dumps(metadata_without(told, ScanSettings(), people))
        assert "Marie" not in shown
        assert ADDRESS not in shown
        assert "ab" * 20 in shown
        assert '"nothing": null' in shown
    assert metadata_without(told, ScanSettings(email="off"), "keep") == told


def test_evidence_stays_json_and_keeps_its_hashes() -> None:
    text = json.dumps(
        {"quoted": f"(c) Marie <{ADDRESS}>", "swhid": "swh:1:cnt:" + "0a1b2c3d4e" * 4, "path": "/keys/a.py"}
    )
    (shown,) = evidence_without([text])
    assert json.loads(shown) == json.loads(text.replace(ADDRESS, "<EMAIL>"))
    assert without("nothing here", ScanSettings()) == "nothing here"
