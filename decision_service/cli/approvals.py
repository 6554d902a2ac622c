"""`approvals ...`: what waits for people, and what they say."""

from datetime import UTC, datetime
from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.failure import DOES_NOT_HOLD, Failure
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options, Session, session
from decision_service.v1 import approval_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["ApprovalService"]
_STATES = tuple(n.removeprefix("ORDER_STATE_") for n in pb.OrderState.keys()[1:])
_COLUMNS = ("decision", "order", "state", ">value", "asked", "age", "deadline", "then", "why")


@cli.group()
def approvals() -> None:
    """Orders that wait for people: list, approve, reject, override, delegate."""


@command(approvals, "list")
@click.option("--role", "roles_asked", multiple=True, help="Orders that this role is asked about.")
@click.option("--mine", is_flag=True, help="Orders that the caller may answer, also by delegation.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(_STATES), help="Default: those that wait."
)
@click.option("--decision", default="", help="Orders of one decision.")
@click.option("--item", default="")
@click.option("--min-value", default=0.0, help="Orders worth at least this much.")
@click.option("--dead", is_flag=True, help="Orders whose instruction to the ERP was given up.")
@click.option("--moved", is_flag=True, help="Those too that a later plan replaced.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def list_orders(options: Options, **given: Any) -> None:
    """The inbox: the nearest deadline first, then the most valuable."""
    request = pb.ListOrdersRequest(
        states=[f"ORDER_STATE_{s}" for s in given["states"]],
        roles=given["roles_asked"],
        mine=given["mine"],
        decision=_decision(given["decision"]) if given["decision"] else "",
        item=given["item"],
        min_value=given["min_value"],
        is_dead=given["dead"],
        with_moved=given["moved"],
        page_size=given["limit"],
    )
    with session(options) as service:
        found = message_json(service.call(SERVICE, "ListOrders", request)).get("orders", [])
    if options.is_json:
        print_json(found)
    else:
        _show("Orders", found)


def _judge(options: Options, orders: tuple[str, ...], note: str, is_preview: bool, action: str) -> None:  # noqa: FBT001 - a click flag
    refs = [order_ref(order) for order in orders]
    request = pb.JudgeOrdersRequest(
        action=f"JUDGE_ACTION_{action}",
        orders=refs,
        note=note,
    )
    with session(options) as service:
        if is_preview or len(refs) > 1:
            request.validate_only = True
            preview = service.call(SERVICE, "JudgeOrders", request)
            refused = [j for j in preview.judgements if j.refusal]
            if is_preview or refused:
                _show_preview(options, message_json(preview))
                raise SystemExit(DOES_NOT_HOLD if refused else 0)
            request.validate_only, request.digest = False, preview.digest
        done = message_json(service.call(SERVICE, "JudgeOrders", request))
    if options.is_json:
        print_json(done)
    else:
        _show(f"{action.capitalize()}: {len(refs)} orders", [j["order"] for j in done["judgements"]])


@command(approvals, "approve")
@click.argument("orders", nargs=-1, required=True, metavar="DECISION/ORDER...")
@click.option("--note", default="", help="For the log; can be redacted.")
@click.option(
    "--preview", is_flag=True, help="Say what would happen, do nothing; exit code 1 if one is refused."
)
def approve(options: Options, orders: tuple[str, ...], note: str, preview: bool) -> None:  # noqa: FBT001 - a click flag
    """Sign orders, all of them or none."""
    _judge(options, orders, note, preview, "APPROVE")


@command(approvals, "reject")
@click.argument("orders", nargs=-1, required=True, metavar="DECISION/ORDER...")
@click.option("--note", required=True, help="Why; can be redacted.")
@click.option(
    "--preview", is_flag=True, help="Say what would happen, do nothing; exit code 1 if one is refused."
)
def reject(options: Options, orders: tuple[str, ...], note: str, preview: bool) -> None:  # noqa: FBT001 - a click flag
    """Turn orders down, all of them or none; of an override what it replaced holds again."""
    _judge(options, orders, note, preview, "REJECT")


@command(approvals, "override")
@click.argument("order", metavar="DECISION/ORDER")
@click.option("--quantity", type=float, help="Base units.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="Another day.")
@click.option("--lane", default="", help="Another lane of the stage, and with it another supplier.")
@click.option("--reason-code", required=True, help="A code of the order's playbook.")
@click.option("--step", "playbook_step", required=True, type=int, help="Line of the checklist that led here.")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="Last day. Default: the day it is to be placed."
)
@click.option("--note", default="", help="For the log; can be redacted.")
@click.option("--preview", is_flag=True, help="Say what would happen, do nothing.")
def override(options: Options, order: str, **given: Any) -> None:
    """Ask for another quantity, day or lane; another person signs it then."""
    request = pb.OverrideOrderRequest(
        order=order_ref(order),
        quantity=given["quantity"],
        due_date=_day(given["due"]),
        lane=given["lane"],
        reason_code=given["reason_code"],
        playbook_step=given["playbook_step"],
        expires=_day(given["expires"]),
        note=given["note"],
        validate_only=given["preview"],
    )
    with session(options) as service:
        done = message_json(service.call(SERVICE, "OverrideOrder", request))
    if options.is_json:
        print_json(done)
        return
    terms, asked = done["terms"], ", then ".join(tier["role"] for tier in done["tiers"])
    console.print(f"{terms['quantity']:g} on {terms['due_date']} by {terms['lane']}, {terms['cost']:,.2f}")
    console.print(f"{'would wait' if given['preview'] else 'waits'} for {asked}")


@command(approvals, "delegate")
@click.argument("role", required=False, default="")
@click.option("--to", "taker", default="", help="To whom. Without it: list who lends what.")
@click.option("--from-day", type=click.DateTime(["%Y-%m-%d"]), help="First day. Default: today.")
@click.option("--to-day", type=click.DateTime(["%Y-%m-%d"]), help="Last day. Default: the first.")
@click.option("--reason", default="", help="For the log; can be redacted.")
def delegate(options: Options, role: str, taker: str, **given: Any) -> None:
    """Lend a role to another person, from one day to another; without a role, list who lends what."""
    with session(options) as service:
        if role:
            _lend(service, role, taker, given)
        found = message_json(service.call(SERVICE, "ListDelegations", pb.ListDelegationsRequest()))
    lent = found.get("delegations", [])
    if options.is_json:
        print_json(lent)
        return
    names = ("role", "giver", "taker", "start", "end", "reason")
    table("Delegations", names, [[d.get(n, "") for n in names] for d in lent])


def _lend(service: Session, role: str, taker: str, given: dict[str, Any]) -> None:
    if not taker:
        raise Failure("name who answers for the role meanwhile: --to NAME")
    start = given["from_day"] or datetime.now(UTC)
    request = pb.DelegateRoleRequest(
        role=role, taker=taker, start=_day(start), end=_day(given["to_day"] or start), reason=given["reason"]
    )
    service.call(SERVICE, "DelegateRole", request)


def _show(title: str, orders: list[dict[str, Any]]) -> None:
    now = datetime.now(UTC)
    table(title, _COLUMNS, [_row(order, now) for order in orders])


def _row(order: dict[str, Any], now: datetime) -> tuple[Any, ...]:
    age = now - datetime.fromisoformat(order["opened"])
    why = (
        "; ".join(order.get("reasons", ()))
        if not order.get("moved_by")
        else f"replaced by {order['moved_by']}"
    )
    return (
        order["decision"], order["order"], order["state"], order["terms"].get("cost", 0.0), order.get("asked", ""),
        f"{age.days} d {age.seconds // 3600} h" if age.days >= 0 else "0 h",
        order.get("deadline", "")[:16].replace("T", " "), order.get("on_timeout", ""), why,
    )  # fmt: skip


def _show_preview(options: Options, preview: dict[str, Any]) -> None:
    if options.is_json:
        print_json(preview)
        return
    table("Preview", ("decision", "order", ">value", "would be"),
          [(j["order"]["decision"], j["order"]["order"], j["order"]["terms"].get("cost", 0.0), j.get("refusal") or "done")
           for j in preview["judgements"]])  # fmt: skip
    console.print(f"value {preview.get('value', 0.0):,.2f}")


def order_ref(text: str) -> pb.OrderRef:
    """`decisions/ID/orders/ORDER` or short `ID/ORDER`."""
    decision, _, order = text.removeprefix("decisions/").partition("/")
    if not order:
        raise Failure(f"`{text}` is not DECISION/ORDER, as `approvals list` names them")
    return pb.OrderRef(decision=f"decisions/{decision}", order=order.removeprefix("orders/"))


def _decision(text: str) -> str:
    return f"decisions/{text.removeprefix('decisions/')}"


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""
