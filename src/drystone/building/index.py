"""An index follows its release: where one lies in it, each new version in that place brings it up to date.

Segments over shards that are as they were stay; of what was taken out nothing is left in any. Before the index has
followed, search refuses it, since it names another root hash.
"""

from __future__ import annotations

from drystone.release.location import Folder, Location
from drystone.release.read import open_release
from drystone.search import index


def follow(location: Location) -> None:
    """Bring the index of a release up to date where there is one; in a place that is no folder here, remove it.

    Raises `ReleaseError` where the release is damaged or the index cannot be written.
    """
    names = [name for name in location.names() if name.startswith(f"{index.FOLDER}/")]
    if not names:
        return
    if isinstance(location, Folder):
        index.build(open_release(location.mirror))
        return
    for name in names:
        location.remove(name)
