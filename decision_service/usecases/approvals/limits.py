"""
Hard limits: what no signature can allow, checked again for terms that a person wants.

A planned order keeps them by construction; a changed one must too: the lane exists and supplies the
stage, its supplier may deliver, minimum, multiple and maximum hold in the lane's own unit, goods
arrive no sooner than they can, and the resources that the lane uses have room beside the other
orders of the decision.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, inf

from decision_service.decision import JudgedOrder
from decision_service.errors import FieldViolation
from decision_service.facts import SnapshotFacts
from decision_service.usecases.approvals.order_events import Terms
from optimization.network import Lane, Resource

_TOLERANCE = 1e-9  # relative, for multiples of decimal fractions


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What a person wants instead; None or empty = as it is.

    Parameters
    ----------
    lane
        Another lane of the same stage, and with it another supplier or source.
    """

    quantity: float | None = None
    due_date: date | None = None
    lane: str = ""


def wished_terms(
    known: SnapshotFacts, order: JudgedOrder, now: Terms, wish: Wish, today: date
) -> Terms | FieldViolation:
    """Full terms of a wish, priced by the lane; or why there are none."""
    lane = known.lanes.get(wish.lane or now.lane)
    if lane is None or lane.stage != order.stage:
        return FieldViolation("lane", f"`{wish.lane[:80]}` is no lane that supplies `{order.stage}`")
    factor = known.units.factor(lane.unit, known.items[order.item])
    if factor is None:
        return FieldViolation("lane", f"unit `{lane.unit}` has no factor to the base unit")
    quantity = now.quantity if wish.quantity is None else wish.quantity
    ordered, due = _wished_days(lane, now, wish, today)
    cost = lane.fixed_cost + lane.unit_cost * quantity / factor
    return Terms(quantity, ordered, due, lane.id, lane.supplier, round(cost, 6))


def _wished_days(lane: Lane, now: Terms, wish: Wish, today: date) -> tuple[date, date]:
    """When it is ordered and when it is due: as before where nobody asks for another day or another lane."""
    lead = timedelta(days=ceil(lane.lead_time))
    if lane.id == now.lane and wish.due_date in (None, now.due_date):
        return now.order_date, now.due_date
    if wish.due_date:
        return wish.due_date - lead, wish.due_date
    ordered = max(now.order_date, today)
    return ordered, ordered + lead


def beyond_limits(  # noqa: PLR0913 - the order, its neighbours, before and after
    known: SnapshotFacts,
    orders: Mapping[str, JudgedOrder],
    order: JudgedOrder,
    now: Terms,
    wanted: Terms,
    today: date,
) -> tuple[FieldViolation, ...]:
    """
    Every hard limit that the wanted terms break.

    Days that stay as they are may have become too near meanwhile: an order that nobody changes is placed then, too.
    """
    lane = known.lanes[wanted.lane]
    is_as_before = (now.lane, now.order_date, now.due_date) == (
        wanted.lane,
        wanted.order_date,
        wanted.due_date,
    )
    return (
        *_quantity(known, lane, order, wanted.quantity),
        *(() if is_as_before else _days(known, lane, wanted, today)),
        *_supplier(known, lane),
        *_room(known, orders, order, lane, wanted),
    )


def _quantity(
    known: SnapshotFacts, lane: Lane, order: JudgedOrder, quantity: float
) -> Iterator[FieldViolation]:
    factor = known.units.factor(lane.unit, known.items[order.item]) or 1.0
    amount, unit = quantity / factor, lane.unit or known.items[order.item].unit
    if not 0 < amount < inf:
        yield FieldViolation("quantity", "must be above 0; reject the order to have none")
        return
    if not lane.minimum_group and amount < lane.minimum * (1 - _TOLERANCE):
        yield FieldViolation("quantity", f"{amount:g} {unit} is below the minimum of {lane.minimum:g}")
    if lane.maximum is not None and amount > lane.maximum * (1 + _TOLERANCE):
        yield FieldViolation("quantity", f"{amount:g} {unit} is above the maximum of {lane.maximum:g}")
    if lane.multiple and abs(amount / lane.multiple - round(amount / lane.multiple)) > 1e-6:
        yield FieldViolation("quantity", f"{amount:g} {unit} is no multiple of {lane.multiple:g}")


def _days(known: SnapshotFacts, lane: Lane, wanted: Terms, today: date) -> Iterator[FieldViolation]:
    start = max(today, known.snapshot.as_of)
    if wanted.order_date < known.snapshot.as_of or wanted.due_date < start + timedelta(
        days=ceil(lane.lead_time)
    ):
        earliest = start + timedelta(days=ceil(lane.lead_time))
        yield FieldViolation(
            "due_date", f"`{wanted.due_date}` is sooner than it can arrive; {earliest} is the earliest day"
        )
    if (lane.effective_from and wanted.order_date < lane.effective_from) or (
        lane.effective_to and wanted.order_date > lane.effective_to
    ):
        yield FieldViolation("lane", f"`{lane.id}` does not hold on {wanted.order_date}")


def _supplier(known: SnapshotFacts, lane: Lane) -> Iterator[FieldViolation]:
    supplier = known.suppliers.get(lane.supplier)
    if supplier is not None and not supplier.is_active:
        yield FieldViolation("lane", f"supplier `{supplier.id}` is inactive")


def _room(
    known: SnapshotFacts, orders: Mapping[str, JudgedOrder], order: JudgedOrder, lane: Lane, wanted: Terms
) -> Iterator[FieldViolation]:
    bucket = (wanted.order_date - known.snapshot.as_of).days // known.snapshot.bucket_days
    for use in lane.uses:
        resource = known.resources.get(use.resource)
        room = inf if resource is None else _capacity(resource, bucket)
        others = sum(_taken(known, o, use.resource) for o in orders.values() if o.order_bucket == bucket and o.id != order.id)  # fmt: skip
        taken = use.per_order + use.per_unit * wanted.quantity
        # a plan may have given way here already; a person may not make it worse
        before = _taken(known, order, use.resource) if order.order_bucket == bucket else 0.0
        if others + taken > room * (1 + _TOLERANCE) and taken > before * (1 + _TOLERANCE):
            yield FieldViolation(
                "quantity",
                f"takes {taken:g} of `{use.resource}` in the bucket of {wanted.order_date}; {max(room - others, 0):g} is left",
            )


def _taken(known: SnapshotFacts, order: JudgedOrder, resource: str) -> float:
    uses = (u for u in known.lanes[order.lane].uses if u.resource == resource)
    return sum(u.per_order + u.per_unit * order.quantity for u in uses)


def _capacity(resource: Resource, bucket: int) -> float:
    size = resource.unit_size or 1.0
    if 0 <= bucket < len(resource.capacities):
        return resource.capacities[bucket] * size
    return inf if resource.capacity is None else resource.capacity * size
