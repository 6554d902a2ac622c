"""
The order book in a SQLite file of this process.

A cache, rebuilt whenever it is missing or of another schema; it lags until someone asks, then catches up.
What is true stands in the log: a step is refused there when the book was behind.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from audit import Artifact, Entry, Ledger, canonical
from audit.entry import Record, entry_of, read_time
from decision_service.decision import DecisionMode, Outcome
from decision_service.errors import NotFoundError
from decision_service.followers.following import Following
from decision_service.followers.order_book.conditions import OF_ORDERS, where, within
from decision_service.followers.order_book.orders import (
    BOOKED,
    CHANGE,
    OPEN,
    TOLD,
    begun,
    booked,
    changed,
    microseconds,
)
from decision_service.followers.order_book.tables import LIVE, NUMBER, connect, prepared
from decision_service.followers.reading import Chunk, Decided
from decision_service.usecases.approvals.book import BookedOrder, InboxPlace, OrderFilter, Ref, Standing
from decision_service.usecases.approvals.opening import Opening
from decision_service.usecases.approvals.order_events import MANY, STEPS, events_of
from decision_service.usecases.approvals.order_record import OrderRecord, OrderState
from decision_service.usecases.approvals.order_state import follow

_OUTCOMES = 64  # whose orders are kept as they begin, the latest ones
_TOGETHER = 32  # entries whose outcomes are read at one look; one may have megabytes

_STEPS = frozenset({MANY, *STEPS})
_FIND = (
    f"SELECT orders.key, {BOOKED} FROM opened CROSS JOIN release ON release.number = opened.release "  # noqa: S608 - constants of ours
    "CROSS JOIN begun ON begun.outcome = opened.outcome "
    f"CROSS JOIN orders ON orders.key = (opened.place << {NUMBER}) + begun.key - (begun.outcome << {NUMBER}) "
    "WHERE opened.decision = ? AND begun.id = ?"
)
_MOVE = f"UPDATE orders SET moved_by = ? WHERE {LIVE} AND stage = ? AND key < ? AND (scope = ? OR scope = '*' OR ? = '*')"  # noqa: S608 - constants of ours
_STATES = {state.value: state for state in OrderState}


@dataclass(slots=True)
class _Unwritten:
    """Rows of the batch that is being followed; numbers of outcomes by their digests, of releases by their names."""

    outcomes: dict[str, int] = field(default_factory=dict)
    releases: dict[str, int] = field(default_factory=dict)
    begun: list[tuple[Any, ...]] = field(default_factory=list)
    opened: list[tuple[Any, ...]] = field(default_factory=list)
    moves: list[tuple[Any, ...]] = field(default_factory=list)


class _Reached(NamedTuple):
    """
    An outcome whose orders the book knows.

    Parameters
    ----------
    stages
        Those whose earlier proposals a plan of it replaces.
    """

    number: int
    stages: frozenset[str]
    has_orders: bool


class SqliteOrderBook:
    """The order book in a file, or in memory; thread-safe."""

    def __init__(self, ledger: Ledger, file: str, following: Following | None = None) -> None:
        self._ledger = ledger
        self._following = following or Following(ledger)
        self.lock = threading.RLock()
        self._connection = connect(file)
        self._outcomes: dict[str, _Reached] = {}
        self._releases: dict[str, int] = {}
        self._unwritten = _Unwritten()
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
            query = f"SELECT {BOOKED} FROM {OF_ORDERS} {TOLD} WHERE orders.key IN ({keys}) {inbox}"  # noqa: S608 - as above
            return tuple(booked(*row) for row in self._connection.execute(query, (*values, size)))

    def each(self, wanted: OrderFilter) -> Iterator[OrderRecord]:
        """All orders that fit, in the order of the log."""
        with self.lock:
            self.catch_up()
            source, condition, values = where(self._ledger, wanted)
            query = (
                f"SELECT {BOOKED} FROM {source} {TOLD} WHERE {condition} ORDER BY opened.place, orders.key"  # noqa: S608 - as above
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
            query = f"SELECT {BOOKED} FROM {OF_ORDERS} {TOLD} WHERE {condition} LIMIT ?"  # noqa: S608 - as above
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
            self._save_opened()
            self._connection.execute("UPDATE cursor SET position = ?", (chunk.stop,))
            self._connection.execute("COMMIT")
        except BaseException:
            self._forget()
            raise
        self.position = chunk.stop

    def _forget(self) -> None:
        """Undo a batch, with the numbers that it gave to outcomes and releases."""
        self._unwritten = _Unwritten()
        self._outcomes.clear()
        self._releases.clear()
        if self._connection.in_transaction:  # a full disk ends it by itself
            self._connection.execute("ROLLBACK")

    def _read(self, entries: Iterable[Decided | Record]) -> None:
        """Some entries; what their decisions reached is read at one look."""
        reached = {entry.said.outcome_digest for entry in entries if isinstance(entry, Decided)}
        unknown = reached - self._outcomes.keys()
        contents = self._ledger.artifacts(unknown) if unknown else {}
        for entry in entries:
            if isinstance(entry, Decided):
                self._open(entry, contents)
            elif entry.kind in _STEPS:
                self._step(entry_of(entry))
        if self._unwritten.moves:  # a plan has as many as stages: thousands of plans are not held
            self._save_opened()

    def _open(self, decided: Decided, contents: Mapping[str, Artifact]) -> None:
        place, e = decided.place, decided.said
        reached = self._outcomes.get(e.outcome_digest) or self._outcome(e.outcome_digest, place, contents)
        if e.mode == DecisionMode.PLAN:  # a judged proposal of the caller replaces nothing
            moves = ((e.name, stage, place << NUMBER, e.scope, e.scope) for stage in reached.stages)
            self._unwritten.moves += moves
        if reached.has_orders:
            release = self._releases.get(e.release)
            if release is None:
                release = self._release(e.release, place)
            at = microseconds(read_time(decided.recorded_at))
            row = (place, e.name, at, release, e.snapshot_digest, e.scope, reached.number)
            self._unwritten.opened.append(row)

    def _release(self, name: str, place: int) -> int:
        """The number of a release: that of its first decision, which a book never forgets."""
        number = self._number("SELECT number FROM release WHERE name = ?", name)
        if number is None:
            number = self._unwritten.releases[name] = place
        self._releases[name] = number
        return number

    def _number(self, query: str, name: str) -> int | None:
        number, *_ = self._connection.execute(query, (name,)).fetchone() or (None,)
        return number

    def _outcome(self, digest: str, place: int, contents: Mapping[str, Artifact]) -> _Reached:
        """An outcome, how whose orders begin the book keeps once: numbered as its first decision."""
        content = (contents.get(digest) or self._ledger.artifact(digest)).content
        opening = Opening(canonical.decode_object(content, Outcome))
        number = self._unwritten.outcomes.get(digest)
        if number is None:
            number = self._number("SELECT number FROM outcome WHERE digest = ?", digest)
        if number is None:
            number = self._unwritten.outcomes[digest] = place
            self._unwritten.begun += begun(number, opening)
        if len(self._outcomes) >= _OUTCOMES:
            del self._outcomes[next(iter(self._outcomes))]
        reached = self._outcomes[digest] = _Reached(number, opening.stages, bool(opening.begun))
        return reached

    def _step(self, entry: Entry) -> None:
        self._save_opened()
        after = []
        for event in events_of(entry):
            key, before = self._get((event.decision, event.order))
            after.append((*changed(follow(before.record, event)), key))
        self._connection.executemany(CHANGE, after)

    def _save_opened(self) -> None:
        """Orders that decisions opened are written together, before anything is looked up or moved."""
        rows, self._unwritten = self._unwritten, _Unwritten()
        write = self._connection.executemany
        write("INSERT INTO outcome VALUES (?, ?)", rows.outcomes.items())
        write("INSERT INTO release (name, number) VALUES (?, ?)", rows.releases.items())
        write("INSERT INTO begun VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.begun)
        write("INSERT INTO opened VALUES (?, ?, ?, ?, ?, ?, ?)", rows.opened)
        if rows.opened:
            self._connection.execute(OPEN, rows.opened[0][:1])
        write(_MOVE, rows.moves)  # each of what lies before its plan

    def _get(self, ref: Ref) -> tuple[int, BookedOrder]:
        """An order and its key."""
        found = self._connection.execute(_FIND, ref).fetchone()
        if found is None:
            raise NotFoundError("order", f"{ref[0]}/orders/{ref[1]}")
        key, *row = found
        return key, booked(*row)
