"""How orders begin: what a decision says of each of them."""

from collections.abc import Mapping
from dataclasses import replace

from audit import Entry
from decision_service.decision import DecisionMode, Disposition, Evidence, JudgedOrder, Outcome
from decision_service.usecases import records
from decision_service.usecases.approvals.order_events import Terms
from decision_service.usecases.approvals.order_record import OrderRecord, OrderState, Tier
from decision_service.usecases.approvals.order_state import ask

_STATES = {
    Disposition.APPROVED: OrderState.APPROVED,
    Disposition.REFERRED: OrderState.REFERRED,
    Disposition.BLOCKED: OrderState.BLOCKED,
}
_ASKING = ("review", "conflicts")  # stages whose rules refer orders


def open_orders(entry: Entry, outcome: Outcome) -> tuple[OrderRecord, ...]:
    """Every order of a decision as it begins."""
    tiers = tiers_by_order(outcome.evaluations)
    return tuple(_open(entry, order, tiers.get(order.id, ())) for order in outcome.orders)


def planned_stages(entry: Entry, outcome: Outcome) -> frozenset[str]:
    """
    Stages whose earlier proposals this decision replaces: those that it planned.

    A judged proposal of the caller replaces nothing.
    """
    if records.envelope_of(entry)["mode"] != DecisionMode.PLAN:
        return frozenset()
    return frozenset(s.stage for s in outcome.safety_stocks) | {o.stage for o in outcome.orders}


def terms_of(order: JudgedOrder) -> Terms:
    """What an order orders."""
    return Terms(order.quantity, order.order_date, order.due_date, order.lane, order.supplier, order.cost)


def tiers_by_order(evaluations: tuple[Evidence, ...]) -> Mapping[str, tuple[Tier, ...]]:
    """
    Signatures that orders need, in sequence: one a role, in the order of the tables that ask.

    Every table that refers an order is heard, so that a second table cannot take the first one's
    approver away.
    """
    position = {e.table: i for i, e in reversed(tuple(enumerate(evaluations)))}
    asking = [e for e in evaluations if e.stage in _ASKING and _refers(e.outcome)]
    found: dict[str, dict[str, Tier]] = {}
    for evidence in sorted(asking, key=lambda e: position[e.table]):
        tier = _tier(evidence.outcome)
        for subject in evidence.subjects:
            found.setdefault(subject, {}).setdefault(tier.role, tier)
    return {order: tuple(tiers.values()) for order, tiers in found.items()}


def _refers(outcome: Mapping[str, str]) -> bool:
    return outcome.get("disposition") == Disposition.REFERRED and _said(outcome, "role") != ""


def _tier(outcome: Mapping[str, str]) -> Tier:
    return Tier(
        _said(outcome, "role"), float(_said(outcome, "deadline_days") or 0), _said(outcome, "on_timeout")
    )


def _said(outcome: Mapping[str, str], name: str) -> str:
    said = outcome.get(name, "null")
    return "" if said == "null" else said


def _open(entry: Entry, order: JudgedOrder, tiers: tuple[Tier, ...]) -> OrderRecord:
    e, terms = records.envelope_of(entry), terms_of(order)
    record = OrderRecord(
        decision=e["name"],
        order=order.id,
        scope=e["scope"],
        stage=order.stage,
        item=order.item,
        location=order.location,
        lane_kind=order.kind.value,
        state=_STATES[order.disposition],
        recommended=terms,
        terms=terms,
        opened=entry.recorded_at,
        since=entry.recorded_at,
        snapshot_digest=e["snapshot_digest"],
        release=e["release"],
        index=entry.seq,
        reasons=tuple(f"{r.message} ({r.table}, {r.row})" if r.row else r.message for r in order.reasons),
    )
    if record.state is not OrderState.REFERRED:
        return record
    needed = tiers or (Tier(order.role, order.deadline_days, order.on_timeout),)
    return ask(replace(record, tiers=needed), needed[0], entry.recorded_at)
