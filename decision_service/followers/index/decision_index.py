"""
The decision index.

A cache of the log, rebuilt whenever it is missing, of another schema or of another log; it lags until
someone asks, then catches up. What an order is for stands in outcomes, not in envelopes, so items
and locations are read only once somebody filters by them, on a cursor of their own.
"""

import math
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
from cachetools import LRUCache

from audit import Ledger
from audit.entry import format_time, read_time
from decision_service.decision import DecisionMode, DecisionSummary, Verdict, scope_of
from decision_service.errors import UnavailableError
from decision_service.followers.index.batch import TOLD, Batch, words_of
from decision_service.followers.index.conditions import AnyOf, Condition, Listed, OneWord, Worth, places
from decision_service.followers.index.tables import BLOCK, Words, connect, cursor_of, make_anew
from decision_service.followers.index.wanted import DecisionFilter
from decision_service.followers.moments import first_since
from decision_service.followers.reading import read_said
from decision_service.usecases import records

BATCH = 4 * BLOCK
_OUTCOMES = 32  # whose items and locations are kept


class DecisionIndex:
    """Lists decisions; thread-safe."""

    def __init__(self, ledger: Ledger, url: str) -> None:
        self._ledger = ledger
        self._lock = threading.RLock()
        self._connection = connect(url)
        self._words = Words(self._connection)
        self._places: LRUCache[str, tuple[tuple[str, str], ...]] = LRUCache(_OUTCOMES)
        if not self._is_ours():
            make_anew(self._connection)

    def list(self, wanted: DecisionFilter, size: int, before: int | None) -> tuple[DecisionSummary, ...]:
        """
        At most `size` decisions below log index `before`, newest first.

        Raises
        ------
        UnavailableError
            The index has no room, or its database is away; the log is not affected.
        """
        try:
            with self._lock:
                self.catch_up()
                if wanted.item or wanted.location:
                    self._catch_up_places()
                return tuple(self._list(wanted, size, before))
        except sqlite3.Error as error:
            raise UnavailableError(
                f"the decision index: {error}; the log is not affected", "INDEX_UNAVAILABLE"
            ) from error

    def size_at(self, moment: datetime | None) -> int:
        """How many entries the log had then, by bisection: times in it never decrease; nothing = has now."""
        low, high = 0, self._ledger.size
        while moment and low < high:
            middle = (low + high) // 2
            if self._ledger.get(middle).recorded_at <= moment:
                low = middle + 1
            else:
                high = middle
        return high

    def catch_up(self) -> None:
        """Read what was logged since the cursor."""
        with self._lock:
            position = self._cursor("position")
            size = self._ledger.size
            while position < size:
                stop = min(position + BATCH, size)
                with self._transaction():
                    self._add(position, stop)
                position = stop

    def close(self) -> None:
        """Let the database go."""
        with self._lock:
            self._connection.close()

    # --- following ---------------------------------------------------------------------------

    def _is_ours(self) -> bool:
        """Whether what is there was read from this log, in this schema."""
        cursor = cursor_of(self._connection)
        if cursor is None or cursor[0] == 0:
            return cursor is not None
        position, leaf = cursor
        return position <= self._ledger.size and self._ledger.get(position - 1).leaf_hash.hex() == leaf

    def _cursor(self, column: str) -> int:
        query = f"SELECT {column} FROM decision_index_cursor"  # noqa: S608 - a column of ours
        return int(self._connection.execute(query).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or, if this process dies, none."""
        self._connection.execute("BEGIN")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk ends it by itself
                self._connection.execute("ROLLBACK")
            self._words.forget()
            raise

    def _add(self, start: int, stop: int) -> None:
        batch, leaf = Batch(self._words), b""
        for seq, kind, _, recorded_at, envelope, leaf, _, _ in self._ledger.records(start, stop):  # noqa: B007 - the last one
            if kind == records.DECISION:
                batch.add(seq, recorded_at, read_said(envelope))
        batch.write(self._connection)
        query = "UPDATE decision_index_cursor SET position = ?, leaf = ?"
        self._connection.execute(query, (stop, leaf.hex()))

    def _catch_up_places(self) -> None:
        start, size = self._cursor("places"), self._cursor("position")
        for first in range(start, size, BATCH):
            stop = min(first + BATCH, size)
            rows = [
                (record.seq, *place)
                for record in self._ledger.records(first, stop)
                if record.kind == records.DECISION
                for place in self._places_of(read_said(record.envelope).outcome_digest)
            ]
            with self._transaction():
                self._connection.executemany("INSERT INTO decision_place VALUES (?, ?, ?)", rows)
                self._connection.execute("UPDATE decision_index_cursor SET places = ?", (stop,))

    def _places_of(self, digest: str) -> tuple[tuple[str, str], ...]:
        """Items and locations that an outcome orders for; its name says what is in it, so it is read once."""
        known = self._places.get(digest)
        if known is None:
            orders = orjson.loads(self._ledger.artifact(digest).content).get("orders", ())
            known = tuple(sorted({(order["item"], order["location"]) for order in orders}))
            self._places[digest] = known
        return known

    # --- reading -----------------------------------------------------------------------------

    def _list(self, wanted: DecisionFilter, size: int, before: int | None) -> Iterator[DecisionSummary]:
        conditions = self._conditions(wanted)
        if conditions is None:
            return
        start, stop = self._bounds(wanted, before)
        found = islice(places(conditions, start, stop), size)
        query = (
            "SELECT seq, name, request_id, recorded_at, mode, verdict, release, actor, scope, approved, "
            "referred, blocked, value FROM decision_index WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq DESC"
        )
        for row in self._connection.execute(query, (orjson.dumps(list(found)).decode(),)).fetchall():
            yield self._summary(*row)

    def _bounds(self, wanted: DecisionFilter, before: int | None) -> tuple[int, int]:
        """First place and the one after the last that times and page leave over: times never decrease."""
        start, stop = 0, self._cursor("position")
        if before is not None:
            stop = min(stop, before)
        if wanted.since:
            start = self._first(format_time(wanted.since))
        if wanted.until:
            stop = min(stop, self._first(format_time(wanted.until)))
        if wanted.as_known_at:
            stop = min(stop, self._first(format_time(wanted.as_known_at) + "~"))  # after all of that moment
        return start, stop

    def _first(self, moment: str) -> int:
        """The first place in the log of a decision that is not earlier."""
        query = "SELECT seq, recorded_at FROM decision_index WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT 1"
        return first_since(self._connection, query, self._cursor("position"), moment)

    def _conditions(self, wanted: DecisionFilter) -> tuple[Condition, ...] | None:
        """The filter; what is not given does not restrict. None = a word that never occurred is wanted."""
        conditions = [*self._of_rows(wanted)]
        for words in words_of(wanted):
            numbers = [n for kind, text in words if (n := self._words.find(kind, text)) is not None]
            if not numbers:
                return None
            each = tuple(OneWord(self._connection, number) for number in numbers)
            conditions.append(each[0] if len(each) == 1 else AnyOf(each))
        return tuple(conditions)

    def _of_rows(self, wanted: DecisionFilter) -> Iterator[Condition]:
        """Conditions on what is no word: as many values as decisions, or nearly."""
        if wanted.request_id:
            yield Listed(self._connection, "decision_index WHERE request_id = ?", (wanted.request_id,))
        if wanted.item and wanted.location:
            both = (wanted.item, wanted.location)  # +: rows of an item come in the order of the log
            yield Listed(self._connection, "decision_place WHERE item = ? AND +location = ?", both)
        elif wanted.item or wanted.location:
            column = "item" if wanted.item else "location"
            one = (wanted.item or wanted.location,)
            yield Listed(self._connection, f"decision_place WHERE {column} = ?", one)
        if wanted.min_value or wanted.max_value is not None:
            high = math.inf if wanted.max_value is None else wanted.max_value
            yield Worth(self._connection, wanted.min_value or -math.inf, high)

    def _summary(self, seq: int, name: str, request_id: str, recorded_at: str, *rest: Any) -> DecisionSummary:
        mode, verdict, release, actor, scope = map(self._words.text, rest[: len(TOLD)])
        approved, referred, blocked, value = rest[len(TOLD) :]
        return DecisionSummary(
            name=name,
            request_id=request_id,
            recorded_at=read_time(recorded_at),
            verdict=Verdict(verdict),
            release=release,
            actor=actor,
            approved=approved,
            referred=referred,
            blocked=blocked,
            value=value,
            log_index=seq,
            scope=scope_of(scope),
            mode=DecisionMode(mode),
        )
