"""Orders as rows of the book, and back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from audit.entry import read_time
from decision_service.followers.order_book.tables import NUMBER
from decision_service.usecases.approvals.book import BookedOrder, retry_at
from decision_service.usecases.approvals.opening import Decided, Opening, opened
from decision_service.usecases.approvals.order_record import OrderRecord

_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(OrderRecord).decode
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

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


def microseconds(at: datetime) -> int:
    """Since 1970: times of the log are whole ones, which a sum of fractions would miss."""
    since = at - _EPOCH  # by hand in two thirds of the time of a division
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def begun(outcome: int, opening: Opening) -> Iterator[tuple[Any, ...]]:
    """Rows of what orders have in common whose decisions reached an outcome of this number."""
    for number, r in enumerate(opening.begun, outcome << NUMBER):
        wait = timedelta(days=r.wait_days) // _MICROSECOND if r.wait_days else None
        retry, terms = retry_at(r), r.terms
        yield (
            number, outcome, r.order, r.stage, r.item, r.state.value, r.asked, terms.cost, terms.supplier, wait,
            retry.timestamp() if retry else None, _write(r),
        )  # fmt: skip


# Seconds, from whole microseconds: rounded once, as `timestamp` does.
_AT, _DEADLINE = "opened.moment / 1e6", "(opened.moment + begun.wait) / 1e6"
_KEY = f"(opened.place << {NUMBER}) + begun.key - (begun.outcome << {NUMBER})"
OPEN = (
    f"INSERT INTO orders SELECT {_KEY}, begun.key, scope, {_DEADLINE}, {_DEADLINE}, max({_AT}, placed), id, stage, "  # noqa: S608 - constants of ours
    "item, state, asked, cost, 0, '', 0, 0, cost, '', supplier, NULL FROM opened CROSS JOIN begun "
    f"ON begun.key >= opened.outcome << {NUMBER} AND begun.key < (opened.outcome + 1) << {NUMBER} "
    "WHERE opened.place >= ?"
)
"""
Orders of the decisions from a place of the log on: the ERP was not told, no later plan replaced them and nothing
happened to them. One statement for all, because what it costs to begin one is more than what a row costs.
"""


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
