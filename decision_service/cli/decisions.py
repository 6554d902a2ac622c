"""`decide` and `decisions ...`: make, read, replay, explain."""

import uuid
from pathlib import Path
from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.failure import DOES_NOT_HOLD, Failure
from decision_service.cli.main_group import cli
from decision_service.cli.names import release_name, scope_message
from decision_service.cli.session import SHIPPED, Options, Session, session
from decision_service.cli.show import coloured, show_decision
from decision_service.cli.snapshot_file import read_message
from decision_service.cli.watching import decide_watched
from decision_service.v1 import decision_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["DecisionService"]
_PATH = click.Path(exists=True, dir_okay=False, path_type=Path)
_MOMENTS = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%fZ",
)


@cli.group()
def decisions() -> None:
    """Decisions: list, show, explain, lineage, replay."""


@command(cli, "decide")
@click.argument("snapshot", type=_PATH)
@click.option("--release", default="", help="Decide under this release instead of the active one.")
@click.option("--validate-only", is_flag=True, help="Decide, log nothing.")
@click.option("--request-id", default="", help="Idempotency key. Default: a new one.")
@click.option("--business-unit", default="", help="Scope.")
@click.option("--region", default="", help="Scope.")
@click.option("--location", default="", help="Scope.")
@click.option("--on-behalf-of", default="", help="Whom the caller acts for.")
@click.option("--all", "is_all", is_flag=True, help="Every row of every table.")
def decide(options: Options, snapshot: Path, is_all: bool, **given: Any) -> None:  # noqa: FBT001 - a click flag
    """Decide what to hold and what to order."""
    request = pb.DecideRequest(
        request_id=given["request_id"] or str(uuid.uuid4()),
        snapshot=read_message(snapshot),
        release=release_name(given["release"]),
        validate_only=given["validate_only"],
        on_behalf_of=given["on_behalf_of"],
    )
    for kind in ("business_unit", "region", "location"):
        if given[kind]:
            setattr(request.scope, kind, given[kind])
    founding = SHIPPED if SHIPPED.is_dir() else None
    with session(options, founding) as service:
        if options.is_json:
            response = service.call(SERVICE, "Decide", request)
        else:
            response = decide_watched(service, request)
    decision = message_json(response.decision)
    if options.is_json:
        print_json(decision)
    else:
        show_decision(decision, 10**9 if is_all else 20)


@command(decisions, "list")
@click.option("--actor", default="", help="Who asked.")
@click.option("--request-id", default="", help="The caller's key.")
@click.option("--mode", type=click.Choice(["PLAN", "JUDGE"]))
@click.option("--item", default="", help="With an order for this item.")
@click.option("--location", default="", help="With an order for this location.")
@click.option("--scope", default="", metavar="KIND:VALUE", help="For example region:north, or * for all.")
@click.option("--release", default="")
@click.option("--verdict", type=click.Choice(["APPROVED", "REFERRED", "REJECTED"]))
@click.option("--disposition", type=click.Choice(["APPROVED", "REFERRED", "BLOCKED"]), help="Of some order.")
@click.option("--rule", default="", help="Id of a row that spoke.")
@click.option("--min-value", default=0.0, help="Orders worth at least this much.")
@click.option("--max-value", type=float, help="Orders worth at most this much.")
@click.option("--since", type=click.DateTime(), help="Recorded at or after, UTC.")
@click.option("--until", type=click.DateTime(), help="Recorded before, UTC.")
@click.option("--as-known-at", type=click.DateTime(_MOMENTS), help="The list as it was known then, UTC.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def list_decisions(options: Options, **given: Any) -> None:
    """Decisions, newest first; all conditions given must hold."""
    with session(options) as service:
        response = service.call(SERVICE, "ListDecisions", _list_request(given))
    found = message_json(response).get("decisions", [])
    if options.is_json:
        print_json(found)
        return
    table("Decisions", ("name", "recorded", "verdict", "release", "actor", ">approved", ">referred", ">blocked", ">value"),
          [(d["name"], d["recorded_at"], coloured(d["verdict"]), d["release"], d["actor"], d.get("approved", 0),
            d.get("referred", 0), d.get("blocked", 0), d.get("value", 0.0)) for d in found])  # fmt: skip
    if given["as_known_at"]:
        console.print(f"as known at {given['as_known_at']} UTC, when the log had {response.log_size} entries")
    if response.next_page_token:
        console.print(f"... and more (--limit shows more than {given['limit']}; --until goes further back)")


def _list_request(given: dict[str, Any]) -> Any:
    request = pb.ListDecisionsRequest(
        page_size=given["limit"],
        release=release_name(given["release"]),
        verdict=f"VERDICT_{given['verdict'] or 'UNSPECIFIED'}",
        disposition=f"DISPOSITION_{given['disposition'] or 'UNSPECIFIED'}",
        mode=f"DECISION_MODE_{given['mode'] or 'UNSPECIFIED'}",
        **{
            n: given[n] for n in ("actor", "request_id", "item", "location", "rule", "min_value", "max_value")
        },
    )
    if given["scope"]:
        request.scope.CopyFrom(scope_message(given["scope"]))
        request.scope.SetInParent()  # everything is an empty scope, and not the same as none asked for
    for name in ("since", "until", "as_known_at"):
        if given[name]:
            getattr(request, name).FromDatetime(given[name])
    return request


@command(decisions, "show")
@click.argument("name")
@click.option("--all", "is_all", is_flag=True, help="Every row of every table.")
def show(options: Options, name: str, is_all: bool) -> None:  # noqa: FBT001 - a click flag
    """One decision."""
    with session(options) as service:
        decision = message_json(
            service.call(
                SERVICE, "GetDecision", pb.GetDecisionRequest(name=decision_name(service, name))
            ).decision
        )
    if options.is_json:
        print_json(decision)
    else:
        show_decision(decision, 10**9 if is_all else 20)


@command(decisions, "explain")
@click.argument("name")
@click.option("--order", required=True, help="Id of an order of the decision.")
def explain(options: Options, name: str, order: str) -> None:
    """Why this order, why this much, why now, who must approve, what would change it."""
    with session(options) as service:
        found = message_json(
            service.call(
                SERVICE,
                "ExplainOrder",
                pb.ExplainOrderRequest(name=decision_name(service, name), order=order),
            )
        )
    if options.is_json:
        print_json(found)
        return
    console.print(f"[bold]{order}[/bold]  {coloured(found['order']['disposition'])}")
    for answer in found["answers"]:
        console.print(f"  [bold]{answer['question']}[/bold]\n    {answer['answer']}")


@command(decisions, "replay")
@click.argument("name")
def replay(options: Options, name: str) -> None:
    """Decide again from the recorded inputs and compare; exit code 1 unless IDENTICAL or EQUIVALENT."""
    with session(options) as service:
        response = service.call(
            SERVICE, "ReplayDecision", pb.ReplayDecisionRequest(name=decision_name(service, name))
        )
    found = {"outcome": "", "differences": [], "engine_differences": []} | message_json(response)
    if options.is_json:
        print_json(found)
    else:
        show_replay(found)
    if found["outcome"] == "DIVERGED":
        raise SystemExit(DOES_NOT_HOLD)


def show_replay(found: dict[str, Any]) -> None:
    """The finding and where it differs."""
    console.print(f"replay: [bold]{found['outcome']}[/bold]")
    for line in (*found["engine_differences"], *found["differences"]):
        console.print(f"  {line}", markup=False)


def decision_name(service: Session, given: str) -> str:
    """`latest` is the newest decision; a bare id is short for `decisions/ID`."""
    if given != "latest":
        return f"decisions/{given.removeprefix('decisions/')}"
    newest = service.call(SERVICE, "ListDecisions", pb.ListDecisionsRequest(page_size=1)).decisions
    if not newest:
        raise Failure("nothing was decided yet; `decisionctl decide SNAPSHOT` decides")
    return str(newest[0].name)
