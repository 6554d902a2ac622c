"""
The guaranteed-service problem as data: what an analyst writes down before anything is computed.

A stage holds stock of one item at one place. It waits `SI` days for its inputs, needs `T` days
(processing and review), and promises its customers `S` days; what lies between is covered by
safety stock (Graves and Willems 2000). Times are days, demand is per day, costs are per unit.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from optimization.errors import InvalidNetworkError
from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.parameters import Pooling, TimeRounding

_Name = TypeVar("_Name")


@dataclass(frozen=True, slots=True)
class ExternalDemand:
    """
    Demand of customers outside the network.

    Parameters
    ----------
    mean, std
        Per day. Must be finite and >= 0.
    service_level
        Cycle service level or fill rate promised to these customers, never one for the other.
    safety_factor
        z itself, where the source gives no service level. Exactly one of the two is given.
    """

    mean: float
    std: float
    service_level: ServiceLevel | None = None
    safety_factor: float | None = None


@dataclass(frozen=True, slots=True)
class GsmStage:
    """
    One stage of the network.

    Parameters
    ----------
    name
        Unique in the problem.
    added_cost
        Cost added here per unit; the unit value cumulates over the suppliers.
    holding_value
        Value per unit that holding is charged on instead of the cumulated cost, if given.
    holding_rate
        Per year.
    external_service_time
        Days that suppliers outside the network make this stage wait: SI is at least this.
    max_service_time
        Longest promise, days; None = as long as it likes. Binding at demand stages.
    lead_time_std, lead_time_distribution
        How the stage's time varies: a deviation in days or ((days, probability), ...).
    min_stock, max_stock
        Corridor of the safety stock, units.
    cost_table
        Cost per year at net replenishment times 0, 1, 2, ... steps instead of holding x stock.
    volume
        Storage taken per unit of safety stock.
    capacity
        Units that can be made per day; None = unlimited.
    """

    name: str
    processing_time: float = 0.0
    review_period: float = 0.0
    added_cost: float = 0.0
    holding_value: float | None = None
    holding_rate: float = 1.0
    external_service_time: float = 0.0
    max_service_time: float | None = None
    demand: ExternalDemand | None = None
    lead_time_std: float = 0.0
    lead_time_distribution: tuple[tuple[float, float], ...] = ()
    min_stock: float = 0.0
    max_stock: float | None = None
    cost_table: tuple[float, ...] = ()
    volume: float = 0.0
    capacity: float | None = None

    def __post_init__(self) -> None:
        for name in _NON_NEGATIVE:
            value = getattr(self, name)
            if value is not None and not 0.0 <= value < math.inf:
                raise InvalidNetworkError(
                    f"stages[{self.name}].{name}",
                    f"`{value}` is not a finite number >= 0",
                    "correct the value",
                )
        if self.demand is not None:
            _check_demand(self.name, self.demand)
        if self.lead_time_distribution:
            _check_distribution(self.name, self.lead_time_distribution)
        if self.cost_table:
            _check_table(self.name, self.cost_table)
        if self.max_stock is not None and self.max_stock < self.min_stock:
            raise InvalidNetworkError(
                f"stages[{self.name}].max_stock", f"`{self.max_stock}` is below min_stock `{self.min_stock}`"
            )


@dataclass(frozen=True, slots=True)
class GsmArc:
    """`customer` consumes `quantity` units of `supplier` per unit."""

    supplier: str
    customer: str
    quantity: float = 1.0


@dataclass(frozen=True, slots=True)
class StorageLimit:
    """
    Storage that the safety stocks of several stages share.

    Parameters
    ----------
    volumes
        What a unit of each stage takes here; by default the stages' own `volume`.
    """

    name: str
    capacity: float
    stages: tuple[str, ...]
    volumes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class GsmProblem:
    """
    A network and the conventions to read it with.

    Parameters
    ----------
    time_scale
        Steps per day, used when `time_rounding` is `SCALED`.
    """

    stages: tuple[GsmStage, ...]
    arcs: tuple[GsmArc, ...] = ()
    pooling: Pooling = Pooling.PATHS
    time_rounding: TimeRounding = TimeRounding.CEIL
    time_scale: int = 1
    storage: tuple[StorageLimit, ...] = ()

    def __post_init__(self) -> None:
        names = {stage.name for stage in self.stages}
        if not names:
            raise InvalidNetworkError("stages", "the network is empty", "give at least one stage")
        if len(names) < len(self.stages):
            name = next(_repeated(stage.name for stage in self.stages))
            raise InvalidNetworkError("stages", f"stage `{name}` appears twice", "keep one")
        _check_arcs(self.arcs, names)
        _check_storage(self.storage, names)
        if self.time_scale < 1:
            raise InvalidNetworkError("time_scale", f"`{self.time_scale}` is not >= 1", "give steps per day")


_NON_NEGATIVE = (
    "processing_time",
    "review_period",
    "added_cost",
    "holding_value",
    "holding_rate",
    "external_service_time",
    "max_service_time",
    "lead_time_std",
    "min_stock",
    "max_stock",
    "volume",
    "capacity",
)


def _check_demand(stage: str, demand: ExternalDemand) -> None:
    field = f"stages[{stage}].demand"
    for name in ("mean", "std"):
        if not 0.0 <= (value := getattr(demand, name)) < math.inf:
            raise InvalidNetworkError(
                f"{field}.{name}", f"`{value}` is not a finite number >= 0", "correct it"
            )
    if (demand.service_level is None) == (demand.safety_factor is None):
        raise InvalidNetworkError(field, "exactly one of service_level and safety_factor is needed")
    if demand.safety_factor is not None and not 0.0 <= demand.safety_factor < math.inf:
        raise InvalidNetworkError(
            f"{field}.safety_factor", f"`{demand.safety_factor}` is not a finite number >= 0"
        )
    if demand.service_level is not None:
        check_service_level(f"stages[{stage}].service_level", demand.service_level)


def check_service_level(field: str, level: ServiceLevel) -> None:
    """Refuse targets that no finite, non-negative safety stock can mean."""
    if not 0.0 < level.target < 1.0:
        raise InvalidNetworkError(
            field, f"`{level.target}` is not strictly between 0 and 1", "0.95 means 95 per cent"
        )
    if level.kind is ServiceLevelKind.CYCLE and level.target < 0.5:
        raise InvalidNetworkError(
            field, f"cycle service level `{level.target}` asks for negative safety stock", "use at least 0.5"
        )


def _check_distribution(stage: str, distribution: tuple[tuple[float, float], ...]) -> None:
    field = f"stages[{stage}].lead_time_distribution"
    if any(not 0.0 <= days < math.inf or not 0.0 <= p <= 1.0 for days, p in distribution):
        raise InvalidNetworkError(field, "times must be finite and >= 0, probabilities in 0..1")
    if abs(math.fsum(p for _, p in distribution) - 1.0) > 1e-6:
        raise InvalidNetworkError(field, "probabilities do not sum to 1", "complete the distribution")


def _check_table(stage: str, table: tuple[float, ...]) -> None:
    falls = any(b < a for a, b in pairwise(table))
    if falls or not all(0.0 <= value < math.inf for value in table):
        raise InvalidNetworkError(
            f"stages[{stage}].cost_table", "must be finite, >= 0 and never fall", "sort it"
        )


def _check_arcs(arcs: tuple[GsmArc, ...], names: set[str]) -> None:
    if unknown := {end for arc in arcs for end in (arc.supplier, arc.customer)} - names:
        raise InvalidNetworkError("arcs", f"`{min(unknown)}` is not a stage", "add the stage or drop the arc")
    for arc in arcs:
        if not 0.0 < arc.quantity < math.inf:
            raise InvalidNetworkError(
                f"arcs[{arc.supplier},{arc.customer}].quantity",
                f"`{arc.quantity}` is not a finite number > 0",
            )
    if len({(arc.supplier, arc.customer) for arc in arcs}) < len(arcs):
        supplier, customer = next(_repeated((arc.supplier, arc.customer) for arc in arcs))
        raise InvalidNetworkError(
            "arcs", f"`{supplier}` to `{customer}` appears twice", "add up the quantities"
        )


def _check_storage(storage: tuple[StorageLimit, ...], names: set[str]) -> None:
    for limit in storage:
        if not 0.0 <= limit.capacity < math.inf:
            raise InvalidNetworkError(
                f"storage[{limit.name}].capacity", f"`{limit.capacity}` is not a finite number >= 0"
            )
        if limit.volumes and len(limit.volumes) != len(limit.stages):
            raise InvalidNetworkError(f"storage[{limit.name}].volumes", "one for every stage is needed")
        if not all(0.0 <= volume < math.inf for volume in limit.volumes):
            raise InvalidNetworkError(f"storage[{limit.name}].volumes", "must be finite and >= 0")
        for stage in limit.stages:
            if stage not in names:
                raise InvalidNetworkError(f"storage[{limit.name}].stages", f"`{stage}` is not a stage")


def _repeated(values: Iterable[_Name]) -> Iterator[_Name]:
    seen: set[_Name] = set()
    for value in values:
        if value in seen:
            yield value
        seen.add(value)
