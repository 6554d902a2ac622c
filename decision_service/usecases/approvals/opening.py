"""How orders begin: what a decision says of each of them."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

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


class Opening:
    """
    How the orders of an outcome begin, whichever decision reached it.

    What follows from the outcome alone is worked out once: decisions that follow each other often have the same one.
    """

    def __init__(self, outcome: Outcome) -> None:
        tiers = tiers_by_order(outcome.evaluations)
        self._begun = tuple(_begun(order, tiers.get(order.id, ())) for order in outcome.orders)
        self._stages = frozenset(s.stage for s in outcome.safety_stocks) | {o.stage for o in outcome.orders}

    def orders_of(self, entry: Entry) -> Iterator[OrderRecord]:
        """Every order as it begins with a decision's entry."""
        e, at = records.envelope_of(entry), entry.recorded_at
        told = {name: e[name] for name in ("scope", "snapshot_digest", "release")}
        for begin in self._begun:
            record = begin(decision=e["name"], opened=at, since=at, index=entry.seq, **told)
            yield ask(record, record.tiers[0], at) if record.tiers else record

    def stages_of(self, entry: Entry) -> frozenset[str]:
        """
        Stages whose earlier proposals a decision replaces: those that it planned.

        A judged proposal of the caller replaces nothing.
        """
        is_plan = records.envelope_of(entry)["mode"] == DecisionMode.PLAN
        return self._stages if is_plan else frozenset()


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


def _begun(order: JudgedOrder, tiers: tuple[Tier, ...]) -> Callable[..., OrderRecord]:
    """Its record, but for what its decision says; one that waits for nobody needs no signature."""
    terms, state = terms_of(order), _STATES[order.disposition]
    needed = tiers or (Tier(order.role, order.deadline_days, order.on_timeout),)
    return partial(
        OrderRecord,
        order=order.id,
        stage=order.stage,
        item=order.item,
        location=order.location,
        lane_kind=order.kind.value,
        state=state,
        recommended=terms,
        terms=terms,
        tiers=needed if state is OrderState.REFERRED else (),
        reasons=tuple(f"{r.message} ({r.table}, {r.row})" if r.row else r.message for r in order.reasons),
    )
