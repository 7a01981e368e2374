"""The methods by name, and looking whether the newest challenge of a request is met."""

from __future__ import annotations

from drystone.errors import DrystoneError, UsageError
from drystone.identity import origins
from drystone.registry import Registry, Request, Subject
from drystone.verification.base import (
    ANYWHERE,
    Challenge,
    NotVerifiedError,
    Proof,
    Reach,
    VerificationMethod,
    shows,
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

    Every subject is verified for itself: each repository in itself, each owner in one of its profile repositories. All
    that are not yet are looked at; `place` names one of them instead, also under a name that it was given since. What
    was met is recorded with the subjects that it shows; what is left takes another challenge. `reach` says what may be
    visited: `VISITOR` where the one who asks is not known. Raises `UsageError` for a place that shows none of the
    subjects or may not be visited, `NotVerifiedError` where nothing is met, `RegistryError`, `SourceError`.
    """
    pending = registry.requests.pending(request)
    found = registry.requests.get(request)
    method = METHODS.get(pending.method)
    if method is None:
        raise UsageError(
            f"{found.id}: this program does not know the method {pending.method!r}; open another challenge"
        )
    names = registry.optouts.snapshot().names_of
    left = {number: subject for number, subject in found.numbered() if number not in found.verified}
    tried = [
        each
        for subject in left.values()
        for each in ([place] if place is not None else _places(subject, reach))
        if shows(each, subject, names)
    ]
    if place is not None and not tried:
        raise UsageError(
            f"{found.id}: the place to look at shows nothing that this request still has to show: a repository is "
            "shown in itself, by the scheme, host and port of the request, an owner in a repository of its profile"
        )
    if not tried:
        raise UsageError(f"{found.id}: names no repository to look at; say where with --at PLACE, or vouch for it")
    met: dict[str, str] = {}
    shown: set[int] = set()
    why: DrystoneError | None = None
    for where in dict.fromkeys(tried):
        if not reach.local and ("://" not in where or where.startswith("file:")):
            why = why or UsageError(f"{found.id}: lies on no server; a moderator can look at it")
            continue
        about = {number for number, subject in left.items() if shows(where, subject, names)} - shown
        try:
            evidence = method.check(Challenge.of(pending), where, proof, reach) if about else {}
        except DrystoneError as error:
            # What is said of a repository counts more than that another of an owner's is not there.
            why = error if why is None or isinstance(error, NotVerifiedError) else why
            continue
        if about:
            mark = f"{where} " if shown else ""
            met |= {f"{mark}{key}": value for key, value in {**evidence, "place": origins.public(where)}.items()}
            shown |= about
    if not shown:
        assert why is not None
        if isinstance(why, NotVerifiedError):
            registry.requests.failed(pending.nonce, str(why))
        raise why
    return registry.requests.verified(pending.nonce, met, shown)


def _places(subject: Subject, reach: Reach) -> list[str]:
    """Return where it can be seen that a subject is a requester's."""
    if subject.place is None or subject.kind not in ("owner", "repository", "path"):
        return []
    if subject.kind != "owner":
        return [subject.place if reach.local else origins.web_url(subject.place)]
    scheme, mark, rest = origins.web_url(subject.place).partition("://")
    names = (name.partition("/")[2] for name in origins.profiles_of(subject.value)) if mark else ()
    return [f"{scheme}://{rest.partition('/')[0]}/{name}" for name in names]
