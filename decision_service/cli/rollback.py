"""`rollback ...`: undo what was decided under a bad release."""

from pathlib import Path
from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.failure import Failure
from decision_service.cli.main_group import cli
from decision_service.cli.names import release_name
from decision_service.cli.session import Options, session
from decision_service.cli.snapshot_file import read_message
from decision_service.v1 import rollback_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["RollbackService"]
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@cli.group()
def rollback() -> None:
    """Decisions made under a bad release: plan, approve, execute, show."""


@command(rollback, "plan")
@click.option("--release", default="", help="Decisions made under it.")
@click.option("--scope", default="", help="Decisions of a scope, for example region:north.")
@click.option("--item", default="", help="Orders of an item.")
@click.option("--supplier", default="", help="Orders at a supplier.")
@click.option("--since", type=click.DateTime(), help="Recorded at or after, UTC.")
@click.option("--until", type=click.DateTime(), help="Recorded before, UTC.")
@click.option("--first", type=int, help="First place in the log.")
@click.option("--last", type=int, help="Last place in the log.")
@click.option("--decision", "decisions", multiple=True, help="Named decisions.")
@click.option("--undo", default="", metavar="ROLLBACK", help="What this rollback decided anew.")
@click.option("--cancel-rate", type=float, help="Cost of a cancellation, share of the value. Default: 0.02.")
@click.option(
    "--compensate-rate", type=float, help="Cost of goods under way, share of the value. Default: 0.10."
)
@click.option("--reason", required=True, help="For the log.")
def plan(options: Options, **given: Any) -> None:
    """What undoing would do, order by order, under a digest; nothing else happens."""
    affected = pb.RollbackAffected(
        release=release_name(given["release"]),
        scope=given["scope"],
        item=given["item"],
        supplier=given["supplier"],
        first=given["first"],
        last=given["last"],
        decisions=[f"decisions/{d.removeprefix('decisions/')}" for d in given["decisions"]],
        rollback=_name(given["undo"]) if given["undo"] else "",
    )
    for name in ("since", "until"):
        if given[name]:
            getattr(affected, name).FromDatetime(given[name])
    rates = pb.RollbackRates(cancel=given["cancel_rate"], compensate=given["compensate_rate"])
    request = pb.PlanRollbackRequest(affected=affected, rates=rates, reason=given["reason"])
    with session(options) as service:
        found = message_json(service.call(SERVICE, "PlanRollback", request).rollback)
    _print(options, found)


@command(rollback, "approve")
@click.argument("name")
@click.option("--digest", required=True, help="Digest of the plan that was looked at.")
def approve(options: Options, name: str, digest: str) -> None:
    """Say yes to somebody else's plan, to exactly this one."""
    request = pb.ApproveRollbackRequest(name=_name(name), digest=digest)
    with session(options) as service:
        found = message_json(service.call(SERVICE, "ApproveRollback", request).rollback)
    _print(options, found)


@command(rollback, "execute")
@click.argument("name")
@click.option("--digest", required=True, help="Digest that was approved.")
@click.option("--snapshot", type=_FILE, help="Decide anew on this: what the ERP knows now.")
@click.option("--original", is_flag=True, help="Decide anew on the snapshot of the newest affected decision.")
def execute(options: Options, name: str, digest: str, snapshot: Path | None, original: bool) -> None:  # noqa: FBT001 - a click flag
    """Do what was approved; run again it adds nothing."""
    if snapshot and original:
        raise Failure("give --snapshot or --original, not both")
    request = pb.ExecuteRollbackRequest(name=_name(name), digest=digest)
    if original:
        request.redecide = pb.REDECIDE_ORIGINAL
    if snapshot:
        request.redecide = pb.REDECIDE_CURRENT
        request.snapshot.CopyFrom(read_message(snapshot))
    with session(options) as service:
        found = message_json(service.call(SERVICE, "ExecuteRollback", request).rollback)
    _print(options, found)


@command(rollback, "show")
@click.argument("name", required=False, default="")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="Orders to show.")
def show(options: Options, name: str, limit: int) -> None:
    """One rollback with its orders; without a name all of them."""
    with session(options) as service:
        if not name:
            listed = message_json(service.call(SERVICE, "ListRollbacks", pb.ListRollbacksRequest()))
            _print_all(options, listed.get("rollbacks", []))
            return
        request = pb.GetRollbackRequest(name=_name(name), page_size=limit)
        found = message_json(service.call(SERVICE, "GetRollback", request))
    if options.is_json:
        print_json(found)
        return
    _print(options, found["rollback"])
    table("Orders", ("decision", "order", "action", "planned for", ">value", ">cost"),
          [(o["decision"], o["order"], o["kind"], o["mark"], o.get("value", 0.0), o.get("cost", 0.0))
           for o in found.get("orders", [])])  # fmt: skip


def _print(options: Options, found: dict[str, Any]) -> None:
    if options.is_json:
        print_json(found)
        return
    console.print(f"[bold]{found['name']}[/bold]  {found['state']}  {found['reason']}")
    console.print(f"digest {found['digest']}", soft_wrap=True)
    people = [f"{word} by {found[key]}" for word, key in
              (("planned", "planned_by"), ("approved", "approved_by"), ("executed", "executed_by")) if found.get(key)]  # fmt: skip
    console.print(
        f"{', '.join(people)}; scopes {', '.join(found['scopes'])}; {found.get('acted', 0)} orders acted on"
    )
    for name in found.get("redecided", ()):
        console.print(f"decided anew: {name}")
    for line in found.get("differences", ()):
        console.print(f"moved: {line}", markup=False)
    table("Actions", ("action", ">orders", ">value", ">cost"),
          [(t["kind"], int(t["orders"]), t.get("value", 0.0), t.get("cost", 0.0)) for t in found["totals"]])  # fmt: skip


def _print_all(options: Options, found: list[dict[str, Any]]) -> None:
    if options.is_json:
        print_json(found)
        return
    table("Rollbacks", ("name", "state", "planned", "by", ">orders", "reason"),
          [(r["name"], r["state"], r["planned_at"], r["planned_by"], sum(int(t["orders"]) for t in r["totals"]), r["reason"])
           for r in found])  # fmt: skip


def _name(text: str) -> str:
    return f"rollbacks/{text.removeprefix('rollbacks/')}"
