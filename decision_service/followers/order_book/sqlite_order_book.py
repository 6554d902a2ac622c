"""
The order book in a SQLite file of this process.

A cache, rebuilt whenever it is missing or of another schema; it lags until someone asks, then catches up.
What is true stands in the log: a step is refused there when the book was behind.
"""

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from audit import Entry, Ledger
from audit.entry import Record, entry_of
from decision_service.errors import NotFoundError
from decision_service.followers.following import Following
from decision_service.followers.order_book.batch import Batch
from decision_service.followers.order_book.conditions import OF_ORDERS, where, within
from decision_service.followers.order_book.orders import BOOKED, CHANGE, booked, changed
from decision_service.followers.order_book.tables import NUMBER, connect, prepared
from decision_service.followers.reading import Chunk, Decided
from decision_service.usecases.approvals.book import BookedOrder, InboxPlace, OrderFilter, Ref, Standing
from decision_service.usecases.approvals.order_events import MANY, STEPS, events_of
from decision_service.usecases.approvals.order_record import OrderRecord, OrderState
from decision_service.usecases.approvals.order_state import follow

_TOGETHER = 32  # entries whose outcomes are read at one look; one may have megabytes

_STEPS = frozenset({MANY, *STEPS})
_BEGUN = "CROSS JOIN begun ON begun.key = orders.begun"
_FIND = (
    f"SELECT orders.key, {BOOKED} FROM opened CROSS JOIN begun ON begun.outcome = opened.outcome "  # noqa: S608 - constants of ours
    f"CROSS JOIN orders ON orders.key = (opened.place << {NUMBER}) + begun.key - (begun.outcome << {NUMBER}) "
    "WHERE opened.decision = ? AND begun.id = ?"
)
_STATES = {state.value: state for state in OrderState}


class SqliteOrderBook:
    """The order book in a file, or in memory; thread-safe."""

    def __init__(self, ledger: Ledger, file: str, following: Following | None = None) -> None:
        self._ledger = ledger
        self._following = following or Following(ledger)
        self.lock = threading.RLock()
        self._connection = connect(file)
        self._batch = Batch(ledger, self._connection)
        self.position = prepared(self._connection, ledger.size)
        self._following.join(self)

    # --- reading -----------------------------------------------------------------------------

    def get(self, refs: tuple[Ref, ...]) -> tuple[BookedOrder, ...]:
        """
        These orders, in this order.

        Raises
        ------
        NotFoundError
            There is none of that name.
        """
        with self.lock:
            self.catch_up()
            return tuple(self._get(ref)[1] for ref in refs)

    def list(
        self, wanted: OrderFilter, size: int, after: InboxPlace | None = None
    ) -> tuple[BookedOrder, ...]:
        """Orders, those with the nearest deadline first, then the most valuable; those after a place."""
        with self.lock:
            self.catch_up()
            source, condition, values = where(self._ledger, wanted)
            if after is not None:
                condition += f" AND (deadline IS NULL, coalesce(deadline, 0), -orders.cost, orders.key >> {NUMBER}, orders.id) > (?, ?, ?, ?, ?)"
                is_open = after.deadline is None
                values = (*values, is_open, after.deadline or 0.0, -after.cost, after.place, after.order)
            inbox = "ORDER BY deadline IS NULL, deadline, orders.cost DESC, orders.key"
            keys = f"SELECT orders.key FROM {source} WHERE {condition} {inbox} LIMIT ?"  # noqa: S608 - conditions are ours, values are bound
            query = f"SELECT {BOOKED} FROM {OF_ORDERS} {_BEGUN} WHERE orders.key IN ({keys}) {inbox}"  # noqa: S608 - as above
            return tuple(booked(*row) for row in self._connection.execute(query, (*values, size)))

    def each(self, wanted: OrderFilter) -> Iterator[OrderRecord]:
        """All orders that fit, in the order of the log."""
        with self.lock:
            self.catch_up()
            source, condition, values = where(self._ledger, wanted)
            query = (
                f"SELECT {BOOKED} FROM {source} {_BEGUN} WHERE {condition} ORDER BY opened.place, orders.key"  # noqa: S608 - as above
            )
            rows = self._connection.execute(query, values).fetchall()
        return (booked(*row).record for row in rows)

    def standings(self, wanted: OrderFilter) -> Iterator[Standing]:
        """As `each`, in brief."""
        with self.lock:
            self.catch_up()
            source, condition, values = where(self._ledger, wanted)
            query = (
                "SELECT opened.decision, orders.id, orders.scope, state, version, is_told, value, rolled_back "  # noqa: S608 - as above
                f"FROM {source} WHERE {condition} ORDER BY opened.place, orders.key"
            )
            rows = self._connection.execute(query, values).fetchall()
        for decision, order, scope, state, version, is_told, value, rolled_back in rows:
            yield Standing(decision, order, scope, _STATES[state], version, is_told, value, rolled_back)

    def due(self, now: datetime, size: int) -> tuple[OrderRecord, ...]:
        """Orders whose timer has run out, the earliest first."""
        return self._first("due <= ? AND moved_by = '' ORDER BY due, orders.key", (now.timestamp(), size))

    def outbox(
        self, now: datetime, size: int, scopes: tuple[str, ...], ahead: timedelta = timedelta(0)
    ) -> tuple[OrderRecord, ...]:
        """Orders with an instruction to hand out now, or to place within `ahead`; the oldest first."""
        condition, values = within(scopes)
        condition = (
            "retry <= ? AND (orders.state = 'APPROVED' OR retry <= ?) "
            "AND (moved_by = '' OR orders.state <> 'APPROVED') "
            f"AND {condition} ORDER BY retry, orders.key"
        )
        return self._first(condition, ((now + ahead).timestamp(), now.timestamp(), *values, size))

    def _first(self, condition: str, values: tuple[Any, ...]) -> tuple[OrderRecord, ...]:
        """As many as the last of the values says."""
        with self.lock:
            self.catch_up()
            query = f"SELECT {BOOKED} FROM {OF_ORDERS} {_BEGUN} WHERE {condition} LIMIT ?"  # noqa: S608 - as above
            return tuple(booked(*row).record for row in self._connection.execute(query, values))

    # --- following ---------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Read what was logged since the cursor."""
        with self.lock:
            self._following.bring(self)

    def close(self) -> None:
        """Let the file go."""
        with self.lock:
            self._connection.close()

    def follow(self, chunk: Chunk) -> None:
        """Take in what comes next, all of it or, if this process dies, none, and move on."""
        self._connection.execute("BEGIN")
        try:
            for first in range(0, len(chunk.entries), _TOGETHER):
                self._read(chunk.entries[first : first + _TOGETHER])
            self._batch.write()
            self._connection.execute("UPDATE cursor SET position = ?", (chunk.stop,))
            self._connection.execute("COMMIT")
        except BaseException:
            self._forget()
            raise
        self.position = chunk.stop

    def _forget(self) -> None:
        """Undo a batch."""
        self._batch.forget()
        if self._connection.in_transaction:  # a full disk ends it by itself
            self._connection.execute("ROLLBACK")

    def _read(self, entries: Sequence[Decided | Record]) -> None:
        self._batch.expect([entry for entry in entries if isinstance(entry, Decided)])
        for entry in entries:
            if isinstance(entry, Decided):
                self._batch.add(entry)
            elif entry.kind in _STEPS:
                self._step(entry_of(entry))

    def _step(self, entry: Entry) -> None:
        self._batch.write()
        after = []
        for event in events_of(entry):
            key, before = self._get((event.decision, event.order))
            after.append((*changed(follow(before.record, event)), key))
        self._connection.executemany(CHANGE, after)

    def _get(self, ref: Ref) -> tuple[int, BookedOrder]:
        """An order and its key."""
        found = self._connection.execute(_FIND, ref).fetchone()
        if found is None:
            raise NotFoundError("order", f"{ref[0]}/orders/{ref[1]}")
        key, *row = found
        return key, booked(*row)
