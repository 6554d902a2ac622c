"""The answers of the engine: safety stocks, planned orders, and what had to give way."""

from collections.abc import Sequence
from dataclasses import dataclass

from optimization.network import Finding
from optimization.report import SolveReport


@dataclass(frozen=True, slots=True)
class SafetyStock:
    """What one stage should hold; times in days, stocks in base units, cost per year."""

    stage: str
    service_time_in: float
    service_time_out: float
    net_replenishment_time: float
    safety_stock: float
    base_stock: float
    cost: float


@dataclass(frozen=True, slots=True)
class Placement:
    """Safety stocks of a network, with the proof."""

    stocks: tuple[SafetyStock, ...]
    report: SolveReport
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Pegging:
    """Part of an order's quantity and the need it serves (`DEMAND`, `ORDER`, `SAFETY_STOCK`, ...)."""

    kind: str
    stage: str
    bucket: int
    quantity: float
    order: str = ""


@dataclass(frozen=True, slots=True)
class BindingResource:
    """A resource without room left where this order uses it; `price` is money per unit of it."""

    resource: str
    bucket: int
    price: float


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """
    An order the plan proposes: quantity in base units, `lots` in lane units.

    `need` is the quantity before rounding, `rounding` what was applied to it in order, for
    example ``("minimum 50", "multiple 3")``. Order and due bucket count from `as_of`.
    """

    id: str
    lane: str
    stage: str
    quantity: float
    need: float
    order_bucket: int
    due_bucket: int
    cost: float
    rounding: tuple[str, ...] = ()
    pegging: tuple[Pegging, ...] = ()
    binding: tuple[BindingResource, ...] = ()


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A requirement that could not be kept: which rule, where, by how much, in which tier."""

    rule: str
    subject: str
    bucket: int
    amount: float
    tier: int
    message: str


@dataclass(frozen=True, slots=True)
class ReplenishmentPlan:
    """
    Orders, what gave way, the smallest set of requirements in conflict, and the proof.

    `orders` and `gave_way` may be made when they are read (`Rows`): read a row once where there are many.
    """

    orders: Sequence[PlannedOrder]
    gave_way: Sequence[GaveWay]
    conflicts: tuple[str, ...]
    report: SolveReport
    findings: tuple[Finding, ...] = ()
