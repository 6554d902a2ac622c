"""
What undoing means for one order: by where it truly stands, never a blind opposite order.

    REFERRED, APPROVED, changed but not told      VOID             nothing left the house
    told to the ERP, not yet shipped              CANCEL_REQUEST   the ERP says whether it comes in time
    SHIPPED                                       COMPENSATE       a person reduces the next order, moves or returns
    RECEIVED                                      ANNOTATE         it is stock now; the next plan counts it
    BLOCKED, REJECTED, VOID, CANCELLED, REFUSED   nothing
"""

from collections.abc import Iterable, Mapping
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
_KINDS: Mapping[OrderState, ActionKind] = {
    S.REFERRED: ActionKind.VOID,
    S.APPROVED: ActionKind.VOID,
    S.OVERRIDDEN: ActionKind.VOID,
    S.RELEASED: ActionKind.CANCEL_REQUEST,
    S.ACKNOWLEDGED: ActionKind.CANCEL_REQUEST,
    S.CHANGE_REQUESTED: ActionKind.CANCEL_REQUEST,
    S.SHIPPED: ActionKind.COMPENSATE,
    S.RECEIVED: ActionKind.ANNOTATE,
}


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
        end = ENDS[self.kind]
        return f"{int(version) + 1} {state if end is None else end}"

    def line(self, scope: int) -> str:
        """As the plan's artifact holds it, with the place of its scope in the list of scopes: no floats."""
        return f"{self.decision} {self.kind} {self.mark} {scope} {self.value!r} {self.cost!r} {self.order}"


def lines(actions: Iterable[Action]) -> tuple[list[str], list[str]]:
    """Actions as text, and the scopes that the lines count; a line each is quick to check and to hash."""
    places: dict[str, int] = {}
    found = [a.line(places.setdefault(a.scope, len(places))) for a in actions]
    return found, list(places)


def read_lines(written: Iterable[str], scopes: list[str]) -> tuple[Action, ...]:
    """Back from the artifact: ``read_lines(*lines(actions)) == actions``."""
    found = []
    for line in written:
        decision, kind, version, state, scope, value, cost, order = line.split(" ", 7)
        mark = f"{version} {state}"
        found.append(
            Action(decision, order, ActionKind(kind), mark, scopes[int(scope)], float(value), float(cost))
        )
    return tuple(found)


def action_for(order: Standing, rates: Rates) -> Action | None:
    """What undoing this order takes; None for nothing."""
    kind = _KINDS.get(order.state)
    if kind is None:
        return None
    if kind is ActionKind.VOID and order.is_told:  # an override of what the ERP knows
        kind = ActionKind.CANCEL_REQUEST
    cost = 0.0
    if kind is ActionKind.CANCEL_REQUEST:
        cost = round(order.value * rates.cancel, 2)
    elif order.rolled_back and kind is not ActionKind.VOID:
        return None
    elif kind is ActionKind.COMPENSATE:
        cost = round(order.value * rates.compensate, 2)
    mark = f"{order.version} {order.state}"
    return Action(order.decision, order.order, kind, mark, order.scope, order.value, cost)
