"""The order book: where the state of every order is read; a follower of the log keeps it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from decision_service.usecases.approvals.order_record import INSTRUCTIONS, OrderRecord, OrderState

Ref = tuple[str, str]
"""Name of a decision and id of an order."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """
    All conditions given must hold; empty or None = any.

    Parameters
    ----------
    roles
        Charter roles that are asked now.
    supplier
        Of what the ERP was told last, or would be told.
    since, until
        When the decision was recorded: at or after, and before.
    first, last
        Places in the log of the decision, both included.
    is_standing
        Leave out what a later plan replaced.
    scopes
        What the caller's grant covers.
    """

    states: tuple[OrderState, ...] = ()
    roles: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    release: str = ""
    scope: str = ""
    item: str = ""
    supplier: str = ""
    since: datetime | None = None
    until: datetime | None = None
    first: int | None = None
    last: int | None = None
    min_value: float = 0.0
    scopes: tuple[str, ...] = ("*",)
    is_dead: bool = False
    is_standing: bool = False


@dataclass(frozen=True, slots=True)
class BookedOrder:
    """
    An order and what later plans say about it.

    Parameters
    ----------
    moved_by
        A later decision that planned the same stage anew while the order had not been handed over:
        that plan counts, this order is not to be signed or handed over; empty = the plan stands.
    """

    record: OrderRecord
    moved_by: str = ""


class Standing(NamedTuple):
    """
    An order in brief, for those who look at very many.

    Parameters
    ----------
    value
        What the ERP was told that it costs, or what it would be told; money.
    """

    decision: str
    order: str
    scope: str
    state: OrderState
    version: int
    is_told: bool
    value: float
    rolled_back: str


class InboxPlace(NamedTuple):
    """
    Where an order stands in the inbox: what the inbox is sorted by.

    Orders that are settled meanwhile neither hide others from who goes on from here nor show them twice.
    """

    deadline: float | None
    cost: float
    place: int
    order: str


def place_of(record: OrderRecord) -> InboxPlace:
    """Where an order stands in the inbox."""
    deadline = record.deadline.timestamp() if record.deadline else None
    return InboxPlace(deadline, record.terms.cost, record.index, record.order)


class OrderBook(Protocol):
    """States of all orders, as of the end of the log."""

    def get(self, refs: tuple[Ref, ...]) -> tuple[BookedOrder, ...]:
        """These orders, in this order; NotFoundError names the first that does not exist."""

    def list(
        self, wanted: OrderFilter, size: int, after: InboxPlace | None = None
    ) -> tuple[BookedOrder, ...]:
        """Orders, those with the nearest deadline first, then the most valuable; those after a place."""

    def each(self, wanted: OrderFilter) -> Iterator[OrderRecord]:
        """All orders that fit, in the order of the log."""

    def standings(self, wanted: OrderFilter) -> Iterator[Standing]:
        """As `each`, in brief."""

    def due(self, now: datetime, size: int) -> tuple[OrderRecord, ...]:
        """Orders whose timer has run out, the earliest first."""

    def outbox(
        self, now: datetime, size: int, scopes: tuple[str, ...], ahead: timedelta = timedelta(0)
    ) -> tuple[OrderRecord, ...]:
        """Orders with an instruction to hand out now, or to place within `ahead`; the oldest first."""


def retry_at(record: OrderRecord) -> datetime | None:
    """When the instruction of an order is to be handed out; None for none or a dead one."""
    if record.state not in INSTRUCTIONS:
        return None
    if record.delivery is None:
        return _ordering_day(record) if record.state is OrderState.APPROVED else record.since
    return None if record.delivery.is_dead else record.delivery.retry_at


def _ordering_day(record: OrderRecord) -> datetime:
    """A planned order is placed on its day, not before: until then a later plan may change it."""
    day = record.terms.order_date
    return max(record.since, datetime(day.year, day.month, day.day, tzinfo=record.since.tzinfo))


def visible(record: OrderRecord, scopes: tuple[str, ...]) -> bool:
    """Whether a grant covers an order."""
    return "*" in scopes or record.scope in scopes
