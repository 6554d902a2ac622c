"""
What an override was worth, where the outcome is known.

    net      stock on hand less backorders, at the first look on or after the day the goods were due
    instead  net - ordered + recommended: what would stand there, had the recommendation been taken
    cost(x)  h max(x, 0) + p max(-x, 0), money a day
    worth    cost(instead) - cost(net): positive where the person was right

The outcome is known when the changed quantity was received and a later snapshot of the log shows the
stage. It is not known where the change was to day or lane only (by then both would have arrived),
and where a shortage has no price: lost sales leave no trace in stock, inner stages have no demand.
Orders that followed may have made good some of the difference, so it is an estimate, on the low side.
"""

from dataclasses import dataclass
from datetime import date

from decision_service.usecases.approvals.order_record import OrderRecord, OrderState
from optimization.network import DemandKind, Snapshot
from optimization.parameters import PlanningParameters

_YEAR = 365.0  # days


@dataclass(frozen=True, slots=True)
class Look:
    """
    A stage as a snapshot saw it.

    Parameters
    ----------
    net
        On hand less backorders, base units.
    holding, shortage
        Money per unit and day; None = a shortage has no price here.
    """

    as_of: date
    net: float
    holding: float
    shortage: float | None


def look_at(snapshot: Snapshot, stage: str, unit_value: float, parameters: PlanningParameters) -> Look | None:
    """The stage in a snapshot; None where it has none of that name."""
    seen = next((s for s in snapshot.stages if s.id == stage), None)
    if seen is None:
        return None
    rate = parameters.holding_rate if seen.holding_rate is None else seen.holding_rate
    demand = next((d for d in snapshot.demands if d.stage == stage), None)
    shortage = None
    if demand is not None and demand.kind is DemandKind.BACKORDER:
        shortage = parameters.backorder_penalty * unit_value if demand.penalty is None else demand.penalty
    return Look(snapshot.as_of, seen.on_hand - seen.backorders, rate * unit_value / _YEAR, shortage)


def known_from(record: OrderRecord) -> date | None:
    """The day from which a look at the stage tells what the override was worth; None = none ever will."""
    if record.state is not OrderState.RECEIVED or not record.was_overridden or record.told is None:
        return None
    if record.told.quantity == record.recommended.quantity:
        return None
    return max(record.told.due_date, record.recommended.due_date)


def worth(record: OrderRecord, look: Look) -> float | None:
    """Money a day; None where a shortage would have to be priced and cannot."""
    if record.told is None:
        return None
    instead = look.net - record.told.quantity + record.recommended.quantity
    before, after = _cost(instead, look), _cost(look.net, look)
    return None if before is None or after is None else before - after


def _cost(net: float, look: Look) -> float | None:
    if net >= 0:
        return look.holding * net
    return None if look.shortage is None else -net * look.shortage
