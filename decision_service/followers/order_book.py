"""
The order book: the state of every order, followed from the log.

A cache in a SQLite file of this process, rebuilt whenever it is missing or of another schema; it
lags until someone asks, then catches up. What is true stands in the log: a step is refused there
when the book was behind.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import orjson
from cachetools import LRUCache

from audit import Entry, Ledger, canonical
from decision_service.decision import Outcome
from decision_service.errors import NotFoundError
from decision_service.usecases import records
from decision_service.usecases.approvals.book import (
    BookedOrder,
    InboxPlace,
    OrderFilter,
    Ref,
    Standing,
    retry_at,
)
from decision_service.usecases.approvals.opening import Opening
from decision_service.usecases.approvals.order_events import MANY, STEPS, events_of
from decision_service.usecases.approvals.order_record import UNDELIVERED, OrderRecord, OrderState
from decision_service.usecases.approvals.order_state import follow

SCHEMA = 4
BATCH = 1000
_OUTCOMES = 32  # whose orders are kept as they begin

_LIVE = f"moved_by = '' AND state IN ({', '.join(sorted(repr(s.value) for s in UNDELIVERED))})"
_TABLES = f"""
CREATE TABLE IF NOT EXISTS cursor (id INTEGER PRIMARY KEY, schema_version INTEGER, position INTEGER);
CREATE TABLE IF NOT EXISTS orders (
    decision TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, recorded REAL NOT NULL,
    release TEXT NOT NULL, scope TEXT NOT NULL, stage TEXT NOT NULL, item TEXT NOT NULL,
    state TEXT NOT NULL, asked TEXT NOT NULL, cost REAL NOT NULL, deadline REAL, due REAL,
    retry REAL, is_dead INTEGER NOT NULL, moved_by TEXT NOT NULL, version INTEGER NOT NULL,
    is_told INTEGER NOT NULL, value REAL NOT NULL, rolled_back TEXT NOT NULL, supplier TEXT NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (decision, id)
);
CREATE INDEX IF NOT EXISTS by_place ON orders (place, id);
CREATE INDEX IF NOT EXISTS by_release ON orders
    (release, place, id, decision, scope, state, version, is_told, value, rolled_back);
CREATE INDEX IF NOT EXISTS by_supplier ON orders (supplier, place, id);
CREATE INDEX IF NOT EXISTS waiting ON orders (asked, deadline) WHERE asked <> '';
CREATE INDEX IF NOT EXISTS due ON orders (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS retry ON orders (retry) WHERE retry IS NOT NULL;
CREATE INDEX IF NOT EXISTS live ON orders (stage) WHERE {_LIVE};
"""
_UPSERT = f"INSERT OR REPLACE INTO orders VALUES ({', '.join('?' * 22)})"  # noqa: S608 - a constant
_MOVE = f"UPDATE orders SET moved_by = ? WHERE {_LIVE} AND stage = ? AND place < ? AND (scope = ? OR scope = '*' OR ? = '*')"  # noqa: S608 - constants of this module

_STATES = {state.value: state for state in OrderState}
_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(OrderRecord).decode


class SqliteOrderBook:
    """The order book in a file, or in memory; thread-safe."""

    def __init__(self, ledger: Ledger, file: str) -> None:
        self._ledger = ledger
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
        self._openings: LRUCache[str, Opening] = LRUCache(_OUTCOMES)
        self._opened: list[BookedOrder] = []  # of the batch that is being followed, not written yet
        self._position = self._prepare()

    # --- reading -----------------------------------------------------------------------------

    def get(self, refs: tuple[Ref, ...]) -> tuple[BookedOrder, ...]:
        """
        These orders, in this order.

        Raises
        ------
        NotFoundError
            There is none of that name.
        """
        with self._lock:
            self.catch_up()
            return tuple(self._get(ref) for ref in refs)

    def list(
        self, wanted: OrderFilter, size: int, after: InboxPlace | None = None
    ) -> tuple[BookedOrder, ...]:
        """Orders, those with the nearest deadline first, then the most valuable; those after a place."""
        where, values = _conditions(wanted)
        if after is not None:
            where = (
                f"{where} AND (deadline IS NULL, coalesce(deadline, 0), -cost, place, id) > (?, ?, ?, ?, ?)"
            )
            is_open = after.deadline is None
            values = (*values, is_open, after.deadline or 0.0, -after.cost, after.place, after.order)
        query = (
            f"SELECT record, moved_by FROM orders WHERE {where} "  # noqa: S608 - conditions are ours, values are bound
            "ORDER BY deadline IS NULL, deadline, cost DESC, place, id LIMIT ?"
        )
        return tuple(BookedOrder(_read(r), m) for r, m in self._rows(query, (*values, size)))

    def each(self, wanted: OrderFilter) -> Iterator[OrderRecord]:
        """All orders that fit, in the order of the log."""
        where, values = _conditions(wanted)
        query = f"SELECT record FROM orders WHERE {where} ORDER BY place, id"  # noqa: S608 - as above
        yield from (_read(r) for (r,) in self._rows(query, values))

    def standings(self, wanted: OrderFilter) -> Iterator[Standing]:
        """As `each`, in brief."""
        where, values = _conditions(wanted)
        query = (
            "SELECT decision, id, scope, state, version, is_told, value, rolled_back FROM orders "  # noqa: S608 - as above
            f"WHERE {where} ORDER BY place, id"
        )
        for decision, order, scope, state, version, is_told, value, rolled_back in self._rows(query, values):
            yield Standing(decision, order, scope, _STATES[state], version, is_told, value, rolled_back)

    def due(self, now: datetime, size: int) -> tuple[OrderRecord, ...]:
        """Orders whose timer has run out, the earliest first."""
        query = "SELECT record FROM orders WHERE due <= ? AND moved_by = '' ORDER BY due, place, id LIMIT ?"
        return tuple(_read(r) for (r,) in self._rows(query, (now.timestamp(), size)))

    def outbox(
        self, now: datetime, size: int, scopes: tuple[str, ...], ahead: timedelta = timedelta(0)
    ) -> tuple[OrderRecord, ...]:
        """Orders with an instruction to hand out now, or to place within `ahead`; the oldest first."""
        where, values = _within(scopes)
        query = (
            f"SELECT record FROM orders WHERE retry <= ? AND (state = 'APPROVED' OR retry <= ?) AND (moved_by = '' OR state <> 'APPROVED') AND {where} "  # noqa: S608 - as above
            "ORDER BY retry, place, id LIMIT ?"
        )
        return tuple(
            _read(r)
            for (r,) in self._rows(query, ((now + ahead).timestamp(), now.timestamp(), *values, size))
        )

    # --- following ---------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Read what was logged since the cursor."""
        with self._lock:
            while self._position < self._ledger.size:
                stop = min(self._position + BATCH, self._ledger.size)
                self._follow(tuple(self._ledger.scan(self._position, stop)), stop)

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._connection.close()

    def _follow(self, entries: tuple[Entry, ...], stop: int) -> None:
        """One batch: all of it or, if this process dies, none."""
        self._connection.execute("BEGIN")
        try:
            self._opened = []
            for entry in entries:
                if entry.kind == records.DECISION:
                    self._open(entry)
                elif entry.kind == MANY or entry.kind in STEPS:
                    self._step(entry)
            self._save_opened()
            self._connection.execute("UPDATE cursor SET position = ?", (stop,))
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._position = stop

    def _open(self, entry: Entry) -> None:
        e = records.envelope_of(entry)
        opening = self._opening(e["outcome_digest"])
        moves = [(e["name"], stage, entry.seq, e["scope"], e["scope"]) for stage in opening.stages_of(entry)]
        if moves:
            self._save_opened()
            self._connection.executemany(_MOVE, moves)
        self._opened += map(BookedOrder, opening.orders_of(entry))

    def _opening(self, outcome_digest: str) -> Opening:
        known = self._openings.get(outcome_digest)
        if known is None:
            content = self._ledger.artifact(outcome_digest).content
            known = self._openings[outcome_digest] = Opening(canonical.decode_object(content, Outcome))
        return known

    def _step(self, entry: Entry) -> None:
        self._save_opened()
        after = []
        for event in events_of(entry):
            before = self._get((event.decision, event.order))
            after.append(BookedOrder(follow(before.record, event), before.moved_by))
        self._save(after)

    def _save_opened(self) -> None:
        """Orders that decisions opened are written together, before anything is looked up or moved."""
        opened, self._opened = self._opened, []
        self._save(opened)

    def _save(self, booked: Iterable[BookedOrder]) -> None:
        self._connection.executemany(_UPSERT, map(_row, booked))

    def _get(self, ref: Ref) -> BookedOrder:
        query = "SELECT record, moved_by FROM orders WHERE decision = ? AND id = ?"
        found = self._connection.execute(query, ref).fetchone()
        if found is None:
            raise NotFoundError("order", f"{ref[0]}/orders/{ref[1]}")
        return BookedOrder(_read(found[0]), found[1])

    def _rows(self, query: str, values: tuple[Any, ...]) -> Iterator[Any]:
        with self._lock:
            self.catch_up()
            return iter(self._connection.execute(query, values).fetchall())

    def _prepare(self) -> int:
        row = None
        with self._lock:
            has_cursor = self._connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'cursor'"
            ).fetchone()
            if has_cursor:
                row = self._connection.execute("SELECT schema_version, position FROM cursor").fetchone()
            if row and row[0] == SCHEMA and row[1] <= self._ledger.size:
                return int(row[1])
            self._connection.executescript("DROP TABLE IF EXISTS orders; DROP TABLE IF EXISTS cursor;")
            self._connection.executescript(_TABLES)
            self._connection.execute("INSERT INTO cursor VALUES (1, ?, 0)", (SCHEMA,))
            return 0


def _row(booked: BookedOrder) -> tuple[Any, ...]:
    r = booked.record
    retry = retry_at(r)
    return (
        r.decision,
        r.order,
        r.index,
        r.opened.timestamp(),
        r.release,
        r.scope,
        r.stage,
        r.item,
        r.state.value,
        r.asked if r.is_waiting else "",
        r.terms.cost,
        r.deadline.timestamp() if r.deadline else None,
        r.due.timestamp() if r.due else None,
        retry.timestamp() if retry else None,
        int(r.delivery is not None and r.delivery.is_dead),
        booked.moved_by,
        r.version,
        r.told is not None,
        (r.told or r.terms).cost,
        r.rolled_back,
        (r.told or r.terms).supplier,
        _write(r),
    )


def _conditions(wanted: OrderFilter) -> tuple[str, tuple[Any, ...]]:
    """The filter as SQL; what is not given does not restrict."""
    parts = [_within(wanted.scopes)]
    for column, values in (("state", wanted.states), ("asked", wanted.roles), ("decision", wanted.decisions)):
        if values:
            parts.append(_among(column, values))
    bounds = (
        ("release = ?", wanted.release or None),
        ("scope = ?", wanted.scope or None),
        ("item = ?", wanted.item or None),
        ("supplier = ?", wanted.supplier or None),
        ("recorded >= ?", wanted.since.timestamp() if wanted.since else None),
        ("recorded < ?", wanted.until.timestamp() if wanted.until else None),
        ("place >= ?", wanted.first),
        ("place <= ?", wanted.last),
        ("cost >= ?", wanted.min_value or None),
        ("is_dead = ?", 1 if wanted.is_dead else None),
        ("moved_by = ?", "" if wanted.is_standing else None),
    )
    parts += [(text, (value,)) for text, value in bounds if value is not None]
    return " AND ".join(text for text, _ in parts), tuple(v for _, values in parts for v in values)


def _within(scopes: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    return ("1", ()) if "*" in scopes else _among("scope", scopes)


def _among(column: str, values: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    """One of these, however many: a list of parameters has a limit, a text has none."""
    listed = orjson.dumps([str(value) for value in values]).decode()
    return f"{column} IN (SELECT value FROM json_each(?))", (listed,)  # noqa: S608 - a column of ours
