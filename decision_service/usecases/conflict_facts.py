"""
Orders, open orders, stages and bans as the facts that join rules match (`facts.KINDS`).

One order is one fact, or several: one for every contested resource it uses and every other region it
serves. What an order would take of a contested resource if there were enough is a fact of its own, a
`Want`: the plan itself never asks for more than there is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from decision_service.decision import JudgedOrder
from decision_service.facts import SnapshotFacts
from decision_service.usecases.transfers import Source
from optimization.network import Firmness, LaneKind, Receipt, ResourceKind
from optimization.replenishment.buckets import bucket_of
from rules import Value
from rules.join_facts import JoinFact

SHARED = (ResourceKind.SUPPLIER, ResourceKind.TRANSPORT)
_DECIMALS = 4  # the engine compares integers up to 2**53: more would leave no room for large quantities
_NOISE = 1e-6


@dataclass(frozen=True, slots=True)
class Want:
    """What an order takes of a resource in a bucket, or would take; amounts in the resource's measure."""

    order: JudgedOrder
    resource: str
    bucket: int
    amount: float
    capacity: float
    left: float  # when all others have what they want, at least 0


def contested(known: SnapshotFacts, orders: Iterable[JudgedOrder]) -> tuple[Want, ...]:
    """Wants of every supplier or transport capacity of which more is wanted than there is."""
    uses: dict[tuple[str, int], list[tuple[JudgedOrder, float]]] = {}
    for order in orders:
        for use in known.lanes[order.lane].uses:
            if known.resources[use.resource].kind in SHARED:
                amount = use.per_unit * order.quantity + use.per_order
                uses.setdefault((use.resource, order.order_bucket), []).append((order, amount))
    return tuple(want for place in sorted(uses) for want in _wants(known, place, uses[place]))


def _wants(
    known: SnapshotFacts, place: tuple[str, int], uses: list[tuple[JudgedOrder, float]]
) -> Iterator[Want]:
    capacity, total = capacity_of(known, *place), sum(amount for _, amount in uses)
    if capacity is None or total <= capacity + _NOISE * max(1.0, total):
        return
    for order, amount in uses:
        yield Want(order, *place, amount, capacity, max(0.0, capacity - (total - amount)))


def capacity_of(known: SnapshotFacts, resource: str, bucket: int) -> float | None:
    """Capacity of a bucket in the measure that orders use; None = unlimited."""
    found = known.resources[resource]
    units = found.capacities[bucket] if bucket < len(found.capacities) else found.capacity
    return None if units is None else units * (found.unit_size or 1.0)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """
    Join facts of one set of orders, and what each fact stands for.

    Parameters
    ----------
    orders, wants
        By fact id; a fact is of a planned order, of a want, or of neither.
    sources
        Projection of a source by the id of its stage fact.
    """

    facts: tuple[JoinFact, ...]
    orders: Mapping[str, JudgedOrder]
    wants: Mapping[str, Want]
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Ban:
    """A region whose rules forbid to buy an item from a supplier."""

    region: str
    item: str
    supplier: str


def most_facts(
    known: SnapshotFacts,
    orders: tuple[JudgedOrder, ...],
    wants: tuple[Want, ...],
    sources: tuple[Source, ...],
    bans: tuple[Ban, ...],
) -> Mapping[str, int]:
    """How many facts of each kind `join_facts` gives at most; an order without pegging serves no other region."""
    regions = len(known.locations) if any(order.pegging for order in orders) else 1
    return {
        "order": regions * len(orders) + len(wants),
        "stage": len(sources),
        "open": len(known.snapshot.receipts),
        "ban": len(bans),
    }


def join_facts(  # noqa: PLR0913 - the kinds of fact
    known: SnapshotFacts,
    orders: tuple[JudgedOrder, ...],
    wants: tuple[Want, ...],
    sources: tuple[Source, ...],
    bans: tuple[Ban, ...],
    *,
    counts_proposed: bool,
) -> OrderFacts:
    """All facts of a plan or of proposals."""
    facts: list[JoinFact] = []
    by_order: dict[str, JudgedOrder] = {}
    by_want: dict[str, Want] = {}
    by_id = {order.id: order for order in orders}
    for order in orders:
        for region in regions_served(known, order, by_id) or ("",):
            fact = JoinFact("order", f"order:{order.id}#{region}", _present(_planned(known, order, region)))
            facts.append(fact)
            by_order[fact.id] = order
    for want in wants:
        fact = JoinFact("order", f"want:{want.order.id}#{want.resource}", _present(_wanted(known, want)))
        facts.append(fact)
        by_want[fact.id] = want
    by_source = {f"stage:{source.stage.id}": source for source in sources}
    facts += [JoinFact("stage", id_, _present(_source(source))) for id_, source in by_source.items()]
    facts += [_open(known, receipt, counts_proposed=counts_proposed) for receipt in known.snapshot.receipts]
    facts += [
        JoinFact(
            "ban",
            f"ban:{ban.region}#{ban.item}#{ban.supplier}",
            {"region": ban.region, "item": ban.item, "supplier": ban.supplier},
        )
        for ban in bans
    ]
    return OrderFacts(tuple(facts), by_order, by_want, by_source)


def regions_served(
    known: SnapshotFacts, order: JudgedOrder, orders: Mapping[str, JudgedOrder]
) -> tuple[str, ...]:
    """Other regions to which the order's goods are passed on, by its pegging."""
    own = known.locations[order.location].region
    found: set[str] = set()
    seen, waiting = {order.id}, [order]
    while waiting:
        for peg in waiting.pop().pegging:
            consumer = orders.get(peg.order)
            if consumer is None or consumer.id in seen or consumer.item != order.item:
                continue
            seen.add(consumer.id)
            found.add(known.locations[consumer.location].region)
            waiting.append(consumer)
    return tuple(sorted(found - {own, ""}))


def source_of(known: SnapshotFacts, order: JudgedOrder) -> str:
    """Where an order's goods come from: a supplier, or a location."""
    lane = known.lanes[order.lane]
    if lane.kind is LaneKind.TRANSFER:
        return known.stages[lane.source].location
    return lane.supplier if lane.kind is LaneKind.PURCHASE else order.location


def _planned(known: SnapshotFacts, order: JudgedOrder, region: str) -> dict[str, Value]:
    return _place(known, order) | {
        "serves_region": region,
        "kind_of_supply": order.kind.value,
        "bucket": Decimal(order.order_bucket),
        "due_bucket": Decimal(order.due_bucket),
        "quantity": number(order.quantity),
    }


def _wanted(known: SnapshotFacts, want: Want) -> dict[str, Value]:
    return _place(known, want.order) | {
        "bucket": Decimal(want.bucket),
        "resource": want.resource,
        "resource_kind": known.resources[want.resource].kind.value,
        "resource_use": number(want.amount),
        "resource_left": number(want.left),
    }


def _place(known: SnapshotFacts, order: JudgedOrder) -> dict[str, Value]:
    source = source_of(known, order)
    origin = known.locations.get(source)
    return {
        "order": order.id,
        "item": order.item,
        "location": order.location,
        "source": source,
        "region": known.locations[order.location].region,
        "source_region": origin.region if origin else "",
    }


def _source(source: Source) -> dict[str, Value]:
    return {
        "item": source.stage.item,
        "location": source.stage.location,
        "position": number(source.position),
        "minimum": number(source.stage.min_stock or 0.0),
    }


def _open(known: SnapshotFacts, receipt: Receipt, *, counts_proposed: bool) -> JoinFact:
    """An open order; without its lane, or planned anew, it has no source that anything could equal."""
    snapshot, stage, lane = known.snapshot, known.stages[receipt.stage], known.lanes.get(receipt.lane)
    factor = known.units.factor(receipt.unit, known.items[stage.item])
    values: dict[str, Value] = {"item": stage.item, "location": stage.location}
    is_planned_anew = receipt.firmness is Firmness.PROPOSED and not counts_proposed
    if lane is not None and factor is not None and not is_planned_anew:
        day: date = max(receipt.due, snapshot.as_of)
        values |= {
            "source": known.stages[lane.source].location if lane.source else lane.supplier or stage.location,
            "due_bucket": Decimal(bucket_of(day, snapshot.as_of, snapshot.bucket_days)),
            "quantity": number(receipt.quantity * factor),
        }
    return JoinFact("open", f"open:{receipt.id}", _present(values))


def _present(values: Mapping[str, Value]) -> dict[str, Value]:
    """Without what is not known: no test on an absent field holds."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def number(value: float) -> Decimal:
    """An amount as join rules compare it."""
    return round(Decimal(repr(float(value))), _DECIMALS)


# --- what precedence compares ----------------------------------------------------------------


def precedence_facts(
    known: SnapshotFacts, order: JudgedOrder, orders: Mapping[str, JudgedOrder]
) -> dict[str, Value]:
    """`service_risk`, `item.abc`, `order.need_by`, `order.value` of one competitor."""
    return {
        "service_risk": round(Decimal(repr(service_risk(known, order, orders))), 6),
        "item.abc": known.items[order.item].abc or None,
        "order.need_by": _need_by(known, order),
        "order.value": number(order.cost),
    }


def service_risk(known: SnapshotFacts, order: JudgedOrder, orders: Mapping[str, JudgedOrder]) -> float:
    """
    Share of an order that customers wait for, 0 to 1: demand and backorders, not stock of any kind.

    Through orders it serves downstream. A proposal has no pegging: then the share of it that stock
    on hand does not cover until it arrives.
    """
    if not order.pegging:
        return _uncovered(known, order)
    return _share(order, orders, frozenset())


def _share(order: JudgedOrder, orders: Mapping[str, JudgedOrder], above: frozenset[str]) -> float:
    total = sum(peg.quantity for peg in order.pegging)
    served = 0.0
    for peg in order.pegging:
        consumer = orders.get(peg.order)
        if peg.kind in ("DEMAND", "BACKORDER"):
            served += peg.quantity
        elif consumer is not None and consumer.id not in above:
            served += peg.quantity * _share(consumer, orders, above | {order.id})
    return served / total if total > 0.0 else 0.0


def _uncovered(known: SnapshotFacts, order: JudgedOrder) -> float:
    stage = known.stages[order.stage]
    mean, _ = known.demands.get(stage.id, (Decimal(0), Decimal(0)))
    days = (order.due_date - known.snapshot.as_of).days + known.snapshot.bucket_days
    lack = float(mean) * days + stage.backorders - stage.on_hand
    return min(1.0, max(0.0, lack / order.quantity))


def _need_by(known: SnapshotFacts, order: JudgedOrder) -> date:
    """First day of the earliest bucket whose need it serves."""
    if not order.pegging:
        return order.due_date
    earliest = min(peg.bucket for peg in order.pegging)
    return known.snapshot.as_of + timedelta(days=earliest * known.snapshot.bucket_days)
