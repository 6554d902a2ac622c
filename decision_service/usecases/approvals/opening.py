"""How orders begin: what a decision says of each of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from decision_service.decision import Disposition, Evidence, JudgedOrder, Outcome
from decision_service.usecases.approvals.order_events import Terms
from decision_service.usecases.approvals.order_record import OrderRecord, OrderState, Tier
from decision_service.usecases.approvals.order_state import ask

_STATES = {
    Disposition.APPROVED: OrderState.APPROVED,
    Disposition.REFERRED: OrderState.REFERRED,
    Disposition.BLOCKED: OrderState.BLOCKED,
}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_DECIDED = ("decision", "opened", "since", "index", "scope", "snapshot_digest", "release", "deadline")
_ASKING = ("review", "conflicts")  # stages whose rules refer orders


class Opening:
    """
    How the orders of an outcome begin, whichever decision reached it.

    What follows from the outcome alone is worked out once: decisions that follow each other often have the same one.

    Parameters
    ----------
    begun
        Its orders, by id, as a decision would open them that has no name, in 1970: `opened` tells them by a decision.
    stages
        Those whose earlier proposals a plan of it replaces: all that it planned.
    """

    def __init__(self, outcome: Outcome) -> None:
        tiers = tiers_by_order(outcome.evaluations)
        begun = {order.id: _begun(order, tiers.get(order.id, ())) for order in outcome.orders}
        self.begun = tuple(begun[order] for order in sorted(begun))
        self.stages = frozenset(s.stage for s in outcome.safety_stocks) | {o.stage for o in outcome.orders}


class Decided(NamedTuple):
    """What a decision says of each of its orders; its place is that in the log."""

    decision: str
    at: datetime
    place: int
    scope: str
    snapshot_digest: str
    release: str


def opened(begun: OrderRecord, by: Decided) -> OrderRecord:
    """
    What became of an order with a decision; the record given is used up.

    Nobody else has seen it, so it is changed in place: another one would cost twice as much as reading it.
    """
    decision, at, *rest = by
    deadline = at + timedelta(days=begun.wait_days) if begun.wait_days else None
    for name, value in zip(_DECIDED, (decision, at, at, *rest, deadline), strict=True):
        object.__setattr__(begun, name, value)
    return begun


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


def _begun(order: JudgedOrder, tiers: tuple[Tier, ...]) -> OrderRecord:
    """One that waits for nobody needs no signature."""
    terms, state = terms_of(order), _STATES[order.disposition]
    needed = tiers or (Tier(order.role, order.deadline_days, order.on_timeout),)
    record = OrderRecord(
        decision="",
        order=order.id,
        scope="",
        stage=order.stage,
        item=order.item,
        location=order.location,
        lane_kind=order.kind.value,
        state=state,
        recommended=terms,
        terms=terms,
        opened=_LONG_AGO,
        since=_LONG_AGO,
        tiers=needed if state is OrderState.REFERRED else (),
        reasons=tuple(f"{r.message} ({r.table}, {r.row})" if r.row else r.message for r in order.reasons),
    )
    return ask(record, record.tiers[0], _LONG_AGO) if record.tiers else record
