"""
Request and plan -> facts: the contract with rule authors, versioned.

A fact that does not exist for a subject (the supplier of a production order) is null, which no
condition but `null` itself matches; a fact that nobody provides is an error when rules compile.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from decision_service.decision import JudgedOrder, Question
from decision_service.derived import Followed
from optimization.network import (
    Demand,
    Finding,
    Item,
    Lane,
    LaneKind,
    Location,
    Resource,
    Snapshot,
    Stage,
    Supplier,
)
from optimization.units import Units
from optimization.validate import validate_snapshot
from rules import FactField, FactSchema, FactType, Value

Facts = dict[str, Value]

_TEXT, _NUMBER, _BOOLEAN = FactType.TEXT, FactType.NUMBER, FactType.BOOLEAN
_ZERO, _ONE = Decimal(0), Decimal(1)


def _number(name: str, unit: str, description: str, **more: object) -> FactField:
    return FactField(name, _NUMBER, unit=unit, low=_ZERO, description=description, **more)  # type: ignore[arg-type]  # keyword facts of FactField


def _text(name: str, description: str, **more: object) -> FactField:
    return FactField(name, _TEXT, description=description, **more)  # type: ignore[arg-type]  # keyword facts of FactField


def _kind(texts: tuple[FactField, ...], numbers: tuple[FactField, ...]) -> FactSchema:
    return FactSchema("1", texts + numbers)


# The kinds of fact that join rules match; a field that does not apply is absent, and no test on it holds.
KINDS: Mapping[str, FactSchema] = {
    "order": _kind(
        (
            _text("order", "id of the order; a fact of its own for every contested resource and region"),
            _text("item", "id of the item"),
            _text("location", "where it goes"),
            _text("source", "where it comes from: a supplier, or a location"),
            _text("region", "region of the location"),
            _text("source_region", "region of the source, of transfers"),
            _text("serves_region", "another region to which the goods are passed on"),
            _text("kind_of_supply", "PURCHASE, TRANSFER or PRODUCTION"),
            _text("resource", "a resource of which more is wanted than there is in the bucket"),
            _text("resource_kind", "SUPPLIER or TRANSPORT"),
        ),
        (
            _number("bucket", "buckets", "bucket to place it in, from `as_of`"),
            _number("due_bucket", "buckets", "bucket it arrives in"),
            _number("quantity", "units", "quantity"),
            _number("resource_use", "the resource's", "what the order would take of it"),
            _number("resource_left", "the resource's", "what is left for it when all others have theirs"),
        ),
    ),
    "open": _kind(
        (
            _text("item", "id of the item"),
            _text("location", "where it goes"),
            _text("source", "where it comes from"),
        ),
        (
            _number("due_bucket", "buckets", "bucket it arrives in"),
            _number("quantity", "units", "still to come"),
        ),
    ),
    "stage": _kind(
        (_text("item", "id of the item"), _text("location", "a place that transfers leave")),
        (
            FactField(
                "position", _NUMBER, unit="units", description="stock left there, and its largest transfer"
            ),
            _number("minimum", "units", "its minimum stock"),
        ),
    ),
    "ban": _kind(
        (
            _text("region", "the region whose rules forbid it"),
            _text("item", "id of the item"),
            _text("supplier", "id of the supplier"),
        ),
        (),
    ),
}

FACTS = FactSchema(
    version="3",
    kinds=KINDS,
    fields=(
        # of a request: admission
        _text("request.business_unit", "business unit of the request's scope, empty = all"),
        _text("request.region", "region of the request's scope, empty = all"),
        _text("request.mode", "what is asked", values=("PLAN", "JUDGE")),
        _number("request.stages", "1", "stages in the snapshot"),
        _number("request.lanes", "1", "lanes in the snapshot"),
        _number("request.horizon", "buckets", "buckets planned"),
        FactField("request.age_days", _NUMBER, unit="days", description="days from `as_of` to receipt"),
        _number("request.findings", "1", "exceptions that came with the snapshot"),
        # of a stage: parameters; of an order: review
        _text("item.id", "id of the item"),
        _text("item.abc", "ABC class, empty = none"),
        _text("item.class", "classes of the item, `name=value` separated by blanks"),
        _number("item.value", "money per unit", "value of one unit"),
        _text("location.id", "id of the location"),
        _text(
            "location.kind", "kind of the location", values=("SUPPLIER", "PLANT", "DC", "STORE", "CUSTOMER")
        ),
        _text("location.region", "region, empty = none"),
        _text("location.business_unit", "business unit, empty = none"),
        _text("supplier.id", "id of the supplier", is_optional=True),
        FactField("supplier.risk", _NUMBER, "1", _ZERO, _ONE, description="risk score", is_optional=True),
        FactField(
            "supplier.is_active", _BOOLEAN, description="whether orders may be placed", is_optional=True
        ),
        _number("demand.mean", "units per day", "mean demand"),
        _number("demand.cv", "1", "coefficient of variation of demand per bucket"),
        _number("stage.on_hand", "units", "stock on hand"),
        FactField("stage.is_short", _BOOLEAN, description="backorders, or stock below the corridor"),
        # of an order: review
        _text("order.id", "id of the order"),
        _text("order.kind", "how it is supplied", values=("PURCHASE", "TRANSFER", "PRODUCTION")),
        _number("order.value", "money", "cost of the order"),
        _number("order.quantity", "units", "quantity"),
        _number("order.lead_days", "days", "days from order to receipt"),
        _number("order.days_of_supply", "days", "quantity over mean demand", is_optional=True),
        FactField("order.is_expedite", _BOOLEAN, description="needed before it can arrive"),
        FactField("order.is_constrained", _BOOLEAN, description="uses up what is left of a resource"),
        _number("plan.gap", "1", "proven relative gap of the plan"),
        _number("plan.total_value", "money", "cost of all orders"),
        _number("plan.gave_way", "1", "requirements that could not be kept"),
    ),
)


def decimal(value: float) -> Decimal:
    """The shortest decimal that reads back as this float."""
    return Decimal(repr(float(value)))


@dataclass(frozen=True)
class SnapshotFacts(Followed):
    """Facts about the parts of one snapshot, looked up by id; what is asked of it many times stays with it."""

    snapshot: Snapshot

    def of_request(self, question: Question) -> Facts:
        """Facts for admission."""
        s = self.snapshot
        return {
            "request.business_unit": question.scope.business_unit,
            "request.region": question.scope.region,
            "request.mode": question.mode.value,
            "request.stages": Decimal(len(s.stages)),
            "request.lanes": Decimal(len(s.lanes)),
            "request.horizon": Decimal(s.horizon),
            "request.age_days": Decimal((question.received - s.as_of).days),
            "request.findings": Decimal(len(s.findings)),
        }

    def of_stage(self, stage: Stage, supplier: Supplier | None) -> Facts:
        """Facts for planning parameters: a stage and one of its suppliers."""
        return {**self._stage_facts(stage), **_supplier_facts(supplier)}

    def of_order(self, order: JudgedOrder) -> Facts:
        """Facts for review, but for those of the plan."""
        stage, lane = self.stages[order.stage], self.lanes[order.lane]
        facts = self._stage_facts(stage)
        mean, _ = self.demands.get(stage.id, (_ZERO, _ZERO))
        quantity = decimal(order.quantity)
        return {
            **facts,
            **_supplier_facts(self.suppliers.get(lane.supplier)),
            "order.id": order.id,
            "order.kind": order.kind.value,
            "order.value": decimal(order.cost),
            "order.quantity": quantity,
            "order.lead_days": Decimal((order.due_date - order.order_date).days),
            "order.days_of_supply": round(quantity / mean, 6) if mean else None,
            "order.is_expedite": any(
                p.bucket < order.due_bucket or p.kind == "BACKORDER" for p in order.pegging
            ),
            "order.is_constrained": bool(order.binding),
        }

    def suppliers_of(self, stage: Stage) -> Iterator[Supplier]:
        """Suppliers of a stage, the preferred one first: by priority, then cost, then lane id."""
        lanes = sorted(
            self.purchases.get(stage.id, ()), key=lambda lane: (lane.priority, lane.unit_cost, lane.id)
        )
        seen: set[str] = set()
        for lane in lanes:
            if lane.supplier in self.suppliers and lane.supplier not in seen:
                seen.add(lane.supplier)
                yield self.suppliers[lane.supplier]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is odd about it: said by whoever made it, and found here."""
        return self.snapshot.findings + validate_snapshot(self.snapshot)

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Items by id."""
        return {item.id: item for item in self.snapshot.items}

    @cached_property
    def locations(self) -> Mapping[str, Location]:
        """Locations by id."""
        return {location.id: location for location in self.snapshot.locations}

    @cached_property
    def units(self) -> Units:
        """Conversion factors."""
        return Units(self.snapshot.conversions)

    @cached_property
    def suppliers(self) -> Mapping[str, Supplier]:
        """Suppliers by id."""
        return {supplier.id: supplier for supplier in self.snapshot.suppliers}

    @cached_property
    def stages(self) -> Mapping[str, Stage]:
        """Stages by id."""
        return {stage.id: stage for stage in self.snapshot.stages}

    @cached_property
    def lanes(self) -> Mapping[str, Lane]:
        """Lanes by id."""
        return {lane.id: lane for lane in self.snapshot.lanes}

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """Resources by id."""
        return {resource.id: resource for resource in self.snapshot.resources}

    @cached_property
    def purchases(self) -> Mapping[str, tuple[Lane, ...]]:
        """Purchase lanes by the stage they supply."""
        found: dict[str, list[Lane]] = {}
        for lane in self.snapshot.lanes:
            if lane.kind is LaneKind.PURCHASE:
                found.setdefault(lane.stage, []).append(lane)
        return {stage: tuple(lanes) for stage, lanes in found.items()}

    @cached_property
    def demands(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Mean demand per day and coefficient of variation per bucket, by stage."""
        return {d.stage: _demand_moments(d, self.snapshot.bucket_days) for d in self.snapshot.demands}

    @cached_property
    def _stage_cache(self) -> dict[str, Facts]:
        return {}

    def _stage_facts(self, stage: Stage) -> Mapping[str, Value]:
        if stage.id not in self._stage_cache:
            self._stage_cache[stage.id] = self._read_stage(stage)
        return self._stage_cache[stage.id]

    def _read_stage(self, stage: Stage) -> Facts:
        item, location = self.items[stage.item], self.locations[stage.location]
        mean, variation = self.demands.get(stage.id, (_ZERO, _ZERO))
        short = stage.backorders > 0 or (stage.min_stock is not None and stage.on_hand < stage.min_stock)
        return {
            "item.id": item.id,
            "item.abc": item.abc,
            "item.class": " ".join(f"{k}={v}" for k, v in sorted(item.classes.items())),
            "item.value": decimal(item.value),
            "location.id": location.id,
            "location.kind": location.kind.value,
            "location.region": location.region,
            "location.business_unit": location.business_unit,
            "demand.mean": mean,
            "demand.cv": variation,
            "stage.on_hand": decimal(stage.on_hand),
            "stage.is_short": short,
        }


def of_plan(gap: float, total_value: float, gave_way: int) -> Facts:
    """Facts of the plan as a whole, the same for every order of it."""
    return {
        "plan.gap": decimal(gap),
        "plan.total_value": decimal(round(total_value, 2)),  # cents: a sum of floats is not money
        "plan.gave_way": Decimal(gave_way),
    }


def _supplier_facts(supplier: Supplier | None) -> Facts:
    if supplier is None:
        return {"supplier.id": None, "supplier.risk": None, "supplier.is_active": None}
    return {
        "supplier.id": supplier.id,
        "supplier.risk": decimal(supplier.risk),
        "supplier.is_active": supplier.is_active,
    }


def _demand_moments(demand: Demand, bucket_days: int) -> tuple[Decimal, Decimal]:
    values = demand.mean or demand.history or _medians(demand)
    if not values or not sum(values):
        return _ZERO, _ZERO
    mean = sum(values) / len(values)
    if demand.std:
        deviation = sum(demand.std) / len(demand.std)
    else:
        deviation = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    return round(decimal(mean / bucket_days), 9), round(decimal(deviation / mean), 9)


def _medians(demand: Demand) -> tuple[float, ...]:
    """The quantile nearest the median, bucket by bucket."""
    if not demand.quantiles:
        return ()
    return min(demand.quantiles, key=lambda q: abs(q.probability - 0.5)).values
