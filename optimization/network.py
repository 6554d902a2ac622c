"""
The supply network as the ERP knows it at `as_of`: the nouns of planning, in the ERP's terms.

Field names equal those of the protobuf message `decision_service.v1.Snapshot`; the comments
there state obligation, unit, range and default. Quantities are in the item's base unit unless a
`unit` stands beside them; money is in the snapshot's currency; days are calendar days. Values
here are only held, not judged: `optimization.validate` refuses what contradicts itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class LocationKind(StrEnum):
    """What a location is for."""

    SUPPLIER = "SUPPLIER"
    PLANT = "PLANT"
    DC = "DC"
    STORE = "STORE"
    CUSTOMER = "CUSTOMER"


class LaneKind(StrEnum):
    """How a lane supplies its stage."""

    PURCHASE = "PURCHASE"
    TRANSFER = "TRANSFER"
    PRODUCTION = "PRODUCTION"


class ResourceKind(StrEnum):
    """What a resource limits."""

    SUPPLIER = "SUPPLIER"
    PRODUCTION = "PRODUCTION"
    STORAGE = "STORAGE"
    TRANSPORT = "TRANSPORT"
    BUDGET = "BUDGET"


class DemandKind(StrEnum):
    """What happens to demand that is not met in its bucket."""

    BACKORDER = "BACKORDER"
    LOST_SALE = "LOST_SALE"


class Firmness(StrEnum):
    """How far an open order has gone; only `PROPOSED` may still be moved."""

    PROPOSED = "PROPOSED"
    FIRM = "FIRM"
    RELEASED = "RELEASED"
    IN_TRANSIT = "IN_TRANSIT"


class ServiceLevelKind(StrEnum):
    """Type 1 (no stock-out in a cycle) or type 2 (share of demand met from stock)."""

    CYCLE = "CYCLE"
    FILL_RATE = "FILL_RATE"


class LotBasis(StrEnum):
    """What an order group's pooled minimum counts."""

    QUANTITY = "QUANTITY"
    VALUE = "VALUE"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """A qualified service-level target, strictly between 0 and 1."""

    kind: ServiceLevelKind
    target: float


@dataclass(frozen=True, slots=True)
class Item:
    """A thing that is stocked; `unit` is its base unit of measure, `volume` m3 per unit."""

    id: str
    name: str = ""
    unit: str = "EA"
    volume: float = 0.0
    volume_class: str = ""
    value: float = 0.0
    abc: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)
    shelf_life_days: int | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days on which nothing is received or produced: weekdays 1 (Monday) .. 7, and holidays."""

    id: str
    closed_weekdays: tuple[int, ...] = ()
    holidays: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class StorageCapacity:
    """Cubic metres that a location can store of one volume class (empty: of everything)."""

    volume_class: str
    capacity: float


@dataclass(frozen=True, slots=True)
class Location:
    """A place; business unit and region scope which release governs it."""

    id: str
    name: str = ""
    kind: LocationKind = LocationKind.DC
    business_unit: str = ""
    region: str = ""
    calendar: str = ""
    storage: tuple[StorageCapacity, ...] = ()


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who sells; `risk` 0..1, measured lead time in days as the supplier performs it."""

    id: str
    name: str = ""
    is_active: bool = True
    risk: float = 0.0
    lead_time_mean: float | None = None
    lead_time_std: float | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """
    An item at a location that can hold stock.

    `added_cost` is the cost added here per unit (unit value = own + predecessors' values),
    `holding_rate` is per year, times are days. `cost_table` states instead what covering a net
    replenishment time of 0, 1, 2, ... days costs, money per year, never falling.
    """

    id: str
    item: str
    location: str
    added_cost: float = 0.0
    holding_rate: float | None = None
    processing_time: float = 0.0
    external_service_time: float = 0.0
    max_service_time: float | None = None
    service_level: ServiceLevel | None = None
    min_stock: float | None = None
    max_stock: float | None = None
    review_period: float = 0.0
    on_hand: float = 0.0
    backorders: float = 0.0
    cost_table: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """Units of another stage consumed per unit produced."""

    stage: str
    quantity: float


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """What an order on a lane takes from a resource: per unit ordered, and once per order."""

    resource: str
    per_unit: float = 0.0
    per_order: float = 0.0


@dataclass(frozen=True, slots=True)
class Lane:
    """
    One way to supply a stage.

    A purchase from `supplier`, a transfer from `source`, or production from `components`.
    Quantities (minimum, multiple, maximum) are in `unit`, empty = base unit.
    """

    id: str
    kind: LaneKind
    stage: str
    supplier: str = ""
    source: str = ""
    components: tuple[Component, ...] = ()
    lead_time: float = 0.0
    lead_time_std: float = 0.0
    lead_time_distribution: tuple[tuple[float, float], ...] = ()
    unit: str = ""
    unit_cost: float = 0.0
    fixed_cost: float = 0.0
    minimum: float = 0.0
    minimum_group: str = ""
    multiple: float = 0.0
    maximum: float | None = None
    priority: int = 0
    effective_from: date | None = None
    effective_to: date | None = None
    uses: tuple[ResourceUse, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderGroup:
    """A minimum pooled over all lanes of a supplier's order in one bucket."""

    id: str
    minimum: float
    basis: LotBasis = LotBasis.QUANTITY


@dataclass(frozen=True, slots=True)
class Resource:
    """
    A capacity per bucket, in its own unit.

    `capacities` overrides `capacity` bucket by bucket. `unit_size` > 0 makes it integer: the
    resource is bought in whole units (trucks) of that size at `unit_cost` each, at most
    `capacity` / `capacities` units a bucket. None = unlimited.
    """

    id: str
    kind: ResourceKind
    location: str = ""
    supplier: str = ""
    capacity: float | None = None
    capacities: tuple[float, ...] = ()
    unit_size: float = 0.0
    unit_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Quantile:
    """Demand at one probability, per bucket."""

    probability: float
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """
    External demand at a stage, per bucket from `as_of`; base units.

    Exactly one of `mean` (with `std`), `quantiles` or `history` (oldest first, one value per
    bucket before `as_of`). `penalty` is money per unit and day late (BACKORDER) or per unit lost.
    """

    stage: str
    kind: DemandKind = DemandKind.BACKORDER
    penalty: float | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    quantiles: tuple[Quantile, ...] = ()
    history: tuple[float, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An open order: `quantity` still to come, in `unit` (empty = base unit)."""

    id: str
    stage: str
    quantity: float
    due: date
    firmness: Firmness
    lane: str = ""
    unit: str = ""
    ordered: date | None = None


@dataclass(frozen=True, slots=True)
class UnitConversion:
    """1 `from_unit` = `factor` `to_unit`; `item` empty = holds for every item."""

    from_unit: str
    to_unit: str
    factor: float
    item: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Where the snapshot came from: a file or table, its digest and how many rows were read."""

    name: str
    digest: str
    rows: int
    contract: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Something in the data that could not be taken at its word, and what was done instead.

    `kind` is UPPER_SNAKE, `subject` the id concerned, `action` one of EXCLUDED, DEFAULTED,
    CAPPED, KEPT followed by detail, for example ``EXCLUDED: no order can be placed``.
    """

    kind: str
    subject: str
    message: str
    action: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the ERP knows at `as_of`, the first day of bucket 0."""

    as_of: date
    source: str = ""
    currency: str = "EUR"
    bucket_days: int = 7
    horizon: int = 26
    items: tuple[Item, ...] = ()
    locations: tuple[Location, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    stages: tuple[Stage, ...] = ()
    lanes: tuple[Lane, ...] = ()
    order_groups: tuple[OrderGroup, ...] = ()
    resources: tuple[Resource, ...] = ()
    demands: tuple[Demand, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    conversions: tuple[UnitConversion, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    findings: tuple[Finding, ...] = ()
