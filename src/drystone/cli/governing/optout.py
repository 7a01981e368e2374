"""`drystone optout`: requests to leave work out: taken, verified, decided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json, write_lines
from drystone.errors import DrystoneError, UsageError
from drystone.policy import verbs as policies
from drystone.registry import verbs
from drystone.registry.plain import PLACE_KINDS, STATUSES, Outcome, PlaceKind, Status
from drystone.verification import verbs as verification

if TYPE_CHECKING:
    from drystone.policy.reach import RequestReach
    from drystone.registry import Request

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True)


@click.group(name="optout")
@_options.registry
@click.pass_context
def command(ctx: click.Context, registry: str | None) -> None:
    """Take requests to opt out, verify and decide them; builds and retractions apply what was accepted.

    \b
    Examples:
      drystone optout request --repository https://github.com/ann/walls --contact ann@example.org
      drystone optout verify R-4T2 --method file
      drystone optout verify R-4T2 --check
      drystone optout decide R-4T2 accepted
      drystone optout inventory R-4T2 git+https://github.com/ann/walls
      drystone optout list --overdue
    """
    ctx.obj = registry


@command.command()
@click.option("--owner", "owners", multiple=True, help="All present and future repositories of an owner.")
@click.option("--repository", "repositories", multiple=True, help="One repository: owner/name, or any form of its URL.")
@click.option("--path", "paths", multiple=True, nargs=2, metavar="REPOSITORY PREFIX", help="A file or folder of one.")
@click.option("--swhid", "swhids", multiple=True, help="A content or directory, wherever it lies.")
@click.option("--author", "authors", multiple=True, help="The author of revisions, by e-mail; only hashes are kept.")
@_options.option_of(
    verbs.request_optout, "--contact", help="How to reach the requester; kept apart, and erased on request."
)
@_options.option_of(verbs.request_optout, "--note", help="The requester's own words; kept with the contact.")
@_options.option_of(verbs.request_optout, "--forks/--no-forks", help="Forks go, too.")
@_options.option_of(verbs.request_optout, "--copies/--no-copies", help="Copies elsewhere go, too: the same text.")
@_options.option_of(verbs.request_optout, "--near/--no-near", help="What contains most of a file goes, too.")
@_options.option_of(verbs.request_optout, "--due-days", type=click.IntRange(1), help="Days until it is late.")
@_options.as_json
@click.pass_obj
def request(registry: str | None, /, *, as_json: bool, **given: Any) -> None:
    """Record a request; prints its id, and the token by which the requester can follow it."""
    found, token = verbs.request_optout(registry, **given)
    if as_json:
        print_json({**verbs.describe_optout(found), "token": token}, indent=False)
        return
    echo(f"{found.id}: received; to be decided by {found.due_at[:10]}.")
    echo(f"The requester's token, told only now: {token}")
    echo(f"Next: drystone optout verify {found.id} --method file")


@command.command()
@click.argument("id_", metavar="ID")
@click.option("--method", type=click.Choice(get_args(verification.MethodName)), help="Open a challenge of this kind.")
@click.option("--check", is_flag=True, help="Look whether the newest challenge is met.")
@click.option(
    "--at", "place", help="Where to look, for an owner or a local repository.  [default: the request's place]"
)
@click.option("--signature", type=_FILE, help="The signature of the statement.")
@click.option("--public-key", type=_FILE, help="The OpenPGP key of the signature.")
@click.option("--manual", is_flag=True, help="A moderator's own decision; needs --note.")
@click.option("--note", help="What that decision rests on.")
@_options.moderator
@_options.as_json
@click.pass_obj
def verify(
    registry: str | None,
    id_: str,
    *,
    method: verification.MethodName | None,
    check: bool,
    place: str | None,
    signature: str | None,
    public_key: str | None,
    manual: bool,
    note: str | None,
    moderator: str | None,
    as_json: bool,
) -> None:
    """Verify where a request comes from: first --method, then, once the requester has done it, --check.

    What is at the place is looked at and never run. Exits with 1 where the challenge is not met.
    """
    if (method is not None) + check + manual != 1:
        raise UsageError("Say one of --method METHOD (open a challenge), --check (look), or --manual --note TEXT.")
    if manual:
        found = verbs.vouch_optout(id_, note or "", registry=registry, by=moderator)
        _tell(found, as_json, f"{found.id}: verified by hand.")
    elif method is not None:
        opened = verification.challenge_optout(id_, method, registry=registry)
        if as_json:
            print_json(opened, indent=False)
        else:
            echo(
                f"{opened.instructions}\n\n"
                f"Until {opened.expires_at}. Then: drystone optout verify {opened.request} --check"
            )
    else:
        found = verification.check_optout(
            id_, registry=registry, place=place, signature=_bytes(signature), public_key=_bytes(public_key)
        )
        left = [str(number) for number, _ in found.numbered() if number not in found.verified]
        if left:
            _tell(found, as_json, f"{found.id}: verified, but not subject {', '.join(left)}; verify that, too")
        else:
            _tell(found, as_json, f"{found.id}: verified. Next: drystone optout decide {found.id} accepted")


@command.command()
@click.argument("id_", metavar="ID")
@click.argument("outcome", type=click.Choice(get_args(Outcome)))
@_options.option_of(verbs.decide_optout, "--reason", help="Why; needed unless all is accepted.")
@click.option("--subject", "accepted", type=int, multiple=True, help="For `partly`: the number of an accepted subject.")
@click.option("--seen", type=int, help="The revision that was looked at; refuse where something happened since.")
@click.option("--again", is_flag=True, help="Decide anew what was decided before.")
@click.option(
    "--in",
    "releases",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Releases in which to show first who else would lose files.",
)
@click.option("--dry-run", is_flag=True, help="Show that alone; decide nothing.")
@_options.moderator
@_options.as_json
@click.pass_obj
def decide(
    registry: str | None,
    id_: str,
    outcome: Outcome,
    *,
    reason: str,
    accepted: tuple[int, ...],
    seen: int | None,
    again: bool,
    releases: tuple[Path, ...],
    dry_run: bool,
    moderator: str | None,
    as_json: bool,
) -> None:
    """Decide a verified request; builds apply what is accepted from the next one on."""
    if dry_run and not releases:
        raise UsageError("--dry-run shows who else would lose files: name releases with --in RELEASE")
    if releases:
        about, reaches = policies.optout_reach(id_, releases, registry=registry)
        if dry_run and as_json:
            print_json({"request": about.id, "releases": reaches}, indent=False)
        elif not as_json:
            _print_reach(about, reaches)
        if dry_run:
            return
    found = verbs.decide_optout(
        id_, outcome, registry=registry, reason=reason, accepted=accepted, seen=seen, again=again, by=moderator
    )
    _tell(found, as_json, f"{found.id}: {found.status}.")
    if found.copies and outcome != "rejected" and not as_json:
        echo(f"So that copies are known: drystone optout inventory {found.id} SOURCE", err=True)


@command.command()
@click.argument("id_", metavar="ID")
@click.argument("releases", nargs=-1, required=True, metavar="RELEASE...", type=click.Path(path_type=Path))
@_options.as_json
@click.pass_obj
def reach(registry: str | None, id_: str, releases: tuple[Path, ...], *, as_json: bool) -> None:
    """Show who else would lose files by a request, the older ones first, and what stays since too many have it.

    As if all of it were accepted. A time is that of a repository's revision in the release, as its author wrote it.
    """
    found, reaches = policies.optout_reach(id_, releases, registry=registry)
    if as_json:
        print_json({"request": found.id, "releases": reaches}, indent=False)
    else:
        _print_reach(found, reaches)


def _print_reach(found: Request, reaches: list[RequestReach]) -> None:
    for each in reaches:
        echo(
            f"{inline(each.release)} {inline(each.version)}: {found.id} names "
            f"{many(each.repositories, 'repository')} and {many(each.files, 'file')}; "
            f"{many(len(each.others), 'other')} would lose copies"
        )
        for other in each.others:
            when = other.revised.date() if other.revised is not None else "time not known"
            older = "  OLDER" if other.older else ""
            copies = many(other.files, "copy")
            echo(f"  {when}  {inline(other.origin)}: {copies}, {other.kept:,} kept now{older}")
        for common in each.common:
            owners = many(common.owners, "unrelated owner")
            echo(f"  stays, since {owners} have it: {common.swhid}  {inline(common.path)}")


@command.command()
@click.argument("id_", metavar="ID")
@click.argument("swhids", nargs=-1, required=True, metavar="SWHID...")
@click.option("--reason", required=True, help="Why these are the requester's work.")
@_options.moderator
@_options.as_json
@click.pass_obj
def settle(
    registry: str | None, id_: str, swhids: tuple[str, ...], *, reason: str, moderator: str | None, as_json: bool
) -> None:
    """Decide on single files: their copies go however many have them."""
    found, new = verbs.settle_copies(id_, swhids, reason, registry=registry, by=moderator)
    if as_json:
        print_json({"request": found.id, "settled": new}, indent=False)
    else:
        echo(f"{found.id}: {many(new, 'file')} decided on; builds and retractions leave out every copy.")


@command.command()
@click.argument("id_", metavar="ID")
@click.argument("place")
@click.option("--evidence", required=True, help="What they say, and what shows it; kept with the contact.")
@_options.moderator
@_options.as_json
@click.pass_obj
def contest(registry: str | None, id_: str, place: str, *, evidence: str, moderator: str | None, as_json: bool) -> None:
    """Record that a request takes what is somebody else's, who has it at PLACE; it waits for a decision, once more.

    Until then what the request names stays out, and copies elsewhere stay in.
    """
    found = verbs.contest_optout(id_, place, evidence, registry=registry, by=moderator)
    _tell(found, as_json, f"{found.id}: contested. Next: drystone optout decide {found.id} OUTCOME")


@command.command()
@click.argument("id_", metavar="ID")
@click.option("--by", help="Who withdraws it.  [default: the login name]")
@_options.option_of(verbs.withdraw_optout, "--note", help="Why.")
@_options.as_json
@click.pass_obj
def withdraw(registry: str | None, id_: str, *, by: str | None, note: str, as_json: bool) -> None:
    """Withdraw a request (opt back in): what it took out may come in again from the next build on."""
    found = verbs.withdraw_optout(id_, registry=registry, note=note, by=by)
    _tell(found, as_json, f"{found.id}: withdrawn.")


@command.command(name="list")
@click.option("--status", type=click.Choice(STATUSES), help="Only requests at this point.")
@click.option(
    "--overdue", is_flag=True, help="Only those that should have been decided or applied; exit with 1 if any."
)
@_options.json_lines
@click.pass_obj
def list_(registry: str | None, status: Status | None, overdue: bool, as_json: bool) -> None:
    """List requests in the order in which they came."""
    chosen = verbs.list_optouts(registry, status=status, overdue=overdue)
    for each in chosen:
        if as_json:
            print_json(verbs.describe_optout(each), indent=False)
        else:
            late = each.overdue()
            more = f" and {len(each.subjects) - 1} more" if len(each.subjects) > 1 else ""
            line = f"{each.id:13} {each.status:10} {each.received_at[:10]}  {inline(each.subjects[0])}{more}"
            echo(line + (f"  OVERDUE: {late}" if late else ""))
    if not chosen and not as_json:
        echo("Nothing is overdue." if overdue else "No requests.", err=True)
    if overdue and chosen:
        click.get_current_context().exit(1)


@command.command()
@click.argument("id_", metavar="ID")
@click.option("--contact", is_flag=True, help="Also the contact data, where they are not erased.")
@_options.as_json
@click.pass_obj
def show(registry: str | None, id_: str, *, contact: bool, as_json: bool) -> None:
    """Show one request with its history; the first letters of its id are enough."""
    found = verbs.show_optout(id_, registry=registry, contact=contact)
    if as_json:
        log = [event.as_dict() for event in found.events]
        more = {"contact": found.contact} if contact else {}
        print_json({**verbs.describe_optout(found.request), "events": log, **more}, indent=False)
    else:
        _print(found)


def _print(found: verbs.History) -> None:
    request = found.request
    also = {"forks": request.forks, "copies": request.copies, "near copies": request.near}
    settings = ", ".join(f"{name} {'too' if chosen else 'not'}" for name, chosen in also.items())
    echo(f"{request.id}: {request.status}, received {request.received_at}, due {request.due_at} ({settings})")
    for number, subject in enumerate(request.subjects, 1):
        accepted = {True: "accepted", False: "not accepted", None: "undecided"}[subject.accepted]
        shown = "" if number in request.verified else ", not shown to be theirs"
        echo(f"  {number}. {inline(subject)}  [{accepted}{shown}]")
    for name, text in found.contact.items():
        echo(f"  {name}: {inline(text)}")
    for event in found.events:
        said = {k: v for k, v in event.as_dict()["body"].items() if k not in ("token_sha256", "subjects")}
        echo(f"  {event.at}  {event.kind:20} {inline(json.dumps(said))[:160]}")
    echo(f"  event {request.revision} of the log: {request.revision_hash}")
    if late := request.overdue():
        echo(f"  OVERDUE: {late}")


@command.command()
@click.argument("id_", metavar="ID")
@_options.moderator
@_options.as_json
@click.pass_obj
def erase(registry: str | None, id_: str, *, moderator: str | None, as_json: bool) -> None:
    """Erase the contact data of a request; the request, its decision and the log stay."""
    found, erased = verbs.erase_contact(id_, registry=registry, by=moderator)
    _tell(found, as_json, f"{found.id}: contact data erased." if erased else f"{found.id}: there are none.")


@command.command()
@click.argument("id_", metavar="ID")
@click.argument("sources", nargs=-1, required=True)
@_options.option_of(
    verification.list_contents, "--cache", type=click.Path(path_type=Path), help="Folder for what has to be fetched."
)
@_options.as_json
@click.pass_obj
def inventory(registry: str | None, id_: str, sources: tuple[str, ...], *, cache: Path, as_json: bool) -> None:
    """List the contents of what a request takes out, once, so that copies of them elsewhere are known.

    Of a git repository the files of all its history are listed, each by its bytes and by its text. Of a request for
    paths alone only what is there now below these paths is listed. Where the request asks for what contains its files
    (--near), samples of their texts are kept, too.
    """
    found, counts = verification.list_contents(id_, sources, registry=registry, cache=cache)
    if as_json:
        print_json({"request": found.id, "new": counts}, indent=False)
    else:
        for spec, count in counts.items():
            echo(f"{found.id}: {count} contents of {inline(spec)} will be known as copies.")


@command.command()
@click.argument("kind", type=click.Choice(PLACE_KINDS))
@click.argument("old")
@click.argument("new")
@_options.option_of(verbs.record_place, "--evidence", help="What shows it.")
@_options.moderator
@_options.as_json
@click.pass_obj
def place(
    registry: str | None, kind: PlaceKind, old: str, new: str, *, evidence: str, moderator: str | None, as_json: bool
) -> None:
    """Record that OLD was renamed or redirects to NEW, or is a fork of it: both are one subject, or follow it."""
    found = verbs.record_place(kind, old, new, registry=registry, evidence=evidence, by=moderator)
    if as_json:
        print_json(found, indent=False)
    else:
        echo(f"{inline(found.old)} -> {inline(found.new)}: {found.kind}, event {found.event}.")


@command.command()
@click.option("--remove", type=int, metavar="EVENT", help="Take back what the event of this number recorded.")
@_options.moderator
@_options.json_lines
@click.pass_obj
def places(registry: str | None, *, remove: int | None, moderator: str | None, as_json: bool) -> None:
    """List recorded renames, redirects and forks."""
    if remove is not None:
        verbs.remove_place(remove, registry=registry, by=moderator)
    for each in verbs.list_places(registry):
        if as_json:
            print_json(each, indent=False)
        else:
            echo(f"{each.event:>6}  {each.kind:9} {inline(each.old)} -> {inline(each.new)}")


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@_options.option_of(
    verbs.export_optouts,
    "--format",
    "form",
    type=click.Choice(get_args(verbs.RequestFormat)),
    help="All that is public, or what is opted out in BigCode's shape.",
)
@_options.as_json
@click.pass_obj
def export(registry: str | None, file: str, *, form: verbs.RequestFormat, as_json: bool) -> None:
    """Write requests to FILE as JSON Lines (- for standard output); contact data are never among them."""
    lines = verbs.export_optouts(registry, form=form)
    write_lines(file, lines)
    if file != "-" and as_json:
        print_json({"exported": len(lines)}, indent=False)
    elif file != "-":
        echo(f"{many(len(lines), 'request')} to {inline(file)}")


@command.command(name="import")
@click.argument("file", type=_FILE)
@click.option("--undecided", is_flag=True, help="Let imported requests wait for a decision of one's own.")
@_options.moderator
@_options.as_json
@click.pass_obj
def import_(registry: str | None, file: str, *, undecided: bool, moderator: str | None, as_json: bool) -> None:
    """Add requests of FILE: an export, or BigCode's shape (author, optout_repos, optout_owners), as JSON Lines.

    Rows of BigCode were accepted there and are accepted here, unless --undecided. All rows come in, or none.
    """
    with click.open_file(file, encoding="utf-8", errors="replace") as lines:
        new = verbs.import_optouts(lines, registry=registry, undecided=undecided, by=moderator)
    if as_json:
        print_json({"imported": new}, indent=False)
    else:
        echo(f"{len(new)} new requests from {inline(file)}")


def _bytes(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        with click.open_file(path, "rb") as file:
            return bytes(file.read((1 << 20) + 1))
    except OSError as error:
        raise DrystoneError(f"{path}: cannot be read ({error.strerror})") from None


def _tell(found: Request, as_json: bool, text: str) -> None:
    if as_json:
        print_json(verbs.describe_optout(found), indent=False)
    else:
        echo(text)
