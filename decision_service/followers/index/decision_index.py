"""
The decision index.

A cache of the log, rebuilt whenever it is missing, of another schema or of another log; it lags until
someone asks, then catches up. It knows where in the log something was decided; what was decided is read
there. What an order is for stands in outcomes, not in envelopes, so items and locations are read only once
somebody filters by them, on a cursor of their own.
"""

import math
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

import orjson
from cachetools import LRUCache

from audit import Ledger
from audit.entry import Record, read_time
from decision_service.decision import DecisionMode, DecisionSummary, Verdict, scope_of
from decision_service.errors import UnavailableError
from decision_service.followers.following import CHUNK, Following
from decision_service.followers.index.batch import ACTOR, Batch, words_of
from decision_service.followers.index.conditions import AnyOf, At, Condition, Listed, OneWord, Worth, places
from decision_service.followers.index.tables import Words, connect, cursor_of, make_anew
from decision_service.followers.index.wanted import DecisionFilter
from decision_service.followers.reading import Chunk, Decided, read_chunk, read_said
from decision_service.usecases import records

_OUTCOMES = 32  # whose items and locations are kept


class DecisionIndex:
    """Lists decisions; thread-safe."""

    def __init__(self, ledger: Ledger, url: str, following: Following | None = None) -> None:
        self._ledger = ledger
        self._following = following or Following(ledger)
        self.lock = threading.RLock()
        self._connection = connect(url)
        self._words = Words(self._connection)
        self._places: LRUCache[str, tuple[tuple[str, str], ...]] = LRUCache(_OUTCOMES)
        if not self._is_ours():
            make_anew(self._connection)
        self.position = self._cursor("position")
        self._following.join(self)

    def list(self, wanted: DecisionFilter, size: int, before: int | None) -> tuple[DecisionSummary, ...]:
        """
        At most `size` decisions below log index `before`, newest first.

        Raises
        ------
        UnavailableError
            The index has no room, or its database is away; the log is not affected.
        """
        try:
            with self.lock:
                self.catch_up()
                if wanted.item or wanted.location:
                    self._catch_up_places()
                found = self._find(wanted, size, before)
        except sqlite3.Error as error:
            raise UnavailableError(
                f"the decision index: {error}; the log is not affected", "INDEX_UNAVAILABLE"
            ) from error
        return tuple(map(_summary, reversed([*self._ledger.records_at(found)])))

    def size_at(self, moment: datetime | None) -> int:
        """How many entries the log had then; nothing = has now."""
        return self._ledger.size_at(moment) if moment else self._ledger.size

    def catch_up(self) -> None:
        """Read what was logged since the cursor."""
        with self.lock:
            self._following.bring(self)

    def follow(self, chunk: Chunk) -> None:
        """Take in what comes next, all of it or none, and move on."""
        batch = Batch(self._words)
        for entry in chunk.entries:
            if isinstance(entry, Decided):
                batch.add(entry.place, entry.said)
        with self._transaction():
            batch.write(self._connection)
            query = "UPDATE decision_index_cursor SET position = ?, leaf = ?"
            self._connection.execute(query, (chunk.stop, chunk.leaf.hex()))
        self.position = chunk.stop

    def close(self) -> None:
        """Let the database go."""
        with self.lock:
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

    def _catch_up_places(self) -> None:
        start = self._cursor("places")
        while start < self.position:
            entries, stop, _ = read_chunk(self._ledger, start, min(start + CHUNK, self.position))
            rows = [
                (entry.place, *place)
                for entry in entries
                if isinstance(entry, Decided)
                for place in self._places_of(entry.said.outcome_digest)
            ]
            with self._transaction():
                self._connection.executemany("INSERT INTO decision_place VALUES (?, ?, ?)", rows)
                self._connection.execute("UPDATE decision_index_cursor SET places = ?", (stop,))
            start = stop

    def _places_of(self, digest: str) -> tuple[tuple[str, str], ...]:
        """Items and locations that an outcome orders for; its name says what is in it, so it is read once."""
        known = self._places.get(digest)
        if known is None:
            orders = orjson.loads(self._ledger.artifact(digest).content).get("orders", ())
            known = tuple(sorted({(order["item"], order["location"]) for order in orders}))
            self._places[digest] = known
        return known

    # --- reading -----------------------------------------------------------------------------

    def _find(self, wanted: DecisionFilter, size: int, before: int | None) -> tuple[int, ...]:
        """Places in the log, the newest first."""
        conditions = self._conditions(wanted)
        if conditions is None:
            return ()
        start, stop = self._bounds(wanted, before)
        return tuple(islice(places(conditions, start, stop), size))

    def _bounds(self, wanted: DecisionFilter, before: int | None) -> tuple[int, int]:
        """First place and the one after the last that times and page leave over: times never decrease."""
        start, stop = 0, self.position
        if before is not None:
            stop = min(stop, before)
        if wanted.since:
            start = self._ledger.size_before(wanted.since)
        if wanted.until:
            stop = min(stop, self._ledger.size_before(wanted.until))
        if wanted.as_known_at:
            stop = min(stop, self._ledger.size_at(wanted.as_known_at))
        return start, stop

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
            yield self._asked_as(wanted)
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

    def _asked_as(self, wanted: DecisionFilter) -> At:
        """Decisions on a request: of each caller one at most, which the log finds by a key of both."""
        actors = (wanted.actor,) if wanted.actor else self._words.of_kind(ACTOR)
        keys = (records.idempotency_key(actor, wanted.request_id) for actor in actors)
        entries = self._ledger.find_all(keys).values()
        # `a/b` who asks `c` has the key of `a` who asks `b/c`
        found = (e.seq for e in entries if read_said(e.envelope).request_id == wanted.request_id)
        return At(tuple(sorted(found, reverse=True)))


def _summary(record: Record) -> DecisionSummary:
    """One line of a list, from the envelope alone."""
    e = read_said(record.envelope)
    return DecisionSummary(
        name=e.name,
        request_id=e.request_id,
        recorded_at=read_time(record.recorded_at),
        verdict=Verdict(e.verdict),
        release=e.release,
        actor=e.actor,
        approved=e.approved,
        referred=e.referred,
        blocked=e.blocked,
        value=float(e.value),
        log_index=record.seq,
        scope=scope_of(e.scope),
        mode=DecisionMode(e.mode),
    )
