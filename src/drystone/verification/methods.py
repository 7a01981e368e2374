"""The methods by name, and looking whether the newest challenge of a request is met."""

from __future__ import annotations

from drystone.errors import UsageError
from drystone.identity import origins
from drystone.registry import Registry, Request
from drystone.verification.base import (
    ANYWHERE,
    Challenge,
    NotVerifiedError,
    Proof,
    Reach,
    VerificationMethod,
    covers,
)
from drystone.verification.challenges import BranchMethod, FileMethod
from drystone.verification.signatures import CommitMethod, SignatureMethod

#: The methods by name; a moderator's own decision (`manual`) needs none.
METHODS: dict[str, VerificationMethod] = {
    method.name: method for method in (FileMethod(), BranchMethod(), CommitMethod(), SignatureMethod())
}

_NOTHING = Proof()


def check_request(
    registry: Registry, request: str, place: str | None = None, proof: Proof = _NOTHING, reach: Reach = ANYWHERE
) -> Request:
    """Look whether the newest challenge of a request is met, record how that ended, and return the request.

    `place` is where to look (default: the request's own place); it must be what the request is about, or below an owner
    that it names. `reach` says what may be visited: `VISITOR` where the one who asks is not known. Raises `UsageError`
    for a place that is not the request's or may not be visited, `NotVerifiedError`, `RegistryError`, `SourceError`.
    """
    pending = registry.requests.pending(request)
    found = registry.requests.get(request)
    where = place or next((s.place for s in found.subjects if s.kind in ("repository", "path") and s.place), None)
    if where is None:
        raise UsageError(f"{found.id}: names no repository; say where to look with --at URL")
    if not covers(where, [(s.kind, s.value) for s in found.subjects]):
        raise UsageError(f"{found.id}: the place to look at is not what this request is about, nor below it")
    if not reach.local and ("://" not in where or where.startswith("file:")):
        raise UsageError(f"{found.id}: lies on no server; a moderator can look at it")
    method = METHODS.get(pending.method)
    if method is None:
        raise UsageError(
            f"{found.id}: this program does not know the method {pending.method!r}; open another challenge"
        )
    try:
        evidence = method.check(Challenge.of(pending), where, proof, reach)
    except NotVerifiedError as error:
        registry.requests.failed(pending.nonce, str(error))
        raise
    return registry.requests.verified(pending.nonce, {**evidence, "place": origins.public(where)})
