"""What licences ask."""

from drystone.policy.obligations import obligations


def test_known_answers() -> None:
    mit, gpl, zero = obligations("MIT"), obligations("GPL-3.0-or-later"), obligations("0BSD")
    assert (mit.attribution, mit.share_alike, mit.patent) == ("yes", "none", "not mentioned")
    assert (gpl.share_alike, gpl.patent) == ("work", "grant")
    assert zero.attribution == "no"
    assert obligations("AGPL-3.0-only").share_alike == "network"
    assert obligations("CC-BY-NC-4.0").limits == ("no commercial use",)


def test_unknown_stays_unknown() -> None:
    found = obligations("LicenseRef-of-our-own")
    assert {found.attribution, found.notice, found.share_alike, found.patent, found.redistribution} == {"unknown"}
