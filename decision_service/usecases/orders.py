"""Planned and proposed orders as orders to be judged: dated, priced, with their item and place."""

from datetime import timedelta
from math import ceil

from decision_service.decision import Disposition, JudgedOrder, OrderProposal
from decision_service.facts import SnapshotFacts
from optimization.errors import InvalidNetworkError
from optimization.network import Lane, Stage
from optimization.plan import PlannedOrder

# Until a rule says otherwise.
_UNJUDGED = Disposition.BLOCKED


def planned_order(known: SnapshotFacts, order: PlannedOrder) -> JudgedOrder:
    """An order of the plan; its days are the first days of its buckets."""
    snapshot, lane, stage = known.snapshot, known.lanes[order.lane], known.stages[order.stage]
    return JudgedOrder(
        id=order.id,
        lane=lane.id,
        kind=lane.kind,
        stage=stage.id,
        item=stage.item,
        location=stage.location,
        supplier=lane.supplier,
        quantity=order.quantity,
        need=order.need,
        order_date=snapshot.as_of + timedelta(days=order.order_bucket * snapshot.bucket_days),
        due_date=snapshot.as_of + timedelta(days=order.due_bucket * snapshot.bucket_days),
        order_bucket=order.order_bucket,
        due_bucket=order.due_bucket,
        cost=order.cost,
        disposition=_UNJUDGED,
        rounding=order.rounding,
        pegging=order.pegging,
        binding=order.binding,
    )


def proposed_order(known: SnapshotFacts, field: str, proposal: OrderProposal) -> JudgedOrder:
    """
    The caller's proposal: priced by its lane, due after the lane's lead time.

    Raises
    ------
    InvalidNetworkError
        The lane is unknown, its unit has no factor, or the day is past.
    """
    snapshot, lane = known.snapshot, known.lanes.get(proposal.lane)
    if lane is None:
        raise InvalidNetworkError(
            f"{field}.lane", f"no lane `{proposal.lane}`", "name a lane of the snapshot"
        )
    stage, start = known.stages[lane.stage], proposal.order_date or snapshot.as_of
    if start < snapshot.as_of:
        raise InvalidNetworkError(f"{field}.order_date", f"`{start}` is before as_of", "give a later day")
    due = start + timedelta(days=ceil(lane.lead_time))
    return JudgedOrder(
        id=proposal.id,
        lane=lane.id,
        kind=lane.kind,
        stage=stage.id,
        item=stage.item,
        location=stage.location,
        supplier=lane.supplier,
        quantity=proposal.quantity,
        need=proposal.quantity,
        order_date=start,
        due_date=due,
        order_bucket=(start - snapshot.as_of).days // snapshot.bucket_days,
        due_bucket=(due - snapshot.as_of).days // snapshot.bucket_days,
        cost=_price(known, field, lane, stage, proposal.quantity),
        disposition=_UNJUDGED,
    )


def _price(known: SnapshotFacts, field: str, lane: Lane, stage: Stage, quantity: float) -> float:
    factor = known.units.factor(lane.unit, known.items[stage.item])
    if factor is None:
        raise InvalidNetworkError(
            f"{field}.lane",
            f"unit `{lane.unit}` has no factor to the base unit",
            "add a conversion to the snapshot",
        )
    return lane.fixed_cost + lane.unit_cost * quantity / factor
