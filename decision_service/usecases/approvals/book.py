"""The order book: where the state of orders is read. Kept by a follower, or in memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from audit import Ledger, canonical
from decision_service.decision import Outcome
from decision_service.errors import NotFoundError
from decision_service.usecases import records
from decision_service.usecases.approvals.opening import open_orders
from decision_service.usecases.approvals.order_events import event_of
from decision_service.usecases.approvals.order_state import INSTRUCTIONS, OrderRecord, OrderState, follow

Ref = tuple[str, str]
"""Name of a decision and id of an order."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """All conditions given must hold; empty = any."""

    states: tuple[OrderState, ...] = ()
    roles: tuple[str, ...] = ()
    decision: str = ""
    min_value: float = 0.0
    scopes: tuple[str, ...] = ("*",)
    is_dead: bool = False


@dataclass(frozen=True, slots=True)
class BookedOrder:
    """
    An order and what later plans say about it.

    Parameters
    ----------
    moved_by
        A later decision that plans the same stage otherwise; empty = the plan stands.
    """

    record: OrderRecord
    moved_by: str = ""


class OrderBook(Protocol):
    """States of all orders, as of the end of the log."""

    def get(self, refs: tuple[Ref, ...]) -> tuple[BookedOrder, ...]:
        """These orders, in this order; NotFoundError names the first that does not exist."""

    def list(self, wanted: OrderFilter, size: int, offset: int) -> tuple[BookedOrder, ...]:
        """Orders, those with the nearest deadline first, then the most valuable."""

    def due(self, now: datetime, size: int) -> tuple[OrderRecord, ...]:
        """Orders whose timer has run out."""

    def outbox(self, now: datetime, size: int, scopes: tuple[str, ...]) -> tuple[OrderRecord, ...]:
        """Orders with an instruction to hand out now, the oldest first."""


class MemoryBook:
    """The order book of a log, computed anew for every question: small logs, and tests of the other one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all(self) -> dict[Ref, BookedOrder]:
        """Every order of the log."""
        found: dict[Ref, BookedOrder] = {}
        for entry in self._ledger.scan():
            if entry.kind == records.DECISION:
                content = self._ledger.artifact(records.envelope_of(entry)["outcome_digest"]).content
                opened = open_orders(entry, canonical.decode_object(content, Outcome))
                for moved in moved_orders((b.record for b in found.values()), opened):
                    ref = moved.decision, moved.order
                    found[ref] = BookedOrder(moved, opened[0].decision)
                found.update({(o.decision, o.order): BookedOrder(o) for o in opened})
            elif event := event_of(entry):
                booked = found[event.decision, event.order]
                after = follow(booked.record, event)
                found[event.decision, event.order] = BookedOrder(after, booked.moved_by)
        return found

    def get(self, refs: tuple[Ref, ...]) -> tuple[BookedOrder, ...]:
        """These orders, in this order."""
        known = self.all()
        for ref in refs:
            if ref not in known:
                raise NotFoundError("order", f"{ref[0]}/orders/{ref[1]}")
        return tuple(known[ref] for ref in refs)

    def list(self, wanted: OrderFilter, size: int, offset: int) -> tuple[BookedOrder, ...]:
        """Orders, the most urgent first."""
        fitting = [b for b in self.all().values() if _fits(b.record, wanted)]
        fitting.sort(key=lambda b: urgency(b.record))
        return tuple(fitting[offset : offset + size])

    def due(self, now: datetime, size: int) -> tuple[OrderRecord, ...]:
        """Orders whose timer has run out."""
        waiting = [b.record for b in self.all().values() if b.record.due and b.record.due <= now]
        return tuple(sorted(waiting, key=lambda r: (r.due, r.decision, r.order))[:size])

    def outbox(self, now: datetime, size: int, scopes: tuple[str, ...]) -> tuple[OrderRecord, ...]:
        """Orders with an instruction to hand out now."""
        due = [
            b.record
            for b in self.all().values()
            if b.record.state in INSTRUCTIONS
            and ("*" in scopes or b.record.scope in scopes)
            and (retry := retry_at(b.record))
            and retry <= now
        ]
        return tuple(sorted(due, key=lambda r: (retry_at(r), r.decision, r.order))[:size])


def retry_at(record: OrderRecord) -> datetime | None:
    """When the instruction of an order is to be handed out; None for none or a dead one."""
    if record.state not in INSTRUCTIONS:
        return None
    if record.delivery is None:
        return record.since
    return None if record.delivery.is_dead else record.delivery.retry_at


def urgency(record: OrderRecord) -> tuple[bool, float, float, str, str]:
    """Sort key: the nearest deadline first, then the most valuable."""
    at = record.deadline.timestamp() if record.deadline else 0.0
    return (record.deadline is None, at, -record.terms.cost, record.decision, record.order)


def moved_orders(earlier: Iterable[OrderRecord], opened: tuple[OrderRecord, ...]) -> tuple[OrderRecord, ...]:
    """
    Orders not yet handed over that a newer decision of the same scope plans otherwise.

    A plan replaces the proposals of the plan before for the stages it orders for; an order that the new plan
    repeats, with the same lane, quantity and day, has not moved.
    """
    if not opened:
        return ()
    scope, stages = opened[0].scope, {o.stage for o in opened}
    repeated = {(o.stage, o.recommended.lane, o.recommended.quantity, o.recommended.due_date) for o in opened}
    undelivered = (OrderState.REFERRED, OrderState.OVERRIDDEN, OrderState.APPROVED)
    return tuple(
        o
        for o in earlier
        if o.state in undelivered
        and o.scope == scope
        and o.stage in stages
        and (o.stage, o.recommended.lane, o.recommended.quantity, o.recommended.due_date) not in repeated
    )


def _fits(record: OrderRecord, wanted: OrderFilter) -> bool:
    return (
        (not wanted.states or record.state in wanted.states)
        and (not wanted.roles or record.asked in wanted.roles)
        and wanted.decision in ("", record.decision)
        and record.terms.cost >= wanted.min_value
        and ("*" in wanted.scopes or record.scope in wanted.scopes)
        and (not wanted.is_dead or (record.delivery is not None and record.delivery.is_dead))
    )


def visible(record: OrderRecord, scopes: tuple[str, ...]) -> bool:
    """Whether a grant covers an order."""
    return "*" in scopes or record.scope in scopes
