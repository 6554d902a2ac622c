"""Planning parameters: what a release fixes, and what rules may change per item or stage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.report import SolveLimits


class Pooling(StrEnum):
    """How demand variation of several customers adds up at a shared supplier."""

    PATHS = "PATHS"  # exact path counts
    LOCAL = "LOCAL"  # direct successors only


class TimeRounding(StrEnum):
    """How fractional stage times become whole days."""

    CEIL = "CEIL"
    NEAREST = "NEAREST"
    SCALED = "SCALED"


class RoundingStep(StrEnum):
    """One step from need to order quantity."""

    MINIMUM = "MINIMUM"
    MULTIPLE = "MULTIPLE"
    MAXIMUM = "MAXIMUM"


@dataclass(frozen=True, slots=True)
class StageParameters:
    """What rules said about one stage; None = the release's default holds."""

    service_level: ServiceLevel | None = None
    lead_time_std_factor: float | None = None  # multiplies lanes' lead-time deviation
    safety_stock_factor: float | None = None
    is_frozen: bool = False  # no order may be planned for it
    excluded_suppliers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanningParameters:
    """
    Defaults and conventions of a release.

    Parameters
    ----------
    holding_rate
        Money per money tied up and year.
    backorder_penalty, lost_sale_penalty
        Money per unit of money's worth: a multiple of the item's value, per day late / per unit.
    shortfall_penalty
        Multiple of an item's daily holding cost per unit and day below safety stock.
    frozen_buckets
        Buckets from `as_of` in which no new order may be placed.
    rounding
        Order in which need becomes quantity; recorded on every order.
    counts_proposed_receipts
        Whether open orders that are only proposed count as supply; if not, they are planned anew.
    conflict_rounds
        How often the losers of conflicts between orders may be planned anew, 0 to 10; what is not
        settled by then goes to a person.
    """

    service_level: ServiceLevel = ServiceLevel(ServiceLevelKind.CYCLE, 0.95)
    holding_rate: float = 0.25
    pooling: Pooling = Pooling.PATHS
    time_rounding: TimeRounding = TimeRounding.CEIL
    time_scale: int = 1
    default_max_service_time: float = 0.0
    backorder_penalty: float = 0.02
    lost_sale_penalty: float = 1.0
    shortfall_penalty: float = 4.0
    frozen_buckets: int = 0
    rounding: tuple[RoundingStep, ...] = (RoundingStep.MINIMUM, RoundingStep.MULTIPLE, RoundingStep.MAXIMUM)
    counts_proposed_receipts: bool = True
    conflict_rounds: int = 2
    stages: Mapping[str, StageParameters] = field(default_factory=dict)
    safety_stock_limits: SolveLimits = SolveLimits(nodes=500, gap=1e-9)
    order_limits: SolveLimits = SolveLimits()
