"""Orders as rows of the book, and back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from audit.entry import read_time
from decision_service.followers.order_book.tables import NUMBER
from decision_service.usecases.approvals.book import BookedOrder, retry_at
from decision_service.usecases.approvals.opening import Decided, Opening, opened
from decision_service.usecases.approvals.order_record import OrderRecord

_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(OrderRecord).decode

BOOKED = (
    "orders.record, begun.facts, opened.decision, opened.recorded, opened.place, orders.scope, "
    "opened.snapshot, opened.release, orders.moved_by"
)
"""The columns of `booked`."""


def booked(record: bytes | None, begun: bytes, *decided: Any) -> BookedOrder:
    """An order as its row tells: as it stands, or as it was opened when nothing happened to it since."""
    name, recorded, place, scope, snapshot, release, moved_by = decided
    if record is not None:
        return BookedOrder(_read(record), moved_by)
    by = Decided(name, read_time(recorded), place, scope, snapshot, release)
    return BookedOrder(opened(_read(begun), by), moved_by)


class OpenedOrders:
    """
    Rows of the orders of an outcome, as decisions open them.

    Parameters
    ----------
    outcome
        Its number in the book.
    stages
        Those whose earlier proposals a plan of it replaces.
    """

    def __init__(self, outcome: int, opening: Opening) -> None:
        self.outcome, self.stages = outcome, opening.stages
        self._begun, self.has_orders = opening.begun, bool(opening.begun)
        self._orders = tuple(
            (number, (outcome << NUMBER) + number, _wait(begun), _placed(begun), _static(begun))
            for number, begun in enumerate(opening.begun)
        )

    def begun(self) -> Iterator[tuple[int, int, str, bytes]]:
        """Rows of what their decisions have in common."""
        for (_, key, *_), begun in zip(self._orders, self._begun, strict=True):
            yield key, self.outcome, begun.order, _write(begun)

    def orders(self, place: int, scope: str, at: datetime) -> list[tuple[Any, ...]]:
        """Rows of the orders that a decision at this place of the log opened, for `OPEN`."""
        first, moment, rows = place << NUMBER, at.timestamp(), []
        for number, begun, wait, placed, static in self._orders:
            deadline = (at + wait).timestamp() if wait else None
            retry = None if placed is None else max(moment, placed)
            rows.append((first + number, begun, scope, deadline, deadline, retry, *static))
        return rows


OPEN = "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, 0, ?, '', ?, NULL)"
"""Of an order of which the ERP was not told, that no later plan replaced and nothing happened to."""


def _wait(begun: OrderRecord) -> timedelta | None:
    return timedelta(days=begun.wait_days) if begun.wait_days else None


def _placed(begun: OrderRecord) -> float | None:
    """From when an approved order may be handed over, unless it is opened later; None for one that is not."""
    retry = retry_at(begun)
    return retry.timestamp() if retry else None


def _static(begun: OrderRecord) -> tuple[Any, ...]:
    """The columns that the outcome tells."""
    terms = begun.terms
    return (
        begun.order, begun.stage, begun.item, begun.state.value, begun.asked, terms.cost, terms.cost,
        terms.supplier,
    )  # fmt: skip


def changed(r: OrderRecord) -> tuple[Any, ...]:
    """The columns that steps change."""
    retry = retry_at(r)
    return (
        r.deadline.timestamp() if r.deadline else None,
        r.due.timestamp() if r.due else None,
        retry.timestamp() if retry else None,
        r.state.value,
        r.asked if r.is_waiting else "",
        r.terms.cost,
        int(r.delivery is not None and r.delivery.is_dead),
        r.version,
        r.told is not None,
        (r.told or r.terms).cost,
        r.rolled_back,
        (r.told or r.terms).supplier,
        _write(r),
    )


CHANGE = (
    "UPDATE orders SET deadline = ?, due = ?, retry = ?, state = ?, asked = ?, cost = ?, is_dead = ?, "
    "version = ?, is_told = ?, value = ?, rolled_back = ?, supplier = ?, record = ? WHERE key = ?"
)
"""Takes what `changed` says, and the key."""
