"""`drystone optout`: requests to leave people's work out, from the first word to the release that applied it."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any, get_args

import click

from drystone.building.stages.optouts import contents_of, forget
from drystone.cli import _registry
from drystone.errors import DrystoneError, UsageError
from drystone.identity.origins import canonical
from drystone.registry import NewRequest, Registry, Request, Subject
from drystone.registry.plain import DUE_DAYS, PLACE_KINDS, STATUSES, Outcome
from drystone.registry.requests import exchange, subjects
from drystone.sources import parse_source
from drystone.sources.base import Limits, RepositorySource
from drystone.verification import METHODS, Challenge, Proof, check_request, covers

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True)


def _moderator(function: Any) -> Any:
    option = click.option("--moderator", envvar="DRYSTONE_MODERATOR", help="Who does this.  [default: the login name]")
    return option(function)


@click.group(name="optout")
@_registry.option
@click.pass_context
def command(ctx: click.Context, registry: str) -> None:
    """Take requests to opt out, verify and decide them; builds and retractions apply what was accepted.

    \b
    Examples:
      drystone optout request --repository https://github.com/ann/walls --contact ann@example.org
      drystone optout verify R-4T2 --method file
      drystone optout verify R-4T2 --check
      drystone optout decide R-4T2 accepted
      drystone optout inventory R-4T2 git+https://github.com/ann/walls
      drystone optout list --overdue
    """  # fmt: skip
    ctx.obj = registry


@command.command()
@click.option("--owner", "owners", multiple=True, help="All present and future repositories of an owner.")
@click.option("--repository", "repositories", multiple=True, help="One repository: owner/name, or any form of its URL.")
@click.option("--path", "paths", multiple=True, nargs=2, metavar="REPOSITORY PREFIX", help="A file or folder of one.")
@click.option("--swhid", "swhids", multiple=True, help="A content or directory, wherever it lies.")
@click.option("--author", "authors", multiple=True, help="The author of revisions, by e-mail; only hashes are kept.")
@click.option("--contact", default="", help="How to reach the requester; kept apart, and erased on request.")
@click.option("--note", default="", help="The requester's own words; kept with the contact.")
@click.option("--forks/--no-forks", default=True, show_default=True, help="Forks go, too.")
@click.option("--copies/--no-copies", default=True, show_default=True, help="Exact copies elsewhere go, too.")
@click.option("--due-days", type=click.IntRange(1), default=DUE_DAYS, show_default=True, help="Days until it is late.")
@_JSON
@click.pass_obj
def request(
    registry: str,
    owners: tuple[str, ...],
    repositories: tuple[str, ...],
    paths: tuple[tuple[str, str], ...],
    swhids: tuple[str, ...],
    authors: tuple[str, ...],
    contact: str,
    note: str,
    *,
    forks: bool,
    copies: bool,
    due_days: int,
    as_json: bool,
) -> None:
    """Record a request; prints its id, and the token by which the requester can follow it."""
    things: list[Subject] = [
        *map(subjects.owner, owners),
        *map(subjects.repository, repositories),
        *(subjects.path(place, prefix) for place, prefix in paths),
        *map(subjects.object_, swhids),
        *(subject for text in authors for subject in subjects.author(text)),
    ]
    new = NewRequest(things, contact, note, forks, copies, due_days=due_days)
    with Registry.open(registry) as opened:
        found, token = opened.requests.receive(new)
    if as_json:
        click.echo(json.dumps({**exchange.describe(found), "token": token}))
        return
    click.echo(f"{found.id}: received; to be decided by {found.due_at[:10]}.")
    click.echo(f"The requester's token, told only now: {token}")
    click.echo(f"Next: drystone optout verify {found.id} --method file")


@command.command()
@click.argument("id_", metavar="ID")
@click.option("--method", type=click.Choice(sorted(METHODS)), help="Open a challenge of this kind.")
@click.option("--check", is_flag=True, help="Look whether the newest challenge is met.")
@click.option(
    "--at", "place", help="Where to look, for an owner or a local repository.  [default: the request's place]"
)
@click.option("--signature", type=_FILE, help="The signature of the statement.")
@click.option("--public-key", type=_FILE, help="The OpenPGP key of the signature.")
@click.option("--manual", is_flag=True, help="A moderator's own decision; needs --note.")
@click.option("--note", default="", help="What that decision rests on.")
@_moderator
@_JSON
@click.pass_obj
def verify(
    registry: str,
    id_: str,
    *,
    method: str | None,
    check: bool,
    place: str | None,
    signature: str | None,
    public_key: str | None,
    manual: bool,
    note: str,
    moderator: str | None,
    as_json: bool,
) -> None:
    """Verify where a request comes from: first --method, then, once the requester has done it, --check.

    What is at the place is looked at and never run. Exits with 1 where the challenge is not met.
    """
    if (method is not None) + check + manual != 1:
        raise UsageError("Say one of --method METHOD (open a challenge), --check (look), or --manual --note TEXT.")
    with _registry.existing(registry) as opened:
        if manual:
            found = opened.requests.vouch(id_, moderator or getpass.getuser(), note)
            _tell(found, as_json, f"{found.id}: verified by hand.")
        elif method is not None:
            pending = opened.requests.challenge(id_, method)
            challenge = Challenge.of(pending)
            text = METHODS[method].instructions(challenge)
            if as_json:
                told = {"request": pending.request, "method": method, "expires_at": pending.expires_at}
                click.echo(json.dumps({**told, "statement": challenge.statement, "instructions": text}))
            else:
                click.echo(
                    f"{text}\n\nUntil {pending.expires_at}. Then: drystone optout verify {pending.request} --check"
                )
        else:
            proof = Proof(_bytes(signature), _bytes(public_key))
            found = check_request(opened, id_, place, proof)
            _tell(found, as_json, f"{found.id}: verified. Next: drystone optout decide {found.id} accepted")


@command.command()
@click.argument("id_", metavar="ID")
@click.argument("outcome", type=click.Choice(get_args(Outcome)))
@click.option("--reason", default="", help="Why; needed unless all is accepted.")
@click.option("--subject", "accepted", type=int, multiple=True, help="For `partly`: the number of an accepted subject.")
@click.option("--seen", type=int, help="The revision that was looked at; refuse where something happened since.")
@click.option("--again", is_flag=True, help="Decide anew what was decided before.")
@_moderator
@_JSON
@click.pass_obj
def decide(
    registry: str,
    id_: str,
    outcome: Outcome,
    *,
    reason: str,
    accepted: tuple[int, ...],
    seen: int | None,
    again: bool,
    moderator: str | None,
    as_json: bool,
) -> None:
    """Decide a verified request; builds apply what is accepted from the next one on."""
    with _registry.existing(registry) as opened:
        found = opened.requests.decide(
            id_, outcome, moderator or getpass.getuser(), reason, accepted, seen=seen, again=again
        )
    _tell(found, as_json, f"{found.id}: {found.status}.")
    if found.copies and outcome != "rejected" and not as_json:
        click.echo(f"So that copies are known: drystone optout inventory {found.id} SOURCE", err=True)


@command.command()
@click.argument("id_", metavar="ID")
@click.option("--by", help="Who withdraws it.  [default: the login name]")
@click.option("--note", default="", help="Why.")
@_JSON
@click.pass_obj
def withdraw(registry: str, id_: str, *, by: str | None, note: str, as_json: bool) -> None:
    """Withdraw a request (opt back in): what it took out may come in again from the next build on."""
    with _registry.existing(registry) as opened:
        found = opened.requests.withdraw(id_, by or getpass.getuser(), note)
    _tell(found, as_json, f"{found.id}: withdrawn.")


@command.command(name="list")
@click.option("--status", type=click.Choice(STATUSES), help="Only requests at this point.")
@click.option(
    "--overdue", is_flag=True, help="Only those that should have been decided or applied; exit with 1 if any."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@click.pass_obj
def list_(registry: str, status: Any, overdue: bool, as_json: bool) -> None:
    """List requests in the order in which they came."""
    with _registry.existing(registry) as opened:
        found = opened.requests.all(status)
    chosen = [r for r in found if r.overdue() is not None] if overdue else found
    for each in chosen:
        if as_json:
            click.echo(json.dumps(exchange.describe(each)))
        else:
            late = each.overdue()
            more = f" and {len(each.subjects) - 1} more" if len(each.subjects) > 1 else ""
            line = f"{each.id:13} {each.status:10} {each.received_at[:10]}  {each.subjects[0]}{more}"
            click.echo(line + (f"  OVERDUE: {late}" if late else ""))
    if not chosen and not as_json:
        click.echo("Nothing is overdue." if overdue else "No requests.", err=True)
    if overdue and chosen:
        click.get_current_context().exit(1)


@command.command()
@click.argument("id_", metavar="ID")
@click.option("--contact", is_flag=True, help="Also the contact data, where they are not erased.")
@_JSON
@click.pass_obj
def show(registry: str, id_: str, *, contact: bool, as_json: bool) -> None:
    """Show one request with its history; the first letters of its id are enough."""
    with _registry.existing(registry) as opened:
        found = opened.requests.get(id_)
        events = opened.events.of(found.id)
        private = opened.contacts.get(found.id) if contact else {}
    if as_json:
        log = [event.as_dict() for event in events]
        click.echo(json.dumps({**exchange.describe(found), "events": log, **({"contact": private} if contact else {})}))
        return
    settings = f"forks {'too' if found.forks else 'not'}, copies {'too' if found.copies else 'not'}"
    click.echo(f"{found.id}: {found.status}, received {found.received_at}, due {found.due_at} ({settings})")
    for number, subject in enumerate(found.subjects, 1):
        accepted = {True: "accepted", False: "not accepted", None: "undecided"}[subject.accepted]
        click.echo(f"  {number}. {subject}  [{accepted}]")
    for name, text in private.items():
        click.echo(f"  {name}: {_printable(text)}")
    for event in events:
        said = {k: v for k, v in event.as_dict()["body"].items() if k not in ("token_sha256", "subjects")}
        click.echo(f"  {event.at}  {event.kind:20} {_printable(json.dumps(said))[:160]}")
    if late := found.overdue():
        click.echo(f"  OVERDUE: {late}")


@command.command()
@click.argument("id_", metavar="ID")
@_moderator
@_JSON
@click.pass_obj
def erase(registry: str, id_: str, *, moderator: str | None, as_json: bool) -> None:
    """Erase the contact data of a request; the request, its decision and the log stay."""
    with _registry.existing(registry) as opened:
        found = opened.requests.get(id_)
        erased = opened.contacts.erase(found.id, moderator or getpass.getuser())
    _tell(found, as_json, f"{found.id}: contact data erased." if erased else f"{found.id}: there are none.")


@command.command()
@click.argument("id_", metavar="ID")
@click.argument("sources", nargs=-1, required=True)
@click.option("--cache", type=click.Path(path_type=Path), default=Path("drystone-cache"), show_default=True,
              help="Folder for what has to be fetched.")  # fmt: skip
@_JSON
@click.pass_obj
def inventory(registry: str, id_: str, sources: tuple[str, ...], *, cache: Path, as_json: bool) -> None:
    """List the contents of what a request takes out, once, so that copies of them elsewhere are known.

    Of a git repository the hashes of all its history are listed, and no file is read. Of a request for paths alone
    only what is there now below these paths is listed.
    """
    counts: dict[str, int] = {}
    with _registry.existing(registry) as opened:
        found = opened.requests.get(id_)
        for text in sources:
            source = parse_source(text)
            if not isinstance(source, RepositorySource):
                raise UsageError(f"{text}: is a collection of repositories; name the repository itself")
            prefixes = _prefixes(found, source)
            contents = contents_of(source, cache, Limits(), prefixes)
            counts[source.spec] = opened.optouts.block(found.id, contents, "the repository")
            # What was fetched for this alone does not stay.
            forget(cache, opened.optouts.snapshot(), [canonical(place) for place in source.places])
    if as_json:
        click.echo(json.dumps({"request": found.id, "new": counts}))
    else:
        for spec, count in counts.items():
            click.echo(f"{found.id}: {count} contents of {spec} will be known as copies.")


@command.command()
@click.argument("kind", type=click.Choice(PLACE_KINDS))
@click.argument("old")
@click.argument("new")
@click.option("--evidence", default="", help="What shows it.")
@_moderator
@_JSON
@click.pass_obj
def place(registry: str, kind: Any, old: str, new: str, *, evidence: str, moderator: str | None, as_json: bool) -> None:
    """Record that OLD was renamed or redirects to NEW, or is a fork of it: both are one subject, or follow it."""
    with Registry.open(registry) as opened:
        found = opened.optouts.record_place(kind, old, new, moderator or getpass.getuser(), evidence)
    if as_json:
        click.echo(json.dumps({"kind": found.kind, "old": found.old, "new": found.new, "event": found.event}))
    else:
        click.echo(f"{found.old} -> {found.new}: {found.kind}, event {found.event}.")


@command.command()
@click.option("--remove", type=int, metavar="EVENT", help="Take back what the event of this number recorded.")
@_moderator
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@click.pass_obj
def places(registry: str, *, remove: int | None, moderator: str | None, as_json: bool) -> None:
    """List recorded renames, redirects and forks."""
    with _registry.existing(registry) as opened:
        if remove is not None:
            opened.optouts.remove_place(remove, moderator or getpass.getuser())
        found = opened.optouts.places()
    for each in found:
        record = {"kind": each.kind, "old": each.old, "new": each.new, "event": each.event}
        click.echo(json.dumps(record) if as_json else f"{each.event:>6}  {each.kind:9} {each.old} -> {each.new}")


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@click.option("--format", "shape", type=click.Choice(["drystone", "bigcode"]), default="drystone", show_default=True,
              help="All that is public, or what is opted out in BigCode's shape.")  # fmt: skip
@_JSON
@click.pass_obj
def export(registry: str, file: str, *, shape: str, as_json: bool) -> None:
    """Write requests to FILE as JSON Lines (- for standard output); contact data are never among them."""
    with _registry.existing(registry) as opened:
        lines = list((exchange.export_bigcode if shape == "bigcode" else exchange.export)(opened.requests))
    with click.open_file(file, "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)
    if file != "-":
        click.echo(json.dumps({"exported": len(lines)}) if as_json else f"{len(lines)} requests to {file}")


@command.command(name="import")
@click.argument("file", type=_FILE)
@click.option("--undecided", is_flag=True, help="Let imported requests wait for a decision of one's own.")
@_moderator
@_JSON
@click.pass_obj
def import_(registry: str, file: str, *, undecided: bool, moderator: str | None, as_json: bool) -> None:
    """Add requests of FILE: an export, or BigCode's shape (author, optout_repos, optout_owners), as JSON Lines.

    Rows of BigCode were accepted there and are accepted here, unless --undecided. All rows come in, or none.
    """
    with Registry.open(registry) as opened, click.open_file(file, encoding="utf-8", errors="replace") as lines:
        new = exchange.import_lines(opened.requests, lines, moderator or getpass.getuser(), undecided=undecided)
    click.echo(json.dumps({"imported": new}) if as_json else f"{len(new)} new requests from {file}")


def _prefixes(request: Request, source: RepositorySource) -> list[bytes]:
    """Return the paths of a source that a request is about; none where it is about the whole of it.

    What lies at a place that no subject names is taken for what all of them name: a copy of it from elsewhere.
    """
    names = [canonical(place) for place in source.places]
    named = [s for s in request.subjects if any(covers(name, [(s.kind, s.value)]) for name in names)]
    chosen = named or request.subjects
    if any(subject.kind in ("owner", "repository", "author") for subject in chosen):
        return []
    prefixes = [subject.prefix.encode() for subject in chosen if subject.prefix is not None]
    if not prefixes:
        raise UsageError(f"{request.id}: names contents by SWHID, which fall wherever they lie; nothing is to list")
    return prefixes


def _bytes(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        with click.open_file(path, "rb") as file:
            return bytes(file.read((1 << 20) + 1))
    except OSError as error:
        raise DrystoneError(f"{path}: cannot be read ({error.strerror})") from None


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _tell(found: Request, as_json: bool, text: str) -> None:
    click.echo(json.dumps(exchange.describe(found)) if as_json else text)
