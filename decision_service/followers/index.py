"""
The decision index: what lists and filters read.

A cache of the log, rebuilt whenever it is missing, of another schema or of another log; it lags until
someone asks, then catches up. What an order is for stands in outcomes, not in envelopes, so items
and locations are read only once somebody filters by them, on a cursor of their own.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Engine, MetaData, create_engine, event, insert, inspect, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Field, SQLModel

from audit import Entry, Ledger
from decision_service.decision import DecisionMode, DecisionSummary, Disposition, Verdict, scope_of
from decision_service.errors import UnavailableError
from decision_service.usecases import records

SCHEMA = 3
BATCH = 1000


class IndexTable(SQLModel):
    """Base of the index's tables; its own metadata keeps them apart from the ledger's."""

    metadata = MetaData()


# Rows that are their key are kept in its order, and not a second time by number.
_KEYED = {"sqlite_with_rowid": False}


class DecisionRow(IndexTable, table=True):
    """One decision."""

    __tablename__ = "decision_index"
    seq: int = Field(primary_key=True)
    name: str
    request_id: str = Field(index=True)
    recorded_at: datetime = Field(index=True)
    mode: str
    verdict: str = Field(index=True)
    release: str = Field(index=True)
    actor: str = Field(index=True)
    approved: int
    referred: int
    blocked: int
    value: float = Field(index=True)
    scope: str = Field(index=True)
    outcome_digest: str


class RuleRow(IndexTable, table=True):
    """A rule that spoke in a decision."""

    __tablename__ = "decision_rule"
    __table_args__ = _KEYED
    seq: int = Field(primary_key=True)
    rule: str = Field(primary_key=True, index=True)


class PlaceRow(IndexTable, table=True):
    """An item and a location that a decision orders for."""

    __tablename__ = "decision_place"
    __table_args__ = _KEYED
    seq: int = Field(primary_key=True)
    item: str = Field(primary_key=True, index=True)
    location: str = Field(primary_key=True, index=True)


class CursorRow(IndexTable, table=True):
    """How far the index has read, of which log, and in which schema."""

    __tablename__ = "decision_index_cursor"
    id: int = Field(primary_key=True)
    schema_version: int
    position: int
    leaf: str
    places: int


_DECISIONS, _RULES, _PLACES, _CURSOR = (
    IndexTable.metadata.tables[str(t.__tablename__)] for t in (DecisionRow, RuleRow, PlaceRow, CursorRow)
)


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """All conditions given must hold; None or empty = any."""

    verdict: Verdict | None = None
    disposition: Disposition | None = None
    mode: DecisionMode | None = None
    release: str = ""
    scope: str = ""
    rule: str = ""
    actor: str = ""
    request_id: str = ""
    item: str = ""
    location: str = ""
    min_value: float = 0.0
    max_value: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_known_at: datetime | None = None
    scopes: tuple[str, ...] = ("*",)


class DecisionIndex:
    """Lists decisions; thread-safe."""

    def __init__(self, ledger: Ledger, url: str) -> None:
        self._ledger = ledger
        self._engine: Engine = create_engine(url)
        event.listen(self._engine, "connect", _prepare)
        self._lock = threading.Lock()
        if not self._is_ours():
            IndexTable.metadata.drop_all(self._engine)
            IndexTable.metadata.create_all(self._engine)
            blank = {"id": 1, "schema_version": SCHEMA, "position": 0, "leaf": "", "places": 0}
            with self._engine.begin() as connection:
                connection.execute(insert(_CURSOR), [blank])

    def list(self, wanted: DecisionFilter, size: int, before: int | None) -> tuple[DecisionSummary, ...]:
        """
        At most `size` decisions below log index `before`, newest first.

        Raises
        ------
        UnavailableError
            The index has no room, or its database is away; the log is not affected.
        """
        try:
            self.catch_up()
            if wanted.item or wanted.location:
                self._catch_up_places()
            query = select(_DECISIONS).order_by(_DECISIONS.c.seq.desc()).limit(size)
            for condition in _conditions(wanted, before):
                query = query.where(condition)
            with self._engine.connect() as connection:
                return tuple(_summary(row) for row in connection.execute(query).mappings())
        except SQLAlchemyError as error:
            problem = getattr(error, "orig", None) or error
            raise UnavailableError(
                f"the decision index: {problem}; the log is not affected", "INDEX_UNAVAILABLE"
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
            while position < self._ledger.size:
                stop = min(position + BATCH, self._ledger.size)
                self._add(tuple(self._ledger.scan(position, stop)), stop)
                position = stop

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def _is_ours(self) -> bool:
        """Whether what is there was read from this log, in this schema."""
        if not inspect(self._engine).has_table(str(CursorRow.__tablename__)):
            return False
        with self._engine.connect() as connection:
            if connection.execute(select(_CURSOR.c.schema_version)).scalar() != SCHEMA:
                return False
            position, leaf = connection.execute(select(_CURSOR.c.position, _CURSOR.c.leaf)).one()
        if position == 0:
            return True
        return position <= self._ledger.size and bool(self._ledger.get(position - 1).leaf_hash.hex() == leaf)

    def _cursor(self, column: str) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(select(_CURSOR.c[column])).scalar_one())

    def _add(self, entries: tuple[Entry, ...], position: int) -> None:
        decisions = [(e, records.envelope_of(e)) for e in entries if e.kind == records.DECISION]
        rules = [(e.seq, r) for e, envelope in decisions for r in envelope["rules"]]
        with self._engine.begin() as connection:
            _insert(connection, _DECISIONS, [_row(*decision) for decision in decisions])
            _insert(connection, _RULES, rules)
            connection.execute(_CURSOR.update().values(position=position, leaf=entries[-1].leaf_hash.hex()))

    def _catch_up_places(self) -> None:
        with self._lock:
            start = self._cursor("places")
            newer = select(_DECISIONS.c.seq, _DECISIONS.c.outcome_digest).where(_DECISIONS.c.seq >= start)
            with self._engine.connect() as connection:
                decisions = connection.execute(newer.order_by(_DECISIONS.c.seq)).all()
            for first in range(0, len(decisions), BATCH):
                some = decisions[first : first + BATCH]
                rows = [row for seq, digest in some for row in self._places(seq, digest)]
                with self._engine.begin() as connection:
                    _insert(connection, _PLACES, rows)
                    connection.execute(_CURSOR.update().values(places=some[-1][0] + 1))

    def _places(self, seq: int, digest: str) -> Iterator[tuple[Any, ...]]:
        orders = orjson.loads(self._ledger.artifact(digest).content).get("orders", ())
        for item, location in sorted({(order["item"], order["location"]) for order in orders}):
            yield seq, item, location


def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """A batch that a power failure takes is read again, so none has to reach the disk before the next one."""
    for pragma in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"):
        connection.execute(pragma).close()


def _insert(connection: Connection, table: Any, rows: list[tuple[Any, ...]]) -> None:
    """Rows in the order of the columns, as the driver takes them: converting each value costs as much as all else."""
    if rows:
        connection.exec_driver_sql(_INSERTS[table.name], rows)


# Said once: putting them together costs more than a few rows.
_INSERTS = {t.name: str(insert(t).compile(dialect=sqlite.dialect())) for t in (_DECISIONS, _RULES, _PLACES)}


_TOLD = ("name", "request_id", "release", "actor", "approved", "referred", "blocked")


def _row(entry: Entry, e: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        entry.seq,
        e["name"],
        e["request_id"],
        entry.recorded_at.isoformat(" ", "microseconds")[:_TIME],
        e["mode"],
        e["verdict"],
        e["release"],
        e["actor"],
        e["approved"],
        e["referred"],
        e["blocked"],
        float(e["value"]),
        e["scope"],
        e["outcome_digest"],
    )


_TIME = len(
    "2026-11-30 12:00:00.000000"
)  # as SQLAlchemy reads it from SQLite: without the zone, which is UTC


def _summary(row: Any) -> DecisionSummary:
    return DecisionSummary(
        **{name: row[name] for name in _TOLD},
        recorded_at=row["recorded_at"].replace(tzinfo=UTC),
        value=row["value"],
        log_index=row["seq"],
        verdict=Verdict(row["verdict"]),
        scope=scope_of(row["scope"]),
        mode=DecisionMode(row["mode"]),
    )


def _conditions(wanted: DecisionFilter, before: int | None) -> list[Any]:
    """The filter as SQL; what is not given does not restrict."""
    row, rule, place = _DECISIONS.c, _RULES.c, _PLACES.c
    possible: tuple[tuple[Any, Callable[[], Any]], ...] = (
        (before is not None, lambda: row.seq < before),
        (wanted.verdict, lambda: row.verdict == wanted.verdict),
        (wanted.disposition, lambda: row[str(wanted.disposition).lower()] > 0),
        (wanted.mode, lambda: row.mode == wanted.mode),
        (wanted.release, lambda: row.release == wanted.release),
        (wanted.scope, lambda: row.scope == wanted.scope),
        (wanted.actor, lambda: row.actor == wanted.actor),
        (wanted.request_id, lambda: row.request_id == wanted.request_id),
        (wanted.min_value, lambda: row.value >= wanted.min_value),
        (wanted.max_value is not None, lambda: row.value <= wanted.max_value),
        (wanted.since, lambda: row.recorded_at >= wanted.since),
        (wanted.until, lambda: row.recorded_at < wanted.until),
        (wanted.as_known_at, lambda: row.recorded_at <= wanted.as_known_at),
        ("*" not in wanted.scopes, lambda: row.scope.in_(wanted.scopes)),
        (wanted.rule, lambda: row.seq.in_(select(rule.seq).where(rule.rule == wanted.rule))),
        (wanted.item or wanted.location, lambda: row.seq.in_(_of_place(place, wanted))),
    )
    return [condition() for is_given, condition in possible if is_given]


def _of_place(place: Any, wanted: DecisionFilter) -> Any:
    query = select(place.seq)
    if wanted.item:
        query = query.where(place.item == wanted.item)
    return query.where(place.location == wanted.location) if wanted.location else query
