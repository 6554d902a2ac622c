"""
What undoing means for one order: by where it truly stands, never a blind opposite order.

    REFERRED, APPROVED, changed but not told      VOID             nothing left the house
    told to the ERP, not yet shipped              CANCEL_REQUEST   the ERP says whether it comes in time
    SHIPPED                                       COMPENSATE       a person reduces the next order, moves or returns
    RECEIVED                                      ANNOTATE         it is stock now; the next plan counts it
    BLOCKED, REJECTED, VOID, CANCELLED, REFUSED   nothing
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from decision_service.usecases.approvals.book import Standing
from decision_service.usecases.approvals.order_events import Step
from decision_service.usecases.approvals.order_record import OrderState

S = OrderState


class ActionKind(StrEnum):
    """What is done to an order."""

    VOID = "VOID"
    CANCEL_REQUEST = "CANCEL_REQUEST"
    COMPENSATE = "COMPENSATE"
    ANNOTATE = "ANNOTATE"


STEPS: Mapping[ActionKind, Step] = {
    ActionKind.VOID: Step.VOIDED,
    ActionKind.CANCEL_REQUEST: Step.CANCEL_REQUESTED,
    ActionKind.COMPENSATE: Step.COMPENSATION_OPENED,
    ActionKind.ANNOTATE: Step.ANNOTATED,
}
ENDS: Mapping[ActionKind, OrderState | None] = {
    ActionKind.VOID: S.VOID,
    ActionKind.CANCEL_REQUEST: S.CANCEL_REQUESTED,
    ActionKind.COMPENSATE: None,
    ActionKind.ANNOTATE: None,
}
"""The state after it; None = as before."""


@dataclass(frozen=True, slots=True)
class Rates:
    """
    What undoing costs, as shares of an order's value; estimates that stand in the plan.

    Parameters
    ----------
    cancel
        Fee of a cancellation.
    compensate
        Cost of moving, returning or holding goods that are on their way.
    """

    cancel: float = 0.02
    compensate: float = 0.10


class Action(NamedTuple):
    """
    One order of a plan.

    Parameters
    ----------
    mark
        Version and state that the action was planned for; it is done for no other.
    value, cost
        What the order is worth, and what undoing it is estimated to cost; money.
    """

    decision: str
    order: str
    kind: ActionKind
    mark: str
    scope: str
    value: float
    cost: float

    @property
    def pointer(self) -> str:
        """The pointer that holds the version of the order."""
        return f"order/{self.decision}/{self.order}"

    @property
    def mark_after(self) -> str:
        """Version and state once it is done."""
        version, _, state = self.mark.partition(" ")
        return f"{int(version) + 1} {ENDS[self.kind] or state}"

    def row(self) -> list[str]:
        """As the plan's artifact holds it: no floats."""
        return [
            self.decision,
            self.order,
            self.kind.value,
            self.mark,
            self.scope,
            repr(self.value),
            repr(self.cost),
        ]


def read_action(row: list[str]) -> Action:
    """Back from the artifact: ``read_action(a.row()) == a``."""
    decision, order, kind, mark, scope, value, cost = row
    return Action(decision, order, ActionKind(kind), mark, scope, float(value), float(cost))


def action_for(order: Standing, rates: Rates) -> Action | None:
    """What undoing this order takes; None for nothing."""
    kind = _kind(order)
    if kind is None:
        return None
    rate = {ActionKind.CANCEL_REQUEST: rates.cancel, ActionKind.COMPENSATE: rates.compensate}.get(kind, 0.0)
    mark = f"{order.version} {order.state}"
    return Action(
        order.decision, order.order, kind, mark, order.scope, order.value, round(order.value * rate, 2)
    )


def _kind(order: Standing) -> ActionKind | None:
    match order.state:
        case S.REFERRED | S.APPROVED:
            return ActionKind.VOID
        case S.OVERRIDDEN:
            return ActionKind.CANCEL_REQUEST if order.is_told else ActionKind.VOID
        case S.RELEASED | S.ACKNOWLEDGED | S.CHANGE_REQUESTED:
            return ActionKind.CANCEL_REQUEST
        case S.SHIPPED:
            return None if order.rolled_back else ActionKind.COMPENSATE
        case S.RECEIVED:
            return None if order.rolled_back else ActionKind.ANNOTATE
        case _:
            return None
