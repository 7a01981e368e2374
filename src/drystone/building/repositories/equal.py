"""Repositories with the same root directory are one: which of them stands for the others. Reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from drystone.building.stages.inventory import Inventoried
from drystone.identity.hashes import EMPTY_TREE
from drystone.policy.licensed import verdict_on
from drystone.policy.licenses import LicensePolicy
from drystone.policy.representative import rank


class Twin(NamedTuple):
    """A repository by its root directory (hex); of those with one directory the smallest stands for the others."""

    directory: str
    preferred: bytes
    id: str
    origin: str


def twin(
    directory: str,
    id_: str,
    origin: str,
    policy: LicensePolicy,
    gha_license_id: str | None,
    stars: int | None,
    forks: int | None,
    revision_date: datetime | None,
) -> Twin:
    """Return a repository as one that may stand for others: the order is that of files, by what is known unread.

    A licence that the hosting site tells and the policy takes, more stars, more forks, the newer revision, the smallest
    origin; then the smallest id, so that the order is total.
    """
    told = verdict_on(None, policy, gha_license_id).license_type
    key = rank(told, stars, forks, revision_date, origin, id_.encode())
    return Twin(directory, key, id_, origin)


def twin_of(read: Inventoried, policy: LicensePolicy) -> Twin:
    """Return a repository of an inventory as one that may stand for others."""
    return twin(
        read["directory"], read["id"], read["origin"], policy,
        read["gha_license_id"], read["stars"], read["forks"], read["revision_date"],
    )  # fmt: skip


def stand_ins(twins: Iterable[Twin]) -> dict[str, Twin]:
    """Return by root directory the repository that stands for all with it; what has no files has no twin."""
    best: dict[str, Twin] = {}
    for each in twins:
        if each.directory and each.directory != EMPTY_TREE.hex():
            best[each.directory] = min(each, best.get(each.directory, each))
    return best


def stand_in(best: Mapping[str, Twin], directory: str, origin: str) -> Twin | None:
    """Return the repository that stands for one of this directory and origin; None where it is read.

    Revisions of one repository are not copies of each other: they stay, also where their directories are the same.
    """
    found = best.get(directory)
    return found if found is not None and found.origin != origin else None
