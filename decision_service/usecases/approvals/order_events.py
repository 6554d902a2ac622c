"""Steps in the life of an order as entries of the log, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from audit import Entry
from decision_service.usecases import records


class Step(StrEnum):
    """Kinds of entries about one order."""

    SIGNED = "order-signed.v1"
    REJECTED = "order-rejected.v1"
    OVERRIDDEN = "order-overridden.v1"
    OVERRIDE_EXPIRED = "override-expired.v1"
    ESCALATED = "order-escalated.v1"
    LAPSED = "order-lapsed.v1"
    VOIDED = "order-voided.v1"
    CANCEL_REQUESTED = "order-cancel-requested.v1"
    COMPENSATION_OPENED = "order-compensation-opened.v1"
    ANNOTATED = "order-annotated.v1"
    SENT = "instruction-sent.v1"
    ANSWERED = "instruction-answered.v1"
    DEAD = "instruction-dead.v1"
    REVIVED = "instruction-revived.v1"

    @property
    def says(self) -> str:
        """The step in words."""
        return self.value.removesuffix(".v1").partition("-")[2].replace("-", " ")


STEPS = frozenset(step.value for step in Step)
MANY = "orders-rolled-back.v1"
"""One entry about many orders: a line each, the step it takes, its decision and its id."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is ordered: base units, days, lane and supplier, and what it costs."""

    quantity: float
    order_date: date
    due_date: date
    lane: str
    supplier: str
    cost: float

    def facts(self) -> dict[str, str]:
        """As an envelope holds it: no floats."""
        return {
            "quantity": repr(self.quantity),
            "order_date": self.order_date.isoformat(),
            "due_date": self.due_date.isoformat(),
            "lane": self.lane,
            "supplier": self.supplier,
            "cost": repr(self.cost),
        }


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One entry about one order."""

    step: Step
    decision: str
    order: str
    actor: str
    at: datetime
    facts: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A fact of the entry, empty where it is not stated."""
        return str(self.facts.get(name, ""))

    def terms(self) -> Terms:
        """The terms that the entry states."""
        day = date.fromisoformat
        return Terms(
            float(self.text("quantity")),
            day(self.text("order_date")),
            day(self.text("due_date")),
            self.text("lane"),
            self.text("supplier"),
            float(self.text("cost")),
        )


def events_of(entry: Entry) -> tuple[OrderEvent, ...]:
    """The steps that an entry records; none for entries about something else."""
    if entry.kind == MANY:
        e = records.envelope_of(entry)
        facts = {"rollback": e["rollback"], "reason": e["reason"]}
        return tuple(
            OrderEvent(Step(step), decision, order, e["actor"], entry.recorded_at, facts)
            for step, decision, order in (line.split(" ", 2) for line in e["orders"])
        )
    if entry.kind not in STEPS:
        return ()
    e = records.envelope_of(entry)
    return (OrderEvent(Step(entry.kind), e["decision"], e["order"], e["actor"], entry.recorded_at, e),)
