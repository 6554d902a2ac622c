"""
The decision index: what lists and filters read.

A cache of the log, rebuilt whenever it is missing or of another schema; it lags until someone
asks, then catches up.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, delete, insert, select
from sqlmodel import Field, SQLModel

from audit import Entry, Ledger
from decision_service.decision import DecisionSummary, Disposition, Verdict, scope_of
from decision_service.usecases import records

SCHEMA = 1
BATCH = 1000


class IndexTable(SQLModel):
    """Base of the index's tables; its own metadata keeps them apart from the ledger's."""

    metadata = MetaData()


class DecisionRow(IndexTable, table=True):
    """One decision."""

    __tablename__ = "decision_index"
    seq: int = Field(primary_key=True)
    name: str = Field(index=True)
    request_id: str
    recorded_at: datetime = Field(index=True)
    verdict: str = Field(index=True)
    release: str = Field(index=True)
    actor: str = Field(index=True)
    approved: int
    referred: int
    blocked: int
    value: float
    scope: str = Field(index=True)


class RuleRow(IndexTable, table=True):
    """A rule that spoke in a decision."""

    __tablename__ = "decision_rule"
    seq: int = Field(primary_key=True)
    rule: str = Field(primary_key=True, index=True)


class CursorRow(IndexTable, table=True):
    """How far the index has read, and in which schema."""

    __tablename__ = "decision_index_cursor"
    id: int = Field(primary_key=True)
    schema_version: int
    position: int


_DECISIONS, _RULES, _CURSOR = (
    IndexTable.metadata.tables[str(t.__tablename__)] for t in (DecisionRow, RuleRow, CursorRow)
)


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """All conditions given must hold; None or empty = any."""

    verdict: Verdict | None = None
    disposition: Disposition | None = None
    release: str = ""
    scope: str = ""
    rule: str = ""
    actor: str = ""
    min_value: float = 0.0
    since: datetime | None = None
    until: datetime | None = None
    scopes: tuple[str, ...] = ("*",)


class DecisionIndex:
    """Lists decisions; thread-safe."""

    def __init__(self, ledger: Ledger, url: str) -> None:
        self._ledger = ledger
        self._engine: Engine = create_engine(url)
        self._lock = threading.Lock()
        self._prepare()

    def list(self, wanted: DecisionFilter, size: int, before: int | None) -> tuple[DecisionSummary, ...]:
        """At most `size` decisions below log index `before`, newest first."""
        self.catch_up()
        query = select(_DECISIONS).order_by(_DECISIONS.c.seq.desc()).limit(size)
        for condition in _conditions(wanted, before):
            query = query.where(condition)
        with self._engine.connect() as connection:
            return tuple(_summary(row) for row in connection.execute(query).mappings())

    def catch_up(self) -> None:
        """Read what was logged since the cursor."""
        with self._lock:
            position = self._position()
            while position < self._ledger.size:
                stop = min(position + BATCH, self._ledger.size)
                self._add(tuple(self._ledger.scan(position, stop)), stop)
                position = stop

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def _prepare(self) -> None:
        IndexTable.metadata.create_all(self._engine)
        with self._engine.begin() as connection:
            row = connection.execute(select(_CURSOR)).mappings().first()
            if row and row["schema_version"] == SCHEMA and row["position"] <= self._ledger.size:
                return
            for table in (_DECISIONS, _RULES, _CURSOR):
                connection.execute(delete(table))
            connection.execute(insert(_CURSOR), [{"id": 1, "schema_version": SCHEMA, "position": 0}])

    def _position(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(select(_CURSOR.c.position)).scalar_one())

    def _add(self, entries: tuple[Entry, ...], position: int) -> None:
        decisions = [e for e in entries if e.kind == records.DECISION]
        rows = [_row(e) for e in decisions]
        rules = [{"seq": e.seq, "rule": r} for e in decisions for r in records.envelope_of(e)["rules"]]
        with self._engine.begin() as connection:
            if rows:
                connection.execute(insert(_DECISIONS), rows)
            if rules:
                connection.execute(insert(_RULES), rules)
            connection.execute(_CURSOR.update().values(position=position))


def _row(entry: Entry) -> dict[str, Any]:
    summary = records.summary_of(entry)
    fields = (
        "name",
        "request_id",
        "recorded_at",
        "release",
        "actor",
        "approved",
        "referred",
        "blocked",
        "value",
    )
    return {f: getattr(summary, f) for f in fields} | {
        "seq": entry.seq,
        "verdict": summary.verdict.value,
        "scope": summary.scope.key,
    }


def _summary(row: Any) -> DecisionSummary:
    values = dict(row)
    values["log_index"] = values.pop("seq")
    values["verdict"] = Verdict(values["verdict"])
    values["scope"] = scope_of(values["scope"])
    values["recorded_at"] = values["recorded_at"].replace(tzinfo=UTC)
    return DecisionSummary(**values)


def _conditions(wanted: DecisionFilter, before: int | None) -> list[Any]:
    """The filter as SQL; what is not given does not restrict."""
    row, rule = _DECISIONS.c, _RULES.c
    possible: tuple[tuple[Any, Callable[[], Any]], ...] = (
        (before is not None, lambda: row.seq < before),
        (wanted.verdict, lambda: row.verdict == wanted.verdict),
        (wanted.disposition, lambda: row[str(wanted.disposition).lower()] > 0),
        (wanted.release, lambda: row.release == wanted.release),
        (wanted.scope, lambda: row.scope == wanted.scope),
        (wanted.actor, lambda: row.actor == wanted.actor),
        (wanted.min_value, lambda: row.value >= wanted.min_value),
        (wanted.since, lambda: row.recorded_at >= wanted.since),
        (wanted.until, lambda: row.recorded_at < wanted.until),
        ("*" not in wanted.scopes, lambda: row.scope.in_(wanted.scopes)),
        (wanted.rule, lambda: row.seq.in_(select(rule.seq).where(rule.rule == wanted.rule))),
    )
    return [condition() for is_given, condition in possible if is_given]
