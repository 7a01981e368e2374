from __future__ import annotations

import json
from pathlib import Path

import pytest

import drystone
from drystone.catalog.resolving.signing import verify_signed
from drystone.errors import ReleaseError, UsageError
from drystone.release.versions.receipts import load_public
from tests.release.sample import write_sample


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A release's folder with its signed passport, and the public key."""
    folder = tmp_path_factory.mktemp("signing")
    write_sample(folder / "sample")
    public, _ = drystone.new_receipt_key(folder / "publisher.key")
    place = drystone.publish_passport(folder / "sample", key=folder / "publisher.key")
    assert place == folder / "sample/passport.signed.json"
    return place, public


def test_a_release_publishes_its_passport_beside_its_card_and_stays_whole(signed: tuple[Path, Path]) -> None:
    place, public = signed
    passport, signed_at = drystone.verify_passport(place, public)
    assert passport == drystone.show_artifact(place.parent)
    assert signed_at.endswith("Z")
    assert not drystone.verify(place.parent).problems
    plain = drystone.publish_passport(place.parent, place.parent.parent / "plain.json")
    assert drystone.validate_passport(plain) == []


def test_what_was_altered_or_signed_by_another_is_refused(signed: tuple[Path, Path], tmp_path: Path) -> None:
    place, public = signed
    key = load_public(public)
    content = json.loads(place.read_text())
    other, _ = drystone.new_receipt_key(tmp_path / "other.key")

    def refused(changed: object, said: str) -> None:
        file = tmp_path / "changed.json"
        file.write_text(changed if isinstance(changed, str) else json.dumps(changed))
        with pytest.raises(ReleaseError, match=said):
            verify_signed(file, key)

    altered = json.loads(place.read_text())
    altered["passport"]["artifact"]["title"] = "Another"
    refused(altered, "the signature does not hold")
    for signature in ("x", "\u00e9", None, content["signature"][4:]):
        refused({**content, "signature": signature}, "the signature does not hold")
    refused({**content, "signed_at": "2020-01-01T00:00:00Z"}, "the signature does not hold")
    refused({**content, "format": "drystone-receipt"}, "is no signed passport")
    refused([], "is no signed passport")
    refused("{", "is not JSON")
    with pytest.raises(ReleaseError, match="was signed by key"):
        verify_signed(place, load_public(other))
    with pytest.raises(ReleaseError, match="cannot be read"):
        verify_signed(tmp_path / "nothing", key)
    with pytest.raises(UsageError, match="is no folder; name the file"):
        drystone.publish_passport("the-stack-v2")
