"""Challenges that are published in the repository: a file on its default branch, or a branch of a given name.

Both work on any git URL, and show that the requester can write there now.
"""

from __future__ import annotations

from typing import Final

from drystone.verification import _git
from drystone.verification.base import ANYWHERE, Challenge, NotVerifiedError, Proof, Reach

#: Where the file lies, from the root of the repository.
PATH: Final = ".drystone-opt-out"


class FileMethod:
    """A file with the statement on the default branch."""

    name = "file"

    def instructions(self, challenge: Challenge) -> str:
        """Return what to do."""
        return (
            f"Put this line into a file {PATH} at the top of the repository, on its default branch, and push:\n\n"
            f"    {challenge.statement}\n\n"
            f"    echo '{challenge.statement}' > {PATH} && git add {PATH} && git commit -m 'Opt out' && git push\n\n"
            "It may be removed again as soon as the request is verified."
        )

    def check(self, challenge: Challenge, place: str, proof: Proof, reach: Reach = ANYWHERE) -> dict[str, str]:
        """Look for the file."""
        found = _git.file_at_head(place, PATH, reach)
        if found is None:
            raise NotVerifiedError(
                f"There is no file {PATH} at the top of the default branch. Push it, then try again."
            )
        commit, data = found
        lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
        if challenge.statement not in lines:
            raise NotVerifiedError(f"{PATH} is there, without the line of this challenge: {challenge.statement}")
        return {"commit": commit, "path": PATH}


class BranchMethod:
    """A branch whose name is the nonce."""

    name = "branch"

    def instructions(self, challenge: Challenge) -> str:
        """Return what to do."""
        return (
            "Push a branch of this name to the repository; where it points does not matter:\n\n"
            f"    git push origin HEAD:refs/heads/{_branch(challenge)}\n\n"
            "It may be removed again as soon as the request is verified."
        )

    def check(self, challenge: Challenge, place: str, proof: Proof, reach: Reach = ANYWHERE) -> dict[str, str]:
        """Look for the branch."""
        found = _git.branches(place, reach)
        wanted = _branch(challenge)
        if wanted not in found:
            raise NotVerifiedError(f"There is no branch {wanted}. Push it, then try again.")
        return {"branch": wanted, "commit": found[wanted]}


def _branch(challenge: Challenge) -> str:
    return f"drystone-opt-out-{challenge.nonce}"
